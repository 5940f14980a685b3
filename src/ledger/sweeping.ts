import type { Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import { queueFree } from './delivery-moves.js';
import { IS_LANDED } from './ledger.queries.js';

const SWEEP_ROWS = 1_000;

/**
 * Finds waits whose parent has landed without anybody telling (it landed while the child was being accepted) and
 * releases them. The release at landing is the fast way; this is the one that cannot be missed.
 */
export async function sweepWaits(tx: Tx, ids: Ids): Promise<number> {
  const stale = (await isAnybodyWaiting(tx)) ? await deleteStale(tx) : [];
  const lost = await tx.query<{ record_id: string }>(
    `SELECT o.record_id FROM outbox o WHERE o.stage = 'waiting'
       AND NOT EXISTS (SELECT 1 FROM record_wait w WHERE w.record_id = o.record_id) LIMIT ${SWEEP_ROWS}`,
    [],
    'ledger-sweep-lost',
  );
  const freed = [...new Set([...stale, ...lost].map((row) => row.record_id))];
  await queueFree(tx, ids, freed);
  return freed.length;
}

/** Mostly nobody is; the search itself joins all records with themselves (79 ms at 24,000, every two seconds). */
async function isAnybodyWaiting(tx: Tx): Promise<boolean> {
  return (await tx.query('SELECT 1 FROM record_wait LIMIT 1', [], 'ledger-sweep-any')).length > 0;
}

async function deleteStale(tx: Tx): Promise<{ record_id: string }[]> {
  return tx.query<{ record_id: string }>(
    `DELETE FROM record_wait WHERE (record_id, waits_key) IN (
       SELECT w.record_id, w.waits_key FROM record_wait w
       CROSS JOIN LATERAL (SELECT 1 FROM record r WHERE r.source_system_id = w.source_system_id
         AND r.kind = split_part(w.waits_key, '/', 1) AND r.source_id = substr(w.waits_key, strpos(w.waits_key, '/') + 1)
         AND ${IS_LANDED} LIMIT 1) AS parent
       WHERE strpos(w.waits_key, '/') > 0
       UNION
       SELECT w.record_id, w.waits_key FROM record_wait w
       CROSS JOIN LATERAL (SELECT 1 FROM record r WHERE r.source_system_id = w.source_system_id
         AND r.membership_key = w.waits_key AND ${IS_LANDED} AND NOT r.is_void LIMIT 1) AS membership
       UNION
       -- The person joined under another of his or her sourceIds (G-49).
       SELECT w.record_id, w.waits_key FROM record_wait w
       JOIN record v ON v.source_system_id = w.source_system_id AND v.kind = 'volunteer'
         AND v.source_id = split_part(w.waits_key, ':', 2)
       JOIN record s ON s.biz_no = v.biz_no AND s.source_system_id = v.source_system_id AND s.id <> v.id
       CROSS JOIN LATERAL (SELECT 1 FROM record r WHERE r.source_system_id = w.source_system_id
         AND r.membership_key = 'membership:' || s.source_id || ':' || split_part(w.waits_key, ':', 3)
         AND ${IS_LANDED} AND NOT r.is_void LIMIT 1) AS membership
       WHERE w.waits_key LIKE 'membership:%' LIMIT ${SWEEP_ROWS})
     RETURNING record_id`,
    [],
    'ledger-sweep-waits',
  );
}
