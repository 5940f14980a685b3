import type { Queryable, Tx } from '../platform/database/index.js';

/** SQL over national calls: planned, leased, written down, closed. Due times are the database's. */

export type CallOperation = 'write-single' | 'write-batch' | 'lookup' | 'review' | 'certificate';

export interface CallRow {
  readonly id: string;
  readonly operation: CallOperation;
  readonly kind: string;
  readonly client_batch_no: string | null;
  readonly batch_no: string | null;
  readonly biz_nos: string[] | null;
  readonly stage: 'planned' | 'sending' | 'receipt' | 'closed';
  readonly polls: number;
  /** How long ago the first byte may have left, by the database clock; null = none has. */
  readonly sent_age_ms: number | null;
}

const CALL_COLUMNS = `id, operation, kind, client_batch_no, batch_no, biz_nos, stage, polls,
  (extract(epoch FROM now() - sent_at) * 1000)::float8 AS sent_age_ms`;

export interface PlannedCall {
  readonly id: string;
  readonly operation: CallOperation;
  readonly kind: string;
  readonly clientBatchNo: string | null;
  readonly bizNos: readonly string[];
  /** Of a write that is put together already. */
  readonly bodySha256?: string;
  readonly bytes?: number;
}

export interface ProfileStamp {
  readonly id: string;
  readonly profileHash: string;
  readonly overridesHash: string;
}

export async function insertCalls(tx: Tx, calls: readonly PlannedCall[], profile: ProfileStamp): Promise<void> {
  if (calls.length === 0) return;
  await tx.query(
    `INSERT INTO national_call (id, profile_id, profile_hash, overrides_hash, operation, kind, client_batch_no, biz_nos,
       item_count, body_sha256, bytes, stage)
     SELECT x.id, $2, $3, $4, x.operation, x.kind, x."clientBatchNo", x."bizNos", cardinality(x."bizNos"),
       x."bodySha256", x.bytes, 'planned'
     FROM jsonb_to_recordset($1::jsonb) AS x(id uuid, operation text, kind text, "clientBatchNo" text, "bizNos" text[],
       "bodySha256" text, bytes int)`,
    [JSON.stringify(calls), profile.id, profile.profileHash, profile.overridesHash],
    'delivery-insert-calls',
  );
}

export async function countOpenWrites(tx: Queryable): Promise<number> {
  const rows = await tx.query<{ open: number }>(
    `SELECT count(*)::int AS open FROM national_call
     WHERE stage IN ('planned', 'sending') AND operation IN ('write-single', 'write-batch')`,
    [],
    'delivery-count-open',
  );
  return rows[0]?.open ?? 0;
}

/** Takes a call for this worker: the state that it was in, or null when another has it or it is not due. */
export async function leaseCall(
  database: Queryable,
  callId: string,
  lease: { token: string; ms: number },
): Promise<CallRow | null> {
  const rows = await database.query<CallRow & Record<string, unknown>>(
    `UPDATE national_call SET lease_token = $2, lease_until = now() + make_interval(secs => $3::float8 / 1000),
       stage = CASE WHEN stage = 'planned' THEN 'sending' ELSE stage END
     WHERE id = $1 AND (stage = 'planned'
       OR (stage = 'receipt' AND due_at <= now() AND (lease_until IS NULL OR lease_until < now())))
     RETURNING ${CALL_COLUMNS}`,
    [callId, lease.token, lease.ms],
    'delivery-lease-call',
  );
  return rows[0] ?? null;
}

/** True while the lease is this worker's; locks the call for the rest of the transaction (I13). */
export async function holdLease(tx: Tx, callId: string, token: string): Promise<boolean> {
  const rows = await tx.query(
    `SELECT 1 FROM national_call WHERE id = $1 AND lease_token = $2 AND stage <> 'closed' FOR UPDATE`,
    [callId, token],
    'delivery-hold-lease',
  );
  return rows.length > 0;
}

export interface Closing {
  readonly class: string;
  readonly code: string;
  readonly requestId: string | null;
}

export async function closeCall(tx: Tx, callId: string, outcome: Closing): Promise<void> {
  await tx.query(
    `UPDATE national_call SET stage = 'closed', closed_at = now(), outcome_class = $2, outcome_code = $3,
       request_id = coalesce($4, request_id), lease_token = NULL, lease_until = NULL WHERE id = $1`,
    [callId, outcome.class, outcome.code, outcome.requestId],
    'delivery-close-call',
  );
}

/** Closes a call that this worker holds; false when the lease is another's by now, and nothing may be written (I13). */
export async function closeHeld(tx: Tx, call: { id: string; token: string }, outcome: Closing): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE national_call SET stage = 'closed', closed_at = now(), outcome_class = $3, outcome_code = $4,
       request_id = coalesce($5, request_id), lease_token = NULL, lease_until = NULL
     WHERE id = $1 AND lease_token = $2 AND stage <> 'closed' RETURNING 1`,
    [call.id, call.token, outcome.class, outcome.code, outcome.requestId],
    'delivery-close-held',
  );
  return rows.length > 0;
}

/** Waits for the receipt: polled by number, or by our own batch number when the answer was lost. */
export async function awaitReceipt(
  tx: Tx,
  callId: string,
  receipt: { batchNo: string | null; afterMs: number; requestId: string | null },
): Promise<void> {
  await tx.query(
    `UPDATE national_call SET stage = 'receipt', batch_no = coalesce($2, batch_no), rung_until = NULL,
       due_at = now() + make_interval(secs => $3::float8 / 1000), request_id = coalesce($4, request_id),
       lease_token = NULL, lease_until = NULL WHERE id = $1`,
    [callId, receipt.batchNo, receipt.afterMs, receipt.requestId],
    'delivery-await-receipt',
  );
}

/**
 * The bytes that are about to leave, written down before the first of them does (I11); false when the lease is another
 * worker's by now.
 */
export async function recordSending(
  tx: Queryable,
  call: { id: string; token: string },
  body: { sha256: string; bytes: number },
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE national_call SET sent_at = now(), body_sha256 = $3, bytes = $4
     WHERE id = $1 AND lease_token = $2 AND stage <> 'closed' RETURNING 1`,
    [call.id, call.token, body.sha256, body.bytes],
    'delivery-record-sending',
  );
  return rows.length > 0;
}

export interface DueCall {
  readonly callId: string;
  readonly ring: number;
}

/** Receipts that are due and not rung lately: one ring is enough unless it gets lost. */
export async function takeDueReceipts(database: Queryable, limit: number, ringLeaseMs: number): Promise<DueCall[]> {
  const rows = await database.query<{ id: string; polls: number }>(
    `UPDATE national_call c SET polls = c.polls + 1, rung_until = now() + make_interval(secs => $2::float8 / 1000)
     FROM (SELECT id FROM national_call WHERE stage = 'receipt' AND due_at <= now()
       AND (rung_until IS NULL OR rung_until < now()) ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED) AS due
     WHERE c.id = due.id RETURNING c.id, c.polls`,
    [limit, ringLeaseMs],
    'delivery-due-receipts',
  );
  return rows.map((row) => ({ callId: row.id, ring: row.polls }));
}

/** Planned calls that nobody took: their ring was lost with the queue (R25). */
export async function takeUnrung(database: Queryable, olderThanMs: number): Promise<DueCall[]> {
  const rows = await database.query<{ id: string; polls: number }>(
    `UPDATE national_call SET polls = polls + 1, rung_until = now() + make_interval(secs => $1::float8 / 1000)
     WHERE stage = 'planned' AND planned_at < now() - make_interval(secs => $1::float8 / 1000)
       AND (rung_until IS NULL OR rung_until < now()) RETURNING id, polls`,
    [olderThanMs],
    'delivery-unrung',
  );
  return rows.map((row) => ({ callId: row.id, ring: row.polls }));
}

/** Calls whose worker died: `sent` tells whether a byte may have left. */
export async function lockAbandoned(tx: Tx): Promise<CallRow[]> {
  return tx.query<CallRow & Record<string, unknown>>(
    `SELECT ${CALL_COLUMNS} FROM national_call WHERE stage = 'sending' AND lease_until < now()
     ORDER BY lease_until LIMIT 100 FOR UPDATE SKIP LOCKED`,
    [],
    'delivery-abandoned',
  );
}

export async function replanCall(tx: Tx, callId: string): Promise<void> {
  await tx.query(
    `UPDATE national_call SET stage = 'planned', lease_token = NULL, lease_until = NULL, rung_until = NULL,
       planned_at = now() WHERE id = $1`,
    [callId],
    'delivery-replan',
  );
}
