import { RAMP_SHARES, type BreakerPolicy } from './storm-policy.js';

/**
 * The life of a breaker, pure: closed → open → half-open (one probe) → slow → closed. Ages and pauses are milliseconds
 * by the database clock, which whoever reads and writes the row takes care of.
 */

export interface BreakerState {
  readonly state: 'closed' | 'open' | 'half-open' | 'slow';
  readonly windowAgeMs: number;
  readonly calls: number;
  readonly failures: number;
  readonly streak: number;
  readonly operations: readonly string[];
  readonly normalRatio: number;
  readonly trips: number;
  /** Time until a probe may go; 0 or less = now. Only of an open one. */
  readonly retryInMs: number;
  readonly hasProbe: boolean;
  /** Since when the slow start runs; null unless slow. */
  readonly slowAgeMs: number | null;
}

export const NEW_BREAKER: BreakerState = {
  state: 'closed', windowAgeMs: 0, calls: 0, failures: 0, streak: 0, operations: [], normalRatio: 0, trips: 0,
  retryInMs: 0, hasProbe: false, slowAgeMs: null,
}; // prettier-ignore

/** What a process has to tell: its failures now, and the successes since it last told anything. */
export interface BreakerReport {
  readonly operation: string;
  readonly failures: number;
  readonly successes: number;
  /** The call held the probe. */
  readonly isProbe: boolean;
}

export interface BreakerTiming {
  readonly policy: BreakerPolicy;
  readonly rampMs: number;
}

/** The share of the usual that a slow start lets through; 1 once it is over. */
export function rampShare(ageMs: number, rampMs: number): number {
  const step = Math.floor((Math.max(0, ageMs) / rampMs) * RAMP_SHARES.length);
  return RAMP_SHARES[step] ?? 1;
}

/** Doubles from trip to trip. */
export function pauseMs(policy: BreakerPolicy, trips: number): number {
  const MAX_DOUBLINGS = 20;
  return Math.min(policy.mostPauseMs, policy.firstPauseMs * 2 ** Math.min(Math.max(0, trips - 1), MAX_DOUBLINGS));
}

/** What the row becomes when this is told to it. */
export function afterReport(before: BreakerState, report: BreakerReport, timing: BreakerTiming): BreakerState {
  if (before.state === 'open' || before.state === 'half-open') return afterProbe(before, report, timing);
  const rested = isRampOver(before, timing) ? closed(before) : before;
  const counted = count(rested, report, timing.policy);
  if (isTripped(counted, timing.policy)) return opened(counted, timing.policy);
  return counted;
}

/** Stragglers of the time before tell nothing; only the probe does. */
function afterProbe(before: BreakerState, report: BreakerReport, { policy }: BreakerTiming): BreakerState {
  if (!report.isProbe) return before;
  if (report.failures > 0) return opened(before, policy);
  return {
    ...before, state: 'slow', slowAgeMs: 0, hasProbe: false, retryInMs: 0,
    windowAgeMs: 0, calls: 0, failures: 0, streak: 0, operations: [],
  }; // prettier-ignore
}

export const isRampOver = (
  breaker: Pick<BreakerState, 'state' | 'slowAgeMs'>,
  { rampMs }: { rampMs: number },
): boolean => breaker.state === 'slow' && (breaker.slowAgeMs ?? 0) >= rampMs;

const closed = (before: BreakerState): BreakerState => ({ ...before, state: 'closed', slowAgeMs: null, trips: 0 });

/** How fast the usual ratio follows what is seen. */
const NORMAL_FOLLOWS = 0.2;

function count(before: BreakerState, report: BreakerReport, policy: BreakerPolicy): BreakerState {
  const isOver = before.windowAgeMs >= policy.windowMs;
  const window = isOver ? { windowAgeMs: 0, calls: 0, failures: 0, normalRatio: learnt(before, policy) } : {};
  const base = { ...before, ...window };
  // Successes told beside a failure may be older than the failures of others: only one told alone ends a streak.
  const streak = report.failures === 0 ? 0 : base.streak + report.failures;
  const operations = report.failures === 0 ? [] : [...new Set([...base.operations, report.operation])];
  return {
    ...base,
    calls: base.calls + report.failures + report.successes,
    failures: base.failures + report.failures,
    streak,
    operations,
  };
}

function learnt(before: BreakerState, policy: BreakerPolicy): number {
  if (before.calls < policy.minCalls) return before.normalRatio;
  return before.normalRatio + NORMAL_FOLLOWS * (before.failures / before.calls - before.normalRatio);
}

/** A kind that is refused often at any time must be refused still more often before that is news. */
const NEWS = 1.5;
const MOST_NORMAL = 0.95;

function isTripped(breaker: BreakerState, policy: BreakerPolicy): boolean {
  if (breaker.streak > 0 && breaker.state === 'slow' && breaker.streak >= policy.slowStreak) return true;
  const isWide = breaker.operations.length >= policy.operations;
  if (isWide && breaker.streak >= policy.streak) return true;
  const threshold = Math.max(policy.ratio, Math.min(MOST_NORMAL, breaker.normalRatio * NEWS));
  return isWide && breaker.calls >= policy.minCalls && breaker.failures / breaker.calls > threshold;
}

function opened(before: BreakerState, policy: BreakerPolicy): BreakerState {
  const trips = before.trips + 1;
  return { ...before, state: 'open', trips, retryInMs: pauseMs(policy, trips), hasProbe: false, slowAgeMs: null };
}
