import type { Queryable, Tx } from '../platform/database/index.js';
import { groupBy } from '../platform/group-by.js';
import type { Ids } from '../platform/ids/index.js';
import type { RecordRow } from './ledger.types.js';

/** SQL of the ledger's write side; one statement = one change for hundreds of rows. */

/** A row counts as landed when it stands nationally and every review of it has passed (§1.16 B13–B15). */
export const IS_LANDED = `(r.national_status = 'ACTIVE' AND coalesce(r.national_review, 'PASSED') = 'PASSED')`;

/** Also when the nation only said, in conflict, that it holds a row under this number: its void has to be sent. */
const STANDS = `coalesce(r.national_status = 'ACTIVE', r.national_id IS NOT NULL)`;

const ROW_COLUMNS = `r.id, r.kind, r.source_id, r.biz_no, r.version, r.revision::float8 AS revision,
  encode(r.content_hash, 'hex') AS content_hash, r.is_void, r.state, r.county_code, r.subject_ref, r.context_ref,
  r.outcome_code, r.due_by::text AS due_by, r.starts_at::text AS starts_at, r.ends_at::text AS ends_at,
  coalesce(${IS_LANDED}, false) AS is_landed, ${STANDS} AS stands_nationally,
  coalesce(r.national_status IN ('ACTIVE', 'VOIDED'), false) AS was_stored,
  false AS has_open_attempt`;

export interface RecordKey {
  readonly kind: string;
  readonly sourceId: string;
}

/** Reads the named records of one source system, locking them in one global order against deadlocks. */
export async function lockRecords(tx: Tx, sourceSystemId: string, keys: readonly RecordKey[]): Promise<RecordRow[]> {
  const rows = await tx.query<RecordRow & Record<string, unknown>>(
    `SELECT ${ROW_COLUMNS} FROM record r
     JOIN unnest($2::text[], $3::text[]) AS k(kind, source_id) ON k.kind = r.kind AND k.source_id = r.source_id
     WHERE r.source_system_id = $1 ORDER BY r.id FOR UPDATE OF r`,
    [sourceSystemId, keys.map((key) => key.kind), keys.map((key) => key.sourceId)],
    'ledger-lock-records',
  );
  await markOpenAttempts(tx, rows);
  return rows;
}

/** The other living records of one person (G-49), locked. */
export async function lockSiblings(
  tx: Tx,
  bizNos: readonly string[],
): Promise<(RecordRow & { source_system_id: string })[]> {
  const rows = await tx.query<RecordRow & { source_system_id: string } & Record<string, unknown>>(
    `SELECT ${ROW_COLUMNS}, r.source_system_id FROM record r
     WHERE r.biz_no = ANY ($1::text[]) ORDER BY r.id FOR UPDATE OF r`,
    [bizNos],
    'ledger-lock-siblings',
  );
  await markOpenAttempts(tx, rows);
  return rows;
}

/** A new statement sees what was committed while the lock was waited for. */
async function markOpenAttempts(tx: Tx, rows: RecordRow[]): Promise<void> {
  if (rows.length === 0) return;
  const flights = await tx.query<{ biz_no: string; stage: 'flying' | 'unknown' }>(
    `SELECT biz_no, stage FROM outbox WHERE biz_no = ANY ($1::text[]) AND call_id IS NOT NULL`,
    [rows.map((row) => row.biz_no)],
    'ledger-flying',
  );
  const stages = new Map(flights.map((flight) => [flight.biz_no, flight.stage]));
  for (const row of rows) {
    row.has_open_attempt = stages.has(row.biz_no);
    if (row.state === 'queued' && stages.get(row.biz_no) === 'flying') row.state = 'sending';
  }
}

export interface OwnedKey extends RecordKey {
  readonly sourceSystemId: string;
}

export type ParentRow = RecordRow & { source_system_id: string };

/** Reads parents without locking them: a parent that lands meanwhile is caught by the claim and by the sweeper. */
export async function readParents(tx: Queryable, keys: readonly OwnedKey[]): Promise<ParentRow[]> {
  if (keys.length === 0) return [];
  return tx.query<ParentRow & Record<string, unknown>>(
    `SELECT ${ROW_COLUMNS}, r.source_system_id
     FROM unnest($1::uuid[], $2::text[], $3::text[]) AS k(source_system_id, kind, source_id)
     JOIN record r ON r.source_system_id = k.source_system_id AND r.kind = k.kind AND r.source_id = k.source_id`,
    [keys.map((key) => key.sourceSystemId), keys.map((key) => key.kind), keys.map((key) => key.sourceId)],
    'ledger-read-parents',
  );
}

export interface MembershipNeed {
  readonly sourceSystemId: string;
  readonly volunteerBizNo: string;
  readonly projectSourceId: string;
}

export const membershipNeedKey = (need: MembershipNeed): string =>
  `${need.sourceSystemId}|${need.volunteerBizNo}|${need.projectSourceId}`;

/** Which of the needed memberships stand nationally, whatever sourceId of the person joined (G-49, G-50). */
export async function readMemberships(tx: Queryable, needs: readonly MembershipNeed[]): Promise<ReadonlySet<string>> {
  if (needs.length === 0) return new Set();
  const rows = await tx.query<{ source: string; volunteer: string; project: string }>(
    // One index look-up per need: left free, the planner takes IS_LANDED for rare and begins with every record.
    `WITH wanted AS MATERIALIZED (
       SELECT need.source, need.volunteer, need.project, 'membership:' || v.source_id || ':' || need.project AS key
       FROM unnest($1::uuid[], $2::text[], $3::text[]) AS need(source, volunteer, project)
       JOIN record v ON v.biz_no = need.volunteer AND v.source_system_id = need.source)
     SELECT DISTINCT w.source, w.volunteer, w.project FROM wanted w
     CROSS JOIN LATERAL (SELECT 1 FROM record r WHERE r.source_system_id = w.source AND r.membership_key = w.key
       AND ${IS_LANDED} AND NOT r.is_void LIMIT 1) AS standing`,
    [
      needs.map((need) => need.sourceSystemId),
      needs.map((need) => need.volunteerBizNo),
      needs.map((need) => need.projectSourceId),
    ],
    'ledger-read-memberships',
  );
  return new Set(rows.map((row) => `${row.source}|${row.volunteer}|${row.project}`));
}

/** Columns of a record as acceptance writes them. */
export interface RecordWrite {
  readonly id: string;
  readonly kind: string;
  readonly source_id: string;
  readonly biz_no: string;
  readonly version: number;
  readonly revision: number;
  readonly content_hash: string;
  readonly is_void: boolean;
  readonly state: string;
  readonly subject_ref: string | null;
  readonly context_ref: string | null;
  readonly membership_key: string | null;
  readonly starts_at: string | null;
  readonly ends_at: string | null;
  readonly minutes: number | null;
  readonly county_code: string;
  readonly lane: string;
  readonly due_by: string | null;
  readonly outcome_code: string | null;
  readonly outcome_message: string | null;
  readonly warnings: readonly unknown[] | null;
}

const WRITE_RECORDSET = `jsonb_to_recordset($2::jsonb) AS x(id uuid, kind text, source_id text, biz_no text, version int,
  revision bigint, content_hash text, is_void boolean, state text, subject_ref text, context_ref text,
  membership_key text, starts_at timestamptz, ends_at timestamptz, minutes int, county_code text, lane text,
  due_by timestamptz, outcome_code text, outcome_message text, warnings jsonb)`;

/**
 * Returns how many were inserted: fewer than given means that another call made one of them first (G-31). In one global
 * order, so that two calls with the same new records do not wait for each other.
 */
export async function insertRecords(tx: Tx, sourceSystemId: string, rows: readonly RecordWrite[]): Promise<number> {
  if (rows.length === 0) return 0;
  const [made] = await tx.query<{ rows: number }>(
    `WITH made AS (INSERT INTO record (id, source_system_id, kind, source_id, biz_no, version, revision, content_hash, is_void, state,
       since, subject_ref, context_ref, membership_key, starts_at, ends_at, minutes, county_code, lane, due_by,
       outcome_code, outcome_message, outcome_at, outcome_actor, warnings)
     SELECT x.id, $1, x.kind, x.source_id, x.biz_no, x.version, x.revision, decode(x.content_hash, 'hex'), x.is_void,
       x.state, now(), x.subject_ref, x.context_ref, x.membership_key, x.starts_at, x.ends_at, x.minutes,
       x.county_code, x.lane, x.due_by, x.outcome_code, x.outcome_message,
       CASE WHEN x.outcome_code IS NULL THEN NULL ELSE now() END,
       CASE WHEN x.outcome_code IS NULL THEN NULL ELSE 'adapter' END, x.warnings
     FROM ${WRITE_RECORDSET} ORDER BY x.kind, x.source_id
     ON CONFLICT (source_system_id, kind, source_id) DO NOTHING RETURNING 1)
     SELECT count(*)::int AS rows FROM made`,
    [sourceSystemId, JSON.stringify(rows)],
    'ledger-insert-records',
  );
  return made?.rows ?? 0;
}

export async function updateRecords(tx: Tx, sourceSystemId: string, rows: readonly RecordWrite[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `UPDATE record r SET version = x.version, revision = x.revision, content_hash = decode(x.content_hash, 'hex'),
       is_void = x.is_void, state = x.state, since = CASE WHEN r.state = x.state THEN r.since ELSE now() END,
       subject_ref = x.subject_ref, context_ref = x.context_ref, membership_key = x.membership_key,
       starts_at = x.starts_at, ends_at = x.ends_at, minutes = x.minutes, county_code = x.county_code, lane = x.lane,
       due_by = x.due_by, warnings = x.warnings, waiting_for = NULL,
       outcome_code = x.outcome_code, outcome_message = x.outcome_message,
       outcome_at = CASE WHEN x.outcome_code IS NULL THEN NULL ELSE now() END,
       outcome_actor = CASE WHEN x.outcome_code IS NULL THEN NULL ELSE 'adapter' END
     FROM ${WRITE_RECORDSET} WHERE r.id = x.id AND r.source_system_id = $1`,
    [sourceSystemId, JSON.stringify(rows)],
    'ledger-update-records',
  );
}

/** Remembers a newer revision number of unchanged content (G-11). */
export async function rememberRevisions(tx: Tx, rows: readonly { id: string; revision: number }[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `UPDATE record r SET revision = x.revision FROM unnest($1::uuid[], $2::bigint[]) AS x(id, revision)
     WHERE r.id = x.id AND r.revision < x.revision`,
    [rows.map((row) => row.id), rows.map((row) => row.revision)],
    'ledger-remember-revisions',
  );
}

export interface VersionWrite {
  readonly id: string;
  readonly record_id: string;
  readonly version: number | null;
  readonly revision: number;
  readonly op: 'upsert' | 'void';
  readonly is_reopening: boolean;
  readonly payload: Readonly<Record<string, unknown>>;
  /** base64 */
  readonly sealed: string;
  readonly content_hash: string;
}

export async function insertVersions(tx: Tx, batchId: string, rows: readonly VersionWrite[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO record_version (id, record_id, version, revision, op, is_reopening, payload, sealed, content_hash, batch_id)
     SELECT x.id, x.record_id, x.version, x.revision, x.op, x.is_reopening, x.payload, decode(x.sealed, 'base64'),
       decode(x.content_hash, 'hex'), $1
     FROM jsonb_to_recordset($2::jsonb) AS x(id uuid, record_id uuid, version int, revision bigint, op text,
       is_reopening boolean, payload jsonb, sealed text, content_hash text)`,
    [batchId, JSON.stringify(rows)],
    'ledger-insert-versions',
  );
}

export interface PromiseWrite {
  readonly biz_no: string;
  readonly record_id: string;
  readonly source_system_id: string;
  readonly kind: string;
  readonly version: number;
  readonly county_code: string;
  readonly lane: string;
  readonly lane_rank: number;
  readonly stage: 'ready' | 'waiting';
}

/** Writes the promise to deliver; one in flight stays in flight and is looked at again when it is settled. */
export async function upsertPromises(tx: Tx, rows: readonly PromiseWrite[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO outbox (biz_no, record_id, source_system_id, kind, version, county_code, lane, lane_rank, stage)
     SELECT x.biz_no, x.record_id, x.source_system_id, x.kind, x.version, x.county_code, x.lane, x.lane_rank, x.stage
     FROM jsonb_to_recordset($1::jsonb) AS x(biz_no text, record_id uuid, source_system_id uuid, kind text, version int,
       county_code text, lane text, lane_rank smallint, stage text)
     ON CONFLICT (biz_no) DO UPDATE SET record_id = excluded.record_id, version = excluded.version,
       county_code = excluded.county_code, lane = excluded.lane, lane_rank = excluded.lane_rank,
       source_system_id = excluded.source_system_id, tries = 0, ready_at = now(),
       stage = CASE WHEN outbox.call_id IS NOT NULL THEN outbox.stage ELSE excluded.stage END`,
    [JSON.stringify(rows)],
    'ledger-upsert-promises',
  );
}

export async function deletePromises(tx: Tx, bizNos: readonly string[]): Promise<void> {
  if (bizNos.length === 0) return;
  await tx.query(
    `DELETE FROM outbox WHERE biz_no = ANY ($1::text[]) AND call_id IS NULL`,
    [bizNos],
    'ledger-delete-promises',
  );
}

export interface WaitWrite {
  readonly record_id: string;
  readonly source_system_id: string;
  readonly waits_key: string;
}

/** Replaces what the given records wait for. */
export async function replaceWaits(tx: Tx, recordIds: readonly string[], waits: readonly WaitWrite[]): Promise<void> {
  if (recordIds.length > 0) {
    await tx.query(`DELETE FROM record_wait WHERE record_id = ANY ($1::uuid[])`, [recordIds], 'ledger-clear-waits');
  }
  if (waits.length === 0) return;
  await tx.query(
    `INSERT INTO record_wait (record_id, source_system_id, waits_key)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[]) ON CONFLICT DO NOTHING`,
    [
      waits.map((wait) => wait.record_id),
      waits.map((wait) => wait.source_system_id),
      waits.map((wait) => wait.waits_key),
    ],
    'ledger-insert-waits',
  );
}

export interface OverlapProbe {
  readonly index: number;
  readonly record_id: string;
  readonly subject_ref: string;
  readonly starts_at: string;
  readonly ends_at: string;
}

/** No interval is longer than a day (G-44), so that a day back bounds the index scan. */
export async function findOverlaps(
  tx: Tx,
  sourceSystemId: string,
  probes: readonly OverlapProbe[],
): Promise<Set<number>> {
  if (probes.length === 0) return new Set();
  const rows = await tx.query<{ index: number }>(
    `SELECT p.index FROM jsonb_to_recordset($2::jsonb)
       AS p(index int, record_id uuid, subject_ref text, starts_at timestamptz, ends_at timestamptz)
     WHERE EXISTS (SELECT 1 FROM record r WHERE r.source_system_id = $1 AND r.subject_ref = p.subject_ref
       AND r.starts_at < p.ends_at AND r.starts_at > p.starts_at - interval '1 day' AND r.ends_at > p.starts_at
       AND r.id <> p.record_id AND NOT r.is_void)`,
    [sourceSystemId, JSON.stringify(probes)],
    'ledger-overlaps',
  );
  return new Set(rows.map((row) => row.index));
}

export interface EventWrite {
  readonly sourceSystemId: string;
  readonly recordId: string;
  readonly version: number;
  readonly state: string;
  readonly code: string | null;
}

/** State changes for the feed, a page for each source; their numbers come after commit (G-65). */
export async function insertEvents(tx: Tx, ids: Ids, events: readonly EventWrite[]): Promise<void> {
  for (const [sourceSystemId, own] of groupBy(events, (event) => event.sourceSystemId)) {
    await tx.query(
      `INSERT INTO change_page (page_id, source_system_id, size, since, record_ids, versions, states, codes)
       VALUES ($1, $2, $3, now(), $4::uuid[], $5::int[], $6::text[], $7::text[])`,
      [
        ids.uuid(),
        sourceSystemId,
        own.length,
        own.map((event) => event.recordId),
        own.map((event) => event.version),
        own.map((event) => event.state),
        own.map((event) => event.code),
      ],
      'ledger-insert-events',
    );
  }
}
