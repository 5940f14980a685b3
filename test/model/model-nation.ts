import { createHash } from 'node:crypto';
import type {
  GatewayOutcome,
  MissingParent,
  NationalRow,
  OutgoingItem,
  ReceiptAnswer,
  ReviewStatus,
} from '../../src/national/index.js';

/**
 * The nation as an executable model of national-contract §1.5, §1.8 and §1.16: rows with versions under our numbers,
 * idempotency that never forgets, writes that are committed late, reads that lag, batches with receipts, reviews.
 * In memory, by the virtual clock, sharing nothing with the adapter but the words of the gateway's port.
 */
export const MAX_COMMIT_LATENCY_MS = 120_000;
export const READ_AFTER_WRITE_MS = 60_000;
export const REVIEWED_KINDS: readonly string[] = ['team', 'project', 'volunteer'];
const RECEIPT_KEPT_MS = 3_600_000;

export interface StoredRow {
  readonly bizNo: string;
  readonly nationalId: string;
  readonly kind: string;
  readonly version: number;
  readonly status: 'ACTIVE' | 'VOIDED';
  readonly hash: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly review: ReviewStatus;
}

interface Batch {
  readonly items: readonly OutgoingItem[];
  readonly dueAt: number;
  results: Map<string, GatewayOutcome> | null;
}

/** One write of one number as it reached the nation. */
export interface JournalWrite {
  readonly bizNo: string;
  readonly version: number;
  readonly op: string;
  readonly at: number;
  /** The nation itself said that no row stands under the number of this withdrawal (B1). */
  isToldMissing: boolean;
  /** An answer of its own reached the adapter: done, refused, or not looked at. */
  isAnswered: boolean;
  /** The adapter knows what became of it, from that answer, a receipt or a look-up. */
  isDecided: boolean;
}

export const hashOf = (item: OutgoingItem): string =>
  createHash('sha256')
    .update(JSON.stringify([item.data, Object.entries(item.refs).sort(([a], [b]) => (a < b ? -1 : 1))]))
    .digest('hex');

export class ModelNation {
  readonly rows = new Map<string, StoredRow>();
  readonly writes: JournalWrite[] = [];
  /** What the nation would call a wrong of ours; the run fails for the first. */
  readonly wrongs: string[] = [];
  reviewsAtOnce = true;
  batchesAtOnce = false;
  batchDelayMs = 1_000;
  readLagMs = 0;
  closedUntil = 0;
  private readonly history = new Map<string, { at: number; row: StoredRow }[]>();
  private readonly pending: { at: number; apply: () => void }[] = [];
  private readonly batches = new Map<string, Batch>();
  private readonly batchNos = new Map<string, string>();
  private minted = 0;

  constructor(private readonly nowMs: () => number) {}

  /** Applies what is due by now. */
  settle(): void {
    const now = this.nowMs();
    for (const one of this.pending.splice(0).sort((a, b) => a.at - b.at)) {
      if (one.at <= now) one.apply();
      else this.pending.push(one);
    }
    for (const batch of this.batches.values()) {
      if (batch.results === null && batch.dueAt <= now) {
        batch.results = new Map(batch.items.map((item) => [item.bizNo, this.apply(item)]));
      }
    }
  }

  /** The request arrived: from here on its number may not be written again blindly. */
  receive(items: readonly OutgoingItem[]): void {
    this.settle();
    for (const item of items) {
      const before = this.writes.findLast((write) => write.bizNo === item.bizNo);
      if (before && !before.isDecided) {
        this.wrongs.push(
          `blind resend of ${item.kind} v${item.version} (${item.op}) after v${before.version} (${before.op})`,
        );
      }
      this.writes.push({
        bizNo: item.bizNo, version: item.version, op: item.op, at: this.nowMs(), isToldMissing: false, isAnswered: false, isDecided: false,
      }); // prettier-ignore
    }
  }

  later(ms: number, apply: () => void): void {
    this.pending.push({ at: this.nowMs() + Math.min(ms, MAX_COMMIT_LATENCY_MS - 1), apply });
  }

  takeBatch(items: readonly OutgoingItem[], clientBatchNo: string, delayMs: number): string {
    const known = this.batchNos.get(clientBatchNo);
    if (known) return known;
    const batchNo = `B-${this.batchNos.size + 1}`;
    this.batchNos.set(clientBatchNo, batchNo);
    this.batches.set(batchNo, { items, dueAt: this.nowMs() + delayMs, results: null });
    this.settle();
    return batchNo;
  }

  receipt(number: { batchNo?: string; clientBatchNo?: string }): ReceiptAnswer {
    this.settle();
    const batchNo = number.batchNo ?? this.batchNos.get(number.clientBatchNo ?? '');
    const batch = batchNo === undefined ? undefined : this.batches.get(batchNo);
    if (!batch) return { status: 'gone', outcome: { class: 'AMBIG', code: '3001', message: '批次不存在' } };
    if (batch.results === null) return { status: 'processing', pollAfterMs: 1_000 };
    if (batch.dueAt + RECEIPT_KEPT_MS < this.nowMs()) {
      return { status: 'gone', outcome: { class: 'AMBIG', code: '3003', message: '回执已过期' } };
    }
    return { status: 'done', items: batch.results };
  }

  /** Rows as they stood a while ago: reads lag behind writes. */
  lookup(bizNos: readonly string[]): { asOfMs: number; rows: Map<string, NationalRow[]> } {
    this.settle();
    const asOfMs = this.nowMs() - this.readLagMs;
    const rows = new Map(bizNos.map((bizNo) => [bizNo, this.seen(bizNo, asOfMs)]));
    return { asOfMs, rows };
  }

  private seen(bizNo: string, asOfMs: number): NationalRow[] {
    const row = this.history.get(bizNo)?.findLast(({ at }) => at <= asOfMs)?.row;
    if (!row) return [];
    return [{
      nationalId: row.nationalId, bizNo, version: row.version, contentHash: row.hash, status: row.status,
      review: row.review, mergedTo: null,
    }]; // prettier-ignore
  }

  decideReviews(): void {
    this.settle();
    for (const row of this.rows.values()) if (row.review === 'REVIEWING') this.store({ ...row, review: 'PASSED' });
  }

  /** One item by the table of §1.5, in the order of B7: what is stored first, then what it refers to. */
  apply(item: OutgoingItem): GatewayOutcome {
    const row = this.rows.get(item.bizNo);
    const stored = row ? this.againstStored(item, row) : null;
    if (stored) return stored;
    if (item.op === 'VOID') return row ? this.void(item, row) : this.nothingToVoid(item);
    return this.missingParents(item) ?? this.write(item, row);
  }

  private againstStored(item: OutgoingItem, row: StoredRow): GatewayOutcome | null {
    if (item.op === 'VOID' && row.status === 'VOIDED') return this.done('DUPLICATE', '2001', row);
    if (row.version > item.version) return this.done('SUPERSEDED', '2003', row);
    if (row.version === item.version) {
      if (item.op !== 'VOID' && row.status === 'ACTIVE' && row.hash === hashOf(item))
        return this.done('DUPLICATE', '2001', row);
      this.wrongs.push(`two contents under one version of ${item.kind} v${item.version}`);
      return { class: 'CONFLICT', code: '2002', message: '同一版本内容不同', nationalId: row.nationalId };
    }
    if (item.op !== 'VOID' && row.status === 'VOIDED' && item.reopen !== true) {
      return { class: 'CONFLICT', code: '2013', message: '国家侧已撤销', nationalId: row.nationalId };
    }
    return null;
  }

  private nothingToVoid(item: OutgoingItem): GatewayOutcome {
    const write = this.writes.findLast(({ bizNo }) => bizNo === item.bizNo);
    if (write) write.isToldMissing = true;
    return {
      class: 'WAITDEP', code: '2101', message: '编号不存在', isSlow: false,
      missing: [{ entity: item.kind, bizNo: item.bizNo }],
    }; // prettier-ignore
  }

  private missingParents(item: OutgoingItem): GatewayOutcome | null {
    const numbers = Object.entries(item.refs).flatMap(([role, ref]) =>
      role.endsWith('BizNo') && typeof ref === 'string' ? [ref] : [],
    );
    const missing: MissingParent[] = [];
    const reviewing: MissingParent[] = [];
    for (const bizNo of numbers) {
      const parent = this.rows.get(bizNo);
      if (!parent) missing.push({ entity: 'parent', bizNo });
      else if (parent.review !== 'PASSED') reviewing.push({ entity: parent.kind, bizNo });
    }
    if (missing.length > 0) {
      this.wrongs.push(`${item.kind} v${item.version} came before its parents`);
      return { class: 'WAITDEP', code: '2101', message: '前置不存在', missing, isSlow: false };
    }
    if (reviewing.length > 0)
      return { class: 'WAITDEP', code: '2102', message: '前置待审核', missing: reviewing, isSlow: true };
    return null;
  }

  private write(item: OutgoingItem, row: StoredRow | undefined): GatewayOutcome {
    const isReviewed = REVIEWED_KINDS.includes(item.kind);
    const fresh = isReviewed && !this.reviewsAtOnce ? 'REVIEWING' : 'PASSED';
    const next: StoredRow = {
      bizNo: item.bizNo, nationalId: row?.nationalId ?? `N-${(this.minted += 1)}`, kind: item.kind, version: item.version,
      status: 'ACTIVE', hash: hashOf(item), data: item.data, review: row?.review ?? fresh,
    }; // prettier-ignore
    this.store(next);
    return this.done(row ? 'UPDATED' : 'CREATED', '0000', next);
  }

  private void(item: OutgoingItem, row: StoredRow): GatewayOutcome {
    const next: StoredRow = { ...row, version: item.version, status: 'VOIDED' };
    this.store(next);
    return this.done('VOIDED', '0000', next);
  }

  private done(
    result: 'CREATED' | 'UPDATED' | 'VOIDED' | 'DUPLICATE' | 'SUPERSEDED',
    code: string,
    row: StoredRow,
  ): GatewayOutcome {
    return {
      class: 'DONE', code, message: '成功', result, nationalId: row.nationalId, storedVersion: row.version,
      review: row.review,
    }; // prettier-ignore
  }

  private store(row: StoredRow): void {
    this.rows.set(row.bizNo, row);
    this.history.set(row.bizNo, [...(this.history.get(row.bizNo) ?? []), { at: this.nowMs(), row }]);
  }
}
