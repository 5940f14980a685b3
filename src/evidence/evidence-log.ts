import { createHash, randomFillSync } from 'node:crypto';
import type { Tx } from '../platform/database/index.js';

/** Kinds of leaves in use; the full list is reliability §9.2. */
export type EvidenceKind = 'record.accepted' | 'record.voided' | 'state.changed' | 'admin.action' | 'alias.added';

/**
 * One leaf before it is written. Values are strings, integers or booleans, never personal data;
 * `v` and `at` are added here.
 */
export interface EvidenceEntry {
  readonly kind: EvidenceKind;
  readonly [field: string]: string | number | boolean;
}

const ENTRY_VERSION = 1;
const SALT_BYTES = 32;
/** Domain separation of commitments from tree nodes (0x00 leaf, 0x01 node; reliability §9.2). */
const COMMITMENT_PREFIX = Buffer.from([0x02]);

export function newSalt(): Buffer {
  return randomFillSync(Buffer.allocUnsafe(SALT_BYTES));
}

/** `base64(SHA-256(0x02 ‖ salt ‖ canonical payload))`: hides low-entropy content and allows erasure (reliability §9.2). */
export function commitmentOf(salt: Buffer, canonicalPayload: string): string {
  return createHash('sha256').update(COMMITMENT_PREFIX).update(salt).update(canonicalPayload, 'utf8').digest('base64');
}

/** RFC 8785 for a flat object of strings, integers and booleans: sorted keys and JSON.stringify are exactly that. */
function canonicalEntry(entry: EvidenceEntry, at: string): string {
  const all: Record<string, string | number | boolean> = { ...entry, at, v: ENTRY_VERSION };
  const fields = Object.keys(all)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(all[key])}`);
  return `{${fields.join(',')}}`;
}

/**
 * Writes leaves in the given transaction.
 *
 * Shape    entries without `v` and `at` → nothing; `at` is the transaction's database time
 * Promise  all or none, together with the change that they prove (I14)
 * Source   reliability §9.2
 */
export async function appendEvidence(tx: Tx, entries: readonly EvidenceEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const clock = await tx.query<{ at: string }>(
    `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at`,
    [],
    'evidence-now',
  );
  const at = clock[0]?.at ?? '';
  await tx.query(
    `INSERT INTO evidence_leaf (kind, entry) SELECT * FROM unnest($1::text[], $2::text[])`,
    [entries.map((entry) => entry.kind), entries.map((entry) => canonicalEntry(entry, at))],
    'evidence-append',
  );
}
