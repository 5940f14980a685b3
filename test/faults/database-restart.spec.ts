import { setTimeout as sleep } from 'node:timers/promises';
import { deploy, type Deployment } from '../flows/deployment.js';
import { eventually } from '../harness/eventually.js';
import { startOwnPostgres, type OwnPostgres } from '../harness/own-postgres.js';
import { seeded } from '../independent/canonical.js';
import { runContractFlow } from '../independent/contract-run.js';
import { FAULT_CHAOS, FAULT_WORLD, faultSeed, whileWriting } from './trouble.js';

const RESTARTS = 3;
const LIMIT_MS = 240_000;

let postgres: OwnPostgres | undefined;
let adapter: Deployment | undefined;

beforeAll(async () => {
  postgres = await startOwnPostgres();
  adapter = await deploy({ database: postgres });
}, 120_000);

afterAll(async () => {
  if (adapter) await adapter.close();
  else await postgres?.drop();
}, 60_000);

/** What the door answers while the database is away. */
async function expectUnavailable({ apiBase, credentials }: Deployment): Promise<void> {
  const headers = { Authorization: `Bearer ${credentials.appKey}.${credentials.secret}` };
  const answer = await fetch(`${apiBase}/summary`, { headers });
  expect({ status: answer.status, code: ((await answer.json()) as { code: string }).code }).toEqual({
    status: 503,
    code: 'UNAVAILABLE',
  });
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
}

async function restartAgainAndAgain(server: OwnPostgres, running: Deployment, seed: number): Promise<number[]> {
  const random = seeded(seed);
  const moments: number[] = [];
  while (moments.length < RESTARTS) {
    await sleep(500 + random() * 2_000);
    moments.push(Date.now());
    await server.stopImmediately();
    await expectUnavailable(running);
    await sleep(random() * 1_500);
    await server.startAgain();
  }
  return moments;
}

/** Real: a PostgreSQL of this spec's own, fsync on, killed and started again under running programs. */
describe('a restart of PostgreSQL', () => {
  it(
    'is 503 with Retry-After while it lasts, and changes nothing in the result',
    async () => {
      const running = adapter as Deployment;
      const { apiBase, credentials, national } = running;
      const seed = faultSeed(6301);
      const nemesis = restartAgainAndAgain(postgres as OwnPostgres, running, seed);
      const chaos = { ...FAULT_CHAOS, nemesis };
      const flow = runContractFlow({ apiBase, credentials, national, seed, sizes: FAULT_WORLD, chaos });
      const report = await flow.finally(() => nemesis);
      expect(report.totalMinutes).toBe(national.totalMinutes());
      expect(whileWriting(await nemesis, national)).toBeGreaterThanOrEqual(2);
    },
    LIMIT_MS,
  );

  it('ends no program, and the api is ready again by itself', async () => {
    const { apiBase, program } = adapter as Deployment;
    for (const role of ['api', 'worker'] as const) {
      expect(await Promise.race([program(role).exited, Promise.resolve('running')])).toBe('running');
    }
    await eventually(async () => (await fetch(new URL('/health/ready', apiBase))).status === 200);
  });
});
