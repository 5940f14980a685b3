import { problem, type CodedError } from '../errors/index.js';
import { CallRefusal, type ProblemLine } from './call-refusal.js';
import type { Language } from './language.js';

export interface WordsOfCode {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

/** The sentences of a code. The catalogue belongs to records/, which platform/ may not know: the app hands it in. */
export interface ProblemWords {
  /** Null when the code is not in the catalogue. */
  find(code: string, language: Language, params: Readonly<Record<string, string | number>>): WordsOfCode | null;
}

interface Asked {
  readonly language: Language;
  readonly traceId: string;
}

const BARE: WordsOfCode = { status: 500, title: 'Internal Server Error', detail: '' };

/** Builds the problem of an error; a code without words is an internal fault and says nothing (S59). */
export function buildProblem(words: ProblemWords, error: CodedError, asked: Asked): { status: number; body: object } {
  const known = words.find(error.code, asked.language, error.params);
  const code = known ? error.code : 'INTERNAL';
  const { status, title, detail } = known ?? words.find(code, asked.language, {}) ?? BARE;
  const extra = extrasOf(error);
  const { serverTime } = extra.members;
  const body = problem<ProblemLine>({
    status: known ? (error.status ?? status) : status,
    code,
    title,
    detail: serverTime === undefined ? detail : `${detail} (serverTime: ${serverTime})`,
    traceId: asked.traceId,
    errors: extra.errors,
  });
  return { status: body.status, body: { ...body, ...extra.members } };
}

function extrasOf(error: CodedError): Pick<CallRefusal, 'errors' | 'members'> {
  return error instanceof CallRefusal ? error : { errors: [], members: {} };
}
