import type { Via } from '../access/index.js';
import { appendEvidence } from '../evidence/index.js';
import { reopenRefused, withdrawReopened } from '../ledger/index.js';
import type { Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import { failureOf } from './causes.js';
import {
  markReleased, nextPlanned, readSent, setReplayState, settleItems, unsend, type ReplayRow, type ReplayStep, type SentRow, type Settled,
} from './replay.queries.js'; // prettier-ignore

/** What people and the runner do to a replay, each under the replay's row lock. */

/** Refusals that come from a review: being taken for review again proves nothing. */
const REVIEW_CODES = new Set(['AUDIT_FAILED', 'CERT_REJECTED', 'CERT_CANCELLED', 'CERT_REVOKED', '2303']);

/** What became of a record that was sent; null = not known yet. Pure. */
export function fateOf(
  row: SentRow,
  replay: Pick<ReplayRow, 'fingerprint' | 'problem_code'>,
): Omit<Settled, 'ord'> | null {
  const code = row.outcome_code;
  const end = (state: Settled['state'], isNewCause = false): Omit<Settled, 'ord'> => ({ state, code, isNewCause });
  // Somebody pushed anew: what it says now is no longer the replay's doing.
  if (row.version !== row.sent_version) return end('overtaken');
  switch (row.state) {
    case 'mirrored':
    case 'voided':
    case 'unsupported':
      return end('done');
    case 'pending':
      return REVIEW_CODES.has(replay.problem_code) ? null : end('done');
    case 'attention':
      return row.is_answered ? end('failed', failureOf(row).id !== replay.fingerprint) : end('overtaken');
    case 'waiting':
      return row.is_answered ? end('waits') : null;
    default:
      return null;
  }
}

/** Writes down what became of the records under way; answers those that still are. */
export async function settleSent(tx: Tx, replay: ReplayRow): Promise<SentRow[]> {
  const rows = await readSent(tx, replay.id);
  const fates = rows.map((row) => ({ row, fate: fateOf(row, replay) }));
  await settleItems(
    tx,
    replay.id,
    fates.flatMap(({ row, fate }) => (fate ? [{ ord: row.ord, ...fate }] : [])),
  );
  return fates.flatMap(({ row, fate }) => (fate ? [] : [row]));
}

/** Opens the promises of the next records; one that is no longer as it was chosen is left alone. */
export async function releaseNext(tx: Tx, ids: Ids, replay: ReplayRow, count: number): Promise<void> {
  const planned = await nextPlanned(tx, replay.id, count);
  const sent = await reopenRefused(
    tx,
    ids,
    planned.map(({ record_id: recordId, version }) => ({ recordId, version })),
  );
  await markReleased(
    tx,
    replay,
    planned.map(({ ord, record_id: recordId }) => ({ ord, version: sent.get(recordId) ?? null })),
  );
}

/** Takes back what has not left yet. What is in flight is accounted when its answer comes. */
export async function takeBack(tx: Tx, ids: Ids, replay: ReplayRow): Promise<void> {
  const underWay = await settleSent(tx, replay);
  const back = await withdrawReopened(
    tx,
    ids,
    underWay.map((row) => ({ recordId: row.id, version: row.sent_version, outcomeCode: replay.problem_code })),
  );
  await unsend(tx, replay.id, [...back]);
}

export interface Doer {
  readonly actorId: string;
  readonly via: Via | 'system';
}

/** One step of a replay's life, with its leaf. */
export async function stepReplay(tx: Tx, replay: ReplayRow, step: ReplayStep, doer: Doer): Promise<void> {
  await setReplayState(tx, replay.id, step);
  await appendEvidence(tx, [{
    kind: 'admin.action', actor: doer.actorId, via: doer.via, action: `replay.${step.state}`, replay: replay.id,
    problem: replay.problem_id, records: replay.item_count, ...(step.stopCause ? { cause: step.stopCause } : {}),
  }]); // prettier-ignore
}
