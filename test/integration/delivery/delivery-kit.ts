import { CertificateProgress, ObservationService, SettlementService } from '../../../src/answers/index.js';
import { CertificateFreezer } from '../../../src/delivery/certificate-freezer.js';
import { DeliveryWorker } from '../../../src/delivery/delivery.worker.js';
import { closedGates } from '../../../src/delivery/gates.js';
import { LeaseKeeper } from '../../../src/delivery/lease-keeper.js';
import { NationalLimits } from '../../../src/delivery/national-limits.js';
import { PreparedCalls } from '../../../src/delivery/prepared-calls.js';
import { Planner } from '../../../src/delivery/planner.js';
import { ReadingPlanner } from '../../../src/delivery/reading-planner.js';
import { ReadingWorker } from '../../../src/delivery/reading.worker.js';
import type { Storm } from '../../../src/delivery/storm/storm.js';
import { createStormControl } from '../../../src/delivery/storm/create-storm.js';
import { Turns } from '../../../src/delivery/turns.js';
import { systemClock, systemPause, systemStopwatch } from '../../../src/platform/clock/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { sweepWaits } from '../../../src/ledger/index.js';
import { openLedgerKit, type LedgerKit } from '../ledger/ledger-kit.js';
import { FakeNation } from './fake-nation.js';

export interface DeliveryKit extends LedgerKit {
  readonly nation: FakeNation;
  readonly planner: Planner;
  readonly worker: DeliveryWorker;
  readonly freezer: CertificateFreezer;
  readonly limits: NationalLimits;
  readonly storm: Storm;
  readonly problems: unknown[];
  /** Plans what may be written now; the calls' ids. */
  plan(): Promise<string[]>;
  planReads(): Promise<string[]>;
  work(...callIds: string[]): Promise<void>;
  /** Plans and works until nothing is due any more. */
  settle(): Promise<void>;
  sweep(): Promise<void>;
  /** Makes everything due that waits for a time. */
  makeDue(): Promise<void>;
}

const MOST_ROUNDS = 60;

export async function openDeliveryKit(): Promise<DeliveryKit> {
  const kit = await openLedgerKit();
  const { database, vault } = kit;
  const nation = new FakeNation();
  const gateway = nation;
  const ids = systemIds;
  const problems: unknown[] = [];
  const report = (step: string, error: unknown): void => void problems.push([step, error]);
  const limits = new NationalLimits(database, gateway, systemClock, report);
  await limits.fresh();
  const turns = new Turns(database, ids, gateway.facts.callDeadlineMs);
  const { storm, line } = createStormControl({
    database,
    ids,
    clock: systemClock,
    facts: gateway.facts,
    limits,
    turns,
  });
  const settlement = new SettlementService(gateway, ids);
  const reading = new ReadingWorker({
    database, gateway, settlement, line,
    observation: new ObservationService(gateway, ids),
    certificates: new CertificateProgress(gateway, ids),
  }); // prettier-ignore
  const leases = new LeaseKeeper(database, report);
  const prepared = new PreparedCalls();
  const worker = new DeliveryWorker({
    database,
    gateway,
    settlement,
    reading,
    line,
    limits,
    leases,
    pause: systemPause,
    stopwatch: systemStopwatch,
    vault,
    prepared,
    ids,
    ring: () => Promise.resolve(),
    report,
  });
  // Each call is worked by its test, none is gone on with.
  worker.stop();
  const planner = new Planner({ database, gateway, ids, vault, prepared, storm });
  const readings = new ReadingPlanner({ database, gateway, ids });
  const freezer = new CertificateFreezer({ database, ids, vault });
  const plan = async (): Promise<string[]> => {
    if (nation.status_.status !== 'ok') return [];
    const calls = await planner.planWrites(nation.status_.value, await closedGates(database), 100);
    return calls.map(({ callId }) => callId);
  };
  const planReads = async (): Promise<string[]> => (await readings.plan()).map(({ callId }) => callId);
  const work = async (...callIds: string[]): Promise<void> => {
    for (const callId of callIds) await worker.work({ v: 1, callId });
  };
  return {
    ...kit,
    nation, planner, worker, freezer, limits, storm, problems, plan, planReads, work,
    settle: async () => {
      for (let round = 0; round < MOST_ROUNDS; round += 1) {
        const frozen = await freezer.freeze();
        const calls = [...(await plan()), ...(await planReads())];
        const receipts = await kit.rows<{ id: string }>(`SELECT id FROM national_call WHERE stage = 'receipt' AND due_at <= now()`);
        await work(...calls, ...receipts.map(({ id }) => id));
        if (frozen + calls.length + receipts.length === 0) return;
      }
      throw new Error('delivery does not come to rest');
    },
    sweep: async () => {
      await database.transaction((tx) => sweepWaits(tx, ids));
    },
    makeDue: async () => {
      await kit.rows(`UPDATE outbox SET ready_at = now() WHERE ready_at > now()`);
      await kit.rows(`UPDATE outbox SET lookup_at = now() WHERE stage = 'unknown'`);
      await kit.rows(`UPDATE national_watch SET due_at = now()`);
      await kit.rows(`UPDATE national_call SET due_at = now(), rung_until = NULL WHERE stage = 'receipt'`);
      await kit.rows(`DELETE FROM national_gate`);
    },
  }; // prettier-ignore
}

/** Clears what one test leaves behind, so that the next plans only its own. */
export async function forgetAll(kit: DeliveryKit): Promise<void> {
  await kit.rows(
    'TRUNCATE outbox, record_wait, national_call, delivery_attempt, national_watch, national_gate, certificate, certificate_line',
  );
  kit.nation.sent.length = 0;
  kit.nation.lookups.length = 0;
  kit.nation.rows.clear();
  const fresh = new FakeNation();
  const { outcomeOf, answerReceipt, answerCertificate, status_, facts } = fresh;
  Object.assign(kit.nation, {
    outcomeOf,
    answerReceipt,
    answerCertificate,
    status_,
    facts,
    aheadMs: 0,
    asOfAheadMs: 0,
  });
  kit.nation.answerWrite = (items) => ({
    level: 'items',
    items: new Map(items.map((item) => [item.bizNo, kit.nation.outcomeOf(item)])),
    requestId: 'r',
  });
}
