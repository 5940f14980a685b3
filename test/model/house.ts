import type { Pool } from 'pg';
import { CertificateProgress, ObservationService, SettlementService } from '../../src/answers/index.js';
import { CertificateFreezer } from '../../src/delivery/certificate-freezer.js';
import { DeliveryWorker } from '../../src/delivery/delivery.worker.js';
import { Dispatcher } from '../../src/delivery/dispatcher.js';
import { HeldBack } from '../../src/delivery/held-back.js';
import type { LeaseKeeper } from '../../src/delivery/lease-keeper.js';
import { NationalLimits } from '../../src/delivery/national-limits.js';
import { Planner } from '../../src/delivery/planner.js';
import { PreparedCalls } from '../../src/delivery/prepared-calls.js';
import { ReadingPlanner } from '../../src/delivery/reading-planner.js';
import { ReadingWorker } from '../../src/delivery/reading.worker.js';
import { createStormControl } from '../../src/delivery/storm/create-storm.js';
import type { Turns } from '../../src/delivery/turns.js';
import { IntakeService } from '../../src/ingest/intake.service.js';
import { ChangeSequencer, Ledger } from '../../src/ledger/index.js';
import type { Clock } from '../../src/platform/clock/index.js';
import type { Ids } from '../../src/platform/ids/index.js';
import type { CallQueue } from '../../src/platform/queue/index.js';
import type { Vault } from '../../src/platform/vault/index.js';
import { RECORD_KINDS, shippedCalendar } from '../../src/records/index.js';
import { PortFaults } from './faults.js';
import { FaultyDatabase } from './faulty-database.js';
import { ModelGateway, type Manners } from './model-gateway.js';
import type { ModelNation } from './model-nation.js';

export interface HouseParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly vault: Vault;
  readonly nation: ModelNation;
  readonly manners: Manners;
  readonly fired: Map<string, number>;
  /** What lies in the queue; it outlives the process. */
  readonly rings: string[];
  readonly onProblem: (step: string, error: unknown) => void;
}

/** One life of the adapter: the shipped objects on the one database, without a timer of their own. */
export interface House {
  readonly faults: PortFaults;
  readonly intake: IntakeService;
  /** One look of the dispatcher at everything that may be due, sweeps included. */
  look(): Promise<void>;
  lookForReceipts(): Promise<void>;
  /** Answers a ring; `goesOn` = then takes up what this process has planned meanwhile, as a busy one does. */
  work(callId: string, goesOn: boolean): Promise<void>;
  explainGates(): Promise<void>;
  numberEvents(): Promise<void>;
}

/** Nobody renews: a held call is a process that stands still, and its lease runs out when the model passes the time. */
const noRenewal = { during: <T>(_token: string, work: () => Promise<T>) => work() } as unknown as LeaseKeeper;

/** As many slots as WORKER_CONCURRENCY has by default; the scenario decides which of them is at work. */
const RINGS_AT_ONCE = 8;

/** A turn is waited for by the machine's clock, which stands still here; who shares the rate has specs of its own. */
const noWaiting = { take: <T>(_limits: unknown, call: () => Promise<T>) => call() } as unknown as Turns;

function modelQueue(faults: PortFaults, rings: string[]): CallQueue {
  return {
    ring: async (calls) => {
      if (calls.length === 0) return;
      const kind = faults.next('ring')?.kind;
      if (kind === 'crash-before') faults.crash();
      if (kind === 'refuse' || kind === 'vanish') throw faults.mark(new Error('queue is away'));
      rings.push(...calls.map(({ callId }) => callId));
      if (kind === 'crash-after') faults.crash();
      if (kind === 'lose') throw faults.mark(new Error('queue is away'));
    },
    listen: async () => undefined,
    close: async () => undefined,
  };
}

export function buildHouse(parts: HouseParts): House {
  const { clock, ids, vault, onProblem } = parts;
  const faults = new PortFaults(parts.fired);
  const database = new FaultyDatabase(parts.pool, faults);
  const gateway = new ModelGateway(parts.nation, faults, () => clock.nowMs(), parts.manners);
  const queue = modelQueue(faults, parts.rings);
  const limits = new NationalLimits(database, gateway, clock, onProblem);
  const { storm, line } = createStormControl({
    database, ids, clock, facts: gateway.facts, limits, turns: noWaiting,
  }); // prettier-ignore
  const settlement = new SettlementService(gateway, ids);
  const reading = new ReadingWorker({
    database, gateway, settlement, line,
    observation: new ObservationService(gateway, ids),
    certificates: new CertificateProgress(gateway, ids),
  }); // prettier-ignore
  const prepared = new PreparedCalls(0);
  const ring = (call: { callId: string; ring: number }): Promise<void> =>
    queue.ring([call]).catch((error: unknown) => onProblem('ring', error));
  const worker = new DeliveryWorker({
    database, gateway, settlement, reading, line, limits, leases: noRenewal, vault, prepared, ids, ring,
    pause: () => Promise.resolve(), stopwatch: () => clock.nowMs(), report: onProblem,
  }); // prettier-ignore
  worker.start(RINGS_AT_ONCE);
  const dispatcher = new Dispatcher({
    database, queue, gateway, ids, limits, worker, prepared, ring, clock, report: onProblem,
    planner: new Planner({ database, gateway, ids, vault, prepared, storm }),
    readings: new ReadingPlanner({ database, gateway, ids }),
    freezer: new CertificateFreezer({ database, ids, vault }),
  }); // prettier-ignore
  const heldBack = new HeldBack({ database, ids, report: onProblem });
  const sequencer = new ChangeSequencer(database, (error) => onProblem('number-events', error));
  const supportedKinds = new Set(RECORD_KINDS.map(({ name }) => name));
  const ledger = new Ledger(vault, ids, shippedCalendar(), { supportedKinds, maxRecordAgeDays: 365 });
  const intake = new IntakeService({ database, ledger, vault, ids, clock, profile: { guardianRequiredUnder: 18 } });
  return {
    faults,
    intake,
    look: async () => {
      // Asked for here, so that it is not asked for in the background, where its order would depend on the machine.
      limits.expire();
      await limits.fresh();
      await dispatcher['round']();
    },
    lookForReceipts: async () => void (await dispatcher['receipts']()),
    work: (callId, goesOn) => {
      worker['isStopping'] = !goesOn;
      return worker.work({ v: 1, callId });
    },
    explainGates: async () => void (await heldBack.turn()),
    numberEvents: async () => {
      while (await sequencer.turn());
    },
  };
}
