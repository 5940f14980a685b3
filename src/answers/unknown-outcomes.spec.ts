import type { NationalRow } from '../national/index.js';
import type { AttemptRow } from './answers.queries.js';
import { FIRST_BYTE_WITHIN_MS, judgeLookup, type LookupMoment } from './unknown-outcomes.js';

const HASH = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const SENT = 1_000_000;
const LATENCY = 120_000;
const READ_AFTER_WRITE = 60_000;

const attempt = (more: Partial<AttemptRow> = {}): AttemptRow => ({
  call_id: 'c', biz_no: 'ZQ-1', record_id: 'r', kind: 'service-record', version: 5, op: 'UPSERT', content_hash: HASH,
  stage: 'unknown', lookups: 0, sent_age_ms: 0, tries: 0, link_to: null, outcome_code: 'DEADLINE', ...more,
}); // prettier-ignore
const withdrawal = (more: Partial<AttemptRow> = {}): AttemptRow => attempt({ op: 'VOID', content_hash: null, ...more });
const row = (more: Partial<NationalRow> = {}): NationalRow => ({
  nationalId: 'N1', bizNo: 'ZQ-1', version: 5, contentHash: HASH, status: 'ACTIVE', review: 'PASSED', mergedTo: null, ...more,
}); // prettier-ignore
const moment = (asOfMs: number): LookupMoment => ({
  asOfMs,
  sentMs: SENT,
  readAfterWriteMs: READ_AFTER_WRITE,
  maxCommitLatencyMs: LATENCY,
});
const EARLY = moment(SENT + 10);
/** The last moment at which ours may be committed. */
const LAST = SENT + FIRST_BYTE_WITHIN_MS + LATENCY;
const PROOF = moment(LAST + 1);

const outcomeOf = (...args: Parameters<typeof judgeLookup>): object | 'unknown' => {
  const verdict = judgeLookup(...args);
  return verdict.settled ? verdict.outcome : 'unknown';
};

describe('judgeLookup (§1.8)', () => {
  describe('a hit settles at once', () => {
    it('is done when version and content are ours', () => {
      expect(outcomeOf(attempt(), [row()], EARLY)).toMatchObject({
        class: 'DONE',
        result: 'DUPLICATE',
        nationalId: 'N1',
        review: 'PASSED',
      });
    });

    it('is a conflict when the content under our version is another', () => {
      expect(outcomeOf(attempt(), [row({ contentHash: OTHER })], EARLY)).toMatchObject({
        class: 'CONFLICT',
        code: '2002',
      });
    });

    it('is a conflict when a newer version stands with other content', () => {
      expect(outcomeOf(attempt(), [row({ version: 6, contentHash: OTHER })], EARLY)).toMatchObject({
        class: 'CONFLICT',
        code: 'NATIONAL_ROW_CHANGED',
      });
    });

    it('never takes a row without a content hash for ours', () => {
      expect(outcomeOf(attempt(), [row({ contentHash: null })], EARLY)).toMatchObject({ class: 'CONFLICT' });
      expect(outcomeOf(attempt({ content_hash: null }), [row({ contentHash: null })], EARLY)).toMatchObject({
        class: 'CONFLICT',
      });
    });

    it('is for a person when the number has two living rows', () => {
      expect(outcomeOf(attempt(), [row(), row({ nationalId: 'N2' })], PROOF)).toMatchObject({
        class: 'CONFLICT',
        code: 'DUPLICATE_NATIONALLY',
      });
    });

    it('looks at the living row beside a withdrawn one', () => {
      expect(
        outcomeOf(attempt(), [row({ status: 'VOIDED', version: 4 }), row({ nationalId: 'N2' })], EARLY),
      ).toMatchObject({
        class: 'DONE',
        nationalId: 'N2',
      });
    });

    it('is a conflict when the row was withdrawn or deleted above our version', () => {
      expect(outcomeOf(attempt(), [row({ status: 'DELETED', version: 6 })], PROOF)).toMatchObject({
        class: 'CONFLICT',
      });
    });

    it('follows a merge', () => {
      expect(outcomeOf(attempt(), [row({ status: 'MERGED', mergedTo: 'N9' })], EARLY)).toMatchObject({
        class: 'REMAP',
        mergedTo: 'N9',
      });
    });
  });

  describe('a miss', () => {
    it.each([
      ['no row at all', []],
      ['the row before ours', [row({ version: 4 })]],
      ['the withdrawn row that ours would reopen', [row({ version: 4, status: 'VOIDED' as const })]],
    ])('proves nothing while ours may still be committed: %s', (_, rows) => {
      expect(outcomeOf(attempt(), rows, EARLY)).toBe('unknown');
      expect(outcomeOf(attempt(), rows, moment(LAST))).toBe('unknown');
      expect(outcomeOf(attempt(), rows, moment(SENT - 5_000))).toBe('unknown');
    });

    it.each([
      ['no row at all', []],
      ['the row before ours', [row({ version: 4 })]],
    ])('after that moment it is proof and the entry goes again: %s', (_, rows) => {
      expect(outcomeOf(attempt(), rows, PROOF)).toMatchObject({
        class: 'RETRY',
        code: 'NOT_COMMITTED',
        retryAfterMs: 0,
      });
    });

    it('is asked for again with growing pauses, never later than shortly after the proof', () => {
      const pauses = [0, 1, 2, 3, 10].map((lookups) => {
        const verdict = judgeLookup(attempt({ lookups }), [], EARLY);
        return verdict.settled ? -1 : verdict.afterMs;
      });
      expect(pauses).toEqual([500, 1_000, 2_000, 4_000, READ_AFTER_WRITE]);
      const last = judgeLookup(attempt({ lookups: 10 }), [], moment(LAST - 1_000));
      expect(last).toEqual({ settled: false, afterMs: 1_250 });
      // A reply far behind: never a tight loop, never a huge sleep.
      expect(judgeLookup(attempt({ lookups: 60 }), [], moment(SENT - 10 * LATENCY))).toEqual({
        settled: false,
        afterMs: READ_AFTER_WRITE,
      });
    });
  });

  describe('a withdrawal', () => {
    it('is done when the row no longer lives, whatever its version', () => {
      expect(outcomeOf(withdrawal(), [row({ status: 'VOIDED' })], EARLY)).toMatchObject({
        class: 'DONE',
        result: 'VOIDED',
      });
      expect(outcomeOf(withdrawal(), [row({ status: 'DELETED', version: 1 })], EARLY)).toMatchObject({
        class: 'DONE',
        result: 'VOIDED',
      });
    });

    it('proves nothing by a row that still lives, until it is too late for ours', () => {
      expect(outcomeOf(withdrawal(), [row({ version: 4 })], EARLY)).toBe('unknown');
      expect(outcomeOf(withdrawal(), [row({ version: 4 })], PROOF)).toMatchObject({
        class: 'RETRY',
        code: 'NOT_COMMITTED',
      });
    });

    it('is a conflict when a newer version lives', () => {
      expect(outcomeOf(withdrawal(), [row({ version: 6 })], EARLY)).toMatchObject({ class: 'CONFLICT' });
    });

    it('is done when nothing stands and nothing can come any more', () => {
      expect(outcomeOf(withdrawal(), [], EARLY)).toBe('unknown');
      expect(outcomeOf(withdrawal(), [], PROOF)).toMatchObject({ class: 'DONE', result: 'VOIDED', nationalId: null });
    });

    it('needs only a look later than itself when the nation said that the number is missing (B1)', () => {
      const told = withdrawal({ outcome_code: '2101' });
      expect(outcomeOf(told, [], moment(SENT))).toBe('unknown');
      expect(outcomeOf(told, [], moment(SENT + 1))).toMatchObject({ class: 'DONE', result: 'VOIDED' });
      // 2101 on anything but a withdrawal is no such word.
      expect(outcomeOf(attempt({ outcome_code: '2101' }), [], moment(SENT + 1))).toBe('unknown');
    });
  });
});
