import type { Queryable, Tx } from '../platform/database/index.js';
import { CAUSE_COLUMNS, type CauseRow } from './causes.js';

/** Ids of calls are made by the workers' clocks, the start of a replay by the database's. */
const CLOCK_SLACK = '5 minutes';

/** SQL of replays: selections that are frozen, and what became of each record. */

export const REPLAY_STATES = ['planned', 'approved', 'running', 'paused', 'stopped', 'finished'] as const;
export type ReplayState = (typeof REPLAY_STATES)[number];
export type StopCause = 'person' | 'same-cause' | 'new-cause';

export interface ReplayRow {
  readonly id: string;
  readonly problem_id: string;
  readonly fingerprint: string;
  readonly problem_code: string;
  readonly scope: string;
  readonly state: ReplayState;
  readonly reason: string;
  readonly item_count: number;
  readonly stage: number;
  readonly stop_cause: StopCause | null;
  readonly requested_by: string;
  readonly requester: string;
  readonly requested_at: Date;
  readonly approved_by: string | null;
  readonly approver: string | null;
  readonly approved_at: Date | null;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
}

const REPLAY = `SELECT y.id, y.problem_id, p.fingerprint, p.code AS problem_code, y.scope, y.state, y.reason, y.item_count, y.stage,
  y.stop_cause, y.requested_by, q.name AS requester, y.requested_at, y.approved_by, a.name AS approver, y.approved_at,
  y.started_at, y.ended_at
  FROM replay y JOIN problem p ON p.id = y.problem_id JOIN actor q ON q.id = y.requested_by
  LEFT JOIN actor a ON a.id = y.approved_by`;
/** A replay of a wider or another region does not exist for its reader. */
const IN_SCOPE = `y.scope LIKE $1 || '%'`;

export async function findReplay(database: Queryable, scope: string, id: string): Promise<ReplayRow | null> {
  const rows = await database.query<ReplayRow & Record<string, unknown>>(
    `${REPLAY} WHERE ${IN_SCOPE} AND y.id = $2`,
    [scope, id],
    'replays-find',
  );
  return rows[0] ?? null;
}

/** The same, locked: steps of people and turns of the runner go one after the other. */
export async function lockReplay(tx: Tx, scope: string, id: string): Promise<ReplayRow | null> {
  const rows = await tx.query<ReplayRow & Record<string, unknown>>(
    `${REPLAY} WHERE ${IN_SCOPE} AND y.id = $2 FOR UPDATE OF y`,
    [scope, id],
    'replays-lock',
  );
  return rows[0] ?? null;
}

export async function listReplays(
  database: Queryable,
  scope: string,
  wanted: { problemId: string | null; limit: number },
): Promise<ReplayRow[]> {
  return database.query<ReplayRow & Record<string, unknown>>(
    `${REPLAY} WHERE ${IN_SCOPE} AND ($2::uuid IS NULL OR y.problem_id = $2) ORDER BY y.requested_at DESC, y.id LIMIT $3`,
    [scope, wanted.problemId, wanted.limit],
    'replays-list',
  );
}

export interface ChosenRecord {
  readonly id: string;
  readonly version: number;
}

/** What stands in `attention` for this cause in the region, in the order in which it was accepted. */
export async function chooseRecords(tx: Tx, scope: string, problemId: string): Promise<ChosenRecord[]> {
  return tx.query<ChosenRecord & Record<string, unknown>>(
    `SELECT r.id, r.version FROM problem_item i JOIN problem p ON p.id = i.problem_id AND p.aspect = 'failure'
     JOIN record r ON r.id = i.record_id
     LEFT JOIN LATERAL (SELECT v.accepted_at FROM record_version v WHERE v.record_id = r.id AND v.version IS NOT NULL
       ORDER BY v.version DESC LIMIT 1) AS v ON true
     WHERE i.problem_id = $2 AND i.state = 'open' AND r.state = 'attention' AND r.county_code LIKE $1 || '%'
       AND coalesce(r.outcome_code, '') <> 'PERSON_CONFLICT'
     ORDER BY v.accepted_at, r.id`,
    [scope, problemId],
    'replays-choose',
  );
}

export interface NewReplay {
  readonly id: string;
  readonly problemId: string;
  readonly scope: string;
  readonly reason: string;
  readonly requestedBy: string;
}

export async function insertReplay(tx: Tx, replay: NewReplay, chosen: readonly ChosenRecord[]): Promise<void> {
  await tx.query(
    `INSERT INTO replay (id, problem_id, scope, state, reason, item_count, requested_by)
     VALUES ($1, $2, $3, 'planned', $4, $5, $6)`,
    [replay.id, replay.problemId, replay.scope, replay.reason, chosen.length, replay.requestedBy],
    'replays-insert',
  );
  await tx.query(
    `INSERT INTO replay_item (replay_id, ord, record_id, version, state)
     SELECT $1, x.ord, x.id, x.version, 'planned'
     FROM unnest($2::uuid[], $3::int[]) WITH ORDINALITY AS x(id, version, ord)`,
    [replay.id, chosen.map(({ id }) => id), chosen.map(({ version }) => version)],
    'replays-insert-items',
  );
}

export interface ReplayStep {
  readonly state: ReplayState;
  readonly approvedBy?: string;
  readonly stopCause?: StopCause;
}

export async function setReplayState(tx: Tx, id: string, step: ReplayStep): Promise<void> {
  await tx.query(
    `UPDATE replay SET state = $2, approved_by = coalesce($3, approved_by),
       approved_at = CASE WHEN $3::uuid IS NULL THEN approved_at ELSE now() END,
       started_at = CASE WHEN $2 = 'running' THEN coalesce(started_at, now()) ELSE started_at END,
       ended_at = CASE WHEN $2 IN ('stopped', 'finished') THEN now() END,
       stop_cause = coalesce($4, stop_cause) WHERE id = $1`,
    [id, step.state, step.approvedBy ?? null, step.stopCause ?? null],
    'replays-set-state',
  );
}

export async function setReplayStage(tx: Tx, id: string, stage: number): Promise<void> {
  await tx.query('UPDATE replay SET stage = $2 WHERE id = $1', [id, stage], 'replays-set-stage');
}

/** Replays that run, and those that ended while something of theirs was in flight. */
export async function findActive(database: Queryable): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `SELECT id FROM replay WHERE state = 'running'
     UNION SELECT DISTINCT replay_id FROM replay_item WHERE state = 'sent' ORDER BY id`,
    [],
    'replays-active',
  );
  return rows.map(({ id }) => id);
}

export interface SentRow extends CauseRow {
  readonly ord: number;
  readonly sent_version: number;
  /** An outcome came after it was sent. */
  readonly is_answered: boolean;
}

export async function readSent(tx: Tx, replayId: string): Promise<SentRow[]> {
  return tx.query<SentRow & Record<string, unknown>>(
    `SELECT i.ord, i.sent_version, coalesce(r.outcome_at > i.sent_at, false) AS is_answered, ${CAUSE_COLUMNS}
     FROM replay_item i JOIN record r ON r.id = i.record_id WHERE i.replay_id = $1 AND i.state = 'sent' ORDER BY i.ord`,
    [replayId],
    'replays-read-sent',
  );
}

export interface Settled {
  readonly ord: number;
  readonly state: 'done' | 'failed' | 'waits' | 'overtaken';
  readonly code: string | null;
  readonly isNewCause: boolean;
}

export async function settleItems(tx: Tx, replayId: string, settled: readonly Settled[]): Promise<void> {
  if (settled.length === 0) return;
  await tx.query(
    `UPDATE replay_item i SET state = x.state, settled_at = now(), outcome_code = x.code, is_new_cause = x."isNewCause"
     FROM jsonb_to_recordset($2::jsonb) AS x(ord int, state text, code text, "isNewCause" boolean)
     WHERE i.replay_id = $1 AND i.ord = x.ord AND i.state = 'sent'`,
    [replayId, JSON.stringify(settled)],
    'replays-settle-items',
  );
}

export interface StageTotals {
  readonly sent: number;
  readonly done: number;
  readonly failed: number;
  readonly new_cause: number;
  readonly left: number;
}

export async function countStage(tx: Tx, replayId: string, stage: number): Promise<StageTotals> {
  const [row] = await tx.query<StageTotals & Record<string, unknown>>(
    `SELECT count(*) FILTER (WHERE stage = $2 AND state NOT IN ('planned', 'skipped'))::int AS sent,
       count(*) FILTER (WHERE stage = $2 AND state IN ('done', 'overtaken'))::int AS done,
       count(*) FILTER (WHERE stage = $2 AND state = 'failed')::int AS failed,
       count(*) FILTER (WHERE stage = $2 AND is_new_cause)::int AS new_cause,
       count(*) FILTER (WHERE state = 'planned')::int AS left
     FROM replay_item WHERE replay_id = $1`,
    [replayId, stage],
    'replays-count-stage',
  );
  return row ?? { sent: 0, done: 0, failed: 0, new_cause: 0, left: 0 };
}

export interface PlannedItem {
  readonly ord: number;
  readonly record_id: string;
  readonly version: number;
}

export async function nextPlanned(tx: Tx, replayId: string, limit: number): Promise<PlannedItem[]> {
  return tx.query<PlannedItem & Record<string, unknown>>(
    `SELECT ord, record_id, version FROM replay_item WHERE replay_id = $1 AND state = 'planned' ORDER BY ord LIMIT $2`,
    [replayId, limit],
    'replays-next-planned',
  );
}

/** `version` null = it was no longer as it had been chosen. */
export async function markReleased(
  tx: Tx,
  replay: { id: string; stage: number },
  items: readonly { ord: number; version: number | null }[],
): Promise<void> {
  await tx.query(
    `UPDATE replay_item i SET state = CASE WHEN x.version IS NULL THEN 'skipped' ELSE 'sent' END,
       stage = CASE WHEN x.version IS NULL THEN NULL ELSE $2::smallint END, sent_version = x.version,
       sent_at = CASE WHEN x.version IS NULL THEN NULL ELSE now() END,
       settled_at = CASE WHEN x.version IS NULL THEN now() END
     FROM unnest($3::int[], $4::int[]) AS x(ord, version) WHERE i.replay_id = $1 AND i.ord = x.ord`,
    [replay.id, replay.stage, items.map(({ ord }) => ord), items.map(({ version }) => version)],
    'replays-mark-released',
  );
}

/** What was taken back before it left stands where it stood, under the version that it has now. */
export async function unsend(tx: Tx, replayId: string, recordIds: readonly string[]): Promise<void> {
  await tx.query(
    `UPDATE replay_item SET state = 'planned', version = sent_version, sent_version = NULL, sent_at = NULL, stage = NULL
     WHERE replay_id = $1 AND record_id = ANY ($2::uuid[]) AND state = 'sent'`,
    [replayId, recordIds],
    'replays-unsend',
  );
}

/** Item counts by state; of failures those of a new cause apart. */
export async function readAccount(database: Queryable, replayId: string): Promise<Record<string, number>> {
  const rows = await database.query<{ state: string; items: number }>(
    `SELECT CASE WHEN is_new_cause THEN 'failedAnew' ELSE state END AS state, count(*)::int AS items
     FROM replay_item WHERE replay_id = $1 GROUP BY 1`,
    [replayId],
    'replays-account',
  );
  return Object.fromEntries(rows.map(({ state, items }) => [state, items]));
}

export interface CallCount extends Record<string, unknown> {
  readonly writes: number;
  readonly receipts: number;
  readonly lookups: number;
}

/**
 * Calls that the replay has cost so far. Call ids rise with time, so only calls since its start are looked at; an attempt
 * is the replay's when it left after the item was released, with the version that was promised.
 */
export async function countCalls(database: Queryable, replayId: string): Promise<CallCount> {
  const [row] = await database.query<CallCount>(
    `WITH y AS (SELECT y.id, (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-7000-8000-000000000000')::uuid AS since
       FROM replay y, lpad(to_hex(floor(extract(epoch FROM coalesce(y.started_at, now()) - interval '${CLOCK_SLACK}') * 1000)::bigint), 12, '0') AS h
       WHERE y.id = $1),
     mine AS (SELECT a.call_id, a.biz_no FROM y JOIN replay_item i ON i.replay_id = y.id
       JOIN record r ON r.id = i.record_id
       JOIN attempt a ON a.biz_no = r.biz_no AND a.record_id = i.record_id AND a.version = i.sent_version
       WHERE a.sent_at >= i.sent_at),
     writes AS (SELECT DISTINCT call_id FROM mine)
     SELECT (SELECT count(*) FROM writes)::int AS writes,
       (SELECT coalesce(sum(c.polls), 0) FROM writes w JOIN national_call c ON c.id = w.call_id
         WHERE c.operation = 'write-batch')::int AS receipts,
       (SELECT count(*) FROM y JOIN national_call c ON c.id >= y.since AND c.operation = 'lookup' AND c.sent_at IS NOT NULL
         WHERE c.biz_nos && (SELECT coalesce(array_agg(biz_no), '{}') FROM mine))::int AS lookups`,
    [replayId],
    'replays-count-calls',
  );
  return row ?? { writes: 0, receipts: 0, lookups: 0 };
}

/** The largest batch that was planned lately: what the nation allows at present. Null = there was none. */
export async function observedBatch(database: Queryable): Promise<number | null> {
  const [row] = await database.query<{ items: number | null }>(
    `SELECT max(item_count)::int AS items FROM (SELECT item_count FROM national_call ORDER BY id DESC LIMIT 500) AS c`,
    [],
    'replays-observed-batch',
  );
  return row?.items ?? null;
}

export interface QuotaRow extends Record<string, unknown> {
  readonly quota_limit: number | null;
  readonly used: number;
  readonly resets_at: Date;
}

/** The window that delivery counts calls in; null = nothing was called in it yet. */
export async function readQuota(database: Queryable): Promise<QuotaRow | null> {
  const [row] = await database.query<QuotaRow>(
    `SELECT quota_limit, used, resets_at FROM national_quota_day WHERE resets_at > now() ORDER BY id DESC LIMIT 1`,
    [],
    'replays-quota',
  );
  return row ?? null;
}
