import { seededIds, seededRandom, systemRandom } from './index.js';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('seeded ids and chance', () => {
  it('give the same for the same seed, something else for another', () => {
    const take = (seed: number): string[] => {
      const ids = seededIds(seed, () => 1_800_000_000_000);
      return [ids.uuid(), ids.uuid()];
    };
    expect(take(7)).toEqual(take(7));
    expect(take(7)).not.toEqual(take(8));
    expect(seededRandom(7).bytes(40)).toEqual(seededRandom(7).bytes(40));
    expect(systemRandom.bytes(32)).not.toEqual(systemRandom.bytes(32));
  });

  it('rise and never repeat, also within a millisecond and when the clock goes back', () => {
    let now = 1_800_000_000_000;
    const ids = seededIds(1, () => now);
    const made = Array.from({ length: 9_000 }, (_, at) => {
      if (at === 8_500) now -= 3_600_000;
      return ids.uuid();
    });
    expect(new Set(made).size).toBe(made.length);
    expect([...made].sort()).toEqual(made);
    expect(made.every((id) => UUID_V7.test(id))).toBe(true);
  });
});
