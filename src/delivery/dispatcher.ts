import { setTimeout as sleep } from 'node:timers/promises';
import { isDue } from '../platform/clock/index.js';
import type { Database } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { CallQueue } from '../platform/queue/index.js';
import { sweepWaits } from '../ledger/index.js';
import type { NationalGateway } from '../national/index.js';
import { countOpenWrites, lockAbandoned, takeDueReceipts, takeUnrung, type DueCall } from './calls.queries.js';
import type { CertificateFreezer } from './certificate-freezer.js';
import type { DeliveryWorker } from './delivery.worker.js';
import { closedGates } from './gates.js';
import type { NationalLimits } from './national-limits.js';
import type { Planner } from './planner.js';
import type { PreparedCalls } from './prepared-calls.js';
import type { ReadingPlanner } from './reading-planner.js';

export interface DispatcherParts {
  readonly database: Database;
  readonly queue: CallQueue;
  readonly gateway: NationalGateway;
  readonly ids: Ids;
  readonly limits: NationalLimits;
  readonly planner: Planner;
  readonly readings: ReadingPlanner;
  readonly freezer: CertificateFreezer;
  readonly worker: DeliveryWorker;
  readonly prepared: PreparedCalls;
  readonly ring: (call: DueCall) => Promise<void>;
  readonly clock: { nowMs(): number };
  readonly report: (step: string, error: unknown) => void;
}

/** A quiet line looks again this often; a busy one at once. */
const IDLE_MS = 100;
/** After trouble of our own (database, queue) the loop breathes before it tries again. */
const TROUBLE_MS = 1_000;
const SWEEP_EVERY_MS = 2_000;
const FREEZE_EVERY_MS = 500;
const RECEIPTS_PER_ROUND = 50;
/** A ring that was not answered by then is rung again. */
const RING_LEASE_MS = 5_000;
/** Calls planned ahead of the nation's concurrency, so that a worker never waits for the planner. */
const PLANNED_AHEAD = 2;
/** Closed calls that only read are history of no one; kept a while for the operator. */
const READS_KEPT = '7 days';
const PURGE_EVERY_MS = 10 * 60_000;
const READS_PER_PURGE = 50_000;

/**
 * Finds what is due in the ledger and rings for it. Several dispatchers may run: each step takes its work by lock or
 * by skipping what is locked, and a ring too many does nothing.
 */
export class Dispatcher {
  private isStopping = false;
  private running: Promise<unknown> | null = null;
  private sweepDueAt = 0;
  private freezeDueAt = 0;
  private purgeDueAt = 0;

  constructor(private readonly parts: DispatcherParts) {}

  start(): void {
    this.running ??= Promise.all([this.loop(() => this.round()), this.loop(() => this.receipts())]);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.running;
  }

  private async loop(look: () => Promise<boolean>): Promise<void> {
    while (!this.isStopping) {
      try {
        const found = await look();
        if (!found) await sleep(IDLE_MS);
      } catch (error) {
        this.parts.report('dispatch', error);
        await sleep(TROUBLE_MS);
      }
    }
  }

  /** Receipts have a line of their own: they must not wait until everything that may be sent is planned. */
  private async receipts(): Promise<boolean> {
    const { database, queue } = this.parts;
    // A used-up quota counts every call, also one that only asks (F35).
    if ((await closedGates(database)).has('all')) return false;
    const receipts = await takeDueReceipts(database, RECEIPTS_PER_ROUND, RING_LEASE_MS);
    await queue.ring(receipts);
    return receipts.length > 0;
  }

  /** One look at everything else that may be due; true when something was rung for. */
  private async round(): Promise<boolean> {
    const { database, queue, readings } = this.parts;
    await this.sweepNowAndThen();
    const gates = await closedGates(database);
    const reads = gates.has('all') ? [] : await readings.plan();
    await queue.ring(reads);
    const writes = await this.planWrites();
    await this.ringUnrung();
    return reads.length + writes.length > 0;
  }

  private async planWrites(): Promise<DueCall[]> {
    const { database, gateway, limits, planner } = this.parts;
    const status = await limits.fresh();
    if (status === null) return [];
    const gates = await closedGates(database);
    const atOnce = status.limits.concurrency ?? gateway.facts.defaultConcurrency;
    const budget = atOnce * PLANNED_AHEAD - (await countOpenWrites(database));
    if (budget <= 0) return [];
    return planner.planWrites(status, gates, budget, () => void this.ringUnrung());
  }

  /** Workers begin with the first call while the next is still being planned; a ring that is lost is found by the sweep. */
  private async ringUnrung(): Promise<void> {
    const { prepared, ring, worker } = this.parts;
    await Promise.all(prepared.takeUnrung(worker.freeSlots).map((callId) => ring({ callId, ring: 0 })));
  }

  private async sweepNowAndThen(): Promise<void> {
    const now = this.parts.clock.nowMs();
    if (isDue(now, this.freezeDueAt, FREEZE_EVERY_MS)) {
      await this.parts.freezer.freeze();
      this.freezeDueAt = this.parts.clock.nowMs() + FREEZE_EVERY_MS;
    }
    if (!isDue(now, this.sweepDueAt, SWEEP_EVERY_MS)) return;
    this.sweepDueAt = now + SWEEP_EVERY_MS;
    await this.sweep();
    if (isDue(now, this.purgeDueAt, PURGE_EVERY_MS)) {
      this.purgeDueAt = now + PURGE_EVERY_MS;
      await this.purge();
    }
  }

  /** Rebuilds from the ledger whatever a crash, a lost queue or a race left behind. */
  private async sweep(): Promise<void> {
    const { database, ids, queue, worker } = this.parts;
    await database.transaction((tx) => sweepWaits(tx, ids));
    await database.transaction(async (tx) => {
      for (const call of await lockAbandoned(tx)) await worker.recover(call, tx);
    });
    await queue.ring(await takeUnrung(database, RING_LEASE_MS));
  }

  private async purge(): Promise<void> {
    await this.parts.database.query(
      `DELETE FROM national_call WHERE id IN (SELECT id FROM national_call WHERE stage = 'closed' AND operation IN ('lookup', 'review', 'certificate')
         AND closed_at < now() - interval '${READS_KEPT}' LIMIT ${READS_PER_PURGE})`,
      [],
      'delivery-purge-reads',
    );
  }
}
