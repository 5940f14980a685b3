/** I14: only legal moves, each with exactly one leaf. The table is written from station-contract §4, not from the code. */
import type { Evidence, Leaf } from './evidence.js';
import { broken, type Check, type Violation } from './violation.js';
import { textOf } from './text.js';

const ANY = ['queued', 'waiting', 'sending', 'unknown', 'pending', 'mirrored', 'attention', 'voided', 'unsupported'];
/**
 * From → to. `sending` is entered from a record that is due only; nothing is `mirrored` that was not sent, asked after
 * or under review; what is unknown is never simply sent.
 */
const LEGAL: Readonly<Record<string, readonly string[]>> = {
  queued: ['sending', 'waiting', 'attention', 'voided', 'unsupported'],
  waiting: ['queued', 'sending', 'attention', 'voided', 'unsupported'],
  sending: ['pending', 'mirrored', 'queued', 'waiting', 'unknown', 'attention', 'voided'],
  unknown: ['mirrored', 'pending', 'queued', 'attention', 'voided', 'waiting'],
  pending: ['mirrored', 'attention', 'queued', 'waiting', 'unknown', 'voided'],
  mirrored: ['queued', 'waiting', 'pending', 'attention', 'voided'],
  attention: ['queued', 'waiting', 'mirrored', 'voided', 'pending'],
  voided: ['queued', 'waiting', 'attention', 'unsupported'],
  unsupported: ['queued', 'waiting', 'voided'],
};

const ACCEPTANCE = new Set(['record.accepted', 'record.voided']);
const MOVE = 'state.changed';

function leavesByRecord(leaves: readonly Leaf[]): Map<string, Leaf[]> {
  const found = new Map<string, Leaf[]>();
  for (const leaf of leaves) {
    const uid = leaf.entry.uid;
    if (typeof uid !== 'string') continue;
    found.set(uid, [...(found.get(uid) ?? []), leaf]);
  }
  return found;
}

export const everyMoveHasOneLeaf: Check = (evidence) => {
  const leaves = leavesByRecord(evidence.leaves);
  const events = new Map<string, number>();
  for (const { recordId } of evidence.ledger.events) events.set(recordId, (events.get(recordId) ?? 0) + 1);
  const found: Violation[] = [];
  for (const record of evidence.ledger.records) {
    const own = leaves.get(record.id) ?? [];
    const told = events.get(record.id) ?? 0;
    if (own.length !== told)
      found.push(broken('I14', record.id, `${told} changes were told, ${own.length} leaves prove them`));
    found.push(...chain(record.id, record.state, own));
  }
  return [...found, ...acceptancesProved(evidence, leaves)];
};

/** Each move begins where the one before ended, unless an acceptance stands between. */
function chain(recordId: string, state: string, own: readonly Leaf[]): Violation[] {
  const found: Violation[] = [];
  let at: string | null = null;
  for (const { kind, entry } of own) {
    if (ACCEPTANCE.has(kind)) {
      at = null;
      continue;
    }
    if (kind !== MOVE) continue;
    const [from, to] = [textOf(entry.from), textOf(entry.to)];
    if (!ANY.includes(from) || !LEGAL[from]?.includes(to))
      found.push(broken('I14', recordId, `illegal move ${from} to ${to}`));
    if (at !== null && at !== from) found.push(broken('I14', recordId, `a move from ${from} follows one to ${at}`));
    at = to;
  }
  if (at !== null && at !== state)
    found.push(broken('I14', recordId, `the last leaf ends in ${at}, the record is ${state}`));
  return found;
}

/** Every version that a station had accepted has its leaf. */
function acceptancesProved({ ledger }: Evidence, leaves: ReadonlyMap<string, readonly Leaf[]>): Violation[] {
  return ledger.versions.flatMap(({ recordId, version, cause }) => {
    if (version === null || cause !== 'station') return [];
    const proofs = (leaves.get(recordId) ?? []).filter(
      ({ kind, entry }) => ACCEPTANCE.has(kind) && entry.ver === version,
    );
    return proofs.length === 1 ? [] : [broken('I14', recordId, `version ${version} has ${proofs.length} leaves`)];
  });
}
