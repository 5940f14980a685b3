// Batches and their receipts (§1.5, §1.16 D1–D5): taken in at once, worked on later, each item on its own.
import { beijingStamp } from './clock.js';
import { messageOf, SETTLED_CODES } from './codes.js';
import { ID_PATTERN } from './field-checks.js';
import { invalid, refuse, type Entity, type ItemResult, type Reply } from './model.js';
import type { Nation, Trace } from './nation.js';
import type { Call } from './call.js';
import { writeUnderFaults } from './item-faults.js';

export interface Batch {
  batchNo: string;
  clientBatchNo: string | null;
  entity: Entity;
  bodySha256: string;
  requestId: string;
  total: number;
  acceptedAtMs: number;
  /** null = never (F20). */
  dueAtMs: number | null;
  status: 'RECEIVED' | 'DONE' | 'PARTIAL' | 'FAILED';
  receipt: ReceiptItem[];
}

export type ReceiptItem = Record<string, unknown> & { bizNo: string | null; code: string };

export class Batches {
  private readonly byNo = new Map<string, Batch>();
  private readonly byClientNo = new Map<string, Batch>();
  /** Items of batches not worked on yet. */
  private readonly waiting = new Map<string, readonly unknown[]>();

  add(batch: Batch, items: readonly unknown[] | null): void {
    this.byNo.set(batch.batchNo, batch);
    if (batch.clientBatchNo !== null) this.byClientNo.set(batch.clientBatchNo, batch);
    if (items !== null) this.waiting.set(batch.batchNo, items);
  }

  get(batchNo: string): Batch | undefined {
    return this.byNo.get(batchNo);
  }

  byClient(clientBatchNo: string): Batch | undefined {
    return this.byClientNo.get(clientBatchNo);
  }

  itemsOf(batchNo: string): readonly unknown[] | undefined {
    return this.waiting.get(batchNo);
  }

  finish(batch: Batch, receipt: ReceiptItem[]): void {
    batch.receipt = receipt;
    batch.status = statusOf(receipt);
    this.waiting.delete(batch.batchNo);
  }

  unfinished(): Batch[] {
    return [...this.waiting.keys()].flatMap((batchNo) => this.byNo.get(batchNo) ?? []);
  }

  /** A batch torn by a kill before its receipt reached the journal: as if it had never been taken in. */
  dropTorn(): void {
    for (const batch of this.byNo.values()) {
      if (batch.status !== 'RECEIVED' || this.waiting.has(batch.batchNo)) continue;
      this.byNo.delete(batch.batchNo);
      if (batch.clientBatchNo !== null) this.byClientNo.delete(batch.clientBatchNo);
    }
  }

  clear(): void {
    this.byNo.clear();
    this.byClientNo.clear();
    this.waiting.clear();
  }
}

/** §1.16 D2. */
function statusOf(receipt: readonly ReceiptItem[]): Batch['status'] {
  const settled = receipt.filter(({ code }) => SETTLED_CODES.has(code)).length;
  if (settled === receipt.length) return 'DONE';
  return settled === 0 ? 'FAILED' : 'PARTIAL';
}

interface Envelope {
  clientBatchNo: string | null;
  items: readonly unknown[];
}

/** Only envelope faults refuse a batch; a bad item gets its own receipt line (§1.16 D5). */
export function checkEnvelope(
  nation: Nation,
  body: unknown,
  call: Pick<Call, 'body' | 'requestId'>,
): { envelope: Envelope } | { refusal: ItemResult } {
  const { batchBytes, batchItems } = nation.settings.limits;
  const tooMuch = (limit: 'batchItems' | 'batchBytes', allowed: number, seen: number): void =>
    nation.watch.breach({
      limit,
      allowed,
      seen,
      atMs: nation.clock.now(),
      op: 'batch',
      requestId: call.requestId,
    });
  if (call.body.length > batchBytes) {
    tooMuch('batchBytes', batchBytes, call.body.length);
    return { refusal: refuse('1306', { batchBytes }) };
  }
  if (body === undefined) return { refusal: invalid('', 'json', '不是有效的 UTF-8 JSON') };
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { refusal: invalid('', 'object') };
  const { clientBatchNo = null, items, ...unknown } = body as Record<string, unknown>;
  const [extra] = Object.keys(unknown);
  if (extra !== undefined) return { refusal: invalid(extra, 'unknown', '未知字段') };
  if (clientBatchNo !== null && (typeof clientBatchNo !== 'string' || !ID_PATTERN.test(clientBatchNo))) {
    return { refusal: invalid('clientBatchNo', 'pattern') };
  }
  if (!Array.isArray(items) || items.length === 0) return { refusal: invalid('items', 'required', '缺少条目') };
  if (items.length > batchItems) {
    tooMuch('batchItems', batchItems, items.length);
    return { refusal: refuse('1306', { batchItems }) };
  }
  return { envelope: { clientBatchNo, items } };
}

export interface Intake {
  entity: Entity;
  envelope: Envelope;
  trace: Trace;
  neverProcess: boolean;
}

export function acceptBatch(nation: Nation, intake: Intake): Reply {
  const { entity, envelope, trace } = intake;
  const known = envelope.clientBatchNo === null ? undefined : nation.batches.byClient(envelope.clientBatchNo);
  if (known !== undefined) {
    const same = known.entity === entity && known.bodySha256 === trace.bodySha256;
    return same ? accepted(nation, known) : { code: '2002', detail: { batchNo: known.batchNo } };
  }
  const nowMs = nation.clock.now();
  const { minMs, maxMs } = nation.settings.receiptMs;
  const delayMs = Math.round(nation.chance.between(minMs, maxMs));
  const serial = String(nation.counters.next('batch') % 1_000_000).padStart(6, '0');
  const batch: Batch = {
    batchNo: `B${beijingStamp(nowMs)}${serial}`,
    clientBatchNo: envelope.clientBatchNo,
    entity,
    ...trace,
    total: envelope.items.length,
    acceptedAtMs: nowMs,
    dueAtMs: intake.neverProcess ? null : nowMs + delayMs,
    status: 'RECEIVED',
    receipt: [],
  };
  // Items go to the journal only when they outlive this call; a batch done at once is journalled as rows and receipt.
  const atOnce = delayMs === 0 && !intake.neverProcess;
  nation.journal.append({ k: 'batch', batch, items: atOnce ? null : envelope.items });
  nation.batches.add(batch, envelope.items);
  if (atOnce) processBatch(nation, batch);
  else scheduleBatch(nation, batch);
  return accepted(nation, batch);
}

const accepted = (nation: Nation, batch: Batch): Reply => ({
  code: '0100',
  data: { batchNo: batch.batchNo, received: batch.total, pollAfterMs: nation.settings.pollAfterMs },
});

export function scheduleBatch(nation: Nation, batch: Batch): void {
  if (batch.dueAtMs === null) return;
  nation.agenda.at(batch.dueAtMs, () => processBatch(nation, batch));
}

export function processBatch(nation: Nation, batch: Batch): void {
  const items = nation.batches.itemsOf(batch.batchNo);
  if (items === undefined) return;
  const trace = { requestId: batch.requestId, bodySha256: batch.bodySha256 };
  const receipt = items.map((raw) => receiptItem(raw, writeUnderFaults(nation, batch.entity, raw, trace)));
  nation.batches.finish(batch, receipt);
  nation.journal.append({ k: 'receipt', batchNo: batch.batchNo, receipt });
  nation.callbacks.tell({
    type: 'BATCH_DONE',
    batchNo: batch.batchNo,
    clientBatchNo: batch.clientBatchNo,
    status: batch.status,
  });
}

/** §1.16 D3: number, version, code, and on success every field of the single write's data. */
function receiptItem(raw: unknown, result: ItemResult): ReceiptItem {
  const given = typeof raw === 'object' && raw !== null ? (raw as { bizNo?: unknown; version?: unknown }) : {};
  const bizNo = typeof given.bizNo === 'string' && ID_PATTERN.test(given.bizNo) ? given.bizNo : null;
  const version = typeof given.version === 'number' ? given.version : null;
  return {
    bizNo,
    version,
    code: result.code,
    message: result.message ?? (SETTLED_CODES.has(result.code) ? undefined : messageOf(result.code)),
    detail: result.detail,
    ...result.data,
  };
}

const DEFAULT_SIZE = 100;
const MAX_SIZE = 500;

export function receiptReply(
  nation: Nation,
  batch: Batch | undefined,
  { query, oldHost }: Pick<Call, 'query' | 'oldHost'>,
): Reply {
  const page = positive(query.get('page'), 1);
  const size = positive(query.get('size'), DEFAULT_SIZE);
  if (page === null) return invalid('page', 'integer');
  if (size === null || size > MAX_SIZE) return invalid('size', 'range');
  const { migration } = nation;
  // The new platform knows no batch of the old one (F63).
  const leftBehind = migration !== null && !oldHost && (batch?.acceptedAtMs ?? Infinity) <= migration.atMs;
  if (batch === undefined || leftBehind) return { code: '3001' };
  if (batch.acceptedAtMs + nation.settings.receiptsKeptMs < nation.clock.now()) return { code: '3003' };
  const { batchNo, clientBatchNo, total, receipt } = batch;
  const status = batch.status === 'RECEIVED' && nation.clock.now() > batch.acceptedAtMs ? 'PROCESSING' : batch.status;
  const items = receipt.slice((page - 1) * size, page * size);
  return { code: '0000', data: { batchNo, clientBatchNo, status, done: receipt.length, total, page, size, items } };
}

export function positive(text: string | null, otherwise: number): number | null {
  if (text === null || text === '') return otherwise;
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}
