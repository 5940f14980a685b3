/**
 * What may stand in a log line. A list of what is allowed, not of what is forbidden: a field that nobody thought
 * about (a name, a body, a header) does not get through. Everything here names a thing or counts it.
 */
const NAMES_OF_THINGS = [
  ...['traceId', 'requestId', 'callId', 'attemptId', 'recordId', 'entryId', 'batchId', 'runId', 'eventId', 'jobId'],
  ...['sourceSystemId', 'webhookId', 'sampleId', 'problemId', 'messageId', 'appKey', 'areaCode', 'migration'],
  ...['bizNo', 'ruleId'],
] as const;
const WORDS = [
  ...['role', 'room', 'context', 'queue', 'backend', 'job', 'kind', 'entity', 'op', 'outcome', 'state', 'from', 'to'],
  ...['code', 'class', 'reason', 'scope', 'profile', 'profileHash', 'version', 'route', 'method', 'signal', 'event'],
  ...['setting', 'what', 'origin', 'host', 'fault', 'level', 'operation', 'step', 'absent'],
  ...['mayHaveSent'],
] as const;
const FIGURES = [
  ...[
    'status',
    'ms',
    'count',
    'rows',
    'items',
    'bytes',
    'attempt',
    'attempts',
    'pending',
    'waiting',
    'waitMs',
    'limit',
    'httpStatus',
    'offsetMs',
    'failures',
    'youngRefusals',
  ],
  ...['rate', 'port', 'pid', 'exitCode', 'lagSecs', 'retryAfterSecs', 'concurrency', 'parallel', 'skewMs', 'done'],
] as const;
const TIMES = ['retryAt', 'dueAt', 'since', 'until', 'nextAttemptAt', 'openAt'] as const;

const ALLOWED: ReadonlySet<string> = new Set([...NAMES_OF_THINGS, ...WORDS, ...FIGURES, ...TIMES]);

const MAX_TEXT_CHARS = 200;
const MAX_LIST_ITEMS = 20;
/** Identity numbers and mobile numbers, wherever they slipped in. */
const PERSONAL_NUMBERS = /(?<!\d)(?:\d{17}[\dXx]|1[3-9]\d{9})(?![\dXx])/g;
/** `?…` of an address: may hold tokens and signatures. */
const QUERY_STRING = /\?[^\s"']+/g;

export function scrub(text: string): string {
  const clean = text.replace(PERSONAL_NUMBERS, '[number]').replace(QUERY_STRING, '?[query]');
  return clean.length > MAX_TEXT_CHARS ? `${clean.slice(0, MAX_TEXT_CHARS)}…` : clean;
}

type Loggable = string | number | boolean | null | Loggable[];

/** undefined = not something that a log line may hold. */
function loggable(value: unknown): Loggable | undefined {
  if (typeof value === 'string') return scrub(value);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (!Array.isArray(value)) return undefined;
  return value
    .slice(0, MAX_LIST_ITEMS)
    .map(loggable)
    .filter((item) => item !== undefined);
}

/** Random hexadecimal may look like a mobile number in its middle; masked, it could not be searched for. */
const isTraceId = (name: string, value: unknown): value is string =>
  name === 'traceId' && typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);

/** The allowed fields, and the names (never the values) of those that were left out, so that one notices. */
export function allowedFields(fields: object): Record<string, Loggable> {
  const kept: Record<string, Loggable> = {};
  const dropped: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const shown = isTraceId(name, value) ? value : ALLOWED.has(name) ? loggable(value) : undefined;
    if (shown !== undefined) kept[name] = shown;
    else if (value !== undefined) dropped.push(scrub(name));
  }
  if (dropped.length > 0) kept.dropped = dropped.slice(0, MAX_LIST_ITEMS);
  return kept;
}
