import type { Queryable, Tx } from '../../platform/database/index.js';
import { NEW_BREAKER, type BreakerState } from './breaker-rules.js';
import { BREAKER_COLUMNS, type BreakerView } from './storm-view.js';

/** SQL over breakers. Written on trouble and on changes of state, never on the way of a call that goes well. */

/** The row, locked; made when nothing was ever wrong with this operation. */
export async function lockBreaker(tx: Tx, operation: string): Promise<BreakerState> {
  await tx.query(
    `INSERT INTO national_breaker (operation, state) VALUES ($1, 'closed') ON CONFLICT DO NOTHING`,
    [operation],
    'delivery-make-breaker',
  );
  const rows = await tx.query<BreakerView & Record<string, unknown>>(
    `SELECT ${BREAKER_COLUMNS} FROM national_breaker WHERE operation = $1 FOR UPDATE`,
    [operation],
    'delivery-lock-breaker',
  );
  return rows[0] ?? NEW_BREAKER;
}

export async function writeBreaker(
  tx: Tx,
  operation: string,
  next: BreakerState,
  words: { code: string; reason: string },
): Promise<void> {
  await tx.query(
    `UPDATE national_breaker SET state = $2, window_from = now() - make_interval(secs => $3::float8 / 1000), calls = $4,
       failures = $5, streak = $6, streak_operations = $7, normal_ratio = $8, trips = $9,
       retry_at = CASE WHEN $2 = 'open' THEN now() + make_interval(secs => $10::float8 / 1000) END,
       slow_from = CASE WHEN $2 = 'slow' THEN now() - make_interval(secs => $11::float8 / 1000) END,
       probe_token = NULL, probe_until = NULL, code = $12, reason = $13,
       since = CASE WHEN state = $2 THEN since ELSE now() END
     WHERE operation = $1`,
    [operation, next.state, next.windowAgeMs, next.calls, next.failures, next.streak, next.operations,
      next.normalRatio, next.trips, next.retryInMs, next.slowAgeMs ?? 0, words.code, words.reason], // prettier-ignore
    'delivery-write-breaker',
  );
}

/** The one probe: whoever changes the row has it, until it comes back or its lease is over. */
export async function takeProbe(
  database: Queryable,
  operation: string,
  lease: { token: string; ms: number },
): Promise<boolean> {
  const rows = await database.query(
    `UPDATE national_breaker SET state = 'half-open', probe_token = $2,
       probe_until = now() + make_interval(secs => $3::float8 / 1000)
     WHERE operation = $1 AND state IN ('open', 'half-open') AND (retry_at IS NULL OR retry_at <= now())
       AND (probe_until IS NULL OR probe_until <= now()) RETURNING operation`,
    [operation, lease.token, lease.ms],
    'delivery-take-probe',
  );
  return rows.length === 1;
}

/** A probe that was not made after all. */
export async function giveProbeBack(database: Queryable, operation: string, token: string): Promise<void> {
  await database.query(
    `UPDATE national_breaker SET probe_token = NULL, probe_until = NULL WHERE operation = $1 AND probe_token = $2`,
    [operation, token],
    'delivery-give-probe-back',
  );
}

/** Whether the probe is still this caller's; its lease may have gone to another meanwhile. */
export async function holdsProbe(tx: Tx, operation: string, token: string): Promise<boolean> {
  const rows = await tx.query(
    `SELECT 1 FROM national_breaker WHERE operation = $1 AND probe_token = $2`,
    [operation, token],
    'delivery-holds-probe',
  );
  return rows.length === 1;
}

/** Halves the pace once for one burst of haste; `base` is what was announced or measured. */
export async function slowDown(
  database: Queryable,
  speed: { dimension: 'qps' | 'concurrency'; base: number },
  rules: { times: number; slowest: number; onceMs: number; perSecond: number },
): Promise<boolean> {
  const rows = await database.query(
    `INSERT INTO national_speed AS s (dimension, base, factor) VALUES ($1, $2, $3)
     ON CONFLICT (dimension) DO UPDATE SET base = excluded.base, lowered_at = now(),
       factor = greatest($4, $3 * least(1, s.factor + $6 * extract(epoch FROM now() - s.lowered_at)))
     WHERE s.lowered_at < now() - make_interval(secs => $5::float8 / 1000) RETURNING dimension`,
    [speed.dimension, speed.base, rules.times, rules.slowest, rules.onceMs, rules.perSecond],
    'delivery-slow-down',
  );
  return rows.length === 1;
}
