import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import {
  batchAnswerSchema,
  batchSchema,
  changesSchema,
  healthSchema,
  itemSchema,
  keysSchema,
  problemSchema,
  putSchema,
  singleAnswerSchema,
  statusSchema,
  summarySchema,
} from './api-schemas.js';

/** The OpenAPI 3.1 document of the station's side, from the zod schemas (station-contract, first paragraph). */

type Json = Record<string, unknown>;

const refOf = (id: string): string => `#/components/schemas/${id}`;

/** JSON Schema of what stands in a body: refers to every schema that has an id, and does not repeat it. */
function schemaRef(schema: z.ZodType): Json {
  const id = z.globalRegistry.get(schema)?.id;
  if (id === undefined) throw new Error('a documented schema has no id');
  return { $ref: refOf(id) };
}

function componentSchemas(): Json {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { uri: refOf, io: 'input' });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => {
      const { $schema: _schema, $id: _id, ...rest } = schema as Json & { $schema?: string; $id?: string };
      return [id, rest];
    }),
  );
}

const parameter = (name: string, where: 'path' | 'query', schema: Json, more: Json = {}): Json => ({
  name,
  in: where,
  required: where === 'path',
  schema,
  ...more,
});

const NAMES = [
  parameter('kind', 'path', { type: 'string' }),
  parameter('sourceId', 'path', { type: 'string', pattern: '^[0-9A-Za-z._-]{1,64}$' }),
];
const MODE = parameter(
  'mode',
  'query',
  { type: 'string', enum: ['validate'] },
  { description: 'Runs all of it and writes nothing' },
);

interface Operation {
  readonly summary: string;
  readonly answer: Json;
  readonly parameters?: readonly Json[];
  readonly body?: Json;
  readonly refusals: readonly number[];
  readonly isOpen?: boolean;
}

const json = (schema: z.ZodType): Json => ({ 'application/json': { schema: schemaRef(schema) } });

const REASONS: Readonly<Record<number, string>> = {
  400: 'Not JSON, or not UTF-8',
  401: 'Not authenticated',
  403: 'Plain HTTP from another machine',
  404: 'No such record or path',
  409: 'Revision conflict, or not issued yet',
  410: 'The cursor is older than what is kept',
  413: 'Too many items or bytes',
  415: 'Other Content-Type, or compressed',
  422: 'JSON, but not the shape of the call',
  429: 'Above the rate or the number of parallel requests',
  503: 'Cannot accept at the moment',
};

const AUTHENTICATED = [401, 403, 429, 503];

function describe({ summary, answer, parameters, body, refusals, isOpen }: Operation): Json {
  const statuses = [...new Set([...refusals, ...(isOpen ? [503] : AUTHENTICATED)])].sort((a, b) => a - b);
  const problems = statuses.map((status) => [
    String(status),
    {
      description: REASONS[status] ?? '',
      content: { 'application/problem+json': { schema: schemaRef(problemSchema) } },
      ...(status === 429 || status === 503 ? { headers: { 'Retry-After': { schema: { type: 'integer' } } } } : {}),
    },
  ]);
  return {
    summary,
    ...(parameters ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: body } } : {}),
    responses: { 200: { description: 'OK', content: answer }, ...Object.fromEntries(problems) },
    ...(isOpen ? { security: [] } : {}),
  };
}

function recordPath(): Json {
  const query = (name: string, schema: Json): Json => parameter(name, 'query', schema);
  return {
    get: describe({
      summary: 'Where is my record?',
      parameters: NAMES,
      answer: json(statusSchema),
      refusals: [404, 422],
    }),
    put: describe({
      summary: 'Push one record',
      parameters: [...NAMES, MODE],
      body: json(putSchema),
      answer: json(singleAnswerSchema),
      refusals: [400, 409, 413, 415, 422],
    }),
    delete: describe({
      summary: 'Withdraw one record',
      parameters: [
        ...NAMES,
        parameter('reason', 'query', { type: 'string' }, { required: true }),
        query('revision', { type: 'integer', minimum: 0 }),
        MODE,
      ],
      answer: json(singleAnswerSchema),
      refusals: [409, 422],
    }),
  };
}

function paths(): Json {
  const ndjson = { schema: schemaRef(itemSchema), description: 'One item a line' };
  return {
    '/api/v1/batches': {
      post: describe({
        summary: 'Push up to 1,000 records',
        parameters: [MODE],
        body: { ...json(batchSchema), 'application/x-ndjson': ndjson },
        answer: json(batchAnswerSchema),
        refusals: [400, 413, 415, 422],
      }),
    },
    '/api/v1/records/{kind}/{sourceId}': recordPath(),
    '/api/v1/records/{kind}/{sourceId}/file': {
      get: describe({
        summary: 'The certificate once issued',
        parameters: NAMES,
        answer: { 'application/pdf': { schema: { type: 'string', contentEncoding: 'binary' } } },
        refusals: [404, 409, 422],
      }),
    },
    '/api/v1/changes': {
      get: describe({
        summary: 'Every state change, in order, at least once',
        parameters: [
          parameter('cursor', 'query', { type: 'string' }),
          parameter('limit', 'query', { type: 'integer', minimum: 1, maximum: 1_000, default: 200 }),
        ],
        answer: json(changesSchema),
        refusals: [410, 422],
      }),
    },
    '/api/v1/summary': {
      get: describe({ summary: 'Counts by kind and state', answer: json(summarySchema), refusals: [422] }),
    },
    '/api/v1/keys': {
      get: describe({
        summary: 'Keys that receipts verify with',
        answer: json(keysSchema),
        refusals: [],
        isOpen: true,
      }),
    },
    '/health/live': {
      get: describe({ summary: 'The process runs', answer: json(healthSchema), refusals: [], isOpen: true }),
    },
    '/health/ready': {
      get: describe({ summary: 'Able to accept', answer: json(healthSchema), refusals: [], isOpen: true }),
    },
  };
}

/** What other rooms serve beside the stations' side. */
export interface MoreOfTheApi {
  readonly paths: Json;
  readonly securitySchemes: Json;
}

const NOTHING_MORE: MoreOfTheApi = { paths: {}, securitySchemes: {} };

export function openApiDocument(more: MoreOfTheApi = NOTHING_MORE): OpenAPIObject {
  const document = {
    openapi: '3.1.0',
    info: {
      title: '志桥 Zhiqiao, station side',
      version: '1',
      description: 'See docs/; errors are RFC 9457 problems.',
    },
    paths: { ...paths(), ...more.paths },
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'appKey.secret' },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Sign',
          description: 'With X-App-Key, X-Timestamp, X-Nonce and X-Sign-Method: HMAC over the request',
        },
        ...more.securitySchemes,
      },
    },
    security: [{ bearer: [] }, { signature: [] }],
  };
  return document as unknown as OpenAPIObject;
}

/** Serves `/api/docs` (offline) and `/api/openapi.json`. */
export function serveOpenApi(app: NestFastifyApplication, more?: MoreOfTheApi): void {
  SwaggerModule.setup('api/docs', app, openApiDocument(more), {
    jsonDocumentUrl: 'api/openapi.json',
    customSiteTitle: '志桥 API',
    raw: ['json'],
  });
}
