import { createDelivery } from '../../../src/delivery/index.js';
import { systemClock } from '../../../src/platform/clock/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { createCallQueue } from '../../../src/platform/queue/index.js';
import { eventuallyPasses } from '../../harness/eventually.js';
import { describeNeeding } from '../../harness/programs.js';
import { startRedis, type TestRedis } from '../../harness/redis.js';
import { openLedgerKit, type LedgerKit } from '../ledger/ledger-kit.js';
import {
  activity,
  certificateRequest,
  evaluation,
  membership,
  project,
  serviceRecord,
  station,
  team,
  volunteer,
} from '../ledger/station-world.js';
import { FakeNation, lost } from './fake-nation.js';

/** The whole room with its own dispatcher and a real queue; only the nation is in memory. */
function theWholeRoom(redisUrl: () => string | null): void {
  let kit: LedgerKit;
  beforeAll(async () => {
    kit = await openLedgerKit({ poolSize: 12 });
  });
  afterAll(() => kit.close());

  it('brings a world to rest with two deliveries at once, parents first, nothing twice, also when answers get lost', async () => {
    const nation = new FakeNation();
    const source = kit.newSource();
    const problems: unknown[] = [];
    const start = async (): Promise<() => Promise<void>> => {
      const report = (step: string, error: unknown): void => void problems.push([step, error]);
      const queue = await createCallQueue({
        databaseUrl: kit.url,
        redisUrl: redisUrl(),
        onError: (error) => report('queue', error),
      });
      const delivery = createDelivery({
        database: kit.database,
        queue,
        gateway: nation,
        vault: kit.vault,
        ids: systemIds,
        clock: systemClock,
        report,
      });
      await delivery.start(4);
      return async () => {
        await delivery.stop();
        await queue.close();
      };
    };
    const landed = new Set<string>();
    const faults: string[] = [];
    let answered = 0;
    nation.answerWrite = (items) => {
      for (const item of items) {
        for (const [role, number] of Object.entries(item.refs)) {
          if (role.endsWith('BizNo') && typeof number === 'string' && !landed.has(number))
            faults.push(`${item.kind} before ${role}`);
        }
      }
      const outcomes = new Map(items.map((item) => [item.bizNo, nation.outcomeOf(item)]));
      for (const item of items) {
        landed.add(item.bizNo);
        nation.rows.set(item.bizNo, [{
          nationalId: `N-${item.bizNo}`, bizNo: item.bizNo, version: item.version, contentHash: nation.hashOf(item.data),
          status: 'ACTIVE', review: 'PASSED', mergedTo: null,
        }]); // prettier-ignore
      }
      answered += 1;
      // Every third answer never arrives, though what it carried was stored.
      return answered % 3 === 0
        ? { level: 'call', outcome: lost, requestId: 'r' }
        : { level: 'items', items: outcomes, requestId: 'r' };
    };
    const stops = await Promise.all([start(), start()]);
    const numbers = Array.from({ length: 12 }, (_, index) => index);
    await kit.push(source, [
      certificateRequest('C1', 'V1'),
      ...numbers.flatMap((n) => [
        evaluation(`E${n}`, `R${n}`),
        serviceRecord(`R${n}`, { volunteer: `V${n}`, activity: 'A1' }),
      ]),
    ]);
    await kit.push(
      source,
      numbers.map((n) => membership(`M${n}`, { volunteer: `V${n}`, project: 'P1' })),
    );
    await kit.push(source, [
      activity('A1', 'P1'),
      project('P1', { team: 'T1', station: 'S1' }),
      team('T1', 'S1', { data: { leaderVolunteerId: 'V3' } }),
    ]);
    await kit.push(source, [station('S1'), ...numbers.map((n) => volunteer(`V${n}`, { no: 21 + 2 * n }))]);
    await eventuallyPasses(
      async () => {
        const rest = await kit.rows(
          `SELECT kind, source_id, state FROM record WHERE source_system_id = $1 AND state <> 'mirrored'`,
          [source.id],
        );
        expect(rest).toEqual([]);
      },
      { timeoutMs: 25_000 },
    );
    await Promise.all(stops.map((stop) => stop()));
    expect(faults).toEqual([]);
    expect(problems).toEqual([]);
    const sent = nation.sent.flatMap(({ items }) => items.map(({ bizNo, version }) => `${bizNo} ${version}`));
    expect(new Set(sent).size).toBe(sent.length);
    for (const table of ['outbox', 'record_wait']) expect(await kit.rows(`SELECT 1 FROM ${table}`)).toEqual([]);
    expect(await kit.rows(`SELECT 1 FROM national_call WHERE stage <> 'closed'`)).toEqual([]);
  }, 40_000);
}

describe('delivery as a whole, queue in PostgreSQL', () => theWholeRoom(() => null));

describeNeeding('redis-server', 'delivery as a whole, queue in Redis', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  theWholeRoom(() => redis.url);
});
