import type { Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import {
  lockForSettling, moveRecords, recordAliases, releaseWaiters, type NationalAlias, type RecordMove, type SettleRow,
} from '../ledger/index.js'; // prettier-ignore
import type { NationalGateway, NationalRow } from '../national/index.js';
import { deleteWatches, upsertWatches } from './answers.queries.js';
import { aliasesOfRow } from './national-ids.js';

/**
 * News of rows that stand nationally: reviews and real names that were decided. Only the review moves here; what
 * others changed in a row is reconciliation's business. But what a look-up shows of itself while we wait for a review
 * is not passed over: two rows under one number (F44), a row merged away or deleted (F45, F48) are a person's matter.
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
    const aliases: NationalAlias[] = [];
    const landed: SettleRow[] = [];
    const decided: string[] = [];
    const waiting: { bizNo: string; kind: string; purpose: 'review'; afterMs: number }[] = [];
    for (const [bizNo, rows] of seen) {
      const live = rows.filter((candidate) => candidate.status === 'ACTIVE');
      const row = live.length === 1 ? live[0] : undefined;
      const group = records.filter(
        (record) => record.biz_no === bizNo && !(record.is_void && record.state === 'voided'),
      );
      const troubles = troubleMoves(group, rows, live);
      moves.push(...troubles);
      aliases.push(...aliasesShown(kind, group, live.length > 1 ? null : (row ?? rows[0] ?? null)));
      const isReviewed = row !== undefined && (row.review === 'PASSED' || row.review === 'FAILED');
      const isDecided = isReviewed || troubles.length > 0;
      if (row) for (const record of group) moves.push(moveOf(record, row));
      if (row?.review === 'PASSED') landed.push(...group);
      if (isDecided) decided.push(bizNo);
      else waiting.push({ bizNo, kind, purpose: 'review', afterMs: this.pauseMs(polls.get(bizNo) ?? 0) });
    }
    await moveRecords(tx, this.ids, moves);
    await recordAliases(tx, aliases);
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

/** What no approval mends: the code under which a person gets it, and the row that shows it. */
interface Trouble {
  readonly code: 'DUPLICATE_NATIONALLY' | '2012' | 'NATIONAL_ROW_CHANGED';
  readonly row: NationalRow;
}

function troubleOf(rows: readonly NationalRow[], live: readonly NationalRow[]): Trouble | null {
  const [first] = rows;
  if (live[0] && live.length > 1) return { code: 'DUPLICATE_NATIONALLY', row: live[0] };
  if (live.length > 0 || !first) return null;
  return { code: first.status === 'MERGED' ? '2012' : 'NATIONAL_ROW_CHANGED', row: first };
}

function troubleMoves(
  group: readonly SettleRow[],
  rows: readonly NationalRow[],
  live: readonly NationalRow[],
): RecordMove[] {
  const trouble = troubleOf(rows, live);
  if (trouble === null) return [];
  return group.filter((record) => isOf(record, trouble.row)).map((record) => troubleMove(record, trouble));
}

const aliasesShown = (kind: string, group: readonly SettleRow[], row: NationalRow | null): NationalAlias[] =>
  row === null
    ? []
    : aliasesOfRow(
        kind,
        group.filter((record) => isOf(record, row)),
        row,
      );

/** A look-up may lag behind our own last write; what it shows then is the row of before. */
const isOf = (record: SettleRow, { version }: NationalRow): boolean =>
  record.national_version === record.version && (version ?? 0) >= record.version;

function troubleMove(record: SettleRow, { code, row }: Trouble): RecordMove {
  const rests = record.state === 'pending' || record.state === 'mirrored';
  const facts =
    code === 'DUPLICATE_NATIONALLY' ? {} : { nationalId: row.mergedTo ?? row.nationalId, nationalStatus: row.status };
  if (!rests || record.is_void) return { id: record.id, from: record.state, to: record.state, ...facts };
  const outcome = { code, message: null, actor: code === '2012' ? 'national' : 'adapter' } as const;
  return { id: record.id, from: record.state, to: 'attention', ...facts, outcome };
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
