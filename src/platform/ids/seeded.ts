import type { Ids } from './index.js';
import type { Random } from './random.js';

/** Stand-ins for tests that replay: the same seed gives the same numbers. Guessable, so never for secrets. */

/** mulberry32: 32 bits of state, enough to tell runs apart. Answers whole numbers from 0 to 2^32 - 1. */
function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

export function seededRandom(seed: number): Random {
  const next = numbersFrom(seed);
  return { bytes: (count) => Buffer.from(Array.from({ length: count }, () => next() & 0xff)) };
}

/** UUIDv7 that rise with the given clock and, within its millisecond, with each id. */
export function seededIds(seed: number, nowMs: () => number): Ids {
  const random = seededRandom(seed);
  let lastMs = 0;
  let counter = 0;
  return {
    uuid: () => {
      const now = nowMs();
      counter = now > lastMs ? 0 : counter + 1;
      lastMs = Math.max(lastMs, now) + (counter > 0xfff ? 1 : 0);
      counter &= 0xfff;
      const bytes = random.bytes(16);
      bytes.writeUIntBE(lastMs, 0, 6);
      bytes.writeUInt16BE(0x7000 | counter, 6);
      bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
      const hex = bytes.toString('hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    },
  };
}
