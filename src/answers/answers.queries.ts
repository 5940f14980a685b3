import type { Queryable, Tx } from '../platform/database/index.js';
import { lockCallRecords, lockForSettling, type SettleRow } from '../ledger/index.js';

/** SQL over open attempts and watches. */

export interface AttemptRow {
  readonly call_id: string;
  readonly biz_no: string;
  readonly record_id: string;
  readonly kind: string;
  readonly version: number;
  readonly op: 'UPSERT' | 'VOID' | 'CORRECT';
  readonly content_hash: string | null;
  readonly stage: 'open' | 'unknown';
  readonly lookups: number;
  /** How long ago the first byte may have left, by the database clock; null = none has. */
  readonly sent_age_ms: number | null;
  readonly tries: number;
  readonly link_to: string | null;
  /** Code of the outcome that made it unknown. */
  readonly outcome_code: string | null;
}

const OPEN_ATTEMPTS = `SELECT o.call_id, o.biz_no, o.flight_record_id AS record_id, o.kind, o.flight_version AS version, o.op,
  o.content_hash, CASE WHEN o.stage = 'flying' THEN 'open' ELSE 'unknown' END AS stage, o.lookups,
  o.doubt_code AS outcome_code, (extract(epoch FROM now() - c.sent_at) * 1000)::float8 AS sent_age_ms, o.tries, o.link_to`;

/** Open attempts, and the records behind their numbers under lock, as acceptance locks them. */
export interface LockedAttempts {
  readonly attempts: readonly AttemptRow[];
  readonly records: readonly SettleRow[];
}

/** The attempts of a call that still have no result. */
export async function lockAttempts(tx: Tx, callId: string): Promise<LockedAttempts> {
  const records = await lockCallRecords(tx, callId);
  const attempts = await tx.query<AttemptRow & Record<string, unknown>>(
    `${OPEN_ATTEMPTS} FROM national_call c CROSS JOIN LATERAL unnest(c.biz_nos) AS n(biz_no)
     JOIN outbox o ON o.biz_no = n.biz_no AND o.call_id = c.id WHERE c.id = $1`,
    [callId],
    'answers-read-attempts',
  );
  return { attempts, records: shown(records, attempts) };
}

/** Of records that are read before their attempts: queued, in flight they are `sending` (SHOWN_STATE). */
function shown(records: readonly SettleRow[], attempts: readonly AttemptRow[]): SettleRow[] {
  const flying = new Set(attempts.filter(({ stage }) => stage === 'open').map((attempt) => attempt.biz_no));
  return records.map((row) => (row.state === 'queued' && flying.has(row.biz_no) ? { ...row, state: 'sending' } : row));
}

/** The unknown attempts under the given numbers. */
export async function lockUnknown(tx: Tx, bizNos: readonly string[]): Promise<LockedAttempts> {
  const records = await lockForSettling(tx, bizNos);
  const attempts = await tx.query<AttemptRow & Record<string, unknown>>(
    `${OPEN_ATTEMPTS} FROM outbox o JOIN national_call c ON c.id = o.call_id
     WHERE o.biz_no = ANY ($1::text[]) AND o.stage = 'unknown'`,
    [bizNos],
    'answers-read-unknown',
  );
  return { attempts, records };
}

/** The batch was found again: its entries are in processing, no longer unknown. */
export async function reopenAttempts(tx: Tx, callId: string): Promise<void> {
  await tx.query(
    `UPDATE outbox o SET stage = 'flying', lookup_at = NULL
     FROM national_call c WHERE c.id = $1 AND o.biz_no = ANY (c.biz_nos) AND o.call_id = c.id AND o.stage = 'unknown'`,
    [callId],
    'answers-reopen-attempts',
  );
}

/** Postpones look-ups of attempts that stay unknown, counting one more try. */
export async function postponeLookups(
  tx: Tx,
  rows: readonly { callId: string; bizNo: string; afterMs: number }[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `UPDATE outbox o SET lookups = o.lookups + 1, lookup_at = now() + make_interval(secs => x."afterMs" / 1000)
     FROM jsonb_to_recordset($1::jsonb) AS x("callId" uuid, "bizNo" text, "afterMs" float8)
     WHERE o.biz_no = x."bizNo" AND o.call_id = x."callId" AND o.stage = 'unknown'`,
    [JSON.stringify(rows)],
    'answers-postpone-lookups',
  );
}

export interface WatchWrite {
  readonly bizNo: string;
  readonly kind: string;
  readonly purpose: 'review' | 'certificate';
  readonly afterMs: number;
}

/** Watches rows that are not at rest; an existing watch is looked at no later than asked. */
export async function upsertWatches(tx: Tx, rows: readonly WatchWrite[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO national_watch (biz_no, kind, purpose, due_at)
     SELECT x."bizNo", x.kind, x.purpose, now() + make_interval(secs => x."afterMs" / 1000)
     FROM jsonb_to_recordset($1::jsonb) AS x("bizNo" text, kind text, purpose text, "afterMs" float8)
     ON CONFLICT (biz_no) DO UPDATE SET due_at = least(national_watch.due_at, excluded.due_at),
       purpose = excluded.purpose, polls = 0`,
    [JSON.stringify(rows)],
    'answers-upsert-watches',
  );
}

/** A look that failed is repeated soon, whatever was reserved for it. */
export async function hastenWatches(tx: Tx, bizNos: readonly string[], afterMs: number): Promise<void> {
  await tx.query(
    `UPDATE national_watch SET due_at = least(due_at, now() + make_interval(secs => $2::float8 / 1000))
     WHERE biz_no = ANY ($1::text[])`,
    [bizNos, afterMs],
    'answers-hasten-watches',
  );
}

export async function deleteWatches(tx: Tx, bizNos: readonly string[]): Promise<void> {
  if (bizNos.length === 0) return;
  await tx.query(`DELETE FROM national_watch WHERE biz_no = ANY ($1::text[])`, [bizNos], 'answers-delete-watches');
}

/** The record behind a national number, for naming it to the station. */
export async function readNamed(
  tx: Queryable,
  bizNos: readonly string[],
): Promise<Map<string, { kind: string; sourceId: string; sourceSystemId: string }>> {
  if (bizNos.length === 0) return new Map();
  const rows = await tx.query<{ biz_no: string; kind: string; source_id: string; source_system_id: string }>(
    `SELECT DISTINCT ON (biz_no) biz_no, kind, source_id, source_system_id FROM record WHERE biz_no = ANY ($1::text[])`,
    [bizNos],
    'answers-read-named',
  );
  return new Map(
    rows.map((row) => [row.biz_no, { kind: row.kind, sourceId: row.source_id, sourceSystemId: row.source_system_id }]),
  );
}
