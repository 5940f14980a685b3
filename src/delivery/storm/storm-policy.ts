/**
 * What our side of the line bears before it stops, and how it comes back. The nation's own limits are announced by it
 * and never stand here (G-76).
 */

/** When a breaker opens and how long it stays so. */
export interface BreakerPolicy {
  /** Calls are counted over windows of this length. */
  readonly windowMs: number;
  /** Failures in a row, over all workers, that open it. */
  readonly streak: number;
  /** Fewer calls than this in a window prove no ratio. */
  readonly minCalls: number;
  /** Share of failed calls in a window that opens it; 0…1. */
  readonly ratio: number;
  /** Different operations that have to fail in one streak. */
  readonly operations: number;
  /** Failures in a row that open it again during the slow start. */
  readonly slowStreak: number;
  /** First pause before a probe; doubles with every trip. */
  readonly firstPauseMs: number;
  readonly mostPauseMs: number;
}

export interface StormPolicy {
  /** One operation: write of one kind, look-up, receipt, certificate, token. */
  readonly operation: BreakerPolicy;
  /** Everything at once: the nation does not answer at all. */
  readonly nation: BreakerPolicy;
  /** Refusals of one kind that look like a changed dictionary or format (F39); `ratio` of entries, not of calls. */
  readonly refusals: BreakerPolicy;
  /** Slow start: from a tenth to everything over this time. */
  readonly rampMs: number;
  /** A pause of the nation's at least this long ends in a slow start. */
  readonly rampAfterMs: number;
  /** A probe that has not come back by then (its worker died) may be taken by another; at least a call's deadline. */
  readonly probeLeaseMs: number;
  /** A closed view is looked at again after this: how long a stop takes to reach a process. */
  readonly viewMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const STORM_POLICY: StormPolicy = {
  operation: {
    windowMs: MINUTE, streak: 5, minCalls: 20, ratio: 0.5, operations: 1, slowStreak: 2,
    firstPauseMs: 2 * SECOND, mostPauseMs: 90 * SECOND,
  },
  nation: {
    windowMs: MINUTE, streak: 6, minCalls: 40, ratio: 0.8, operations: 2, slowStreak: 4,
    firstPauseMs: 2 * SECOND, mostPauseMs: 90 * SECOND,
  },
  refusals: {
    windowMs: 10 * MINUTE, streak: Number.MAX_SAFE_INTEGER, minCalls: 20, ratio: 0.5, operations: 1,
    slowStreak: Number.MAX_SAFE_INTEGER, firstPauseMs: 5 * MINUTE, mostPauseMs: 60 * MINUTE,
  },
  rampMs: MINUTE,
  rampAfterMs: MINUTE,
  probeLeaseMs: 45 * SECOND,
  viewMs: 200,
}; // prettier-ignore

/** Steps of the slow start: the share that is let through in each equal part of it. */
export const RAMP_SHARES: readonly number[] = [0.1, 0.25, 0.5, 0.75];

/** Share of today's quota that writes leave to look-ups and receipts (national-contract §1.12). */
export const QUOTA_RESERVE = 0.1;
/** Calls that a process takes out of the day's quota at once; of small quotas a two-hundredth. */
export const QUOTA_BLOCK_CALLS = 20;
export const QUOTA_BLOCK_PARTS = 200;
/** A block is spent within this time or given up. */
export const QUOTA_BLOCK_LIFE_MS = 15 * SECOND;

/** One word about being too fast halves the pace; a word within this time is about the same haste. */
export const SLOW_DOWN_FACTOR = 0.5;
export const SLOW_DOWN_ONCE_MS = SECOND;
/** The pace never falls below this share of what was announced or measured. */
export const SLOWEST_FACTOR = 0.02;
/** The share that comes back each second. */
export const RECOVERY_PER_SECOND = 0.01;

/** The same policy with every time divided: benchmarks and fault runs live faster than the world. */
export function scaledPolicy(policy: StormPolicy, scale: number): StormPolicy {
  const sped = (breaker: BreakerPolicy): BreakerPolicy => ({
    ...breaker,
    windowMs: breaker.windowMs / scale,
    firstPauseMs: breaker.firstPauseMs / scale,
    mostPauseMs: breaker.mostPauseMs / scale,
  });
  return {
    ...policy,
    operation: sped(policy.operation),
    nation: sped(policy.nation),
    refusals: sped(policy.refusals),
    rampMs: policy.rampMs / scale,
    rampAfterMs: policy.rampAfterMs / scale,
  };
}
