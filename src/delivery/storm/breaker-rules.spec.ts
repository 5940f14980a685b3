import fc from 'fast-check';
import {
  afterReport,
  NEW_BREAKER,
  pauseMs,
  rampShare,
  type BreakerReport,
  type BreakerState,
} from './breaker-rules.js';
import { STORM_POLICY } from './storm-policy.js';

const timing = { policy: STORM_POLICY.operation, rampMs: STORM_POLICY.rampMs };
const told = (more: Partial<BreakerReport> = {}): BreakerReport => ({
  operation: 'write:team', failures: 0, successes: 0, isProbe: false, ...more,
}); // prettier-ignore
const bad = told({ failures: 1 });
const after = (...reports: BreakerReport[]): BreakerState =>
  reports.reduce((state, report) => afterReport(state, report, timing), NEW_BREAKER);
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('a breaker', () => {
  it('opens after so many failures in a row, and not before', () => {
    expect(after(...times(4, bad)).state).toBe('closed');
    expect(after(...times(5, bad))).toMatchObject({ state: 'open', trips: 1, retryInMs: timing.policy.firstPauseMs });
  });

  it('is not opened by failures that successes lie between', () => {
    const mixed = times(15, [bad, told({ successes: 3 })]).flat();
    expect(after(...mixed).state).toBe('closed');
  });

  it('opens when more than half of many calls fail, though none five times in a row', () => {
    const mixed = times(12, [told({ failures: 3 }), told({ successes: 2 })]).flat();
    expect(after(...mixed.slice(0, 8)).state).toBe('closed');
    expect(after(...mixed).state).toBe('open');
  });

  it('of the whole nation needs several operations that fail', () => {
    const nation = { policy: STORM_POLICY.nation, rampMs: 1_000 };
    const run = (operations: string[]): BreakerState =>
      operations.reduce(
        (state, operation) => afterReport(state, told({ failures: 1, operation }), nation),
        NEW_BREAKER,
      );
    expect(run(times(30, 'write:team')).state).toBe('closed');
    expect(run([...times(5, 'write:team'), 'lookup']).state).toBe('open');
  });

  it('in the open hears only its probe', () => {
    const open = after(...times(5, bad));
    expect(afterReport(open, bad, timing)).toBe(open);
    expect(afterReport(open, told({ successes: 3 }), timing)).toBe(open);
    expect(afterReport(open, told({ failures: 1, isProbe: true }), timing)).toMatchObject({
      state: 'open', trips: 2, retryInMs: 2 * timing.policy.firstPauseMs,
    }); // prettier-ignore
    expect(afterReport(open, told({ isProbe: true, successes: 1 }), timing)).toMatchObject({
      state: 'slow',
      slowAgeMs: 0,
    });
  });

  it('opens sooner again during the slow start, and forgets its trips after it', () => {
    const slow = { ...NEW_BREAKER, state: 'slow', slowAgeMs: 10, trips: 3 } as const;
    const once = afterReport(slow, bad, timing);
    expect(once.state).toBe('slow');
    expect(afterReport(once, bad, timing)).toMatchObject({ state: 'open', trips: 4 });
    const over = { ...slow, slowAgeMs: timing.rampMs };
    expect(afterReport(over, told({ successes: 1 }), timing)).toMatchObject({
      state: 'closed',
      trips: 0,
      slowAgeMs: null,
    });
  });

  it('of refusals learns what is usual for a kind, and opens on what is not', () => {
    const refusals = { policy: STORM_POLICY.refusals, rampMs: 1_000 };
    const usual = { ...NEW_BREAKER, normalRatio: 0.6 };
    const half = told({ failures: 55, successes: 45 });
    expect(afterReport(NEW_BREAKER, half, refusals).state).toBe('open');
    expect(afterReport(usual, half, refusals).state).toBe('closed');
    expect(afterReport(usual, told({ failures: 98, successes: 2 }), refusals).state).toBe('open');
    expect(afterReport(NEW_BREAKER, told({ failures: 19 }), refusals).state).toBe('closed');
  });

  it('whatever it is told: counts never lie, only a probe leaves the open, pauses stay in their limits', () => {
    const reports = fc.record({
      operation: fc.constantFrom('a', 'b'), failures: fc.nat(3), successes: fc.nat(3), isProbe: fc.boolean(),
    }); // prettier-ignore
    fc.assert(
      fc.property(fc.array(reports, { maxLength: 60 }), (list) => {
        let state: BreakerState = NEW_BREAKER;
        for (const report of list) {
          const next = afterReport(state, report, timing);
          if (state.state === 'open' && next.state !== 'open')
            expect(report.isProbe && report.failures === 0).toBe(true);
          if (next.state === 'open') expect(next.retryInMs).toBeLessThanOrEqual(timing.policy.mostPauseMs);
          expect(next.failures).toBeLessThanOrEqual(next.calls);
          state = next;
        }
      }),
    );
  });
});

describe('pauses and ramps', () => {
  it('double up to their most', () => {
    expect([1, 2, 3, 40].map((trips) => pauseMs(timing.policy, trips))).toEqual([2_000, 4_000, 8_000, 90_000]);
  });

  it('rise in steps from a tenth to everything', () => {
    expect([0, 14, 15, 30, 45, 59, 60, 600].map((s) => rampShare(s * 1_000, 60_000))).toEqual([
      0.1, 0.1, 0.25, 0.5, 0.75, 0.75, 1, 1,
    ]);
  });
});
