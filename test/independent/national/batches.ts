/** Batches and receipts (§1.4 rows 6 and 7, §1.5, D1–D5). */
import { isObject, sha256Hex, type Json, type JsonObject } from '../canonical.js';
import { beijingMs } from '../beijing.js';
import { fault } from './fields.js';
import type { Ledger } from './ledger.js';
import { fail, fieldFail, ok, type Entity, type Outcome } from './model.js';
import type { Writes } from './writes.js';

interface Batch {
  batchNo: string;
  clientBatchNo: string | null;
  entity: Entity;
  fingerprint: string;
  total: number;
  at: number;
  items: JsonObject[] | null;
}

const DONE_CODES = new Set(['0000', '0100', '2001', '2003']);

export class Batches {
  private readonly byNo = new Map<string, Batch>();
  private readonly byClientNo = new Map<string, Batch>();
  private serial = 0;
  /** How receipts are spoiled before they are shown (fault F22: missing items). */
  spoil: (items: JsonObject[]) => JsonObject[] = (items) => items;
  extraDelayMs = 0;

  constructor(
    private readonly ledger: Ledger,
    private readonly writes: Writes,
  ) {}

  submit(entity: Entity, body: Json | undefined, bytes: Buffer): Outcome {
    const settings = this.ledger.settings;
    if (bytes.length > settings.batchBytes) return fail('1306', '批量过大');
    if (!isObject(body)) return fieldFail([fault('', 'type')]);
    const unknown = Object.keys(body).filter((key) => key !== 'clientBatchNo' && key !== 'items');
    if (unknown.length > 0) return fieldFail(unknown.map((key) => fault(key, 'unknown')));
    const clientNo = body.clientBatchNo ?? null;
    if (clientNo !== null && (typeof clientNo !== 'string' || !/^[0-9A-Za-z_-]{1,64}$/.test(clientNo))) {
      return fieldFail([fault('clientBatchNo', 'format')]);
    }
    if (!Array.isArray(body.items) || body.items.length === 0) return fieldFail([fault('items', 'required')]);
    if (body.items.length > settings.batchItems) return fail('1306', '批量过大');
    const fingerprint = `${entity}|${sha256Hex(bytes)}`;
    if (clientNo !== null) {
      const earlier = this.byClientNo.get(clientNo);
      if (earlier !== undefined && earlier.fingerprint !== fingerprint) return fail('2002', '同批号不同内容');
      if (earlier !== undefined) return this.accepted(earlier);
    }
    return this.accepted(this.open(entity, { clientNo, fingerprint, items: body.items }));
  }

  private open(entity: Entity, input: { clientNo: string | null; fingerprint: string; items: Json[] }): Batch {
    const at = this.ledger.now();
    this.serial += 1;
    const stamp = beijingMs(at).replace(/\D/g, '').slice(0, 14);
    const batch: Batch = {
      batchNo: `B${stamp}${String(this.serial).padStart(8, '0')}`,
      clientBatchNo: input.clientNo,
      entity,
      fingerprint: input.fingerprint,
      total: input.items.length,
      at,
      items: null,
    };
    this.byNo.set(batch.batchNo, batch);
    if (input.clientNo !== null) this.byClientNo.set(input.clientNo, batch);
    const wait = this.ledger.settings.receiptDelayMs + this.extraDelayMs;
    const run = (due: number): void => {
      batch.items = input.items.map((item) => this.receiptItem(entity, item, due));
      const { batchNo, clientBatchNo } = batch;
      this.ledger.callbacks.notify({ type: 'BATCH_DONE', batchNo, clientBatchNo, status: statusOf(batch) }, due);
    };
    if (wait <= 0) run(at);
    else this.ledger.later(at + wait, run);
    return batch;
  }

  /** D3: bizNo, version, code, message?, detail? plus the fields of the single write's data. */
  private receiptItem(entity: Entity, item: Json, at: number): JsonObject {
    const outcome = this.writes.write(entity, item, at);
    const bizNo = isObject(item) && typeof item.bizNo === 'string' ? item.bizNo : null;
    const version = isObject(item) && typeof item.version === 'number' ? item.version : null;
    const out: JsonObject = { bizNo, version, code: outcome.code, ...outcome.data };
    if (outcome.code !== '0000') out.message = outcome.message;
    if (outcome.detail !== undefined) out.detail = outcome.detail;
    return out;
  }

  private accepted(batch: Batch): Outcome {
    const pollAfterMs = this.ledger.settings.pollAfterMs;
    return { code: '0100', message: '已受理', data: { batchNo: batch.batchNo, received: batch.total, pollAfterMs } };
  }

  receipt(batchNo: string, query: Map<string, string>): Outcome {
    return this.show(this.byNo.get(batchNo), query);
  }

  receiptByClientNo(query: Map<string, string>): Outcome {
    const clientNo = query.get('clientBatchNo');
    if (clientNo === undefined) return fieldFail([fault('clientBatchNo', 'required')]);
    return this.show(this.byClientNo.get(clientNo), query);
  }

  private show(batch: Batch | undefined, query: Map<string, string>): Outcome {
    const page = Number(query.get('page') ?? '1');
    const size = Number(query.get('size') ?? '100');
    if (!Number.isInteger(page) || page < 1) return fieldFail([fault('page', 'range')]);
    if (!Number.isInteger(size) || size < 1 || size > 500) return fieldFail([fault('size', 'range')]);
    if (batch === undefined) return fail('3001', '批次不存在');
    if (this.ledger.now() - batch.at > this.ledger.settings.receiptKeepMs) return fail('3003', '回执已过期');
    const items = this.spoil(batch.items ?? []).slice((page - 1) * size, page * size);
    return ok({
      batchNo: batch.batchNo,
      clientBatchNo: batch.clientBatchNo,
      status: statusOf(batch),
      done: batch.items?.length ?? 0,
      total: batch.total,
      page,
      size,
      pollAfterMs: this.ledger.settings.pollAfterMs,
      items,
    });
  }
}

/** D2: DONE = every item 0000/0100/2001/2003; FAILED = none; else PARTIAL. */
function statusOf(batch: Batch): string {
  if (batch.items === null) return 'PROCESSING';
  const done = batch.items.filter((item) => DONE_CODES.has(String(item.code))).length;
  return done === batch.total ? 'DONE' : done === 0 ? 'FAILED' : 'PARTIAL';
}
