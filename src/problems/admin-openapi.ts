import { z } from 'zod';
import {
  maybeReasonSchema, problemDetailSchema, problemItemsSchema, problemListSchema, reasonSchema, replayListSchema, replaySchema,
} from './admin-schemas.js'; // prettier-ignore

/** The administrators' part of the OpenAPI 3.1 document, added by the app to the stations' part. */

type Json = Record<string, unknown>;

const ADMINISTRATOR = 'administrator';

export const ADMIN_SECURITY: Json = {
  [ADMINISTRATOR]: { type: 'http', scheme: 'bearer', description: 'Token of `npm run cli -- admins create`' },
};

const json = (schema: z.ZodType): Json => {
  const id = z.globalRegistry.get(schema)?.id;
  if (id === undefined) throw new Error('a documented schema has no id');
  return { 'application/json': { schema: { $ref: `#/components/schemas/${id}` } } };
};

const REASONS: Readonly<Record<number, string>> = {
  400: 'Not JSON',
  401: 'No administrator',
  403: 'Concerns more than your region',
  404: 'Does not exist, or not in your region',
  409: 'Not possible in the present state',
  422: 'JSON, but not the shape of the call',
};

interface Operation {
  readonly summary: string;
  readonly answer: z.ZodType;
  readonly body?: z.ZodType;
  readonly query?: readonly { name: string; schema: Json }[];
  readonly path?: boolean;
  readonly refusals: readonly number[];
}

function operation({ summary, answer, body, query = [], path, refusals }: Operation): Json {
  const inPath = path ? [{ name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }] : [];
  const parameters = [...inPath, ...query.map((one) => ({ ...one, in: 'query', required: false }))];
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  const refused = [...new Set([401, ...refusals])].map((status) => [
    String(status),
    { description: REASONS[status] ?? '', content: problem },
  ]);
  return {
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: body === reasonSchema, content: json(body) } } : {}),
    responses: { 200: { description: 'OK', content: json(answer) }, ...(Object.fromEntries(refused) as Json) },
    security: [{ [ADMINISTRATOR]: [] }],
  };
}

const step = (summary: string, answer: z.ZodType, body?: z.ZodType): Json => ({
  post: operation({
    summary,
    answer,
    ...(body ? { body } : {}),
    path: true,
    refusals: body ? [400, 403, 404, 409, 422] : [404, 409],
  }),
});

/** Paths of `/api/v1/admin`. */
export function adminPaths(): Json {
  const problems = '/api/v1/admin/problems';
  const replays = '/api/v1/admin/replays';
  const text = { type: 'string' };
  return {
    [problems]: {
      get: operation({
        summary: 'Problems of your region, the largest first',
        answer: problemListSchema,
        query: [{ name: 'state', schema: { ...text, description: 'Comma-separated; default: those unsolved' } }],
        refusals: [422],
      }),
    },
    [`${problems}/{id}`]: {
      get: operation({ summary: 'One problem', answer: problemDetailSchema, path: true, refusals: [404, 422] }),
    },
    [`${problems}/{id}/items`]: {
      get: operation({
        summary: 'Its records, page by page',
        answer: problemItemsSchema,
        path: true,
        query: [
          { name: 'cursor', schema: text },
          { name: 'limit', schema: { type: 'integer', minimum: 1, maximum: 1_000, default: 200 } },
        ],
        refusals: [404, 422],
      }),
    },
    [`${problems}/{id}/acknowledge`]: step('Take it on', problemDetailSchema, maybeReasonSchema),
    [`${problems}/{id}/resolve`]: step('Its cause is ended; it is watched', problemDetailSchema, reasonSchema),
    [`${problems}/{id}/close`]: step('End it', problemDetailSchema, reasonSchema),
    [`${problems}/{id}/replays`]: step('Plan a replay: freeze its records', replaySchema, reasonSchema),
    [replays]: {
      get: operation({
        summary: 'Replays of your region, the newest first',
        answer: replayListSchema,
        query: [{ name: 'problem', schema: text }],
        refusals: [422],
      }),
    },
    [`${replays}/{id}`]: {
      get: operation({
        summary: 'One replay with its account',
        answer: replaySchema,
        path: true,
        refusals: [404, 422],
      }),
    },
    [`${replays}/{id}/approve`]: step('Approve; above 200 records not by who asked', replaySchema),
    [`${replays}/{id}/run`]: step('Begin, or go on after a pause', replaySchema),
    [`${replays}/{id}/pause`]: step('Send nothing more until it is run again', replaySchema),
    [`${replays}/{id}/stop`]: step('Stop for good', replaySchema),
  };
}
