/** Doubles from `firstMs` to at most `mostMs`; `tries` counts what went before. Pure, so without jitter. */
export function exponentialDelayMs(tries: number, firstMs: number, mostMs: number): number {
  const MAX_DOUBLINGS = 30;
  return Math.min(mostMs, firstMs * 2 ** Math.min(tries, MAX_DOUBLINGS));
}
