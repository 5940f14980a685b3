import type { Queryable, Tx } from '../platform/database/index.js';

/** SQL over promises that a closed gate holds back. */

export interface Held {
  readonly promises: number;
  /** Queued records behind them, locked. */
  readonly rows: readonly { readonly id: string }[];
}

/**
 * Records before promises: acceptance locks in this order too. `scope` is a gate's or `county:<prefix>`; what is found
 * is not looked at again for `forMs`.
 */
export async function takeHeld(tx: Tx, scope: string, forMs: number, limit: number): Promise<Held> {
  const due = await tx.query<{ biz_no: string }>(
    `SELECT biz_no FROM outbox WHERE stage = 'ready' AND ready_at <= now()
       AND ($1 IN ('all', 'writes') OR $1 = 'kind:' || kind OR starts_with('county:' || county_code, $1)) LIMIT $2`,
    [scope, limit],
    'delivery-find-held',
  );
  if (due.length === 0) return { promises: 0, rows: [] };
  const numbers = due.map((row) => row.biz_no);
  const rows = await tx.query<{ id: string; state: string }>(
    `SELECT id, state FROM record WHERE biz_no = ANY ($1::text[]) ORDER BY id FOR UPDATE`,
    [numbers],
    'delivery-lock-held',
  );
  await tx.query(
    `UPDATE outbox SET ready_at = now() + make_interval(secs => $2::float8 / 1000)
     WHERE biz_no = ANY ($1::text[]) AND stage = 'ready'`,
    [numbers, forMs],
    'delivery-hold',
  );
  return { promises: due.length, rows: rows.filter((row) => row.state === 'queued') };
}

/** The nation opened before the time that it had named. What waits for something else looks once too often. */
export async function releaseHeld(database: Queryable): Promise<void> {
  await database.query(
    `UPDATE outbox o SET ready_at = now() FROM record r
     WHERE r.id = o.record_id AND r.state = 'waiting' AND o.stage = 'ready' AND o.ready_at > now()`,
    [],
    'delivery-release-held',
  );
}
