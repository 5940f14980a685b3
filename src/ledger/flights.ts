import type { Tx } from '../platform/database/index.js';
import { groupBy } from '../platform/group-by.js';

/**
 * The open attempt of a promise, its flight: which call carries it, with what content. It stands on the promise's own
 * row, so that the primary key lets a number be in flight only once (G-48). An ended flight becomes one row of history.
 */

export interface Flight {
  readonly callId: string;
  readonly bizNo: string;
  readonly recordId: string;
  readonly version: number;
  readonly op: 'UPSERT' | 'VOID' | 'CORRECT';
  /** Of what the call carries; null = not known before it is put together, or a void. */
  readonly contentHash: string | null;
  /** Whose time it takes; null = nobody's. */
  readonly volunteerBizNo: string | null;
  readonly startsAt: string | null;
  readonly endsAt: string | null;
}

/** Needs the records' locks. Throws when one of the promises is not ready: the claim was not locked. */
export async function openFlights(tx: Tx, flights: readonly Flight[]): Promise<void> {
  const rows = await tx.query<{ opened: number }>(
    `WITH opened AS (UPDATE outbox o SET stage = 'flying', call_id = x.call_id, flight_record_id = x.record_id,
       flight_version = x.version, op = x.op, content_hash = x.content_hash, volunteer_biz_no = x.volunteer,
       starts_at = x.starts_at, ends_at = x.ends_at, lookup_at = NULL, lookups = 0, doubt_code = NULL
     FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
       $9::timestamptz[]) AS x(call_id, biz_no, record_id, version, op, content_hash, volunteer, starts_at, ends_at)
     WHERE o.biz_no = x.biz_no AND o.stage = 'ready' RETURNING 1)
     SELECT count(*)::int AS opened FROM opened`,
    [
      flights.map((flight) => flight.callId),
      flights.map((flight) => flight.bizNo),
      flights.map((flight) => flight.recordId),
      flights.map((flight) => flight.version),
      flights.map((flight) => flight.op),
      flights.map((flight) => flight.contentHash),
      flights.map((flight) => flight.volunteerBizNo),
      flights.map((flight) => flight.startsAt),
      flights.map((flight) => flight.endsAt),
    ],
    'ledger-open-flights',
  );
  if (rows[0]?.opened !== flights.length) throw new Error('a promise was not ready when its flight began');
}

/** What an outcome means for a flight and for the promise that it was to keep. */
export interface FlightEnd {
  readonly callId: string;
  readonly bizNo: string;
  /** `kept` = the promise is fulfilled or given up; `again` = send it again after the delay; `unknown` = look it up then. */
  readonly end: 'kept' | 'again' | 'unknown';
  readonly delayMs: number;
  readonly linkTo: string | null;
  /** False = nothing was tried: the call was held back before its first byte, and the promise's tries stay. */
  readonly isTry: boolean;
  readonly outcomeClass: string;
  readonly outcomeCode: string;
}

const IS_KEPT = `($2 = 'kept' AND o.version <= o.flight_version)`;
const OURS = `o.biz_no = x.biz_no AND o.call_id = x.call_id`;
const HISTORY = `o.biz_no, x.call_id, o.flight_record_id, o.kind, o.flight_version, o.op, o.content_hash, o.lookups`;
const GIVEN = `x AS (SELECT * FROM unnest($1::uuid[], $7::text[]) AS x(call_id, biz_no))`;

/**
 * Ends flights or leaves them unknown; a promise that meanwhile holds a newer version is always reopened at once.
 *
 * Needs the records' locks. A flight of another call is left alone.
 */
export async function endFlights(tx: Tx, ends: readonly FlightEnd[]): Promise<void> {
  for (const alike of groupBy(ends, sharedParts).values()) {
    const { end, delayMs, linkTo, isTry, outcomeClass, outcomeCode } = alike[0];
    const calls = alike.map((one) => one.callId);
    const numbers = alike.map((one) => one.bizNo);
    if (end === 'unknown') {
      await tx.query(DOUBT, [calls, outcomeCode, delayMs, numbers], 'ledger-doubt-flights');
    } else {
      const params = [calls, end, delayMs, linkTo, outcomeClass, outcomeCode, numbers, isTry ? 1 : 0];
      await tx.query(END, params, 'ledger-end-flights');
    }
  }
}

const DOUBT = `UPDATE outbox o SET stage = 'unknown', doubt_code = $2,
     lookup_at = now() + make_interval(secs => $3::float8 / 1000)
     FROM unnest($1::uuid[], $4::text[]) AS x(call_id, biz_no) WHERE ${OURS}`;

/** One statement for both: no promise is matched by the one and the other. */
const END = `WITH ${GIVEN},
     kept AS (DELETE FROM outbox o USING x WHERE ${OURS} AND ${IS_KEPT} RETURNING ${HISTORY}),
     again AS (UPDATE outbox o SET stage = 'ready', call_id = NULL,
       tries = CASE WHEN o.version > o.flight_version THEN 0 ELSE o.tries + $8::int END,
       link_to = coalesce($4, o.link_to),
       ready_at = CASE WHEN o.version > o.flight_version THEN now() ELSE now() + make_interval(secs => $3::float8 / 1000) END
       FROM x WHERE ${OURS} AND NOT ${IS_KEPT} RETURNING ${HISTORY})
     INSERT INTO delivery_attempt (biz_no, call_id, record_id, kind, version, op, content_hash, lookups, outcome_class,
       outcome_code)
     SELECT e.*, $5, $6 FROM (SELECT * FROM kept UNION ALL SELECT * FROM again) AS e`;

/** Equal for ends that differ only in the flight. */
function sharedParts({ end, delayMs, linkTo, isTry, outcomeClass, outcomeCode }: FlightEnd): string {
  return JSON.stringify([end, delayMs, linkTo, isTry, outcomeClass, outcomeCode]);
}

/** What the call carries after all, where it was put together only when it was sent. */
export async function recordContentHashes(
  tx: Tx,
  callId: string,
  hashes: ReadonlyMap<string, string | null>,
): Promise<void> {
  await tx.query(
    `UPDATE outbox o SET content_hash = x.hash FROM unnest($2::text[], $3::text[]) AS x(biz_no, hash)
     WHERE o.biz_no = x.biz_no AND o.call_id = $1`,
    [callId, [...hashes.keys()], [...hashes.values()]],
    'ledger-record-hashes',
  );
}

/** Intervals of these volunteers that are in flight now (G-48). */
export interface OpenInterval {
  readonly volunteer_biz_no: string;
  readonly starts_at: string;
  readonly ends_at: string;
}

export async function readOpenIntervals(tx: Tx, volunteers: readonly string[]): Promise<OpenInterval[]> {
  if (volunteers.length === 0) return [];
  return tx.query<OpenInterval & Record<string, unknown>>(
    `SELECT volunteer_biz_no, starts_at::text AS starts_at, ends_at::text AS ends_at FROM outbox
     WHERE stage IN ('flying', 'unknown') AND volunteer_biz_no = ANY ($1::text[])`,
    [volunteers],
    'ledger-open-intervals',
  );
}
