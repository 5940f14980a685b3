import type { NationalAlias, SettleRow } from '../ledger/index.js';
import type { GatewayOutcome, NationalRow } from '../national/index.js';

/**
 * Which national ids have a successor by what the nation has just said of one number; pure. Records of one person
 * share the number, so they share the row.
 */

/** Of an answer to a write, or of a look-up judged as one: merged by 2012 or an adoption, else given another id (F60). */
export function aliasesOfOutcome(kind: string, group: readonly SettleRow[], outcome: GatewayOutcome): NationalAlias[] {
  if (outcome.class === 'REMAP' && outcome.mergedTo !== null) return aliases(kind, group, outcome.mergedTo, 'merged');
  if (outcome.class !== 'DONE' || outcome.nationalId === null) return [];
  return aliases(kind, group, outcome.nationalId, outcome.result === 'LINKED' ? 'merged' : 'reassigned');
}

/** Of a row that a look-up shows. */
export function aliasesOfRow(kind: string, group: readonly SettleRow[], row: NationalRow): NationalAlias[] {
  if (row.mergedTo !== null) return aliases(kind, group, row.mergedTo, 'merged');
  return aliases(kind, group, row.nationalId, 'reassigned');
}

function aliases(
  kind: string,
  group: readonly SettleRow[],
  to: string,
  cause: NationalAlias['cause'],
): NationalAlias[] {
  const known = new Set(group.flatMap(({ national_id: id }) => (id === null || id === to ? [] : [id])));
  return [...known].map((from) => ({ kind, from, to, cause }));
}
