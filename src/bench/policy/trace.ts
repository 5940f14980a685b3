/**
 * What both sides have to live through, in the time of life; pure. Everything that happens in time is divided by one
 * factor, for the outage, the back-off and the quota of both sides alike.
 */

const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

export interface Trace {
  readonly creates: number;
  /** Creates arrive evenly from the beginning to `after` the end of the outage. */
  readonly beforeMs: number;
  readonly outageMs: number;
  readonly afterMs: number;
  /** Share of writes that are stored and whose reply is lost. */
  readonly lostReplies: number;
  /** Share of creates that the nation refuses, inside HTTP 200. */
  readonly refused: number;
  readonly callsPerMinute: number;
}

/** The trace: the creates of a working day of eleven hours, six of which the nation is down. */
export const TRACE: Trace = {
  creates: 10_000,
  beforeMs: 2.5 * HOUR_MS,
  outageMs: 6 * HOUR_MS,
  afterMs: 2.5 * HOUR_MS,
  lostReplies: 0.01,
  refused: 0.005,
  callsPerMinute: 600,
};

/** Targets of the issue for the adapter. */
export const TARGETS = { callsDuringOutage: 400, duplicates: 0, undelivered: 0, falseSuccesses: 0, drainHours: 0.5 };

/** A record with this word in its text is refused with `REFUSAL_CODE`, whoever sends it and how often. */
export const REFUSED_WORD = '基准退回';
/** Hours exceed the limit: one record's own mistake, which no breaker may take for a changed format. */
export const REFUSAL_CODE = '2205';

/** Whether the n-th create is one of those that the nation refuses: evenly spread. */
export function isRefused(n: number, { refused }: Trace): boolean {
  return Math.floor((n + 1) * refused) > Math.floor(n * refused);
}

/** How many creates have arrived after so much time of life. */
export function arrivedAfter(elapsedMs: number, trace: Trace): number {
  const wholeMs = trace.beforeMs + trace.outageMs + trace.afterMs;
  return Math.min(trace.creates, Math.floor((trace.creates * Math.max(0, elapsedMs)) / wholeMs));
}

export const hoursOf = (ms: number): number => ms / HOUR_MS;
export const minuteAt = (scale: number): number => MINUTE_MS / scale;
