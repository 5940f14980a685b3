import type { SealedColumn, Vault } from '../platform/vault/index.js';
import type { RecordData, RecordKind } from '../records/index.js';

/** What is kept encrypted of one version: personal fields, the reason, and the salt of its commitment. */
interface SealedPart {
  readonly f: Record<string, unknown>;
  readonly r: string | null;
  readonly s: string;
}

export interface StoredContent {
  readonly payload: Record<string, unknown>;
  /** base64 */
  readonly sealed: string;
}

export interface OpenedContent {
  readonly data: RecordData;
  readonly reason: string | null;
  readonly salt: string;
}

const PLACE_PREFIX = 'record_version|sealed|';
const place = (recordId: string): string => `${PLACE_PREFIX}${recordId}`;

/** For the rotation of keys. */
export const SEALED_VERSIONS: SealedColumn = {
  table: 'record_version', idColumn: 'id', column: 'sealed', placeColumn: 'record_id', placePrefix: PLACE_PREFIX,
}; // prettier-ignore

/** Splits data into its plain and its personal fields and seals the latter for this record. */
export function sealContent(
  vault: Vault,
  recordId: string,
  content: { kind: RecordKind; data: RecordData; reason: string | null; salt: Buffer },
): StoredContent {
  const payload: Record<string, unknown> = { ...content.data };
  const fields: Record<string, unknown> = {};
  for (const field of content.kind.personalFields) {
    if (payload[field] === undefined) continue;
    fields[field] = payload[field];
    delete payload[field];
  }
  const part: SealedPart = { f: fields, r: content.reason, s: content.salt.toString('base64') };
  return { payload, sealed: vault.seal(JSON.stringify(part), place(recordId)).toString('base64') };
}

/** Throws VaultError when the bytes were moved, changed, or their key is gone. */
export function openContent(
  vault: Vault,
  recordId: string,
  stored: { payload: Record<string, unknown>; sealed: Buffer },
): OpenedContent {
  const part = JSON.parse(vault.open(stored.sealed, place(recordId))) as SealedPart;
  return { data: { ...stored.payload, ...part.f }, reason: part.r, salt: part.s };
}
