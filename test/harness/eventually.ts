import { setTimeout as sleep } from 'node:timers/promises';

export interface EventuallyOptions {
  timeoutMs?: number;
  intervalMs?: number;
  /** What is being waited for, for the message of a failure. */
  what?: string;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_INTERVAL_MS = 50;

/** What the last look saw, shortened: the one thing one wants to know when a wait fails. */
function describeLast(last: unknown): string {
  if (last instanceof Error) return last.message;
  const text = JSON.stringify(last) ?? String(last);
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

/**
 * Looks again and again until `look` returns something truthy, and returns that. A throwing look counts as "not
 * yet", so `expect(...)` may be used inside. Waits in tests go through here; a bare sleep proves nothing.
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  { timeoutMs = DEFAULT_TIMEOUT_MS, intervalMs = DEFAULT_INTERVAL_MS, what = 'the condition' }: EventuallyOptions = {},
): Promise<NonNullable<T>> {
  const end = performance.now() + timeoutMs;
  let last: unknown;
  do {
    try {
      const seen = await look();
      if (seen) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    await sleep(intervalMs);
  } while (performance.now() < end);
  throw new Error(`${what} did not come true within ${timeoutMs} ms; last seen: ${describeLast(last)}`);
}

/** For looks made of assertions only: passes as soon as none of them throws. */
export async function eventuallyPasses(look: () => unknown, options: EventuallyOptions = {}): Promise<void> {
  await eventually(async () => {
    await look();
    return true;
  }, options);
}
