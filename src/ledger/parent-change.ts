import type { Queryable, Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import { RECORD_KINDS, type RecordData, type RecordKind, type RecordState } from '../records/index.js';
import { moveRecords, setPromisesWaiting, SHOWN_STATE } from './delivery-moves.js';
import { insertEvents, readParents, upsertPromises } from './ledger.queries.js';
import { LANE_RANK, type Lane } from './ledger.types.js';
import { raiseVersions } from './raise-version.js';

/**
 * G-14: a service-record's national row names the project, team and station behind its activity. When one of these
 * changes, the record's national content changes without any push: the adapter raises its version and sends it again.
 * What an issued certificate covers, and what is too old to be changed (2206), stays as it is with a warning.
 */

/** Fields of a parent that stand in the national content of the records below it. */
const DERIVED_FIELDS: Readonly<Record<string, readonly { field: string; kind: string }[]>> = {
  activity: [{ field: 'projectId', kind: 'project' }],
  project: [
    { field: 'teamId', kind: 'team' },
    { field: 'stationId', kind: 'station' },
  ],
};

const INHERITING = RECORD_KINDS.filter((kind: RecordKind) => kind.inheritsReferences).map(({ name }) => name);
const WARNING = JSON.stringify([{ code: 'PARENT_CHANGED', pointer: '' }]);

/** A parent that has just been accepted with newer content. */
export interface NewerParent {
  readonly recordId: string;
  readonly kind: string;
  readonly sourceId: string;
  /** Newest version before this acceptance. */
  readonly versionBefore: number;
  readonly data: RecordData;
}

export interface ParentChangeContext {
  readonly ids: Ids;
  readonly sourceSystemId: string;
  readonly maxRecordAgeDays: number;
}

interface Child extends Record<string, unknown> {
  id: string;
  biz_no: string;
  source_system_id: string;
  kind: string;
  source_id: string;
  version: number;
  state: RecordState;
  county_code: string;
  lane: Lane;
  is_flying: boolean;
  is_fixed: boolean;
}

export const isDerivedFrom = (kind: string): boolean => kind in DERIVED_FIELDS;

/** Raises what the newer parents change, in the transaction of their acceptance; answers how many records rose. */
export async function raiseChangedChildren(
  tx: Tx,
  context: ParentChangeContext,
  parents: readonly NewerParent[],
): Promise<number> {
  const changed = await keepChanged(tx, parents);
  if (changed.length === 0) return 0;
  const keys = await activityKeys(tx, context.sourceSystemId, changed);
  const children = await lockChildren(tx, context, keys);
  await warnFixed(
    tx,
    children.filter((child) => child.is_fixed),
  );
  const rising = children.filter((child) => !child.is_fixed);
  await raise(tx, context.ids, rising, await openReferences(tx, context.sourceSystemId, changed));
  return rising.length;
}

/**
 * Raises what stayed behind because of this certificate (G-14): it has been revoked, so the records are free again.
 * Those that another issued certificate covers go on waiting for it.
 */
export async function raiseFreedByCertificate(
  tx: Tx,
  context: { ids: Ids; maxRecordAgeDays: number },
  certificateRecordId: string,
): Promise<number> {
  const freed = await tx.query<Child>(
    `SELECT ${CHILD_COLUMNS} FROM certificate_line l JOIN record r ON r.id = l.record_id
     LEFT JOIN outbox o ON o.biz_no = r.biz_no
     WHERE l.certificate_record_id = $1 AND NOT r.is_void AND r.state = 'mirrored'
       AND r.warnings @> '[{"code": "PARENT_CHANGED"}]' ORDER BY r.id FOR UPDATE OF r`,
    [certificateRecordId, context.maxRecordAgeDays],
    'ledger-freed-by-certificate',
  );
  const rising = freed.filter((child) => !child.is_fixed);
  await tx.query(
    `UPDATE record SET warnings = nullif((SELECT coalesce(jsonb_agg(w), '[]') FROM jsonb_array_elements(warnings) AS w
       WHERE w->>'code' <> 'PARENT_CHANGED'), '[]') WHERE id = ANY ($1::uuid[])`,
    [rising.map(({ id }) => id)],
    'ledger-unwarn-freed',
  );
  await raise(tx, context.ids, rising, []);
  return rising.length;
}

/** Those whose derived fields differ from the newest content before. */
async function keepChanged(tx: Queryable, parents: readonly NewerParent[]): Promise<NewerParent[]> {
  if (parents.length === 0) return [];
  const rows = await tx.query<{ record_id: string; payload: Record<string, unknown> }>(
    `SELECT DISTINCT ON (v.record_id) v.record_id, v.payload FROM unnest($1::uuid[], $2::int[]) AS x(id, version)
     JOIN record_version v ON v.record_id = x.id AND v.version <= x.version AND v.op = 'upsert'
     ORDER BY v.record_id, v.version DESC`,
    [parents.map(({ recordId }) => recordId), parents.map(({ versionBefore }) => versionBefore)],
    'ledger-content-before',
  );
  const before = new Map(rows.map((row) => [row.record_id, row.payload]));
  return parents.filter(({ recordId, kind, data }) => {
    const old = before.get(recordId);
    return old !== undefined && (DERIVED_FIELDS[kind] ?? []).some(({ field }) => old[field] !== data[field]);
  });
}

/** Records belong to activities; a project's change reaches them through all of its activities. */
async function activityKeys(tx: Queryable, sourceSystemId: string, changed: readonly NewerParent[]): Promise<string[]> {
  const own = changed.filter(({ kind }) => kind === 'activity').map(({ sourceId }) => `activity/${sourceId}`);
  const projects = changed.filter(({ kind }) => kind === 'project').map(({ sourceId }) => `project/${sourceId}`);
  if (projects.length === 0) return own;
  const rows = await tx.query<{ source_id: string }>(
    `SELECT source_id FROM record WHERE source_system_id = $1 AND kind = 'activity' AND context_ref = ANY ($2::text[])`,
    [sourceSystemId, projects],
    'ledger-activities-of',
  );
  return [...new Set([...own, ...rows.map((row) => `activity/${row.source_id}`)])];
}

/** `$2` = the age in days from which on a record cannot be changed; the day is Beijing's, by the database clock. */
const CHILD_COLUMNS = `r.id, r.biz_no, r.source_system_id, r.kind, r.source_id, r.version, ${SHOWN_STATE} AS state, r.county_code, r.lane,
  o.call_id IS NOT NULL AS is_flying,
  (EXISTS (SELECT 1 FROM certificate_line cl JOIN certificate c ON c.record_id = cl.certificate_record_id
     WHERE cl.record_id = r.id AND c.status IN ('ISSUED', 'REISSUED'))
   OR (now() AT TIME ZONE 'Asia/Shanghai')::date - (r.starts_at AT TIME ZONE 'Asia/Shanghai')::date > $2::int) AS is_fixed`;

/**
 * The records whose national row stands, or may come to stand by an open attempt. One that is promised but not in flight
 * is left alone: its content is put together when it is sent. All are locked, so that none takes off meanwhile.
 */
async function lockChildren(tx: Tx, context: ParentChangeContext, keys: readonly string[]): Promise<Child[]> {
  const locked = await tx.query<{ id: string }>(
    `SELECT r.id FROM record r WHERE r.source_system_id = $1 AND r.context_ref = ANY ($2::text[])
       AND r.kind = ANY ($3::text[]) AND NOT r.is_void ORDER BY r.id FOR UPDATE`,
    [context.sourceSystemId, keys, INHERITING],
    'ledger-lock-children',
  );
  return tx.query<Child>(
    `SELECT ${CHILD_COLUMNS} FROM record r LEFT JOIN outbox o ON o.biz_no = r.biz_no
     WHERE r.id = ANY ($1::uuid[]) AND (o.call_id IS NOT NULL
       OR (o.biz_no IS NULL AND r.state IN ('mirrored', 'attention') AND r.national_version IS NOT NULL))
     ORDER BY r.id`,
    [locked.map(({ id }) => id), context.maxRecordAgeDays],
    'ledger-read-rising',
  );
}

async function warnFixed(tx: Tx, fixed: readonly Child[]): Promise<void> {
  if (fixed.length === 0) return;
  await tx.query(
    `UPDATE record SET warnings = coalesce(warnings, '[]') || $2::jsonb
     WHERE id = ANY ($1::uuid[]) AND NOT coalesce(warnings, '[]') @> '[{"code": "PARENT_CHANGED"}]'`,
    [fixed.map(({ id }) => id), WARNING],
    'ledger-warn-fixed',
  );
}

/** What the changed parents refer to now and has not landed: the records wait for it. */
async function openReferences(tx: Tx, sourceSystemId: string, changed: readonly NewerParent[]): Promise<string[]> {
  const wanted = changed.flatMap(({ kind, data }) =>
    (DERIVED_FIELDS[kind] ?? []).flatMap(({ field, kind: of }) => {
      const sourceId = data[field];
      return typeof sourceId === 'string' ? [{ sourceSystemId, kind: of, sourceId }] : [];
    }),
  );
  const landed = new Set(
    (await readParents(tx, wanted)).filter((row) => row.is_landed).map((row) => `${row.kind}/${row.source_id}`),
  );
  return [...new Set(wanted.map(({ kind, sourceId }) => `${kind}/${sourceId}`))].filter((key) => !landed.has(key));
}

async function raise(tx: Tx, ids: Ids, rising: readonly Child[], waits: readonly string[]): Promise<void> {
  if (rising.length === 0) return;
  await raiseVersions(
    tx,
    ids,
    rising.map(({ id, version }) => ({ recordId: id, version: version + 1 })),
  );
  await tx.query(
    `UPDATE record SET version = version + 1 WHERE id = ANY ($1::uuid[])`,
    [rising.map(({ id }) => id)],
    'ledger-raise-records',
  );
  await upsertPromises(tx, rising.map((child) => ({
    biz_no: child.biz_no, record_id: child.id, source_system_id: child.source_system_id, kind: child.kind,
    version: child.version + 1, county_code: child.county_code, lane: child.lane, lane_rank: LANE_RANK[child.lane],
    stage: 'ready',
  }))); // prettier-ignore
  const resting = rising.filter((child) => !child.is_flying);
  if (waits.length > 0) {
    await setPromisesWaiting(tx, resting.map((child) => ({
      bizNo: child.biz_no, recordId: child.id, sourceSystemId: child.source_system_id, keys: waits,
    }))); // prettier-ignore
  }
  const to = waits.length > 0 ? 'waiting' : 'queued';
  await moveRecords(
    tx,
    ids,
    resting.map((child) => ({ id: child.id, from: child.state, to })),
  );
  // In flight, the state moves when the open attempt is settled; the newer version is news at once.
  const flying = rising.filter((child) => child.is_flying);
  await insertEvents(tx, ids, flying.map((child) => ({
    sourceSystemId: child.source_system_id, recordId: child.id, version: child.version + 1, state: child.state, code: null,
  }))); // prettier-ignore
}
