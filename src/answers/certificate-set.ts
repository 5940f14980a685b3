import type { Tx } from '../platform/database/index.js';
import type { GatewayOutcome } from '../national/index.js';
import type { AttemptRow } from './answers.queries.js';

/** 2301: our totals and the nation's differ. The set is frozen anew once; a second time a person has to look (G-52). */
const MAX_REFREEZES = 1;
const TOTALS_DIFFER = '2301';

export async function refreezeOrRefuse(tx: Tx, attempt: AttemptRow, outcome: GatewayOutcome): Promise<GatewayOutcome> {
  if (attempt.kind !== 'certificate-request' || outcome.code !== TOTALS_DIFFER) return outcome;
  const thawed = await tx.query(
    `UPDATE certificate SET refreezes = refreezes + 1, status = 'THAWED' WHERE record_id = $1 AND refreezes < $2 RETURNING record_id`,
    [attempt.record_id, MAX_REFREEZES],
  );
  if (thawed.length === 0) return { class: 'REJECT', code: outcome.code, message: outcome.message, fields: [] };
  await tx.query(`DELETE FROM certificate_line WHERE certificate_record_id = $1`, [attempt.record_id]);
  return outcome;
}

export async function markCertificateTaken(tx: Tx, recordIds: readonly string[]): Promise<void> {
  if (recordIds.length === 0) return;
  await tx.query(
    `UPDATE certificate SET status = 'ACCEPTED' WHERE record_id = ANY ($1::uuid[]) AND status = 'FROZEN'`,
    [recordIds],
  );
}
