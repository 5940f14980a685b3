import type { Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import { lockForSettling, moveRecords, releaseWaiters, type RecordMove, type SettleRow } from '../ledger/index.js';
import type { NationalGateway, NationalRow } from '../national/index.js';
import { deleteWatches, upsertWatches } from './answers.queries.js';

/**
 * News of rows that stand nationally: reviews and real names that were decided. Only the review moves here; what
 * others changed in a row is reconciliation's business.
 */
export class ObservationService {
  constructor(
    private readonly gateway: NationalGateway,
    private readonly ids: Ids,
  ) {}

  /** Takes in the rows of one look-up; numbers still under review stay watched with a growing pause. */
  async observeReviews(
    tx: Tx,
    kind: string,
    seen: ReadonlyMap<string, readonly NationalRow[]>,
    polls: ReadonlyMap<string, number>,
  ): Promise<void> {
    const records = await lockForSettling(tx, [...seen.keys()]);
    const moves: RecordMove[] = [];
    const landed: SettleRow[] = [];
    const decided: string[] = [];
    const waiting: { bizNo: string; kind: string; purpose: 'review'; afterMs: number }[] = [];
    for (const [bizNo, rows] of seen) {
      const row = rows.find((candidate) => candidate.status === 'ACTIVE');
      const group = records.filter(
        (record) => record.biz_no === bizNo && !(record.is_void && record.state === 'voided'),
      );
      const isDecided = row !== undefined && (row.review === 'PASSED' || row.review === 'FAILED');
      if (row) for (const record of group) moves.push(moveOf(record, row));
      if (row?.review === 'PASSED') landed.push(...group);
      if (isDecided) decided.push(bizNo);
      else waiting.push({ bizNo, kind, purpose: 'review', afterMs: this.pauseMs(polls.get(bizNo) ?? 0) });
    }
    await moveRecords(tx, this.ids, moves);
    await deleteWatches(tx, decided);
    await this.keepWatching(tx, waiting, polls);
    await releaseWaiters(tx, this.ids, landed.flatMap(keysOf));
  }

  private pauseMs(polls: number): number {
    const GROWTH = 1.5;
    const { reviewPollMs, reviewPollMaxMs } = this.gateway.facts;
    return Math.min(reviewPollMaxMs, reviewPollMs * GROWTH ** Math.min(polls, 40));
  }

  private async keepWatching(
    tx: Tx,
    waiting: readonly { bizNo: string; kind: string; purpose: 'review'; afterMs: number }[],
    polls: ReadonlyMap<string, number>,
  ): Promise<void> {
    if (waiting.length === 0) return;
    await deleteWatches(
      tx,
      waiting.map((one) => one.bizNo),
    );
    await upsertWatches(tx, waiting);
    await tx.query(
      `UPDATE national_watch w SET polls = x.polls FROM unnest($1::text[], $2::int[]) AS x(biz_no, polls)
       WHERE w.biz_no = x.biz_no`,
      [waiting.map((one) => one.bizNo), waiting.map((one) => (polls.get(one.bizNo) ?? 0) + 1)],
      'answers-count-polls',
    );
  }
}

/** A record at its own version rests or waits by the review; one with a newer version in hand keeps its state. */
function moveOf(record: SettleRow, row: NationalRow): RecordMove {
  const facts = { nationalId: row.nationalId, nationalReview: row.review } as const;
  const isCurrent = record.national_version === record.version;
  const rests = record.state === 'pending' || record.state === 'mirrored' || record.state === 'attention';
  if (!isCurrent || !rests || record.is_void) return { id: record.id, from: record.state, to: record.state, ...facts };
  if (row.review === 'PASSED') {
    // An attention that has another cause is not healed by an approval.
    const to = record.state === 'attention' && record.outcome_code !== 'AUDIT_FAILED' ? 'attention' : 'mirrored';
    return { id: record.id, from: record.state, to, ...facts };
  }
  if (row.review === 'FAILED') {
    const outcome = { code: 'AUDIT_FAILED', message: null, actor: 'adapter' } as const;
    return { id: record.id, from: record.state, to: 'attention', ...facts, outcome };
  }
  return { id: record.id, from: record.state, to: record.state === 'mirrored' ? 'pending' : record.state, ...facts };
}

const keysOf = (row: SettleRow): { sourceSystemId: string; key: string }[] => {
  const own = { sourceSystemId: row.source_system_id, key: `${row.kind}/${row.source_id}` };
  return row.membership_key ? [own, { sourceSystemId: row.source_system_id, key: row.membership_key }] : [own];
};
