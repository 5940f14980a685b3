import type { Queryable } from '../../platform/database/index.js';
import { FairShare, type FairQueue } from './fair-share.js';

/** One share of each kind, for as long as the process lives; what another planner gave out evens itself out. */
const shares = new Map<string, FairShare>();

export interface ReadyQuestion {
  readonly kind: string;
  readonly limit: number;
  /** Prefixes of area codes whose records are paused. */
  readonly pausedCounties?: readonly string[];
  readonly share?: FairShare;
}

interface HeadRow extends Record<string, unknown> {
  lane_rank: number;
  fair_key: string;
  county_code: string;
  source_system_id: string;
  numbers: string[];
  /** It may have more than was read. */
  is_cut: boolean;
}

/**
 * The heads of all queues of a kind. `heads` finds them by one probe of `outbox_ready` each (a loose index scan), then
 * as many of each queue are read as an equal part of `limit` needs: the cost follows the number of queues and the
 * limit, never the backlog.
 */
const HEADS = `WITH RECURSIVE heads AS (
    (SELECT lane_rank, fair_key FROM outbox WHERE kind = $1 AND stage = 'ready' ORDER BY lane_rank, fair_key LIMIT 1)
    UNION ALL
    SELECT n.lane_rank, n.fair_key FROM heads h CROSS JOIN LATERAL (
      SELECT o.lane_rank, o.fair_key FROM outbox o WHERE o.kind = $1 AND o.stage = 'ready'
        AND (o.lane_rank, o.fair_key) > (h.lane_rank, h.fair_key) ORDER BY o.lane_rank, o.fair_key LIMIT 1) n),
  parts AS (SELECT *, ceil($2::numeric / count(*) OVER (PARTITION BY lane_rank))::int + 1 AS part FROM heads)`;

const QUEUE = `SELECT array_agg(q.biz_no ORDER BY q.accepted_ord) AS numbers, min(q.county_code) AS county_code,
    min(q.source_system_id::text) AS source_system_id, count(*) AS found
  FROM (SELECT biz_no, accepted_ord, county_code, source_system_id FROM outbox o
    WHERE o.kind = $1 AND o.stage = 'ready' AND o.lane_rank = p.lane_rank AND o.fair_key = p.fair_key
      AND o.ready_at <= now() AND NOT EXISTS (SELECT 1 FROM unnest($3::text[]) c(prefix) WHERE starts_with(o.county_code, c.prefix))
    ORDER BY o.accepted_ord LIMIT p.part) q`;

/** Columns of a queue; without an entry that may go it is none. */
const COLUMNS = `p.lane_rank, p.fair_key::text AS fair_key, q.county_code, q.source_system_id, q.numbers, q.found >= p.part AS is_cut`;

/**
 * Candidates in fair order; a drop-in for the ledger's `findReady`. Not locked yet: whoever claims them keeps this order.
 */
export async function findReadyFair(database: Queryable, question: ReadyQuestion): Promise<string[]> {
  const { kind, limit, pausedCounties = [] } = question;
  const heads = await database.query<HeadRow>(
    `${HEADS} SELECT ${COLUMNS} FROM parts p CROSS JOIN LATERAL (${QUEUE}) q WHERE q.found > 0`,
    [kind, limit, pausedCounties],
    'delivery-fair-heads',
  );
  const foundIn = new Map<number, number>();
  for (const { lane_rank: lane, numbers } of heads) foundIn.set(lane, (foundIn.get(lane) ?? 0) + numbers.length);
  const short = heads.filter((row) => row.is_cut && (foundIn.get(row.lane_rank) ?? 0) < limit);
  const more = short.length === 0 ? [] : await readWhole(database, question, short);
  const whole = new Map(more.map((row) => [keyOf(row), row]));
  const queues = heads.map((row) => queueOf(whole.get(keyOf(row)) ?? row));
  const share = question.share ?? shareOf(kind);
  return share.choose(queues, limit);
}

/** Some queues are shorter than their part: the others are read as far as they could be needed. */
async function readWhole(database: Queryable, question: ReadyQuestion, cut: readonly HeadRow[]): Promise<HeadRow[]> {
  return database.query<HeadRow>(
    `SELECT ${COLUMNS} FROM unnest($4::int[], $5::bigint[]) AS n(lane_rank, fair_key)
     CROSS JOIN LATERAL (SELECT n.lane_rank, n.fair_key, $2::int AS part) p CROSS JOIN LATERAL (${QUEUE}) q WHERE q.found > 0`,
    [question.kind, question.limit, question.pausedCounties ?? [], cut.map((row) => row.lane_rank), cut.map((row) => row.fair_key)],
    'delivery-fair-whole',
  );
} // prettier-ignore

function shareOf(kind: string): FairShare {
  const known = shares.get(kind) ?? new FairShare();
  shares.set(kind, known);
  return known;
}

const keyOf = (row: HeadRow): string => `${row.lane_rank}/${row.fair_key}`;

function queueOf(row: HeadRow): FairQueue {
  return { lane: row.lane_rank, county: row.county_code, source: row.source_system_id, entries: row.numbers };
}
