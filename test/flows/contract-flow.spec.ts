import { describeNeeding } from '../harness/programs.js';
import { startRedis, type TestRedis } from '../harness/redis.js';
import { runContractFlow, type Chaos, type ContractReport } from '../independent/contract-run.js';
import { deploy, type Deployment } from './deployment.js';

/** Certificate files come with the certificates issue. */
const CHAOS: Chaos = { stallMs: 30_000, certificateFiles: false };
const FLOW_LIMIT_MS = 120_000;

let adapter: Deployment | undefined;
afterEach(async () => {
  await adapter?.close();
  adapter = undefined;
}, 60_000);

function flow({ apiBases, credentials, national }: Deployment, seed: number): Promise<ContractReport> {
  const [apiBase = '', ...moreApiBases] = apiBases;
  return runContractFlow({ apiBase, moreApiBases, credentials, national, seed, chaos: CHAOS });
}

/** Real: api and worker processes, PostgreSQL, HTTP both ways. Independent: the station client and the national side. */
describe('a shuffled world reaches an independent national side', () => {
  it.each([
    ['one api, one worker', { apis: 1, workers: 1 }, 5334],
    ['two apis, two workers', { apis: 2, workers: 2 }, 5335],
  ])(
    '%s: each accepted record exactly once, at its last revision, minutes equal',
    async (_name, programs, seed) => {
      adapter = await deploy(programs);
      const report = await flow(adapter, seed);
      expect(report.states.mirrored).toBeGreaterThan(0);
      expect(report.totalMinutes).toBe(adapter.national.totalMinutes());
    },
    FLOW_LIMIT_MS,
  );
});

describeNeeding('redis-server', 'the same with the queue in Redis', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it(
    'each accepted record exactly once, at its last revision, minutes equal',
    async () => {
      adapter = await deploy({ redisUrl: redis.url, apis: 2, workers: 2 });
      const report = await flow(adapter, 5336);
      expect(report.states.mirrored).toBeGreaterThan(0);
      expect(report.totalMinutes).toBe(adapter.national.totalMinutes());
    },
    FLOW_LIMIT_MS,
  );
});
