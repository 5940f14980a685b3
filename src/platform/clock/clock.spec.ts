import { isDue, systemClock } from './index.js';

describe('isDue (I26)', () => {
  it.each([
    ['not yet', 1_000, 1_400, 500, false],
    ['a whole round ahead', 1_000, 1_500, 500, false],
    ['now', 1_500, 1_500, 500, true],
    ['late', 9_000, 1_500, 500, true],
    ['after the clock was set back by an hour', 1_000, 3_601_500, 500, true],
    ['after the clock was set forward by an hour', 3_601_000, 1_500, 500, true],
  ])('%s', (...[, now, dueAt, every, due]) => {
    expect(isDue(now, dueAt, every)).toBe(due);
  });

  it('is asked with the time of this machine', () => {
    expect(Math.abs(systemClock.nowMs() - Date.now())).toBeLessThan(1_000);
  });
});
