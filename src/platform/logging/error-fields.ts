import { scrub } from './log-fields.js';

export interface ErrorFields {
  name: string;
  code?: string | number;
  /** HTTP status of an answer that became an error. */
  status?: number;
  message?: string;
  /** What PostgreSQL tripped over: names of the schema, no values. */
  constraint?: string;
  table?: string;
  /** The nearest place in our own code. */
  at?: string;
  /** All places, in debug only. */
  stack?: string[];
  cause?: ErrorFields;
}

const MAX_CAUSES = 3;
const MAX_FRAMES = 20;
/** Errors whose message is ours, and says nothing about anybody. */
const OUR_NAMES: ReadonlySet<string> = new Set(['CodedError', 'SettingsError']);
/** Errors of the language speak of our code, not of content; SyntaxError does not belong here: it quotes the text. */
const LANGUAGE_ERRORS: ReadonlySet<string> = new Set(['TypeError', 'ReferenceError', 'RangeError', 'AssertionError']);

interface ForeignError extends Error {
  code?: unknown;
  syscall?: unknown;
  constraint?: unknown;
  table?: unknown;
  response?: { status?: unknown };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? scrub(value) : undefined);

function codeOf(error: ForeignError): string | number | undefined {
  return typeof error.code === 'number' ? error.code : text(error.code);
}

/**
 * Messages of PostgreSQL, axios, JSON.parse and zod quote what they tripped over, and that may be a person's record.
 * So a message is kept only where it is known to be harmless; codes and places tell the rest.
 */
function safeMessage(error: ForeignError): string | undefined {
  const isOfTheSystem = typeof error.syscall === 'string';
  const isHarmless = OUR_NAMES.has(error.name) || LANGUAGE_ERRORS.has(error.name) || isOfTheSystem;
  return isHarmless ? scrub(error.message) : undefined;
}

/** Frames only: the head of a stack repeats the message. */
function framesOf(error: Error): string[] {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim().slice(3));
}

const ownFrame = (frames: string[]): string | undefined => {
  const frame = frames.find((line) => /[/\\](src|test)[/\\]/.test(line) && !line.includes('node_modules'));
  return frame?.match(/.*[/\\]((?:src|test)[/\\][^)]+)/)?.[1];
};

/** undefined values are left out by JSON, so absent parts cost nothing. */
export function errorFields(thrown: unknown, withStack: boolean, depth = 0): ErrorFields {
  if (!(thrown instanceof Error)) return { name: `thrown ${typeof thrown}` };
  const error = thrown as ForeignError;
  const frames = framesOf(error);
  const status = error.response?.status;
  return {
    name: scrub(error.name),
    code: codeOf(error),
    status: typeof status === 'number' ? status : undefined,
    message: safeMessage(error),
    constraint: text(error.constraint),
    table: text(error.table),
    at: ownFrame(frames),
    stack: withStack ? frames.slice(0, MAX_FRAMES) : undefined,
    cause:
      error.cause instanceof Error && depth < MAX_CAUSES ? errorFields(error.cause, withStack, depth + 1) : undefined,
  };
}
