import type { ItemProblem } from '../records/index.js';

/** What the ledger knows of a record when an item of it arrives. */
export interface Newest {
  readonly revision: number;
  readonly contentHash: string;
  readonly isVoid: boolean;
}

export interface Incoming {
  readonly revision: number | null;
  readonly contentHash: string;
  readonly op: 'upsert' | 'void';
  readonly reason: string | null;
}

export type RevisionVerdict =
  | { readonly outcome: 'accepted'; readonly revision: number; readonly isReopening: boolean }
  /** `revision` = the number to remember, newer or equal (G-11). */
  | { readonly outcome: 'duplicate'; readonly revision: number }
  | { readonly outcome: 'superseded' }
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'rejected'; readonly errors: readonly ItemProblem[] };

const REASON_MISSING: ItemProblem = { code: 'FIELD_REQUIRED', pointer: '/reason' };

/**
 * Orders one item against the newest accepted one of its record.
 *
 * Numbered items obey their number whatever their arrival; unnumbered ones take effect as they arrive (G-10).
 * Equal content is a duplicate even under a higher number (G-11); the hash of a void differs from that of any
 * upsert, so that one comparison serves both (G-12, G-17). An upsert after a void reopens and needs a reason (G-18).
 *
 * Source   station-contract §2, G-09…G-18
 */
export function orderRevision(newest: Newest | null, item: Incoming): RevisionVerdict {
  if (!newest) return { outcome: 'accepted', revision: item.revision ?? 0, isReopening: false };
  const isSame = newest.contentHash === item.contentHash;
  if (item.revision !== null && item.revision < newest.revision) return { outcome: 'superseded' };
  if (isSame) return { outcome: 'duplicate', revision: item.revision ?? newest.revision };
  if (item.revision === newest.revision) return { outcome: 'conflict' };
  const isReopening = newest.isVoid && item.op === 'upsert';
  if (isReopening && !item.reason) return { outcome: 'rejected', errors: [REASON_MISSING] };
  return { outcome: 'accepted', revision: item.revision ?? newest.revision + 1, isReopening };
}
