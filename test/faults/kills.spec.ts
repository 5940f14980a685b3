import { deploy, type Deployment, type DeploymentOptions } from '../flows/deployment.js';
import { describeNeeding } from '../harness/programs.js';
import { startRedis, type TestRedis } from '../harness/redis.js';
import { runContractFlow } from '../independent/contract-run.js';
import { FAULT_CHAOS, FAULT_WORLD, faultSeed, killAgainAndAgain, whileWriting, type KillPlan } from './trouble.js';

const KILLS_OF_EACH = 6;
const LIMIT_MS = 240_000;

let adapter: Deployment | undefined;
afterEach(async () => {
  await adapter?.close();
  adapter = undefined;
}, 60_000);

async function flowUnderKills(seed: number, options: DeploymentOptions, andThen?: KillPlan['andThen']): Promise<void> {
  adapter = await deploy(options);
  const { apiBase, credentials, national } = adapter;
  const plan = { seed, kills: KILLS_OF_EACH, withinMs: 1_500, ...(andThen ? { andThen } : {}) };
  const nemesis = killAgainAndAgain(adapter, plan);
  const chaos = { ...FAULT_CHAOS, nemesis };
  const flow = runContractFlow({ apiBase, credentials, national, seed, sizes: FAULT_WORLD, chaos });
  const report = await flow.finally(() => nemesis);
  const moments = await nemesis;
  expect(report.totalMinutes).toBe(national.totalMinutes());
  expect(moments).toHaveLength(2 * KILLS_OF_EACH);
  // Kills of a house that is at rest would prove nothing.
  expect(whileWriting(moments, national)).toBeGreaterThan(KILLS_OF_EACH);
}

/** Real: processes, PostgreSQL, Redis, HTTP both ways. The judge is the contract flow, over the national side's own rows. */
describe('kill -9 of api and worker changes nothing in the result', () => {
  it(
    'with the queue in PostgreSQL',
    async () => {
      await flowUnderKills(faultSeed(6101), {});
    },
    LIMIT_MS,
  );
});

describeNeeding('redis-server', 'kill -9 and FLUSHALL change nothing in the result', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it(
    'with the queue in Redis',
    async () => {
      let flushes = 0;
      const flush = async (): Promise<void> => {
        await redis.flushAll();
        flushes += 1;
      };
      await flowUnderKills(faultSeed(6102), { redisUrl: redis.url }, flush);
      expect(flushes).toBeGreaterThan(2);
    },
    LIMIT_MS,
  );
});
