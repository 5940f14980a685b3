// Who wrote what again without having asked: the nation's own count of blind resends (I12, G5, §1.8).
import type { Journal } from './journal.js';
import type { Entity } from './model.js';

/** A write whose outcome its sender has not been told. */
export interface OpenWrite {
  entity: Entity;
  bizNo: string;
  version: number;
  requestId: string;
  /** Item as sent, to recognise it in a lookup by natural key; gone after a restart. */
  raw: unknown;
  clientBatchNo: string | null;
  batchNo: string | null;
  /** A lookup or receipt poll that was answered came after it. */
  asked: boolean;
}

/** What a reply to a write has told its sender; `open` tells nothing (§1.12 AMBIG). */
export interface ReadReply {
  requestId: string;
  outcome: 'settled' | 'refused' | 'accepted' | 'open';
  batchNo: string | null;
}

export interface BlindResend {
  entity: Entity;
  bizNo: string;
  version: number;
  firstRequestId: string;
  requestId: string;
  atMs: number;
}

export interface WriteCounts {
  calls: number;
  items: number;
  /** Items whose number and version had been sent before, by what lay between. */
  resends: { blind: number; afterAsking: number; afterRefusal: number; afterSuccess: number };
  /** Another version sent while the outcome of an earlier one was open and nobody had asked (§1.8 step 2). */
  overOpen: number;
}

export interface Attempt {
  entity: Entity;
  requestId: string;
  clientBatchNo: string | null;
  items: readonly { bizNo: string; version: number; raw: unknown }[];
  atMs: number;
}

type Verdict = { version: number; success: boolean };

const MAX_KEPT = 1_000;
const keyOf = (entity: string, bizNo: string): string => `${entity}/${bizNo}`;
const none = (): WriteCounts => ({
  calls: 0,
  items: 0,
  resends: { blind: 0, afterAsking: 0, afterRefusal: 0, afterSuccess: 0 },
  overOpen: 0,
});

export class ResendWatch {
  counts = none();
  readonly blind: BlindResend[] = [];
  private readonly open = new Map<string, OpenWrite>();
  private readonly told = new Map<string, Verdict>();
  private readonly byRequest = new Map<string, string[]>();
  /** Keys under `no:` batch number and `client:` client batch number. */
  private readonly byBatch = new Map<string, string[]>();

  constructor(private readonly journal: Journal) {}

  /** A write has come in; nothing is known yet of what its sender will hear. */
  attempt(attempt: Attempt): void {
    const { raw: _raw, ...line } = { raw: null, ...attempt };
    const items = attempt.items.map(({ bizNo, version }) => [bizNo, version]);
    this.journal.append({ k: 'try', ...line, items });
    this.noteAttempt(attempt);
  }

  noteAttempt({ entity, requestId, clientBatchNo, items, atMs }: Attempt): void {
    this.counts.calls += 1;
    const keys: string[] = [];
    for (const { bizNo, version, raw } of items) {
      const key = keyOf(entity, bizNo);
      this.judge(key, { entity, bizNo, version, requestId, atMs });
      this.open.set(key, {
        entity,
        bizNo,
        version,
        requestId,
        raw,
        clientBatchNo,
        batchNo: null,
        asked: false,
      });
      keys.push(key);
    }
    this.byRequest.set(requestId, keys);
    if (clientBatchNo !== null) this.byBatch.set(`client:${clientBatchNo}`, keys);
  }

  private judge(key: string, now: Omit<BlindResend, 'firstRequestId'>): void {
    const { counts } = this;
    counts.items += 1;
    const before = this.open.get(key);
    const told = this.told.get(key);
    if (before === undefined) {
      if (told?.version === now.version) counts.resends[told.success ? 'afterSuccess' : 'afterRefusal'] += 1;
      return;
    }
    if (before.version !== now.version) {
      if (!before.asked) counts.overOpen += 1;
      return;
    }
    counts.resends[before.asked ? 'afterAsking' : 'blind'] += 1;
    if (before.asked) return;
    this.blind.push({ ...now, firstRequestId: before.requestId });
    if (this.blind.length > MAX_KEPT) this.blind.shift();
  }

  /** The whole reply has left for the sender, readable. */
  read(reply: ReadReply): void {
    this.journal.append({ k: 'read', ...reply });
    this.journal.settleLater();
    this.noteRead(reply);
  }

  /** Nobody can have read the reply. */
  unread(requestId: string): void {
    if (!this.byRequest.has(requestId)) return;
    this.journal.append({ k: 'unread', requestId });
    this.journal.settleLater();
  }

  noteRead({ requestId, outcome, batchNo }: ReadReply): void {
    if (outcome === 'accepted' && batchNo !== null) return this.accepted(requestId, batchNo);
    if (outcome !== 'settled' && outcome !== 'refused') return;
    for (const write of this.ofRequest(requestId)) this.tell(write, outcome === 'settled');
    this.byRequest.delete(requestId);
  }

  /** The call was answered with "taken in": each item stays open until its receipt. */
  private accepted(requestId: string, batchNo: string): void {
    const writes = this.ofRequest(requestId);
    for (const write of writes) write.batchNo = batchNo;
    if (writes.length > 0) this.byBatch.set(`no:${batchNo}`, this.byRequest.get(requestId) ?? []);
    this.byRequest.delete(requestId);
  }

  /** A lookup that was answered named these numbers. */
  looked(entity: Entity, bizNos: readonly string[]): void {
    const hit = bizNos.filter((bizNo) => this.open.get(keyOf(entity, bizNo))?.asked === false);
    if (hit.length === 0) return;
    this.journal.append({ k: 'asked', entity, bizNos: hit });
    this.noteLooked(entity, hit);
  }

  noteLooked(entity: Entity, bizNos: readonly string[]): void {
    for (const bizNo of bizNos) {
      const write = this.open.get(keyOf(entity, bizNo));
      if (write !== undefined) write.asked = true;
    }
  }

  /** A receipt poll that was answered, by either number; lines that settle an item close it. */
  polled(by: { batchNo: string | null; clientBatchNo: string | null }, settled: ReadonlyMap<string, boolean>): void {
    const hit = this.ofBatch(by.batchNo, by.clientBatchNo);
    const entity = hit[0]?.entity;
    if (entity === undefined) return;
    this.looked(
      entity,
      hit.map(({ bizNo }) => bizNo),
    );
    const told = hit.flatMap(({ bizNo }) => {
      const success = settled.get(bizNo);
      return success === undefined ? [] : [[bizNo, success] as const];
    });
    if (told.length === 0) return;
    this.journal.append({ k: 'told', entity, items: told });
    this.noteTold(entity, told);
    if (told.length < hit.length) return;
    this.byBatch.delete(`no:${by.batchNo}`);
    this.byBatch.delete(`client:${by.clientBatchNo}`);
  }

  /** A batch is of one entity; writes that a later call has taken over are no longer its own. */
  private ofBatch(batchNo: string | null, clientBatchNo: string | null): OpenWrite[] {
    const keys = this.byBatch.get(`no:${batchNo}`) ?? this.byBatch.get(`client:${clientBatchNo}`) ?? [];
    return keys.flatMap((key) => {
      const write = this.open.get(key);
      const own = write !== undefined && (write.batchNo === batchNo || write.clientBatchNo === clientBatchNo);
      return own ? [write] : [];
    });
  }

  noteTold(entity: Entity, items: readonly (readonly [bizNo: string, success: boolean])[]): void {
    for (const [bizNo, success] of items) {
      const write = this.open.get(keyOf(entity, bizNo));
      if (write !== undefined) this.tell(write, success);
    }
  }

  openOf(entity: Entity): OpenWrite[] {
    return [...this.open.values()].filter((write) => write.entity === entity);
  }

  openCount(): number {
    return this.open.size;
  }

  clear(): void {
    this.counts = none();
    this.blind.length = 0;
    for (const map of [this.open, this.told, this.byRequest, this.byBatch]) map.clear();
  }

  private ofRequest(requestId: string): OpenWrite[] {
    return (this.byRequest.get(requestId) ?? []).flatMap((key) => {
      const write = this.open.get(key);
      return write?.requestId === requestId ? [write] : [];
    });
  }

  private tell(write: OpenWrite, success: boolean): void {
    const key = keyOf(write.entity, write.bizNo);
    this.open.delete(key);
    this.told.set(key, { version: write.version, success });
  }
}
