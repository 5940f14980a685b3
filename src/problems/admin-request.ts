import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CallRefusal, languageOf } from '../platform/http/index.js';
import {
  decodeUtf8, JsonSyntaxError, parseStrict, present, safePointer, schemaProblems, type ItemProblem,
} from '../records/index.js'; // prettier-ignore
import { isId } from './problem-desk.js';
import { PROBLEM_STATES, type ProblemState } from './life-cycle.js';

/** As many faults of one body are named. */
const MOST_PROBLEMS = 20;

/** What a call of an administrator brings along, checked; a fault refuses the call with every fault named. */

function refusal(request: FastifyRequest, problems: readonly ItemProblem[]): CallRefusal {
  const language = languageOf(request.headers['accept-language']);
  return new CallRefusal(problems[0]?.code ?? 'FIELD_FORMAT', {
    status: 422,
    errors: problems.map((problem) => present(problem, language)),
  });
}

/** The body by its schema; none at all counts as `{}`. */
export function bodyOf<Schema extends z.ZodType>(request: FastifyRequest, schema: Schema): z.output<Schema> {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const value = bytes.length === 0 ? {} : parse(bytes);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  // The schemas' faults point from an item, whose content is `data`; here the body itself is the content.
  const problems = schemaProblems(result.error.issues, value, MOST_PROBLEMS);
  throw refusal(
    request,
    problems.map((one) => ({ ...one, pointer: one.pointer.replace(/^\/data/, '') })),
  );
}

function parse(bytes: Buffer): unknown {
  const text = decodeUtf8(bytes);
  if (text === null) throw new CallRefusal('MALFORMED_JSON');
  try {
    const { value, faults } = parseStrict(text);
    if (faults.length > 0) throw new CallRefusal('MALFORMED_JSON');
    return value;
  } catch (error) {
    throw error instanceof JsonSyntaxError ? new CallRefusal('MALFORMED_JSON') : error;
  }
}

type Query<Name extends string> = { readonly [Key in Name]?: string };

/** Each known parameter once, no other (G-07). */
export function queryOf<Name extends string>(request: FastifyRequest, known: readonly Name[]): Query<Name> {
  const given = Object.entries((request.query ?? {}) as Record<string, unknown>);
  const problems = given.flatMap(([name, value]): ItemProblem[] => {
    const pointer = safePointer([name]);
    if (!(known as readonly string[]).includes(name)) return [{ code: 'FIELD_UNKNOWN', pointer }];
    return typeof value === 'string' ? [] : [{ code: 'FIELD_TYPE', pointer, params: { expected: 'string' } }];
  });
  if (problems.length > 0) throw refusal(request, problems);
  return Object.fromEntries(given) as Query<Name>;
}

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 1_000;

export function limitOf(request: FastifyRequest, text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= MAX_LIMIT) return value;
  throw refusal(request, [{ code: 'FIELD_RANGE', pointer: '/limit', params: { min: 1, max: MAX_LIMIT } }]);
}

export function cursorOf(request: FastifyRequest, text: string | undefined): string | null {
  if (text === undefined || text === '') return null;
  if (isId(text)) return text;
  throw refusal(request, [{ code: 'FIELD_FORMAT', pointer: '/cursor' }]);
}

/** `?state=open,regressed`; left out: those that ask for a person. */
export function statesOf(request: FastifyRequest, text: string | undefined): ProblemState[] | undefined {
  if (text === undefined || text === '') return undefined;
  const names = text.split(',');
  const isKnown = (name: string): name is ProblemState => (PROBLEM_STATES as readonly string[]).includes(name);
  if (names.every(isKnown)) return names.filter(isKnown);
  throw refusal(request, [{ code: 'CODE_UNKNOWN', pointer: '/state' }]);
}
