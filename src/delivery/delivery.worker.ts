import type { Pause, Stopwatch } from '../platform/clock/index.js';
import type { Database } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { CallJob } from '../platform/queue/index.js';
import { VaultError, type Vault } from '../platform/vault/index.js';
import { FIRST_BYTE_WITHIN_MS, lockAttempts, type AnsweredAttempt, type SettlementService } from '../answers/index.js';
import { recordContentHashes } from '../ledger/index.js';
import type {
  GatewayOutcome,
  NationalGateway,
  OutgoingItem,
  PreparedCall,
  ReceiptAnswer,
  WriteAnswer,
} from '../national/index.js';
import {
  awaitReceipt,
  closeCall,
  closeHeld,
  holdLease,
  leaseCall,
  recordSending,
  replanCall,
  type CallRow,
  type Closing,
  type DueCall,
} from './calls.queries.js';
import { closeGate, gateOf } from './gates.js';
import { loadOutgoing } from './outgoing.js';
import { NO_RECEIPT, NOT_NAMED, PARENT_GONE, SEALED, UNMAPPABLE, WORKER_DIED } from './own-outcomes.js';
import { LEASE_MS, type LeaseKeeper } from './lease-keeper.js';
import type { PreparedCalls } from './prepared-calls.js';
import type { ReadingWorker } from './reading.worker.js';
import type { NationalLimits } from './national-limits.js';
import type { NationalLine } from './storm/national-line.js';

export interface WorkerParts {
  readonly database: Database;
  readonly gateway: NationalGateway;
  readonly settlement: SettlementService;
  readonly reading: ReadingWorker;
  readonly line: NationalLine;
  readonly limits: NationalLimits;
  readonly leases: LeaseKeeper;
  readonly vault: Vault;
  readonly prepared: PreparedCalls;
  readonly ids: Ids;
  readonly pause: Pause;
  readonly stopwatch: Stopwatch;
  /** Rings for a call; never rejects: a ring that is lost is found by the sweep. */
  readonly ring: (call: DueCall) => Promise<void>;
  readonly report: (step: string, error: unknown) => void;
}

/** A receipt that has not come for this long is looked up entry by entry (F20). */
const RECEIPT_PATIENCE_MS = 45 * 60_000;
/** A receipt that the nation promises within this is waited for with the call in hand. */
const EARLY_POLL_MS = 250;
/** Calls that a slot goes on with after a ring. */
const CALLS_PER_RING = 30;
const POLL_GROWTH = 1.3;
const POLL_MAX_MS = 60_000;
/** The batch is asked for by our own number first; its entries a little later. */
const LOST_BATCH_LOOKUP_MS = 1_000;

interface Leased {
  readonly call: CallRow;
  readonly token: string;
}

/**
 * One job = one step of one national call. Two kinds of trouble are kept apart: ours (loading, the database), which
 * leaves the call for the sweeper, and theirs, which is an outcome and is settled.
 */
export class DeliveryWorker {
  /** Rings that are being answered in this process, and how many may be. */
  private busy = 0;
  private slots = 0;
  private isStopping = false;

  constructor(private readonly parts: WorkerParts) {}

  start(slots: number): void {
    this.slots = slots;
  }

  /** What is in hand is finished, nothing more is begun. */
  stop(): void {
    this.isStopping = true;
  }

  /**
   * Answers a ring, then goes on with what this process has planned meanwhile: under load a ring for each call would
   * cost the queue more than the call costs the ledger.
   */
  async work(job: CallJob): Promise<void> {
    this.busy += 1;
    try {
      await this.workOne(job.callId);
    } finally {
      await this.goOn();
      this.busy -= 1;
    }
  }

  /** Slots of this process that wait for a ring; the others look for themselves when they are done. */
  get freeSlots(): number {
    return Math.max(0, this.slots - this.busy);
  }

  /**
   * After a while the slot is given back, so that receipts and look-ups in the queue have their turn. Half of the slots
   * may linger for what is planned next.
   */
  private async goOn(): Promise<void> {
    const { prepared, report, ring } = this.parts;
    for (let done = 0; done < CALLS_PER_RING && !this.isStopping; done += 1) {
      const next = await prepared.next(prepared.waiting < this.slots / 2);
      if (next === null) return;
      await this.workOne(next).catch((error: unknown) => report('work', error));
    }
    const left = prepared.oldest();
    if (left !== null && !this.isStopping) await ring({ callId: left, ring: 0 });
  }

  private async workOne(callId: string): Promise<void> {
    const prepared = this.parts.prepared.take(callId);
    const token = this.parts.ids.uuid();
    const call = await leaseCall(this.parts.database, callId, { token, ms: LEASE_MS });
    if (call) await this.parts.leases.during(token, () => this.step({ call, token }, prepared));
  }

  private async step(leased: Leased, prepared: PreparedCall | null): Promise<void> {
    const { call, token } = leased;
    if (call.operation === 'write-single' || call.operation === 'write-batch') {
      await (call.stage === 'receipt' ? this.pollReceipt(leased) : this.send(leased, prepared));
    } else {
      await this.parts.reading.work(call, token);
    }
  }

  private async send(leased: Leased, inHand: PreparedCall | null): Promise<void> {
    const prepared = inHand ?? (await this.load(leased));
    if (!prepared) return;
    const { gateway, line, stopwatch } = this.parts;
    const { id, kind } = leased.call;
    const answer = await line.write({ id, kind }, async () => {
      const writtenAt = stopwatch();
      await this.writeDown(leased, prepared, inHand !== null);
      return gateway.write(prepared, () => stopwatch() - writtenAt < FIRST_BYTE_WITHIN_MS);
    });
    await this.answered(leased, answer);
  }

  /** Our own side: content, references, mapping. An entry that cannot be mapped must not hold up the others. */
  private async load({ call, token }: Leased): Promise<PreparedCall | null> {
    const { database } = this.parts;
    const { items, incomplete, sealed } = await loadOutgoing(database, this.parts, call.id);
    const { prepared, refused } = this.prepare(items, call.client_batch_no);
    const local = new Map<string, GatewayOutcome>(refused);
    for (const bizNo of incomplete) local.set(bizNo, PARENT_GONE);
    for (const bizNo of sealed) local.set(bizNo, SEALED);
    if (sealed.length > 0) this.parts.report('open-entries', new VaultError(`${sealed.length} entries do not open`));
    if (local.size > 0) await this.settleSome({ call, token }, local);
    if (prepared === null)
      await this.close({ call, token }, { class: 'RETRY', code: 'NOTHING_TO_SEND', requestId: null });
    return prepared;
  }

  /** Maps all entries at once; when one of them cannot be mapped, finds out which and goes on with the others. */
  private prepare(
    items: readonly OutgoingItem[],
    clientBatchNo: string | null,
  ): { prepared: PreparedCall | null; refused: [string, GatewayOutcome][] } {
    const { gateway } = this.parts;
    if (items.length === 0) return { prepared: null, refused: [] };
    try {
      return { prepared: gateway.prepare(items, clientBatchNo), refused: [] };
    } catch (error) {
      if (items.length === 1) return { prepared: null, refused: [[(items[0] as OutgoingItem).bizNo, UNMAPPABLE]] };
      this.parts.report('map-entries', error);
      const good = items.filter((item) => this.prepare([item], null).prepared !== null);
      const refused = items
        .filter((item) => !good.includes(item))
        .map((item): [string, GatewayOutcome] => [item.bizNo, UNMAPPABLE]);
      return { prepared: good.length > 0 ? gateway.prepare(good, clientBatchNo) : null, refused };
    }
  }

  /** A call that was put together when it was planned has its hashes written already. */
  private async writeDown({ call, token }: Leased, prepared: PreparedCall, isAsPlanned: boolean): Promise<void> {
    const { database } = this.parts;
    const body = { sha256: prepared.bodySha256, bytes: prepared.body.length };
    if (isAsPlanned) {
      if (!(await recordSending(database, { id: call.id, token }, body))) throw new LeaseLostError();
      return;
    }
    await database.transaction(async (tx) => {
      if (!(await recordSending(tx, { id: call.id, token }, body))) throw new LeaseLostError();
      await recordContentHashes(tx, call.id, prepared.contentHashes);
    });
  }

  private async answered(leased: Leased, answer: WriteAnswer): Promise<void> {
    if (answer.level === 'items') {
      const closing = { class: 'DONE', code: '0000', requestId: answer.requestId };
      return this.settleItems(leased, answer.items, closing);
    }
    const { outcome, requestId } = answer;
    // Certainly not processed and may go again at once: the call was too large for what the nation takes now (1306).
    if (outcome.class === 'RETRY' && outcome.retryAfterMs === 0) this.parts.limits.expire();
    const gate = gateOf(outcome, leased.call.kind);
    if (gate) await closeGate(this.parts.database, gate, outcome);
    if (outcome.class === 'ACCEPTED' && outcome.batchNo !== null) return this.taken(leased, outcome, requestId);
    if (outcome.class === 'AMBIG' && leased.call.operation === 'write-batch')
      return this.lost(leased, outcome, requestId);
    return this.settleItems(leased, () => outcome, { class: outcome.class, code: outcome.code, requestId });
  }

  /** 0100: the batch is taken; the entries' results come with the receipt. */
  private async taken(
    { call, token }: Leased,
    outcome: Extract<GatewayOutcome, { class: 'ACCEPTED' }>,
    requestId: string,
  ): Promise<void> {
    const early = await this.earlyReceipt(call.kind, outcome);
    if (early?.status === 'done') {
      return this.settleItems({ call, token }, early.items, { class: 'DONE', code: '0000', requestId });
    }
    await this.parts.database.transaction(async (tx) => {
      if (!(await holdLease(tx, call.id, token))) return;
      await this.parts.settlement.markPending(tx, call.id);
      await awaitReceipt(tx, call.id, { batchNo: outcome.batchNo, afterMs: outcome.pollAfterMs, requestId });
    });
  }

  /**
   * A receipt that is due at once is asked for at once: most batches are done by then, and `pending` would be written
   * only to be overwritten. A kill meanwhile leaves an open attempt, which is recovered by our own batch number.
   */
  private async earlyReceipt(
    kind: string,
    { batchNo, pollAfterMs }: Extract<GatewayOutcome, { class: 'ACCEPTED' }>,
  ): Promise<ReceiptAnswer | null> {
    if (batchNo === null || pollAfterMs > EARLY_POLL_MS) return null;
    const { gateway, line, pause } = this.parts;
    await pause(pollAfterMs);
    return line.receipt(kind, () => gateway.receipt(batchNo));
  }

  /** The answer to a batch is lost: unknown entry by entry, and the batch is asked for by our own number at once. */
  private async lost({ call, token }: Leased, outcome: GatewayOutcome, requestId: string): Promise<void> {
    await this.parts.database.transaction(async (tx) => {
      if (!(await holdLease(tx, call.id, token))) return;
      const { attempts, records } = await lockAttempts(tx, call.id);
      await this.parts.settlement.settle(
        tx,
        attempts.map((attempt) => ({ attempt, outcome })),
        records,
        LOST_BATCH_LOOKUP_MS,
      );
      await awaitReceipt(tx, call.id, { batchNo: null, afterMs: 0, requestId });
    });
  }

  private async pollReceipt(leased: Leased): Promise<void> {
    const { call } = leased;
    const { gateway, line } = this.parts;
    const answer = await line.receipt(call.kind, () =>
      call.batch_no === null
        ? gateway.receiptByClientBatchNo(call.client_batch_no ?? '')
        : gateway.receipt(call.batch_no),
    );
    await this.receiptAnswered(leased, answer);
  }

  private async receiptAnswered(leased: Leased, answer: ReceiptAnswer): Promise<void> {
    const { call } = leased;
    switch (answer.status) {
      case 'done':
        return this.settleItems(leased, answer.items, { class: 'DONE', code: '0000', requestId: null });
      case 'processing':
        return this.stillProcessing(leased, answer.pollAfterMs);
      case 'gone':
        return this.giveUpReceipt(leased, answer.outcome);
      case 'failed': {
        const gate = gateOf(answer.outcome, call.kind);
        if (gate) await closeGate(this.parts.database, gate, answer.outcome);
        // Where no receipt can be had, the entries themselves may still be seen.
        if ((call.sent_age_ms ?? 0) > RECEIPT_PATIENCE_MS) return this.giveUpReceipt(leased, NO_RECEIPT);
        return this.pollAgain(leased, gate?.forMs ?? null);
      }
    }
  }

  private async stillProcessing(leased: Leased, pollAfterMs: number | null): Promise<void> {
    const { call, token } = leased;
    if ((call.sent_age_ms ?? 0) > RECEIPT_PATIENCE_MS) return this.giveUpReceipt(leased, NO_RECEIPT);
    if (call.batch_no === null) {
      await this.parts.database.transaction(async (tx) => {
        if (await holdLease(tx, call.id, token)) await this.parts.settlement.markPending(tx, call.id);
      });
    }
    return this.pollAgain(leased, pollAfterMs);
  }

  private async pollAgain({ call, token }: Leased, pollAfterMs: number | null): Promise<void> {
    const firstMs = pollAfterMs ?? this.parts.gateway.facts.defaultPollAfterMs;
    const grownMs = Math.min(POLL_MAX_MS, firstMs * POLL_GROWTH ** Math.min(call.polls, 40));
    await this.parts.database.transaction(async (tx) => {
      if (!(await holdLease(tx, call.id, token))) return;
      await awaitReceipt(tx, call.id, { batchNo: null, afterMs: Math.max(firstMs, grownMs), requestId: null });
    });
  }

  /** No receipt to be had: what is still open becomes unknown and is looked up. */
  private async giveUpReceipt(leased: Leased, outcome: GatewayOutcome): Promise<void> {
    const unknown: GatewayOutcome = { class: 'AMBIG', code: outcome.code, message: outcome.message };
    await this.settleItems(leased, () => unknown, { class: 'AMBIG', code: outcome.code, requestId: null });
  }

  private async settleItems(
    { call, token }: Leased,
    items: ReadonlyMap<string, GatewayOutcome> | (() => GatewayOutcome),
    closing: Closing,
  ): Promise<void> {
    const outcomeOf = typeof items === 'function' ? items : (bizNo: string) => items.get(bizNo) ?? NOT_NAMED;
    const gates = new Map<
      string,
      { gate: { scope: 'all' | 'writes' | `kind:${string}`; forMs: number }; outcome: GatewayOutcome }
    >();
    await this.parts.database.transaction(async (tx) => {
      if (!(await closeHeld(tx, { id: call.id, token }, closing))) return;
      const { attempts, records } = await lockAttempts(tx, call.id);
      const answered: AnsweredAttempt[] = attempts.map((attempt) => ({ attempt, outcome: outcomeOf(attempt.biz_no) }));
      for (const { outcome } of answered) {
        const gate = gateOf(outcome, call.kind);
        if (gate) gates.set(gate.scope, { gate, outcome });
      }
      await this.parts.settlement.settle(tx, answered, records);
    });
    for (const { gate, outcome } of gates.values()) await closeGate(this.parts.database, gate, outcome);
  }

  /** Settles some entries before anything is sent. */
  private async settleSome({ call, token }: Leased, outcomes: ReadonlyMap<string, GatewayOutcome>): Promise<void> {
    await this.parts.database.transaction(async (tx) => {
      if (!(await holdLease(tx, call.id, token))) throw new LeaseLostError();
      const { attempts, records } = await lockAttempts(tx, call.id);
      const answered = attempts.flatMap((attempt) => {
        const outcome = outcomes.get(attempt.biz_no);
        return outcome ? [{ attempt, outcome }] : [];
      });
      await this.parts.settlement.settle(tx, answered, records);
    });
  }

  private async close({ call, token }: Leased, closing: Closing): Promise<void> {
    await this.parts.database.transaction((tx) => closeHeld(tx, { id: call.id, token }, closing));
  }

  /**
   * A worker died with calls in hand. Without `sent_at` no byte has left and the call is planned again; with it the
   * outcome is unknown.
   */
  async recover(call: CallRow, tx: Parameters<typeof replanCall>[0]): Promise<void> {
    const isWrite = call.operation === 'write-single' || call.operation === 'write-batch';
    if (!isWrite || call.sent_age_ms === null) return replanCall(tx, call.id);
    const { attempts, records } = await lockAttempts(tx, call.id);
    await this.parts.settlement.settle(
      tx,
      attempts.map((attempt) => ({ attempt, outcome: WORKER_DIED })),
      records,
      call.operation === 'write-batch' ? LOST_BATCH_LOOKUP_MS : 0,
    );
    if (call.operation === 'write-batch') {
      await awaitReceipt(tx, call.id, { batchNo: null, afterMs: 0, requestId: null });
    } else {
      await closeCall(tx, call.id, { class: 'AMBIG', code: WORKER_DIED.code, requestId: null });
    }
  }
}

/** Another worker owns the call now; nothing of ours may be written any more (I13). */
export class LeaseLostError extends Error {
  override name = 'LeaseLostError';
}
