import { eventually } from '../harness/eventually.js';
import { beijingAt, beijingDate, DAY_MS } from '../independent/beijing.js';
import { runContractFlow, stateCounts } from '../independent/contract-run.js';
import { StationClient } from '../independent/station-client.js';
import type { RecordStatus, Summary } from '../independent/station-types.js';
import { startAdapter, type Adapter } from './deployment.js';
import { simulateNation, type SimulatedNation } from './simulated-nation.js';

const SEED = 5340;
const NIGHT_HOUR = 2;
const MORNING_HOUR = 6;
const HOUR_MS = 3_600_000;

let nation: SimulatedNation | undefined;
let adapter: Adapter | undefined;

beforeAll(async () => {
  nation = await simulateNation({ window: { writesFrom: '06:00', writesTo: '23:00' }, reviewMs: 200 });
  await nation.control('POST', 'clock', { at: comingHour(NIGHT_HOUR) });
  adapter = await startAdapter(nation.door);
}, 120_000);

afterAll(async () => {
  await adapter?.close();
  await nation?.close();
}, 60_000);

/** Never in the past: what stations have done today must not lie in the nation's future. */
function comingHour(hour: number): number {
  return beijingAt(beijingDate(Date.now() + DAY_MS), hour * 60);
}

/** What can be sent waits for the window, and its status says so. */
function waitsForWindow(status: RecordStatus | null): boolean {
  const isTold = status?.waitingFor.some(({ kind, reason }) => kind === null && /服务时间/.test(reason)) === true;
  const afterMs = Date.parse(status?.nextAttemptAt ?? '') - Date.now();
  return status?.state === 'waiting' && isTold && afterMs > HOUR_MS && afterMs < 5 * HOUR_MS;
}

/** A record that was withdrawn before it was ever sent is at rest. */
function isAllWaiting(summary: Summary): boolean {
  const { waiting = 0, voided = 0, ...others } = stateCounts(summary);
  return waiting > voided && Object.keys(others).length === 0;
}

/**
 * Real: api, worker and simulator processes. Only the nation's clock moves; ours lies some hours behind it all the
 * time. The nation takes writes from 06:00 to 23:00.
 */
describe('at two o’clock in Beijing', () => {
  it('records wait with a reason and a next attempt; at six all of them go', async () => {
    const { apiBase, credentials } = adapter as Adapter;
    const { view, control } = nation as SimulatedNation;
    const client = new StationClient({ apiBase, ...credentials });
    const chaos = { stallMs: 100_000, certificateFiles: false };
    // The certificates' own state is not part of the view.
    const flow = runContractFlow({
      apiBase,
      credentials,
      national: view,
      seed: SEED,
      sizes: { certificates: 0 },
      chaos,
    });
    const night = (async () => {
      await eventually(async () => waitsForWindow(await client.status('station', 'ST-1')), { timeoutMs: 30_000 });
      await eventually(async () => isAllWaiting(await client.summary()), { timeoutMs: 30_000, what: 'all waiting' });
      expect(await view.rows('stations')).toEqual([]);
      await control('POST', 'clock', { at: comingHour(MORNING_HOUR) });
    })();
    const [report] = await Promise.all([flow, night]);
    client.close();
    expect(report.states.mirrored).toBeGreaterThan(0);
    const summary = await control<Record<string, { minutes: number; duplicates: string[] }>>('GET', 'ledger/summary');
    expect(summary['service-records']?.minutes).toBe(report.totalMinutes);
    expect(Object.values(summary).flatMap(({ duplicates }) => duplicates)).toEqual([]);
  }, 200_000);
});
