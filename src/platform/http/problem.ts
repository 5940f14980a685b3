import type { RefusalOptions } from './call-refusal.js';
import type { Language } from './language.js';

/** The sentences of a code. The catalogue belongs to records/, which platform/ may not know: the app hands it in. */
export interface ProblemWords {
  /** Null when the code is not one that a call is answered with. */
  find(
    code: string,
    language: Language,
    params: Readonly<Record<string, string | number>>,
  ): { readonly status: number; readonly title: string; readonly detail: string } | null;
}

/** RFC 9457 with our members (station-contract §1). */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly traceId: string;
  readonly [member: string]: unknown;
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

interface Asked {
  readonly code: string;
  readonly options: RefusalOptions;
  readonly language: Language;
  readonly traceId: string;
}

/** Builds the problem of a code; a code without words is an internal fault and says nothing. */
export function buildProblem(words: ProblemWords, asked: Asked): Problem {
  const { options, language, traceId } = asked;
  const known = words.find(asked.code, language, options.params ?? {});
  const code = known ? asked.code : 'INTERNAL';
  const { status, title, detail } = known ?? words.find(code, language, {}) ?? BARE;
  const serverTime = options.members?.serverTime;
  return {
    type: 'about:blank',
    title,
    status: known ? (options.status ?? status) : status,
    detail: serverTime === undefined ? detail : `${detail} (serverTime: ${serverTime})`,
    code,
    traceId,
    ...options.members,
    ...(options.errors ? { errors: options.errors } : {}),
  };
}

const BARE = { status: 500, title: 'Internal Server Error', detail: '' };
