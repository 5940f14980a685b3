import type { Queryable } from '../platform/database/index.js';
import type { Basis } from './fingerprint.js';
import type { ProblemState } from './life-cycle.js';

/**
 * What people read of problems. Every statement is bound to a region prefix (`$1`): a problem without an item in it does
 * not exist for its reader, and nothing outside it is counted.
 */

export interface ProblemRow extends Omit<Basis, 'fields'> {
  readonly id: string;
  readonly fingerprint: string;
  readonly fields: string[];
  readonly state: ProblemState;
  readonly regressions: number;
  readonly first_hit_at: Date;
  readonly last_hit_at: Date;
  readonly opened_at: Date;
  readonly resolved_at: Date | null;
  readonly records: number;
  readonly on_the_way: number;
  readonly people: number;
  readonly minutes: number;
  readonly stations: number;
  readonly hits: number;
  readonly first_due_by: Date | null;
  readonly now: Date;
}

const IN_SCOPE = `i.county_code LIKE $1 || '%'`;
const LIVE = `i.state <> 'healed'`;

const SUMMED = `
SELECT p.id, p.fingerprint, p.aspect, p.kind, p.op, p.code, p.template, p.fields, p.state, p.regressions,
  p.first_hit_at, p.last_hit_at, p.opened_at, p.resolved_at, a.*, now() AS now
FROM problem p CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE i.state = 'open')::int AS records,
    count(*) FILTER (WHERE i.state = 'moving')::int AS on_the_way,
    count(DISTINCT i.person_key) FILTER (WHERE ${LIVE})::int AS people,
    coalesce(sum(i.minutes) FILTER (WHERE ${LIVE}), 0)::float8 AS minutes,
    count(DISTINCT i.station_key) FILTER (WHERE ${LIVE})::int AS stations,
    coalesce(sum(i.hits), 0)::float8 AS hits,
    min(i.due_by) FILTER (WHERE ${LIVE}) AS first_due_by, count(*) AS in_scope
  FROM problem_item i WHERE i.problem_id = p.id AND ${IN_SCOPE}) AS a
WHERE a.in_scope > 0`;

export async function listProblems(
  database: Queryable,
  scope: string,
  wanted: { states: readonly string[]; limit: number },
): Promise<ProblemRow[]> {
  return database.query<ProblemRow & Record<string, unknown>>(
    `${SUMMED} AND p.state = ANY ($2::text[]) ORDER BY a.records DESC, p.last_hit_at DESC, p.id LIMIT $3`,
    [scope, wanted.states, wanted.limit],
    'problems-list',
  );
}

export async function findProblem(database: Queryable, scope: string, id: string): Promise<ProblemRow | null> {
  const rows = await database.query<ProblemRow & Record<string, unknown>>(
    `${SUMMED} AND p.id = $2`,
    [scope, id],
    'problems-one',
  );
  return rows[0] ?? null;
}

export interface Behind extends Record<string, unknown> {
  readonly waiting: number;
  readonly certificates: number;
}

/** Counts end here: more than this many waiting records are "and more". */
export const MOST_WAITING = 100_000;

/**
 * Records that wait behind those of the problem, over any number of steps, and the certificates that are concerned: asked
 * for, waiting behind, or already covering one of the records.
 */
export async function readBehind(database: Queryable, scope: string, id: string): Promise<Behind> {
  const [row] = await database.query<Behind>(
    `WITH RECURSIVE hit AS MATERIALIZED (
       SELECT r.id, r.kind, r.source_system_id AS source, r.kind || '/' || r.source_id AS key, r.membership_key
       FROM problem_item i JOIN record r ON r.id = i.record_id WHERE i.problem_id = $2 AND ${LIVE} AND ${IN_SCOPE}),
     behind (id) AS (
       SELECT w.record_id FROM (SELECT source, key FROM hit
           UNION SELECT source, membership_key FROM hit WHERE membership_key IS NOT NULL) AS h
         JOIN record_wait w ON w.source_system_id = h.source AND w.waits_key = h.key
       UNION
       SELECT w.record_id FROM behind b JOIN record r ON r.id = b.id
         JOIN record_wait w ON w.source_system_id = r.source_system_id
           AND (w.waits_key = r.kind || '/' || r.source_id OR w.waits_key = r.membership_key)),
     bounded AS MATERIALIZED (SELECT id FROM behind LIMIT ${MOST_WAITING})
     SELECT (SELECT count(*) FROM bounded b WHERE NOT EXISTS (SELECT 1 FROM hit WHERE hit.id = b.id))::int AS waiting,
       (SELECT count(*) FROM (SELECT id FROM hit WHERE kind = 'certificate-request'
         UNION SELECT r.id FROM bounded b JOIN record r ON r.id = b.id WHERE r.kind = 'certificate-request'
         UNION SELECT l.certificate_record_id FROM hit JOIN certificate_line l ON l.record_id = hit.id) AS c)::int
         AS certificates`,
    [scope, id],
    'problems-behind',
  );
  return row ?? { waiting: 0, certificates: 0 };
}

export interface ItemRow {
  readonly record_id: string;
  readonly kind: string;
  readonly source_id: string;
  readonly app_key: string | null;
  readonly version: number;
  readonly record_state: string;
  readonly state: string;
  readonly hits: number;
  readonly hit_at: Date;
  readonly county_code: string;
  readonly due_by: Date | null;
}

/** The items that are not healed, in order of their records; `after` = the last record of the page before. */
export async function readItemsPage(
  database: Queryable,
  scope: string,
  page: { problemId: string; after: string | null; limit: number },
): Promise<ItemRow[]> {
  return database.query<ItemRow & Record<string, unknown>>(
    `SELECT i.record_id, r.kind, r.source_id, s.app_key, r.version, r.state AS record_state, i.state, i.hits, i.hit_at,
       r.county_code, r.due_by
     FROM problem_item i JOIN record r ON r.id = i.record_id LEFT JOIN source_system s ON s.id = r.source_system_id
     WHERE i.problem_id = $2 AND ${LIVE} AND ${IN_SCOPE} AND ($3::uuid IS NULL OR i.record_id > $3)
     ORDER BY i.record_id LIMIT $4`,
    [scope, page.problemId, page.after, page.limit],
    'problems-items-page',
  );
}

export interface ActRow {
  readonly at: Date;
  readonly actor: string;
  readonly act: string;
  readonly from_state: string;
  readonly to_state: string;
  readonly reason: string | null;
}

export async function readActs(database: Queryable, id: string, limit: number): Promise<ActRow[]> {
  return database.query<ActRow & Record<string, unknown>>(
    `SELECT h.at, a.name AS actor, h.act, h.from_state, h.to_state, h.reason FROM problem_act h
     JOIN actor a ON a.id = h.actor_id WHERE h.problem_id = $1 ORDER BY h.at DESC, h.id DESC LIMIT $2`,
    [id, limit],
    'problems-acts',
  );
}

/** Locks the problem for an act; `beyond` = records outside the region that are not healed. */
export async function lockProblem(
  tx: Queryable,
  scope: string,
  id: string,
): Promise<{ id: string; state: ProblemState; aspect: string; beyond: boolean } | null> {
  const rows = await tx.query<{ id: string; state: ProblemState; aspect: string; beyond: boolean }>(
    `SELECT p.id, p.state, p.aspect,
       EXISTS (SELECT 1 FROM problem_item i WHERE i.problem_id = p.id AND ${LIVE} AND NOT ${IN_SCOPE}) AS beyond
     FROM problem p WHERE p.id = $2
       AND EXISTS (SELECT 1 FROM problem_item i WHERE i.problem_id = p.id AND ${IN_SCOPE}) FOR UPDATE OF p`,
    [scope, id],
    'problems-lock-one',
  );
  return rows[0] ?? null;
}
