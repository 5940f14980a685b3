/**
 * Chance that depends on a name alone. A record is therefore the same in every world that contains it: a second start
 * pushes the same contents, and the world of 200 people is a part of the world of 2,000.
 */
export interface Chance {
  /** Whole number, both ends included. */
  between(from: number, to: number): number;
  pick<Choice>(choices: readonly Choice[]): Choice;
}

/** FNV-1a. */
function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Mulberry32. */
export function chanceOf(name: string): Chance {
  let state = seedOf(name);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    between,
    pick: <Choice>(choices: readonly Choice[]) => choices[between(0, choices.length - 1)] as Choice,
  };
}
