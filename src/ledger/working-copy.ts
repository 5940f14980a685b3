import type { ItemProblem, RecordState } from '../records/index.js';
import type { AcceptItem, RecordRow } from './ledger.types.js';
import { orderRevision, type RevisionVerdict } from './revision-order.js';

/** One accepted item of a batch; its version is given once its person is known. */
export interface Change {
  readonly item: AcceptItem;
  readonly revision: number;
  readonly isReopening: boolean;
  version: number;
}

/** A record during one batch: what stood before, and what the batch's items made of it so far. */
export class WorkingCopy {
  readonly changes: Change[] = [];
  readonly superseded: AcceptItem[] = [];
  rememberedRevision: number | null = null;
  personCode: 'PERSON_CONFLICT' | null = null;
  /** State of a sibling of the same person whose row is in flight (G-49). */
  groupStateInFlight: RecordState | null = null;
  /** Newest version of the person, which every bound record shows (G-13); null = the record counts for itself. */
  sharedVersion: number | null = null;
  /** Other records of the same person live on. */
  hasLivingGroup = false;
  /** Withdrawn, while other records of the same person live on. */
  isGroupVoid = false;
  /** Warnings that the ledger adds to those of the door. */
  readonly warnings: ItemProblem[] = [];

  constructor(
    readonly key: string,
    /** null = nobody has pushed it before. */
    readonly before: RecordRow | null,
    readonly recordId: string,
    public bizNo: string,
  ) {}

  get last(): Change | undefined {
    return this.changes.at(-1);
  }

  /** Newest version known, also while later items of the batch are decided. */
  get version(): number {
    return this.last?.version ?? this.before?.version ?? 0;
  }

  take(item: AcceptItem): RevisionVerdict {
    const verdict = orderRevision(this.newest(), item);
    if (verdict.outcome === 'accepted') {
      this.changes.push({ item, revision: verdict.revision, isReopening: verdict.isReopening, version: 0 });
      this.rememberedRevision = null;
    } else if (verdict.outcome === 'duplicate') {
      this.rememberedRevision = verdict.revision;
    } else if (verdict.outcome === 'superseded') {
      this.superseded.push(item);
    }
    return verdict;
  }

  private newest(): { revision: number; contentHash: string; isVoid: boolean } | null {
    const last = this.last;
    if (last) {
      const { contentHash, op } = last.item;
      return { revision: this.rememberedRevision ?? last.revision, contentHash, isVoid: op === 'void' };
    }
    if (!this.before) return null;
    const { content_hash: contentHash, is_void: isVoid } = this.before;
    return { revision: this.rememberedRevision ?? this.before.revision, contentHash, isVoid };
  }
}
