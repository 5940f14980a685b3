import type { Database, Tx } from '../../platform/database/index.js';
import {
  addDays,
  beijingDate,
  beijingMidnight,
  endOfNthWorkingDay,
  formatBeijing,
  RECORD_KINDS,
  type WorkingCalendar,
} from '../../records/index.js';

/** Records whose legal deadline (R67-16) lies at most so many working days ahead go before the others. */
export const URGENT_WORKING_DAYS = 3;
/** A deadline missed by more than this cannot be saved any more: the record is history and goes last. */
export const BACKFILL_AFTER_DAYS = 30;
/** What one source system has ready beyond this is a bulk, whatever it calls it. */
export const BULK_RECORDS = 5_000;
/** Promises moved by one step; the next sweep goes on. */
const ROWS_PER_STEP = 5_000;
/** A waiting record's parents have parents: their lanes rise level by level, at most so many in a sweep. */
const LEVELS = 6;
const LANES_LOCK = 5340;

/** What has a legal deadline; only such records are ever called history or bulk, since nothing waits for them. */
const DATED_KINDS = RECORD_KINDS.filter((kind) => kind.dueAfterActivity === true).map(({ name }) => name);

export interface LanesMoved {
  readonly urgent: number;
  readonly backfill: number;
}

/** Sorts promises into lanes as their deadlines come near. Set-based, by one process at a time, never on the hot path. */
export async function sweepLanes(database: Database, calendar: WorkingCalendar): Promise<LanesMoved> {
  return database.transaction(async (tx) => {
    const [turn] = await tx.query<{ mine: boolean; now_ms: number }>(
      `SELECT pg_try_advisory_xact_lock($1) AS mine, (extract(epoch FROM now()) * 1000)::float8 AS now_ms`,
      [LANES_LOCK],
      'delivery-lanes-lock',
    );
    if (!turn?.mine) return { urgent: 0, backfill: 0 };
    const { urgentBy, lostBefore } = horizons(turn.now_ms, calendar);
    const backfill = (await sink(tx, lostBefore)) + (await sinkBulk(tx, urgentBy));
    let urgent = await raise(tx, urgentBy, lostBefore);
    for (let level = 0; level < LEVELS; level += 1) {
      const raised = await raiseParents(tx);
      urgent += raised;
      if (raised === 0) break;
    }
    return { urgent, backfill };
  });
}

/** The end of the last urgent day, and the moment before which a deadline is lost; RFC 3339, Beijing. */
export function horizons(nowMs: number, calendar: WorkingCalendar): { urgentBy: string; lostBefore: string } {
  const today = beijingDate(nowMs);
  return {
    urgentBy: endOfNthWorkingDay(today, URGENT_WORKING_DAYS, calendar),
    lostBefore: formatBeijing(beijingMidnight(addDays(today, -BACKFILL_AFTER_DAYS))),
  };
}

/** `which` selects the numbers; their rows are locked without waiting, because whoever holds one is sending it. */
async function move(
  tx: Tx,
  { lane, rank, which, name }: { lane: string; rank: number; which: string; name: string },
  params: readonly unknown[],
): Promise<number> {
  const rows = await tx.query(
    `UPDATE outbox o SET lane = '${lane}', lane_rank = ${rank} FROM (
       SELECT l.biz_no FROM outbox l WHERE l.biz_no IN (${which}) AND l.stage IN ('ready', 'waiting')
       LIMIT ${ROWS_PER_STEP} FOR UPDATE SKIP LOCKED) x
     WHERE o.biz_no = x.biz_no RETURNING 1`,
    params,
    name,
  );
  return rows.length;
}

const raise = (tx: Tx, urgentBy: string, lostBefore: string): Promise<number> =>
  move(
    tx,
    {
      lane: 'urgent', rank: 1, name: 'delivery-raise-urgent',
      which: `SELECT u.biz_no FROM outbox u JOIN record r ON r.id = u.record_id
        WHERE u.lane_rank > 1 AND u.kind = ANY ($3::text[]) AND r.due_by <= $1::timestamptz AND r.due_by > $2::timestamptz`,
    },
    [urgentBy, lostBefore, DATED_KINDS],
  ); // prettier-ignore

const sink = (tx: Tx, lostBefore: string): Promise<number> =>
  move(
    tx,
    {
      lane: 'backfill', rank: 3, name: 'delivery-sink-history',
      which: `SELECT u.biz_no FROM outbox u JOIN record r ON r.id = u.record_id
        WHERE u.lane_rank = 2 AND u.kind = ANY ($2::text[]) AND r.due_by <= $1::timestamptz`,
    },
    [lostBefore, DATED_KINDS],
  ); // prettier-ignore

const sinkBulk = (tx: Tx, urgentBy: string): Promise<number> =>
  move(
    tx,
    {
      lane: 'backfill', rank: 3, name: 'delivery-sink-bulk',
      which: `SELECT b.biz_no FROM (SELECT u.biz_no, u.record_id,
          row_number() OVER (PARTITION BY u.source_system_id ORDER BY u.accepted_ord) AS place FROM outbox u
          WHERE u.lane_rank = 2 AND u.stage = 'ready' AND u.kind = ANY ($2::text[])) b
        JOIN record r ON r.id = b.record_id
        WHERE b.place > ${BULK_RECORDS} AND (r.due_by IS NULL OR r.due_by > $1::timestamptz)`,
    },
    [urgentBy, DATED_KINDS],
  ); // prettier-ignore

/** Whatever an urgent record or a certificate waits for goes as fast as itself. */
const raiseParents = (tx: Tx): Promise<number> =>
  move(
    tx,
    {
      lane: 'urgent', rank: 1, name: 'delivery-raise-parents',
      which: `WITH held AS (SELECT w.record_id, w.source_system_id, w.waits_key FROM outbox u
          JOIN record_wait w ON w.record_id = u.record_id WHERE u.stage = 'waiting' AND u.lane_rank <= 1)
        SELECT p.biz_no FROM (
          SELECT up.biz_no FROM held h JOIN record up ON up.source_system_id = h.source_system_id
            AND up.kind = split_part(h.waits_key, '/', 1) AND up.source_id = split_part(h.waits_key, '/', 2)
          UNION SELECT up.biz_no FROM held h JOIN record up ON up.source_system_id = h.source_system_id
            AND up.membership_key = h.waits_key
          UNION SELECT up.biz_no FROM held h JOIN record c ON c.id = h.record_id
            JOIN record up ON up.source_system_id = c.source_system_id AND up.subject_ref = c.subject_ref
              AND up.kind = 'service-record' AND up.state IN ('queued', 'waiting')
            WHERE h.waits_key = 'certificate-set') p
        JOIN outbox u ON u.biz_no = p.biz_no AND u.lane_rank > 1`,
    },
    [],
  ); // prettier-ignore

/** From this month on the next year's holidays must be known: the State Council has announced them by then. */
const ANNOUNCED_BY_MONTH = '12';

/** Years whose holidays are needed now and not shipped: deadlines are counted with their weekends only. */
export function missingCalendarYears(today: string, calendar: WorkingCalendar): number[] {
  const LEGAL_WORKING_DAYS = 10;
  const reach = endOfNthWorkingDay(today, LEGAL_WORKING_DAYS, calendar).slice(0, 4);
  const year = Number(today.slice(0, 4));
  const needed = new Set([year, Number(reach), ...(today.slice(5, 7) === ANNOUNCED_BY_MONTH ? [year + 1] : [])]);
  return [...needed].filter((one) => !calendar.isKnownYear(one)).sort();
}
