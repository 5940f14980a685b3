import type { Queryable, Tx } from '../platform/database/index.js';

/** SQL over attempts, watches and gates. */

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

const ATTEMPT_COLUMNS = `a.call_id, a.biz_no, a.record_id, a.kind, a.version, a.op, a.content_hash, a.stage, a.lookups, a.outcome_code,
  (extract(epoch FROM now() - a.sent_at) * 1000)::float8 AS sent_age_ms, coalesce(o.tries, 0) AS tries, o.link_to`;

/** The attempts of a call that still have no result, locked. */
export async function lockAttempts(tx: Tx, callId: string): Promise<AttemptRow[]> {
  return tx.query<AttemptRow & Record<string, unknown>>(
    `SELECT ${ATTEMPT_COLUMNS} FROM delivery_attempt a LEFT JOIN outbox o ON o.biz_no = a.biz_no
     WHERE a.call_id = $1 AND a.stage <> 'closed' ORDER BY a.biz_no FOR UPDATE OF a`,
    [callId],
    'answers-lock-attempts',
  );
}

/** The unknown attempts under the given numbers, locked. */
export async function lockUnknown(tx: Tx, bizNos: readonly string[]): Promise<AttemptRow[]> {
  return tx.query<AttemptRow & Record<string, unknown>>(
    `SELECT ${ATTEMPT_COLUMNS} FROM delivery_attempt a LEFT JOIN outbox o ON o.biz_no = a.biz_no
     WHERE a.biz_no = ANY ($1::text[]) AND a.stage = 'unknown' ORDER BY a.biz_no FOR UPDATE OF a`,
    [bizNos],
    'answers-lock-unknown',
  );
}

export interface AttemptEnd {
  readonly callId: string;
  readonly bizNo: string;
  readonly stage: 'closed' | 'unknown';
  readonly outcomeClass: string;
  readonly outcomeCode: string;
  /** Only for `unknown`: when to look it up. */
  readonly lookupAfterMs: number;
}

export async function endAttempts(tx: Tx, ends: readonly AttemptEnd[]): Promise<void> {
  if (ends.length === 0) return;
  await tx.query(
    `UPDATE delivery_attempt a SET stage = x.stage, outcome_class = x."outcomeClass", outcome_code = x."outcomeCode",
       closed_at = CASE WHEN x.stage = 'closed' THEN now() ELSE NULL END,
       lookup_at = CASE WHEN x.stage = 'unknown' THEN now() + make_interval(secs => x."lookupAfterMs" / 1000) ELSE NULL END
     FROM jsonb_to_recordset($1::jsonb) AS x("callId" uuid, "bizNo" text, stage text, "outcomeClass" text,
       "outcomeCode" text, "lookupAfterMs" float8)
     WHERE a.call_id = x."callId" AND a.biz_no = x."bizNo" AND a.stage <> 'closed'`,
    [JSON.stringify(ends)],
    'answers-end-attempts',
  );
}

/** The batch was found again: its entries are in processing, no longer unknown. */
export async function reopenAttempts(tx: Tx, callId: string): Promise<void> {
  await tx.query(
    `UPDATE delivery_attempt SET stage = 'open', lookup_at = NULL WHERE call_id = $1 AND stage = 'unknown'`,
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
    `UPDATE delivery_attempt a SET lookups = a.lookups + 1, lookup_at = now() + make_interval(secs => x."afterMs" / 1000)
     FROM jsonb_to_recordset($1::jsonb) AS x("callId" uuid, "bizNo" text, "afterMs" float8)
     WHERE a.call_id = x."callId" AND a.biz_no = x."bizNo" AND a.stage = 'unknown'`,
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
