import { createHash } from 'node:crypto';
import type { Clock } from '../platform/clock/index.js';
import type { Database } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { Vault } from '../platform/vault/index.js';
import type { AcceptBatch, AcceptItem, AcceptResult, Ledger } from '../ledger/index.js';
import {
  beijingDate,
  contentForm,
  examineItem,
  unreadableItem,
  type DoorContext,
  type ExaminedItem,
} from '../records/index.js';
import type {
  Intake, ItemAnswer, PushAnswer, PushOptions, PushOutcome, RawItem, SignedReceipt, SourceIdentity,
} from './intake.types.js'; // prettier-ignore
import { isUnreadable } from './raw-items.js';

/** What the door asks of the active profile. */
export interface DoorProfile {
  readonly guardianRequiredUnder: number;
}

export interface IntakeParts {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly profile: DoorProfile;
}

/** Rolls a validating run back: nothing of it is written (G-22). */
class NothingWritten extends Error {
  constructor(readonly results: readonly AcceptResult[]) {
    super('validated');
  }
}

/**
 * The push use case: examine each item, accept the good ones in one transaction, sign a receipt.
 *
 * Promise  when `push` resolves in mode `commit`, what it calls accepted is durable (station-contract §2)
 * Throws   DatabaseUnavailableError, CommitUnknownError (repeat the batch: its items are then duplicates)
 */
export class IntakeService implements Intake {
  constructor(private readonly parts: IntakeParts) {}

  async push(source: SourceIdentity, items: readonly RawItem[], options: PushOptions): Promise<PushAnswer> {
    const examined = this.examine(source, items);
    const batchId = this.parts.ids.uuid();
    const batch: AcceptBatch = { batchId, source, items: acceptItems(examined) };
    const results = options.mode === 'validate' ? await this.validate(batch) : await this.commit(batch);
    const answers = answerItems(examined, results, options.mode);
    const counts: Record<PushOutcome, number> = { accepted: 0, duplicate: 0, superseded: 0, rejected: 0 };
    for (const answer of answers) counts[answer.outcome] += 1;
    if (options.mode === 'validate') return { batchId: null, counts, items: answers, receipt: null };
    return { batchId, counts, items: answers, receipt: this.receipt(batchId, examined, answers) };
  }

  private examine(source: SourceIdentity, items: readonly RawItem[]): ExaminedItem[] {
    const now = new Date(this.parts.clock.nowMs());
    const context: DoorContext = {
      now,
      today: beijingDate(now.getTime()),
      homeArea: source.areaCode,
      guardianRequiredUnder: this.parts.profile.guardianRequiredUnder,
    };
    return items.map((item) => (isUnreadable(item) ? unreadableItem() : examineItem(item.value, item.faults, context)));
  }

  private async commit(batch: AcceptBatch): Promise<readonly AcceptResult[]> {
    if (batch.items.length === 0) return [];
    return this.parts.database.transaction((tx) => this.parts.ledger.accept(tx, batch));
  }

  private async validate(batch: AcceptBatch): Promise<readonly AcceptResult[]> {
    if (batch.items.length === 0) return [];
    try {
      return await this.parts.database.transaction(async (tx) => {
        throw new NothingWritten(await this.parts.ledger.preview(tx, batch));
      });
    } catch (error) {
      if (error instanceof NothingWritten) return error.results;
      throw error;
    }
  }

  /** G-24: digest over one line per item, signed together with the batch and the moment. */
  private receipt(batchId: string, examined: readonly ExaminedItem[], answers: readonly ItemAnswer[]): SignedReceipt {
    const lines = answers.map((answer, at) => receiptLine(answer, examined[at] as ExaminedItem));
    const digest = createHash('sha256').update(lines.join(''), 'utf8').digest('hex');
    const at = new Date(this.parts.clock.nowMs()).toISOString();
    return { batchId, digest, at, ...this.parts.vault.signReceipt(`${batchId}|${digest}|${at}`) };
  }
}

function acceptItems(examined: readonly ExaminedItem[]): AcceptItem[] {
  return examined.flatMap((item, index) =>
    item.ok
      ? [
          {
            ...item,
            index,
            canonical: contentForm(item.op === 'void' ? { op: 'void' } : { op: 'upsert', data: item.data }),
          },
        ]
      : [],
  );
}

function receiptLine(answer: ItemAnswer, item: ExaminedItem): string {
  const isTaken = answer.outcome !== 'rejected';
  const hash = isTaken && item.ok ? item.contentHash : '';
  const version = isTaken ? (answer.version ?? '') : '';
  return `${answer.index}|${answer.kind ?? ''}|${answer.sourceId ?? ''}|${answer.outcome}|${version}|${hash}\n`;
}

function answerItems(
  examined: readonly ExaminedItem[],
  results: readonly AcceptResult[],
  mode: PushOptions['mode'],
): ItemAnswer[] {
  const byIndex = new Map(results.map((result) => [result.index, result]));
  return examined.map((item, index): ItemAnswer => {
    if (!item.ok) return { index, kind: item.kind, sourceId: item.sourceId, outcome: 'rejected', errors: item.errors };
    const named = { index, kind: item.kind.name, sourceId: item.sourceId };
    const result = byIndex.get(index);
    if (!result) throw new Error(`the ledger gave no result for item ${index}`);
    if (result.outcome === 'rejected') return { ...named, outcome: 'rejected', errors: result.errors };
    const warnings = result.warnings.length > 0 ? { warnings: result.warnings } : {};
    if (mode === 'validate' || result.recordId === null || result.version === null) {
      return { ...named, outcome: result.outcome, ...warnings };
    }
    return { ...named, outcome: result.outcome, recordId: result.recordId, version: result.version, ...warnings };
  });
}
