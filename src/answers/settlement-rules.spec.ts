import type { GatewayOutcome } from '../national/index.js';
import { decideSettlement, type KindFacts, type SettledAttempt, type Settlement } from './settlement-rules.js';

const said = { code: '0000', message: '国家所说' };
const attempt = (more: Partial<SettledAttempt> = {}): SettledAttempt => ({
  bizNo: 'ZQ-1', version: 3, op: 'UPSERT', contentHash: 'ab', tries: 0, linkTo: null, hasNationalId: false, storedReview: null, ...more,
}); // prettier-ignore
const PLAIN: KindFacts = { isReviewed: false, isCertificate: false };
const REVIEWED: KindFacts = { isReviewed: true, isCertificate: false };
const CERTIFICATE: KindFacts = { isReviewed: false, isCertificate: true };
type DoneResult = Extract<GatewayOutcome, { class: 'DONE' }>['result'];
type Review = Extract<GatewayOutcome, { class: 'DONE' }>['review'];
const done = (result: DoneResult, review: Review = null): GatewayOutcome => ({
  class: 'DONE', ...said, result, nationalId: 'N1', storedVersion: null, review,
}); // prettier-ignore
const waitdep = (more: object = {}): GatewayOutcome => ({
  class: 'WAITDEP', code: '2101', message: 'x', missing: [{ entity: 'activities', bizNo: 'ZQ-9' }], isSlow: false, ...more,
}); // prettier-ignore

interface Case {
  readonly name: string;
  readonly attempt?: SettledAttempt;
  readonly outcome: GatewayOutcome;
  readonly kind?: KindFacts;
  readonly settles: Partial<Settlement>;
}

const KEPT = { attempt: 'closed', promise: 'kept' } as const;
const AGAIN = { attempt: 'closed', promise: 'again' } as const;
const UNKNOWN = { attempt: 'unknown', promise: 'open', nextState: 'unknown', national: {} } as const;
const ACTIVE = { nationalId: 'N1', nationalVersion: 3, nationalHash: 'ab', nationalStatus: 'ACTIVE' } as const;

const CASES: readonly Case[] = [
  { name: 'DONE of a kind without review', outcome: done('CREATED'), settles: { ...KEPT, nextState: 'mirrored', watch: null, national: { ...ACTIVE, nationalReview: 'PASSED' } } },
  { name: 'DONE duplicate', outcome: done('DUPLICATE'), settles: { ...KEPT, nextState: 'mirrored' } },
  { name: 'DONE linked', outcome: done('LINKED'), settles: { ...KEPT, nextState: 'mirrored' } },
  { name: 'DONE, review passed', kind: REVIEWED, outcome: done('CREATED', 'PASSED'), settles: { ...KEPT, nextState: 'mirrored', watch: null } },
  { name: 'DONE, under review (G-68)', kind: REVIEWED, outcome: done('CREATED', 'REVIEWING'), settles: { ...KEPT, nextState: 'pending', watch: 'review', national: { ...ACTIVE, nationalReview: 'REVIEWING' } } },
  { name: 'DONE, review failed', kind: REVIEWED, outcome: done('UPDATED', 'FAILED'), settles: { ...KEPT, nextState: 'attention', code: 'AUDIT_FAILED', message: null, watch: null } },
  { name: 'DONE without a word on the review, nothing known', kind: REVIEWED, outcome: done('DUPLICATE'), settles: { nextState: 'pending', watch: 'review' } },
  { name: 'DONE without a word on the review, passed before', kind: REVIEWED, attempt: attempt({ storedReview: 'PASSED' }), outcome: done('DUPLICATE'), settles: { nextState: 'mirrored' } },
  { name: 'DONE of a certificate-request is not issued yet', kind: CERTIFICATE, outcome: done('CREATED'), settles: { ...KEPT, nextState: 'pending', watch: 'certificate' } },
  { name: 'DONE of a void', attempt: attempt({ op: 'VOID', contentHash: null }), outcome: done('VOIDED'), settles: { ...KEPT, nextState: 'voided', national: { nationalId: 'N1', nationalVersion: 3, nationalHash: null, nationalStatus: 'VOIDED' } } },
  { name: 'DONE superseded (2003): what stands has to be looked up', outcome: done('SUPERSEDED'), settles: UNKNOWN },
  { name: 'DONE that names no row has to be looked up (F15, F41)', outcome: { ...done('DUPLICATE'), nationalId: null } as GatewayOutcome, settles: UNKNOWN },
  { name: 'DONE that names no row, of one that is known', attempt: attempt({ hasNationalId: true }), outcome: { ...done('UPDATED'), nationalId: null } as GatewayOutcome, settles: { ...KEPT, nextState: 'mirrored' } },
  { name: 'DONE of a void names no row', attempt: attempt({ op: 'VOID', contentHash: null }), outcome: { ...done('VOIDED'), nationalId: null } as GatewayOutcome, settles: { ...KEPT, nextState: 'voided' } },
  { name: 'ACCEPTED of a certificate-request (B18)', kind: CERTIFICATE, outcome: { class: 'ACCEPTED', code: '0100', message: 'x', nationalId: 'N1', batchNo: null, pollAfterMs: 7_000 }, settles: { ...KEPT, nextState: 'pending', watch: 'certificate', watchAfterMs: 7_000, national: { ...ACTIVE, nationalReview: 'REVIEWING' } } },
  { name: 'ACCEPTED of any other single entry is not known', outcome: { class: 'ACCEPTED', code: '0100', message: 'x', batchNo: null, pollAfterMs: 1 }, settles: UNKNOWN },
  { name: 'RETRY with a pause of its own', outcome: { class: 'RETRY', code: '5000', message: 'x', retryAfterMs: 77 }, settles: { ...AGAIN, nextState: 'queued', delayMs: 77, national: {} } },
  { name: 'RETRY backs off', attempt: attempt({ tries: 3 }), outcome: { class: 'RETRY', code: '5000', message: 'x', retryAfterMs: null }, settles: { ...AGAIN, nextState: 'queued', delayMs: 8_000 } },
  { name: 'RETRY backs off to a limit', attempt: attempt({ tries: 500 }), outcome: { class: 'RETRY', code: '5000', message: 'x', retryAfterMs: null }, settles: { delayMs: 600_000 } },
  { name: 'HALT leaves the record untouched', outcome: { class: 'HALT', code: '1002', message: 'x', scope: 'profile', isSoft: false }, settles: { ...AGAIN, nextState: 'queued', national: {} } },
  { name: 'WAITDEP waits for the named parents', outcome: waitdep(), settles: { ...AGAIN, nextState: 'waiting', waitsFor: 'parents', delayMs: 2_000, missing: [{ entity: 'activities', bizNo: 'ZQ-9' }] } },
  { name: 'WAITDEP for an approval is asked for slowly', outcome: waitdep({ code: '2102', isSlow: true }), settles: { ...AGAIN, nextState: 'waiting', delayMs: 60_000 } },
  { name: 'WAITDEP on a void that misses itself (B1) has to be looked up', attempt: attempt({ op: 'VOID' }), outcome: waitdep({ missing: [{ entity: 'service-records', bizNo: 'ZQ-1' }] }), settles: { ...UNKNOWN, code: '2101' } },
  { name: 'WAITDEP on a void that misses another', attempt: attempt({ op: 'VOID' }), outcome: waitdep(), settles: { ...AGAIN, nextState: 'waiting' } },
  { name: '2301: the certificate goes again at once, with a set frozen anew', kind: CERTIFICATE, outcome: waitdep({ code: '2301', missing: [] }), settles: { ...AGAIN, nextState: 'queued', delayMs: 0 } },
  { name: 'QUOTA of the rate', outcome: { class: 'QUOTA', code: '1301', message: 'x', scope: 'qps', retryAfterMs: 300 }, settles: { ...AGAIN, nextState: 'queued', delayMs: 300, waitsFor: null } },
  { name: 'QUOTA of the day', outcome: { class: 'QUOTA', code: '1302', message: 'x', scope: 'day', retryAfterMs: 9_000 }, settles: { ...AGAIN, nextState: 'waiting', delayMs: 9_000, waitsFor: 'quota' } },
  { name: 'QUOTA of the window', outcome: { class: 'QUOTA', code: '1303', message: 'x', scope: 'writes', retryAfterMs: 9_000 }, settles: { ...AGAIN, nextState: 'waiting', delayMs: 9_000, waitsFor: 'window' } },
  { name: 'LINK adopts a row without a number', outcome: { class: 'LINK', code: '2010', message: 'x', nationalId: 'N7', holderBizNo: null }, settles: { ...AGAIN, nextState: 'queued', linkTo: 'N7', delayMs: 0 } },
  { name: 'LINK to a row of ours is a conflict (B9)', outcome: { class: 'LINK', code: '2010', message: 'x', nationalId: 'N7', holderBizNo: 'ZQ-2' }, settles: { ...KEPT, nextState: 'attention', linkTo: null, national: {} } },
  { name: 'LINK is tried once', attempt: attempt({ linkTo: 'N7' }), outcome: { class: 'LINK', code: '2010', message: 'x', nationalId: 'N7', holderBizNo: null }, settles: { ...KEPT, nextState: 'attention' } },
  { name: 'LINK of a row that has its own (G-63)', attempt: attempt({ hasNationalId: true }), outcome: { class: 'LINK', code: '2010', message: 'x', nationalId: 'N7', holderBizNo: null }, settles: { ...KEPT, nextState: 'attention' } },
  { name: 'REMAP follows the merge', outcome: { class: 'REMAP', code: '2012', message: 'x', mergedTo: 'N8' }, settles: { ...AGAIN, nextState: 'queued', linkTo: 'N8' } },
  { name: 'REMAP to the same row again', attempt: attempt({ linkTo: 'N8' }), outcome: { class: 'REMAP', code: '2012', message: 'x', mergedTo: 'N8' }, settles: { ...KEPT, nextState: 'attention' } },
  { name: 'REMAP to nowhere', outcome: { class: 'REMAP', code: '2012', message: 'x', mergedTo: null }, settles: { ...KEPT, nextState: 'attention' } },
  { name: 'REMAP of a void (B11)', attempt: attempt({ op: 'VOID' }), outcome: { class: 'REMAP', code: '2012', message: 'x', mergedTo: 'N8' }, settles: { ...KEPT, nextState: 'attention' } },
  { name: 'CONFLICT is a person’s matter, and what stands is remembered', outcome: { class: 'CONFLICT', code: '2002', message: 'x', nationalId: 'N1' }, settles: { ...KEPT, nextState: 'attention', code: '2002', national: { nationalId: 'N1' } } },
  { name: 'REJECT changes nothing of what stands (G-69)', outcome: { class: 'REJECT', code: '2205', message: 'x', fields: [] }, settles: { ...KEPT, nextState: 'attention', code: '2205', national: {} } },
  { name: 'AMBIG stays unknown', outcome: { class: 'AMBIG', code: 'DEADLINE', message: 'x' }, settles: { ...UNKNOWN, code: 'DEADLINE' } },
]; // prettier-ignore

describe('decideSettlement', () => {
  it.each(CASES)('$name', ({ attempt: own = attempt(), outcome, kind = PLAIN, settles }) => {
    expect(decideSettlement(own, outcome, kind)).toMatchObject(settles);
  });

  it('has a case for every class of outcome', () => {
    expect([...new Set(CASES.map(({ outcome }) => outcome.class))].sort()).toEqual([
      'ACCEPTED',
      'AMBIG',
      'CONFLICT',
      'DONE',
      'HALT',
      'LINK',
      'QUOTA',
      'REJECT',
      'REMAP',
      'RETRY',
      'WAITDEP',
    ]);
  });

  it.each(CASES)(
    'never leaves a record moving by itself without a promise, nor a promise with a record at rest: $name',
    (one) => {
      const settlement = decideSettlement(one.attempt ?? attempt(), one.outcome, one.kind ?? PLAIN);
      const isMoving = settlement.nextState === 'queued' || settlement.nextState === 'waiting';
      expect(settlement.promise === 'again').toBe(isMoving);
      expect(settlement.promise === 'open').toBe(settlement.attempt === 'unknown');
      if (settlement.nextState === 'pending') expect(settlement.watch).not.toBeNull();
    },
  );
});
