import type { Database, Queryable, Tx } from '../../platform/database/index.js';
import { gatesOf } from '../gates.js';
import { quotaStanding } from '../storm/quota.js';
import { QUOTA_RESERVE } from '../storm/storm-policy.js';
import { readStormView } from '../storm/storm-view.js';

/** Who has waited less than this gets no promise: most records are gone by then, and a promise costs a row. */
const PROMISED_AFTER_SECONDS = 30;
const PROMISES_PER_SWEEP = 2_000;
/** The pace is that of the last minutes; after a silence that of the last day. */
const PACE_MINUTES = 10;
const PACE_DAY_MINUTES = 24 * 60;
/** What is promised is more than what is expected: half as long again, and a minute. */
const SAFETY = 1.5;
const MARGIN_SECONDS = 60;
const PROMISES_LOCK = 5341;

interface Pace {
  /** Entries a second. */
  readonly perSecond: number;
  readonly entriesPerCall: number;
}

export interface PromiseScore {
  readonly open: number;
  readonly kept: number;
  readonly broken: number;
  /** Share of kept ones, 0…1; null while none is over. */
  readonly share: number | null;
  readonly days: readonly {
    readonly day: string;
    readonly kind: string;
    readonly kept: number;
    readonly broken: number;
  }[];
}

/** Adds to what went out in this minute. */
export async function addThroughput(database: Queryable, sent: { calls: number; entries: number }): Promise<void> {
  if (sent.calls + sent.entries === 0) return;
  await database.query(
    `INSERT INTO delivery_throughput AS t (minute, calls, entries) VALUES (date_trunc('minute', now()), $1, $2)
     ON CONFLICT (minute) DO UPDATE SET calls = t.calls + excluded.calls, entries = t.entries + excluded.entries`,
    [sent.calls, sent.entries],
    'delivery-add-throughput',
  );
}

/**
 * Promises a time to what waits, once per version, and scores what is over.
 *
 * The time follows from the place in the fair order over all kinds and lanes, the measured pace, pauses of the nation
 * that are known, and the day's quota. What waits for a parent gets none: nobody knows when that comes.
 */
export async function sweepPromises(database: Database): Promise<{ made: number; kept: number; broken: number }> {
  const [pace, standing, view] = await Promise.all([
    readPace(database), quotaStanding(database), readStormView(database, 0),
  ]); // prettier-ignore
  const closed = [...gatesOf(view)].filter(([scope]) => scope === 'all' || scope === 'writes');
  const isOpenEnded = view.pauses.some(({ scope }) => scope === 'all');
  const startMs = Math.max(0, ...closed.map(([, { remaining_ms: left }]) => left));
  const callsToday = standing?.limit == null ? null : Math.max(0, standing.limit * (1 - QUOTA_RESERVE) - standing.used);
  return database.transaction(async (tx) => {
    const [turn] = await tx.query<{ mine: boolean }>(`SELECT pg_try_advisory_xact_lock($1) AS mine`, [PROMISES_LOCK]);
    if (!turn?.mine) return { made: 0, kept: 0, broken: 0 };
    const scored = await score(tx);
    if (pace === null || isOpenEnded) return { made: 0, ...scored };
    const today = callsToday === null ? null : Math.floor(callsToday * pace.entriesPerCall);
    const made = await promise(tx, { pace, startMs, today, resetsInMs: standing?.resetsInMs ?? 0 });
    return { made, ...scored };
  });
}

async function readPace(database: Queryable): Promise<Pace | null> {
  for (const minutes of [PACE_MINUTES, PACE_DAY_MINUTES]) {
    const [row] = await database.query<{ calls: number; entries: number; minutes: number }>(
      `SELECT coalesce(sum(calls), 0)::int AS calls, coalesce(sum(entries), 0)::int AS entries, count(*)::int AS minutes
       FROM delivery_throughput WHERE minute > now() - make_interval(mins => $1::int)`,
      [minutes],
      'delivery-read-pace',
    );
    if (row && row.entries > 0) {
      const SECONDS = 60;
      return { perSecond: row.entries / (row.minutes * SECONDS), entriesPerCall: Math.max(1, row.entries / Math.max(1, row.calls)) };
    }
  }
  return null;
} // prettier-ignore

async function promise(
  tx: Tx,
  line: { pace: Pace; startMs: number; today: number | null; resetsInMs: number },
): Promise<number> {
  const made = await tx.query<{ record_id: string; promised_by: Date }>(
    `WITH queue AS (SELECT record_id, version, kind, lane_rank, accepted_ord, ready_at,
         row_number() OVER (PARTITION BY lane_rank, fair_key ORDER BY accepted_ord) AS place
       FROM outbox WHERE stage = 'ready'),
     line AS (SELECT *, row_number() OVER (ORDER BY lane_rank, place, accepted_ord) AS ahead FROM queue)
     INSERT INTO delivery_promise (record_id, version, kind, promised_by)
     SELECT l.record_id, l.version, l.kind, now() + make_interval(secs => ${MARGIN_SECONDS} + ${SAFETY} * l.ahead / $1::float8
         + greatest($2::float8 / 1000, extract(epoch FROM greatest(l.ready_at, now()) - now()),
           CASE WHEN l.ahead > $3::float8 THEN $4::float8 / 1000 ELSE 0 END))
     FROM line l WHERE l.ready_at < now() - make_interval(secs => ${PROMISED_AFTER_SECONDS})
       AND NOT EXISTS (SELECT 1 FROM delivery_promise p WHERE p.record_id = l.record_id)
     ORDER BY l.ahead LIMIT ${PROMISES_PER_SWEEP}
     ON CONFLICT DO NOTHING RETURNING record_id, promised_by`,
    [line.pace.perSecond, line.startMs, line.today, line.resetsInMs],
    'delivery-promise-times',
  );
  const ids = made.map((row) => row.record_id);
  if (ids.length === 0) return 0;
  await tx.query(`SELECT 1 FROM record WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE`, [ids]);
  await tx.query(
    `UPDATE record r SET promised_by = p.promised_by FROM delivery_promise p
     WHERE p.record_id = r.id AND r.id = ANY ($1::uuid[])`,
    [ids],
    'delivery-write-promised',
  );
  return made.length;
}

/** Kept = the nation had answered by then, whatever it said; a newer version makes the old promise void. */
async function score(tx: Tx): Promise<{ kept: number; broken: number }> {
  const rows = await tx.query<{ kept: number; broken: number }>(
    `WITH over AS (DELETE FROM delivery_promise p USING record r
       WHERE r.id = p.record_id AND (r.version <> p.version OR p.promised_by < now()
         OR r.state IN ('pending', 'mirrored', 'attention', 'voided', 'unsupported'))
       RETURNING p.kind, r.version = p.version AS counts,
         r.state IN ('pending', 'mirrored', 'attention', 'voided', 'unsupported') AND r.since <= p.promised_by AS kept),
     told AS (INSERT INTO delivery_promise_score AS s (day, kind, kept, broken)
       SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date, kind, count(*) FILTER (WHERE kept), count(*) FILTER (WHERE NOT kept)
       FROM over WHERE counts GROUP BY kind
       ON CONFLICT (day, kind) DO UPDATE SET kept = s.kept + excluded.kept, broken = s.broken + excluded.broken)
     SELECT count(*) FILTER (WHERE kept AND counts)::int AS kept, count(*) FILTER (WHERE NOT kept AND counts)::int AS broken
     FROM over`,
    [],
    'delivery-score-promises',
  );
  return rows[0] ?? { kept: 0, broken: 0 };
}

/** How promises were kept over the last days. */
export async function promiseScore(database: Queryable, days: number): Promise<PromiseScore> {
  const [{ open = 0 } = {}] = await database.query<{ open: number }>(
    `SELECT count(*)::int AS open FROM delivery_promise`,
  );
  const rows = await database.query<{ day: string; kind: string; kept: number; broken: number }>(
    `SELECT day::text AS day, kind, kept, broken FROM delivery_promise_score
     WHERE day > (now() AT TIME ZONE 'Asia/Shanghai')::date - $1::int ORDER BY day, kind`,
    [days],
  );
  const kept = rows.reduce((sum, row) => sum + row.kept, 0);
  const broken = rows.reduce((sum, row) => sum + row.broken, 0);
  return { open, kept, broken, share: kept + broken === 0 ? null : kept / (kept + broken), days: rows };
}
