import fc from 'fast-check';
import { FairShare, type FairQueue } from './fair-share.js';

const queue = (county: string, source: string, count: number, lane = 2): FairQueue => ({
  lane, county, source, entries: Array.from({ length: count }, (_, at) => `${county}/${source}/${lane}/${at}`),
}); // prettier-ignore
const countOf = (chosen: readonly string[], prefix: string): number =>
  chosen.filter((one) => one.startsWith(prefix)).length;

describe('FairShare', () => {
  it('gives a county with a hundred thousand no more than one with a few, and the few their order', () => {
    const chosen = new FairShare().choose([queue('A', 'a', 1_000), queue('B', 'b', 20)], 100);
    expect(countOf(chosen, 'B')).toBe(20);
    expect(chosen.indexOf('B/b/2/19')).toBeLessThan(41);
    expect(countOf(chosen, 'A')).toBe(80);
  });

  it('shares by county first, so that many source systems are no more than one', () => {
    const many = Array.from({ length: 9 }, (_, at) => queue('A', `a${at}`, 100));
    const chosen = new FairShare().choose([...many, queue('B', 'b', 100)], 90);
    expect(countOf(chosen, 'B')).toBe(45);
    expect(many.map(({ source }) => countOf(chosen, `A/${source}/`))).toEqual(Array(9).fill(5));
  });

  it('shares by weight over many small choices', () => {
    const share = new FairShare({ weights: { A: 3 }, lowerLaneShare: 0.1 });
    const chosen = Array.from({ length: 400 }, () => share.choose([queue('A', 'a', 5), queue('B', 'b', 5)], 1)).flat();
    expect(Math.abs(countOf(chosen, 'A') - 300)).toBeLessThanOrEqual(1);
  });

  it('gives no credit for having rested', () => {
    const share = new FairShare();
    share.choose([queue('A', 'a', 500)], 500);
    const chosen = share.choose([queue('A', 'a', 500), queue('B', 'b', 500)], 100);
    expect(countOf(chosen, 'B')).toBeLessThanOrEqual(51);
  });

  it('takes higher lanes first and leaves a tenth to the lower, also of single entries', () => {
    const urgentAndOld = [queue('A', 'a', 500, 1), queue('B', 'b', 500, 3)];
    expect(countOf(new FairShare().choose(urgentAndOld, 100), 'B')).toBe(10);
    const share = new FairShare();
    const singles = Array.from({ length: 100 }, () => share.choose(urgentAndOld, 1)).flat();
    expect(countOf(singles, 'B')).toBeGreaterThanOrEqual(9);
    expect(countOf(singles, 'B')).toBeLessThanOrEqual(10);
  });

  const queues = fc.uniqueArray(
    fc.record({ county: fc.constantFrom('A', 'B', 'C'), source: fc.constantFrom('x', 'y'), lane: fc.integer({ min: 0, max: 3 }), count: fc.nat(30) }),
    { selector: ({ county, source, lane }) => `${county}${source}${lane}`, maxLength: 12 },
  ); // prettier-ignore
  const built = (list: { county: string; source: string; lane: number; count: number }[]): FairQueue[] =>
    list.map(({ county, source, lane, count }) => queue(county, source, count, lane));

  it('is work-conserving, takes nothing twice, and keeps the order inside each queue', () => {
    fc.assert(
      fc.property(queues, fc.integer({ min: 1, max: 60 }), (list, limit) => {
        const all = built(list);
        const chosen = new FairShare().choose(all, limit);
        const there = all.reduce((sum, { entries }) => sum + entries.length, 0);
        expect(chosen).toHaveLength(Math.min(limit, there));
        expect(new Set(chosen).size).toBe(chosen.length);
        for (const { entries } of all) {
          const own = chosen.filter((one) => entries.includes(one));
          expect(own).toEqual(entries.slice(0, own.length));
        }
      }),
    );
  });

  it('starves nobody: whatever else waits, every county that waits is served in its turn', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 8 }), (limits) => {
        const share = new FairShare();
        const counties = ['A', 'B', 'C', 'D'];
        const served = limits.flatMap((limit) => share.choose(counties.map((county) => queue(county, 's', 1_000)), limit));
        const counts = counties.map((county) => countOf(served, county));
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    ); // prettier-ignore
  });
});
