import { systemPause, systemStopwatch } from '../platform/clock/index.js';
import type { Database } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { CallQueue } from '../platform/queue/index.js';
import type { Vault } from '../platform/vault/index.js';
import { CertificateProgress, ObservationService, SettlementService } from '../answers/index.js';
import type { NationalGateway } from '../national/index.js';
import { CertificateFreezer } from './certificate-freezer.js';
import type { DueCall } from './calls.queries.js';
import { DeliveryWorker } from './delivery.worker.js';
import { Dispatcher } from './dispatcher.js';
import { HeldBack } from './held-back.js';
import { LeaseKeeper } from './lease-keeper.js';
import { NationalLimits } from './national-limits.js';
import { Planner } from './planner.js';
import { PreparedCalls } from './prepared-calls.js';
import { ReadingPlanner } from './reading-planner.js';
import { ReadingWorker } from './reading.worker.js';
import { createStormControl } from './storm/create-storm.js';
import { scaledPolicy, STORM_POLICY } from './storm/storm-policy.js';
import { Upkeep } from './storm/upkeep.js';
import { Turns } from './turns.js';
import { shippedCalendar } from '../records/index.js';

export interface DeliveryParts {
  readonly database: Database;
  readonly queue: CallQueue;
  readonly gateway: NationalGateway;
  readonly vault: Vault;
  readonly ids: Ids;
  readonly clock: { nowMs(): number };
  readonly report: (step: string, error: unknown) => void;
  /** How many times faster than life storm control pauses and comes back; 1 but in benchmarks. */
  readonly timeScale?: number;
}

export interface Delivery {
  /** Begins to plan, ring and work; `concurrency` = jobs at once in this process. */
  start(concurrency: number): Promise<void>;
  /** Stops planning, finishes what is in hand. The queue is the caller's to close. */
  stop(): Promise<void>;
}

/** Puts the room's parts together in the order in which data walks. */
export function createDelivery(parts: DeliveryParts): Delivery {
  const { database, gateway, ids, vault, clock } = parts;
  const limits = new NationalLimits(database, gateway, clock, parts.report);
  const turns = new Turns(database, ids, gateway.facts.callDeadlineMs);
  const policy = scaledPolicy(STORM_POLICY, parts.timeScale ?? 1);
  const { storm, line } = createStormControl({ database, ids, clock, facts: gateway.facts, limits, turns, policy });
  const settlement = new SettlementService(gateway, ids);
  const reading = new ReadingWorker({
    database, gateway, settlement, line,
    observation: new ObservationService(gateway, ids),
    certificates: new CertificateProgress(gateway, ids),
  }); // prettier-ignore
  const leases = new LeaseKeeper(database, parts.report);
  const prepared = new PreparedCalls();
  const ring = (call: DueCall): Promise<void> =>
    parts.queue.ring([call]).catch((error: unknown) => parts.report('ring', error));
  const worker = new DeliveryWorker({
    database, gateway, settlement, reading, line, limits, leases, vault, prepared, ids, ring,
    pause: systemPause, stopwatch: systemStopwatch, report: parts.report,
  }); // prettier-ignore
  const dispatcher = new Dispatcher({
    ...parts, limits, worker, prepared, ring,
    planner: new Planner({ database, gateway, ids, vault, prepared, storm }),
    readings: new ReadingPlanner({ database, gateway, ids }),
    freezer: new CertificateFreezer({ database, ids, vault }),
  }); // prettier-ignore
  const heldBack = new HeldBack({ database, ids, report: parts.report });
  const upkeep = new Upkeep({ database, line, calendar: shippedCalendar(), clock, report: parts.report });
  return {
    async start(concurrency) {
      worker.start(concurrency);
      await parts.queue.listen(concurrency, (job) => worker.work(job));
      dispatcher.start();
      heldBack.start();
      upkeep.start();
    },
    async stop() {
      worker.stop();
      await Promise.all([dispatcher.stop(), heldBack.stop(), upkeep.stop()]);
    },
  };
}
