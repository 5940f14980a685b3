import { arrivedAfter, HOUR_MS, isRefused, TRACE } from './trace.js';

describe('the trace of the policy benchmark', () => {
  const whole = TRACE.beforeMs + TRACE.outageMs + TRACE.afterMs;
  const all = Array.from({ length: TRACE.creates }, (_, n) => n);

  it('is the one that the issue asks for', () => {
    expect(TRACE).toMatchObject({ creates: 10_000, outageMs: 6 * HOUR_MS, lostReplies: 0.01, callsPerMinute: 600 });
    expect(all.filter((n) => isRefused(n, TRACE))).toHaveLength(50);
  });

  it('lets creates arrive evenly, all of them, most while the nation is down', () => {
    const during = arrivedAfter(TRACE.beforeMs + TRACE.outageMs, TRACE) - arrivedAfter(TRACE.beforeMs, TRACE);
    expect(during).toBeGreaterThan(TRACE.creates / 2);
    expect([0, whole, 2 * whole].map((ms) => arrivedAfter(ms, TRACE))).toEqual([0, TRACE.creates, TRACE.creates]);
  });
});
