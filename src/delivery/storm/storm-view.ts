import type { Queryable } from '../../platform/database/index.js';
import type { BreakerState } from './breaker-rules.js';
import { SLOWEST_FACTOR, RECOVERY_PER_SECOND } from './storm-policy.js';

/** Everything that may hold a call back, in one read: gates, breakers, pauses and the learnt speed. */

/** A gate as its row has it; one whose time is over is shown for a while, because a slow start follows it. */
export interface GateRow {
  readonly scope: string;
  readonly code: string;
  readonly reason: string;
  readonly remaining_ms: number;
  readonly lasted_ms: number;
}

export interface BreakerView extends BreakerState {
  readonly operation: string;
  readonly probeLeftMs: number;
  readonly code: string;
  readonly reason: string;
}

export interface PauseView {
  readonly id: string;
  /** `all`, `county:5334…` or `kind:…`. */
  readonly scope: string;
  /** An emergency stop: look-ups and receipts rest as well. */
  readonly isStop: boolean;
  readonly reason: string;
  /** Time to its end, or of an open-ended one to its reminder. */
  readonly remainingMs: number;
}

export interface SpeedView {
  readonly dimension: 'qps' | 'concurrency';
  readonly base: number;
  readonly factor: number;
  readonly ageMs: number;
}

export interface StormView {
  readonly gates: readonly GateRow[];
  readonly breakers: ReadonlyMap<string, BreakerView>;
  readonly pauses: readonly PauseView[];
  readonly speeds: readonly SpeedView[];
}

export const CALM: StormView = { gates: [], breakers: new Map(), pauses: [], speeds: [] };

const ms = (interval: string): string => `(extract(epoch FROM ${interval}) * 1000)::float8`;

/** Columns of a breaker as `BreakerView` names them. */
export const BREAKER_COLUMNS = `operation, state, ${ms('now() - window_from')} AS "windowAgeMs", calls, failures, streak,
  streak_operations AS operations, normal_ratio AS "normalRatio", trips,
  coalesce(${ms('retry_at - now()')}, 0) AS "retryInMs", coalesce(probe_until > now(), false) AS "hasProbe",
  coalesce(${ms('probe_until - now()')}, 0) AS "probeLeftMs", ${ms('now() - slow_from')} AS "slowAgeMs", code, reason`;

const VIEW = `SELECT
  (SELECT json_agg(g) FROM (SELECT scope, code, reason, ${ms('closed_until - now()')} AS remaining_ms,
     ${ms('closed_until - since')} AS lasted_ms FROM national_gate
   WHERE closed_until > now() - make_interval(secs => $1::float8 / 1000)) g) AS gates,
  (SELECT json_agg(b) FROM (SELECT ${BREAKER_COLUMNS} FROM national_breaker) b) AS breakers,
  (SELECT json_agg(p) FROM (SELECT id, scope, is_stop AS "isStop", reason,
     greatest(0, ${ms('coalesce(until, remind_at) - now()')}) AS "remainingMs" FROM delivery_pause
   WHERE ended_at IS NULL AND (until IS NULL OR until > now()) ORDER BY at, id) p) AS pauses,
  (SELECT json_agg(s) FROM (SELECT dimension, base, factor, ${ms('now() - lowered_at')} AS "ageMs"
   FROM national_speed) s) AS speeds`;

interface ViewRow extends Record<string, unknown> {
  gates: GateRow[] | null;
  breakers: BreakerView[] | null;
  pauses: PauseView[] | null;
  speeds: SpeedView[] | null;
}

/** `pastMs`: how long ago a gate may have opened and still be shown. */
export async function readStormView(database: Queryable, pastMs: number): Promise<StormView> {
  const [row] = await database.query<ViewRow>(VIEW, [pastMs], 'delivery-storm-view');
  return {
    gates: row?.gates ?? [],
    breakers: new Map((row?.breakers ?? []).map((breaker) => [breaker.operation, breaker])),
    pauses: row?.pauses ?? [],
    speeds: row?.speeds ?? [],
  };
}

/** The factor that holds now: it comes back by the clock alone, without anybody writing. */
export function recoveredFactor(speed: Pick<SpeedView, 'factor' | 'ageMs'>): number {
  return Math.max(SLOWEST_FACTOR, speed.factor + (RECOVERY_PER_SECOND * speed.ageMs) / 1_000);
}

/** The limit that holds now: the announced one, or less after a pace that was too fast; null = none. */
export function learntLimit(announced: number | null, speed: SpeedView | undefined): number | null {
  if (speed === undefined) return announced;
  const factor = recoveredFactor(speed);
  // Twice what was too fast has gone well: nothing holds it back any more.
  const FORGOTTEN = 2;
  if (factor >= FORGOTTEN) return announced;
  return Math.min((announced ?? Infinity) * Math.min(1, factor), speed.base * factor);
}

export const pausedCounties = (view: StormView): string[] =>
  view.pauses.flatMap(({ scope }) => (scope.startsWith('county:') ? [scope.slice('county:'.length)] : []));
