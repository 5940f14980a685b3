import { appendEvidence, commitmentOf, newSalt, type EvidenceEntry } from '../evidence/index.js';
import type { Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { Vault } from '../platform/vault/index.js';
import { insertVersions, rememberRevisions, type VersionWrite } from './ledger.queries.js';
import type { AcceptBatch, AcceptItem } from './ledger.types.js';
import { sealContent } from './sealing.js';
import type { Change, WorkingCopy } from './working-copy.js';

/** What a batch adds to history: one version and one leaf per accepted item, one row per superseded one (G-15). */

export interface HistoryContext {
  readonly vault: Vault;
  readonly ids: Ids;
  readonly batch: AcceptBatch;
}

export async function writeHistory(tx: Tx, context: HistoryContext, copies: Iterable<WorkingCopy>): Promise<void> {
  const versions: VersionWrite[] = [];
  const leaves: EvidenceEntry[] = [];
  const remembered: { id: string; revision: number }[] = [];
  for (const copy of copies) {
    for (const change of copy.changes) versions.push(versionRow(context, copy, change, leaves));
    for (const item of copy.superseded) versions.push(supersededRow(context, copy, item));
    if (
      copy.before &&
      !copy.last &&
      copy.rememberedRevision !== null &&
      copy.rememberedRevision > copy.before.revision
    ) {
      remembered.push({ id: copy.recordId, revision: copy.rememberedRevision });
    }
  }
  await insertVersions(tx, context.batch.batchId, versions);
  await rememberRevisions(tx, remembered);
  await appendEvidence(tx, leaves);
}

function versionRow(
  { vault, ids, batch }: HistoryContext,
  copy: WorkingCopy,
  change: Change,
  leaves: EvidenceEntry[],
): VersionWrite {
  const { item } = change;
  const salt = newSalt();
  const stored = sealContent(vault, copy.recordId, { kind: item.kind, data: item.data, reason: item.reason, salt });
  leaves.push({
    kind: item.op === 'void' ? 'record.voided' : 'record.accepted',
    uid: copy.recordId,
    ver: change.version,
    record: item.kind.name,
    source: batch.source.appKey,
    commit: commitmentOf(salt, item.canonical),
    actor: 'station',
  });
  return {
    id: ids.uuid(), record_id: copy.recordId, version: change.version, revision: change.revision, op: item.op,
    is_reopening: change.isReopening, payload: stored.payload, sealed: stored.sealed, content_hash: item.contentHash,
  }; // prettier-ignore
}

function supersededRow({ vault, ids }: HistoryContext, copy: WorkingCopy, item: AcceptItem): VersionWrite {
  const salt = newSalt();
  const stored = sealContent(vault, copy.recordId, { kind: item.kind, data: item.data, reason: item.reason, salt });
  return {
    id: ids.uuid(), record_id: copy.recordId, version: null, revision: item.revision ?? 0, op: item.op,
    is_reopening: false, payload: stored.payload, sealed: stored.sealed, content_hash: item.contentHash,
  }; // prettier-ignore
}
