import type { Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { Fingerprint } from './fingerprint.js';

/** SQL of the collector: one statement for a whole page of records. */

/** Problems by fingerprint; new ones are made, `open` since their first hit. */
export async function ensureProblems(
  tx: Tx,
  ids: Ids,
  causes: ReadonlyMap<string, { cause: Fingerprint; firstHitAt: Date }>,
): Promise<Map<string, string>> {
  if (causes.size === 0) return new Map();
  const rows = [...causes.values()].map(({ cause: { id, basis }, firstHitAt }) => ({
    id: ids.uuid(), fingerprint: id, ...basis, first_hit_at: firstHitAt,
  })); // prettier-ignore
  await tx.query(
    `INSERT INTO problem (id, fingerprint, aspect, kind, op, code, template, fields, state, first_hit_at, last_hit_at, opened_at)
     SELECT x.id, x.fingerprint, x.aspect, x.kind, x.op, x.code, x.template, x.fields, 'open', x.first_hit_at,
       x.first_hit_at, now()
     FROM jsonb_to_recordset($1::jsonb) AS x(id uuid, fingerprint text, aspect text, kind text, op text, code text,
       template text, fields text[], first_hit_at timestamptz)
     ON CONFLICT (fingerprint) DO NOTHING`,
    [JSON.stringify(rows)],
    'problems-ensure',
  );
  const found = await tx.query<{ id: string; fingerprint: string }>(
    `SELECT id, fingerprint FROM problem WHERE fingerprint = ANY ($1::text[])`,
    [rows.map(({ fingerprint }) => fingerprint)],
    'problems-find',
  );
  return new Map(found.map(({ id, fingerprint }) => [fingerprint, id]));
}

export interface StoredItem {
  readonly problem_id: string;
  readonly record_id: string;
  readonly aspect: 'failure' | 'warning';
  readonly hit_at: Date;
  readonly state: 'open' | 'moving' | 'healed';
}

export async function readItems(tx: Tx, recordIds: readonly string[]): Promise<StoredItem[]> {
  return tx.query<StoredItem & Record<string, unknown>>(
    `SELECT i.problem_id, i.record_id, p.aspect, i.hit_at, i.state FROM problem_item i
     JOIN problem p ON p.id = i.problem_id WHERE i.record_id = ANY ($1::uuid[])`,
    [recordIds],
    'problems-read-items',
  );
}

export interface ItemWrite {
  readonly problem_id: string;
  readonly record_id: string;
  readonly version: number;
  readonly hit_at: Date;
  /** 1 for a new hit, 0 when only columns are brought up to date. */
  readonly hits: number;
  readonly county_code: string;
  readonly person_key: string | null;
  readonly station_key: string;
  readonly minutes: number | null;
  readonly due_by: Date | null;
}

export async function writeItems(tx: Tx, items: readonly ItemWrite[]): Promise<void> {
  if (items.length === 0) return;
  await tx.query(
    `INSERT INTO problem_item AS i (problem_id, record_id, version, hit_at, state, county_code, person_key, station_key, minutes, due_by)
     SELECT x.problem_id, x.record_id, x.version, x.hit_at, 'open', x.county_code, x.person_key, x.station_key, x.minutes, x.due_by
     FROM jsonb_to_recordset($1::jsonb) AS x(problem_id uuid, record_id uuid, version int, hit_at timestamptz, hits int,
       county_code text, person_key text, station_key text, minutes int, due_by timestamptz)
     ON CONFLICT (problem_id, record_id) DO UPDATE SET version = excluded.version, state = 'open', healed_at = NULL,
       hits = i.hits + CASE WHEN excluded.hit_at > i.hit_at THEN 1 ELSE 0 END,
       hit_at = greatest(i.hit_at, excluded.hit_at), county_code = excluded.county_code, person_key = excluded.person_key,
       station_key = excluded.station_key, minutes = excluded.minutes, due_by = excluded.due_by`,
    [JSON.stringify(items)],
    'problems-write-items',
  );
}

/** Items whose record is on its way (`moving`), or no longer has this cause (`healed`). */
export async function leaveItems(
  tx: Tx,
  items: readonly { problem_id: string; record_id: string; state: 'moving' | 'healed' }[],
): Promise<void> {
  if (items.length === 0) return;
  await tx.query(
    `UPDATE problem_item i SET state = x.state, healed_at = CASE WHEN x.state = 'healed' THEN now() END
     FROM jsonb_to_recordset($1::jsonb) AS x(problem_id uuid, record_id uuid, state text)
     WHERE i.problem_id = x.problem_id AND i.record_id = x.record_id`,
    [JSON.stringify(items)],
    'problems-leave-items',
  );
}

/** Counts hits and tells which problems were thought solved before them. */
export async function countHits(
  tx: Tx,
  hits: readonly { problem_id: string; hits: number; last_hit_at: Date }[],
): Promise<{ id: string; state: string }[]> {
  if (hits.length === 0) return [];
  await tx.query(
    `UPDATE problem p SET hits = p.hits + x.hits, last_hit_at = greatest(p.last_hit_at, x.last_hit_at)
     FROM jsonb_to_recordset($1::jsonb) AS x(problem_id uuid, hits int, last_hit_at timestamptz) WHERE p.id = x.problem_id`,
    [JSON.stringify(hits)],
    'problems-count-hits',
  );
  return tx.query<{ id: string; state: string }>(
    `SELECT id, state FROM problem WHERE id = ANY ($1::uuid[]) AND state IN ('resolved-watching', 'closed')
       AND last_hit_at > resolved_at FOR UPDATE`,
    [hits.map(({ problem_id: id }) => id)],
    'problems-regressing',
  );
}

/** Of the given problems those that ask for a person though no record of theirs stands under them any more. */
export async function findHealed(tx: Tx, problemIds: readonly string[]): Promise<{ id: string; state: string }[]> {
  if (problemIds.length === 0) return [];
  return tx.query<{ id: string; state: string }>(
    `SELECT p.id, p.state FROM problem p WHERE p.id = ANY ($1::uuid[]) AND p.state IN ('open', 'acknowledged', 'regressed')
       AND NOT EXISTS (SELECT 1 FROM problem_item i WHERE i.problem_id = p.id AND i.state <> 'healed') FOR UPDATE`,
    [problemIds],
    'problems-find-healed',
  );
}

export async function findQuiet(tx: Tx, watchDays: number): Promise<{ id: string; state: string }[]> {
  return tx.query<{ id: string; state: string }>(
    `SELECT id, state FROM problem WHERE state = 'resolved-watching'
       AND resolved_at < now() - make_interval(days => $1) FOR UPDATE SKIP LOCKED`,
    [watchDays],
    'problems-find-quiet',
  );
}

/** Scopes go by the county: an item must lie where its record lies. */
export async function followCounties(tx: Tx): Promise<void> {
  await tx.query(
    `UPDATE problem_item i SET county_code = r.county_code FROM record r
     WHERE r.id = i.record_id AND i.state <> 'healed' AND i.county_code <> r.county_code`,
    [],
    'problems-follow-counties',
  );
}
