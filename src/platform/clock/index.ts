// platform/clock/ reads this machine's clock and repeats work.
// Owns      nothing stored
// Promises  time comes through here, so that tests can hold it still; a repeated turn never runs twice at once
// Never     decides when work is due: due times are rows by the database clock
// Start at  index.ts
export interface Clock {
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/**
 * Whether what is done every `everyMs` is due. A clock that was set back must not put it off: nothing is ever due later
 * than one round from now (I26).
 */
export function isDue(nowMs: number, dueAtMs: number, everyMs: number): boolean {
  return nowMs >= dueAtMs || dueAtMs - nowMs > everyMs;
}

export { repeat, type Repeating, type RepeatOptions } from './repeat.js';
export { systemPause, type Pause } from './pause.js';
export { systemStopwatch, type Stopwatch } from './stopwatch.js';
