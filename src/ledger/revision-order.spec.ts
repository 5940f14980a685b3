import { orderRevision, type Incoming, type Newest, type RevisionVerdict } from './revision-order.js';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
/** Hash of `{"op":"void"}`: the same for every void, of no upsert. */
const V = 'f'.repeat(64);
const MOST = Number.MAX_SAFE_INTEGER;

const stands = (revision: number, contentHash = A): Newest => ({ revision, contentHash, isVoid: contentHash === V });
const upsert = (revision: number | null, contentHash: string, reason: string | null = null): Incoming => ({
  revision,
  contentHash,
  op: 'upsert',
  reason,
});
const withdraw = (revision: number | null): Incoming => ({
  revision,
  contentHash: V,
  op: 'void',
  reason: '录入错误',
});

const accepted = (revision: number, isReopening = false): RevisionVerdict => ({
  outcome: 'accepted',
  revision,
  isReopening,
});
const duplicate = (revision: number): RevisionVerdict => ({ outcome: 'duplicate', revision });
const superseded: RevisionVerdict = { outcome: 'superseded' };
const conflict: RevisionVerdict = { outcome: 'conflict' };
const reasonMissing: RevisionVerdict = {
  outcome: 'rejected',
  errors: [{ code: 'FIELD_REQUIRED', pointer: '/reason' }],
};

interface Case {
  readonly clause: string;
  readonly newest: Newest | null;
  readonly item: Incoming;
  readonly verdict: RevisionVerdict;
}

const CASES: readonly Case[] = [
  { clause: 'G-10 the first unnumbered item is revision 0', newest: null, item: upsert(null, A), verdict: accepted(0) },
  { clause: 'G-09 the first numbered item keeps its number', newest: null, item: upsert(7, A), verdict: accepted(7) },
  { clause: 'G-09 0 is a number like any other', newest: null, item: upsert(0, A), verdict: accepted(0) },
  { clause: 'G-09 gaps are allowed', newest: stands(1), item: upsert(900, B), verdict: accepted(900) },
  { clause: 'G-09 up to the largest exact integer', newest: stands(1), item: upsert(MOST, B), verdict: accepted(MOST) },
  { clause: 'G-10 other content without a number is newest + 1', newest: stands(4), item: upsert(null, B), verdict: accepted(5) },
  { clause: 'G-10 the same content without a number', newest: stands(4), item: upsert(null, A), verdict: duplicate(4) },
  { clause: 'G-10 numbered after unnumbered: a higher number wins', newest: stands(0), item: upsert(1, B), verdict: accepted(1) },
  { clause: 'G-10 numbered after unnumbered: the taken number', newest: stands(1), item: upsert(1, B), verdict: conflict },
  { clause: 'G-11 higher number, same content: remembered', newest: stands(4), item: upsert(9, A), verdict: duplicate(9) },
  { clause: '§2 the same number and content', newest: stands(4), item: upsert(4, A), verdict: duplicate(4) },
  { clause: '§2 the same number with other content', newest: stands(4), item: upsert(4, B), verdict: conflict },
  { clause: '§2 a lower number with other content', newest: stands(4), item: upsert(3, B), verdict: superseded },
  { clause: '§2 a lower number with the newest content', newest: stands(4), item: upsert(3, A), verdict: superseded },
  { clause: 'G-16 a void of what never arrived', newest: null, item: withdraw(null), verdict: accepted(0) },
  { clause: 'G-16 a numbered void of what never arrived', newest: null, item: withdraw(5), verdict: accepted(5) },
  { clause: 'G-16 an older upsert after the tombstone', newest: stands(5, V), item: upsert(4, A), verdict: superseded },
  { clause: 'G-17 an unnumbered void is newest + 1', newest: stands(5), item: withdraw(null), verdict: accepted(6) },
  { clause: 'G-17 a void obeys its number', newest: stands(5), item: withdraw(4), verdict: superseded },
  { clause: 'G-17 a void under the number of the content', newest: stands(5), item: withdraw(5), verdict: conflict },
  { clause: 'G-17 a void of a voided record', newest: stands(5, V), item: withdraw(null), verdict: duplicate(5) },
  { clause: 'G-17 a void of a voided record under a higher number', newest: stands(5, V), item: withdraw(8), verdict: duplicate(8) },
  { clause: 'G-18 an upsert with a reason reopens', newest: stands(5, V), item: upsert(6, A, '误撤销'), verdict: accepted(6, true) },
  { clause: 'G-18 without a number too', newest: stands(5, V), item: upsert(null, A, '误撤销'), verdict: accepted(6, true) },
  { clause: 'G-18 without a reason it is refused', newest: stands(5, V), item: upsert(6, A), verdict: reasonMissing },
  { clause: 'G-18 without a number and a reason', newest: stands(5, V), item: upsert(null, A), verdict: reasonMissing },
  { clause: 'G-18 an empty reason is none', newest: stands(5, V), item: upsert(6, A, ''), verdict: reasonMissing },
  { clause: 'G-18 under the number of the void it is a conflict', newest: stands(5, V), item: upsert(5, A, '误撤销'), verdict: conflict },
  { clause: 'a reason on an ordinary change reopens nothing', newest: stands(5), item: upsert(6, B, '更正'), verdict: accepted(6) },
]; // prettier-ignore

describe('orderRevision (station-contract §2, G-09…G-18)', () => {
  it.each(CASES)('$clause', ({ newest, item, verdict }) => {
    expect(orderRevision(newest, item)).toEqual(verdict);
  });

  it('gives the same newest content whatever the order of numbered items (G-10)', () => {
    const items = [upsert(1, A), upsert(2, B), withdraw(3), upsert(4, 'c'.repeat(64), '重新开放')];
    const orders = items.flatMap((one) =>
      items.flatMap((two) => [
        [one, two, ...items],
        [two, one, ...[...items].reverse()],
      ]),
    );
    for (const order of orders) {
      let newest: Newest | null = null;
      for (const item of order) {
        const verdict = orderRevision(newest, item);
        if (verdict.outcome !== 'accepted') continue;
        newest = { revision: verdict.revision, contentHash: item.contentHash, isVoid: item.op === 'void' };
      }
      expect(newest).toEqual({ revision: 4, contentHash: 'c'.repeat(64), isVoid: false });
    }
  });
});
