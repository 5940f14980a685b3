import { LEAF_TIME, stateLeafSql } from '../evidence/index.js';
import type { Queryable, Tx } from '../platform/database/index.js';
import { groupBy } from '../platform/group-by.js';
import type { Ids } from '../platform/ids/index.js';
import { canMove, type RecordState } from '../records/index.js';
import type { WaitingFor } from './ledger.types.js';

/**
 * The ledger's moves that delivery and answers ask for. They decide; only this file writes. Every move of a record is
 * a compare-and-set on the state that the caller saw under its lock, and brings one leaf and one event with it.
 */

/** A promise that may be delivered now, with the content that it promises. */
export interface ClaimRow {
  readonly biz_no: string;
  readonly record_id: string;
  readonly source_system_id: string;
  readonly kind: string;
  readonly source_id: string;
  readonly version: number;
  readonly state: RecordState;
  readonly tries: number;
  readonly link_to: string | null;
  readonly op: 'upsert' | 'void';
  readonly payload: Record<string, unknown>;
  readonly sealed: Buffer;
  readonly national_status: string | null;
  readonly starts_at: string | null;
  readonly ends_at: string | null;
  /** National number of whom the record is about, also of a void; null = not known. */
  readonly subject_biz_no: string | null;
  readonly due_by: string | null;
}

/** Which of the kinds have a promise that may be delivered now. */
export async function findReadyKinds(database: Queryable, kinds: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ kind: string }>(
    `SELECT k.kind FROM unnest($1::text[]) AS k(kind) WHERE EXISTS
       (SELECT 1 FROM outbox o WHERE o.kind = k.kind AND o.stage = 'ready' AND o.ready_at <= now())`,
    [kinds],
    'ledger-ready-kinds',
  );
  return new Set(rows.map((row) => row.kind));
}

/** Locks the records first (acceptance does so too), then reads what the promises say now, in the given order. */
export async function claimReady(tx: Tx, bizNos: readonly string[]): Promise<ClaimRow[]> {
  await tx.query(
    `SELECT 1 FROM record WHERE biz_no = ANY ($1::text[]) ORDER BY id FOR UPDATE`,
    [bizNos],
    'ledger-lock-claim',
  );
  return tx.query<ClaimRow & Record<string, unknown>>(
    `SELECT o.biz_no, o.record_id, o.source_system_id, o.kind, r.source_id, o.version, r.state, o.tries, o.link_to,
       v.op, v.payload, v.sealed, r.national_status, r.starts_at::text AS starts_at, r.ends_at::text AS ends_at,
       s.biz_no AS subject_biz_no, r.due_by::text AS due_by
     FROM unnest($1::text[]) WITH ORDINALITY AS n(biz_no, place)
     JOIN outbox o ON o.biz_no = n.biz_no AND o.stage = 'ready' AND o.ready_at <= now()
     JOIN record r ON r.id = o.record_id
     JOIN record_version v ON v.record_id = o.record_id AND v.version = o.version
     LEFT JOIN record s ON s.source_system_id = r.source_system_id AND s.kind = split_part(r.subject_ref, '/', 1)
       AND s.source_id = split_part(r.subject_ref, '/', 2)
     ORDER BY n.place`,
    [bizNos],
    'ledger-claim',
  );
}

/** Looks again later without a change of state: somebody else's interval is in flight. */
export async function postponePromises(tx: Tx, bizNos: readonly string[], delayMs: number): Promise<void> {
  if (bizNos.length === 0) return;
  await tx.query(
    `UPDATE outbox SET ready_at = now() + make_interval(secs => $2::float8 / 1000) WHERE biz_no = ANY ($1::text[])`,
    [bizNos, delayMs],
    'ledger-postpone',
  );
}

/** Parks promises behind what their records wait for. */
export async function setPromisesWaiting(
  tx: Tx,
  waits: readonly { bizNo: string; recordId: string; sourceSystemId: string; keys: readonly string[] }[],
): Promise<void> {
  if (waits.length === 0) return;
  const rows = waits.flatMap((wait) => wait.keys.map((key) => ({ ...wait, key })));
  await tx.query(
    `INSERT INTO record_wait (record_id, source_system_id, waits_key)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[]) ON CONFLICT DO NOTHING`,
    [rows.map((row) => row.recordId), rows.map((row) => row.sourceSystemId), rows.map((row) => row.key)],
    'ledger-insert-waits',
  );
  await tx.query(
    `UPDATE outbox SET stage = 'waiting' WHERE biz_no = ANY ($1::text[])`,
    [waits.map((wait) => wait.bizNo)],
    'ledger-waiting-set',
  );
}

/** National facts that an answer brought; absent fields keep what stands. */
export interface NationalFacts {
  readonly nationalId?: string | null;
  readonly nationalVersion?: number;
  readonly nationalHash?: string | null;
  readonly nationalStatus?: 'ACTIVE' | 'VOIDED' | 'DELETED' | 'MERGED';
  readonly nationalReview?: 'NONE' | 'REVIEWING' | 'PASSED' | 'FAILED';
}

export interface RecordMove extends NationalFacts {
  readonly id: string;
  readonly from: RecordState;
  readonly to: RecordState;
  readonly waitingFor?: readonly WaitingFor[];
  readonly outcome?: {
    code: string;
    message: string | null;
    actor: 'adapter' | 'national' | 'operator';
    /** What a refusal complains about, in words of ours (`messageTemplate`, `fieldSignature`). */
    template?: string | null;
    fields?: readonly string[];
  };
}

/**
 * The state that a record shows: queued, it is `sending` while its promise is in flight. Taking off writes no record:
 * that were one more version of the widest row for a state that lasts a moment. `r` = record, `o` = its promise.
 */
export const SHOWN_STATE = `CASE WHEN r.state = 'queued' AND o.stage = 'flying' THEN 'sending' ELSE r.state END`;

/** Leaves and events of `moved(id, source_system_id, version, from_state, state, code)`; $1 = the id of their pages. */
const TELL = `changed AS (
       SELECT row_number() OVER (ORDER BY source_system_id, id) - 1 AS n, * FROM moved WHERE from_state <> state),
     told AS (INSERT INTO change_page (page_id, first_index, source_system_id, size, since, record_ids, versions, states, codes)
       SELECT $1::uuid, min(n), source_system_id, count(*), now(), array_agg(id ORDER BY n), array_agg(version ORDER BY n),
         array_agg(state ORDER BY n), array_agg(code ORDER BY n)
       FROM changed GROUP BY source_system_id)
     INSERT INTO evidence_page (entries)
       SELECT array_agg(${stateLeafSql({
         id: 'c.id', version: 'c.version', from: 'c.from_state', to: 'c.state', code: 'c.code', at: 'm.at',
       })} ORDER BY n) FROM changed c, ${LEAF_TIME} AS m(at) HAVING count(*) > 0`; // prettier-ignore

/**
 * Moves records, writes the leaf and the event of each that changed its state; one statement for all that move alike,
 * because the rows that the database has in hand would otherwise travel out and in again.
 *
 * Shape    moves → nothing; a record whose state is no longer `from` is left alone
 * Throws   RangeError for a move that RECORD_MOVES does not know
 * Needs    the caller's row locks, so that `from` is what stands
 */
export async function moveRecords(tx: Tx, ids: Ids, moves: readonly RecordMove[]): Promise<void> {
  refuseIllegal(moves);
  for (const alike of groupBy(moves, sharedParts).values()) {
    const { from, to, waitingFor, nationalStatus, nationalReview, outcome } = alike[0];
    await tx.query(
      MOVE,
      [
        ids.uuid(), from, to, waitingFor === undefined ? null : JSON.stringify(waitingFor), nationalStatus ?? null,
        nationalReview ?? null, outcome?.code ?? null, outcome?.message ?? null, outcome?.actor ?? null,
        alike.map((move) => move.id), alike.map((move) => move.nationalId ?? null),
        alike.map((move) => move.nationalVersion ?? null), alike.map((move) => move.nationalHash ?? null),
        outcome?.template ?? null, outcome?.fields ?? null,
      ],
      'ledger-move-records',
    ); // prettier-ignore
  }
}

const MOVE = `WITH moved AS (UPDATE record r SET state = $3, since = CASE WHEN r.state = $3 THEN r.since ELSE now() END,
       waiting_for = CASE WHEN r.state = $3 THEN coalesce($4::jsonb, r.waiting_for) ELSE $4::jsonb END,
       national_id = coalesce(x.national_id, r.national_id),
       national_version = coalesce(x.national_version, r.national_version),
       national_hash = coalesce(decode(x.national_hash, 'hex'), r.national_hash),
       national_status = coalesce($5, r.national_status),
       national_review = coalesce($6, r.national_review),
       last_seen_at = CASE WHEN $5::text IS NULL AND $6::text IS NULL THEN r.last_seen_at ELSE now() END,
       outcome_code = coalesce($7, r.outcome_code),
       outcome_message = CASE WHEN $7::text IS NULL THEN r.outcome_message ELSE $8 END,
       outcome_at = CASE WHEN $7::text IS NULL THEN r.outcome_at ELSE now() END,
       outcome_actor = CASE WHEN $7::text IS NULL THEN r.outcome_actor ELSE $9 END,
       outcome_template = CASE WHEN $7::text IS NULL THEN r.outcome_template ELSE $14 END,
       outcome_fields = CASE WHEN $7::text IS NULL THEN r.outcome_fields ELSE $15::text[] END
     FROM unnest($10::uuid[], $11::text[], $12::int[], $13::text[]) AS x(id, national_id, national_version, national_hash)
     WHERE r.id = x.id AND (r.state = $2 OR ($2 = 'sending' AND r.state = 'queued'))
     RETURNING r.id, r.source_system_id, r.version, $2::text AS from_state, r.state, $7::text AS code),
     ${TELL}`;

/** Equal for moves that differ only in the record and in what the nation calls it. */
function sharedParts({ from, to, waitingFor, nationalStatus, nationalReview, outcome }: RecordMove): string {
  const said = outcome && [outcome.code, outcome.actor, outcome.message, outcome.template, outcome.fields];
  return JSON.stringify([from, to, nationalStatus, nationalReview, said, waitingFor]);
}

/** A queued record whose promise takes off. */
export interface TakeOff {
  readonly recordId: string;
  readonly sourceSystemId: string;
  readonly version: number;
}

/** Writes the leaf and the event of queued records that are `sending` from now on (SHOWN_STATE). */
export async function tellTakeOffs(tx: Tx, ids: Ids, records: readonly TakeOff[]): Promise<void> {
  if (records.length === 0) return;
  await tx.query(
    `WITH moved AS (SELECT x.id, x.source_system_id, x.version, 'queued' AS from_state, 'sending' AS state, NULL::text AS code
       FROM unnest($2::uuid[], $3::uuid[], $4::int[]) AS x(id, source_system_id, version)),
     ${TELL}`,
    [
      ids.uuid(),
      records.map((record) => record.recordId),
      records.map((record) => record.sourceSystemId),
      records.map((record) => record.version),
    ],
    'ledger-tell-take-offs',
  );
}

/** A move that is not in the table is a bug of ours; nothing of its transaction may stand (house law 4). */
function refuseIllegal(moves: readonly RecordMove[]): void {
  for (const { from, to } of moves) {
    if (from !== to && !canMove(from, to)) throw new RangeError(`illegal move of a record: ${from} to ${to}`);
  }
}

/** The living records under the given numbers, locked in the global order. */
export interface SettleRow {
  readonly id: string;
  readonly biz_no: string;
  readonly kind: string;
  readonly source_id: string;
  readonly source_system_id: string;
  readonly version: number;
  readonly state: RecordState;
  readonly is_void: boolean;
  readonly membership_key: string | null;
  readonly national_id: string | null;
  readonly national_version: number | null;
  readonly national_status: string | null;
  readonly national_review: string | null;
  readonly outcome_code: string | null;
}

const SETTLE_ROWS = `SELECT id, biz_no, kind, source_id, source_system_id, version, state, is_void, membership_key,
  national_id, national_version, national_status, national_review, outcome_code
  FROM record WHERE biz_no = ANY ($1::text[])`;

export async function lockForSettling(tx: Tx, bizNos: readonly string[]): Promise<SettleRow[]> {
  return tx.query<SettleRow & Record<string, unknown>>(
    `${SETTLE_ROWS} ORDER BY id FOR UPDATE`,
    [bizNos],
    'ledger-lock-settling',
  );
}

/** Locks and reads the records of a call's numbers. */
export async function lockCallRecords(tx: Tx, callId: string): Promise<SettleRow[]> {
  return tx.query<SettleRow & Record<string, unknown>>(
    `${SETTLE_ROWS.replace('$1::text[]', '(SELECT biz_nos FROM national_call WHERE id = $1)::text[]')}
     ORDER BY id FOR UPDATE`,
    [callId],
    'ledger-lock-call',
  );
}

/** Keys that children wait for, of records that have just landed. */
export interface LandedKey {
  readonly sourceSystemId: string;
  readonly key: string;
}

/**
 * Releases what waited for the landed keys. A record whose last wait is gone is queued again; the claim looks at its
 * parents once more, so that releasing too early costs a look and never a wrong order.
 */
export async function releaseWaiters(tx: Tx, ids: Ids, landed: readonly LandedKey[]): Promise<void> {
  if (landed.length === 0) return;
  const keys = [landed.map((key) => key.sourceSystemId), landed.map((key) => key.key)];
  // Records before their waits, as acceptance locks them; a wait that comes later is the sweep's.
  const waiting = await tx.query(
    `SELECT 1 FROM record WHERE id IN (SELECT w.record_id FROM record_wait w
       JOIN unnest($1::uuid[], $2::text[]) AS k(source, key) ON w.source_system_id = k.source AND w.waits_key = k.key)
     ORDER BY id FOR UPDATE`,
    keys,
    'ledger-lock-released',
  );
  if (waiting.length === 0) return;
  const released = await tx.query<{ record_id: string }>(
    `DELETE FROM record_wait w USING unnest($1::uuid[], $2::text[]) AS k(source, key)
     WHERE w.source_system_id = k.source AND w.waits_key = k.key RETURNING w.record_id`,
    keys,
    'ledger-release-waits',
  );
  await queueFree(tx, ids, [...new Set(released.map((row) => row.record_id))]);
}

/** Queues those of the given waiting records that wait for nothing any more. */
export async function queueFree(tx: Tx, ids: Ids, recordIds: readonly string[]): Promise<void> {
  if (recordIds.length === 0) return;
  // The lock comes first: of two parents that land together, the later transaction sees that nothing is left.
  await tx.query(
    `SELECT 1 FROM record WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE`,
    [recordIds],
    'ledger-lock-free',
  );
  const free = await tx.query<{ id: string; biz_no: string; state: RecordState }>(
    `SELECT r.id, r.biz_no, r.state FROM record r WHERE r.id = ANY ($1::uuid[])
       AND NOT EXISTS (SELECT 1 FROM record_wait w WHERE w.record_id = r.id)`,
    [recordIds],
    'ledger-find-free',
  );
  if (free.length === 0) return;
  await tx.query(
    `UPDATE outbox SET stage = 'ready', ready_at = now() WHERE biz_no = ANY ($1::text[]) AND stage = 'waiting'`,
    [free.map((row) => row.biz_no)],
    'ledger-ready-free',
  );
  const waiting = free.filter((row) => row.state === 'waiting');
  await moveRecords(
    tx,
    ids,
    waiting.map((row) => ({ id: row.id, from: 'waiting', to: 'queued' })),
  );
}
