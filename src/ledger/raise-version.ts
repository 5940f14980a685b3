import type { Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';

/**
 * Raises a record's version by the adapter itself (G-13, G-14): the newest content is kept under the next number, so
 * that the national side takes it as newer. Repairs, replays and changed parents come here.
 */
export async function raiseVersions(
  tx: Tx,
  ids: Ids,
  raises: readonly { recordId: string; version: number }[],
): Promise<void> {
  if (raises.length === 0) return;
  await tx.query(
    `INSERT INTO record_version (id, record_id, version, revision, op, cause, is_reopening, payload, sealed, content_hash)
     SELECT x.id, x.record_id, x.version, n.revision, n.op, 'adapter', n.is_reopening, n.payload, n.sealed, n.content_hash
     FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS x(id, record_id, version)
     JOIN LATERAL (SELECT * FROM record_version v WHERE v.record_id = x.record_id AND v.version IS NOT NULL
       ORDER BY v.version DESC LIMIT 1) AS n ON true`,
    [raises.map(() => ids.uuid()), raises.map((raise) => raise.recordId), raises.map((raise) => raise.version)],
    'ledger-raise-versions',
  );
}
