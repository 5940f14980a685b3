import { isDeepStrictEqual } from 'node:util';
import type { Tx } from '../platform/database/index.js';
import type { Vault } from '../platform/vault/index.js';
import type { RecordData } from '../records/index.js';
import type { AcceptItem } from './ledger.types.js';
import { openContent } from './sealing.js';
import type { WorkingCopy } from './working-copy.js';

const MAX_NAMED_FIELDS = 20;

/** Names of the top-level fields in which the refused item differs from the accepted one; never their values. */
export async function differingFields(tx: Tx, vault: Vault, copy: WorkingCopy, item: AcceptItem): Promise<string[]> {
  const accepted = copy.last?.item ?? (await newestContent(tx, vault, copy));
  if (!accepted || accepted.op !== item.op) return ['op'];
  const names = new Set([...Object.keys(accepted.data), ...Object.keys(item.data)]);
  return [...names].filter((name) => !isSame(accepted.data[name], item.data[name])).slice(0, MAX_NAMED_FIELDS);
}

const isSame = (a: unknown, b: unknown): boolean =>
  typeof a === 'string' && typeof b === 'string' ? a.normalize('NFC') === b.normalize('NFC') : isDeepStrictEqual(a, b);

async function newestContent(
  tx: Tx,
  vault: Vault,
  copy: WorkingCopy,
): Promise<{ op: 'upsert' | 'void'; data: RecordData } | null> {
  const rows = await tx.query<{ op: 'upsert' | 'void'; payload: Record<string, unknown>; sealed: Buffer }>(
    `SELECT op, payload, sealed FROM record_version WHERE record_id = $1 AND version IS NOT NULL
     ORDER BY version DESC LIMIT 1`,
    [copy.recordId],
  );
  const row = rows[0];
  return row ? { op: row.op, data: openContent(vault, copy.recordId, row).data } : null;
}
