import { runContractFlow } from '../independent/contract-run.js';
import { deploy, type Deployment } from './deployment.js';

/** Certificate files come with the certificates issue. */
const CHAOS = { stallMs: 30_000, certificateFiles: false };

/** Real: api and worker processes, PostgreSQL, HTTP both ways. Independent: the station client and the national side. */
describe('a shuffled world reaches an independent national side', () => {
  let adapter: Deployment;

  beforeAll(async () => {
    adapter = await deploy({ national: { reviewMs: 300, realNameMs: 300, certificateMs: 300, receiptDelayMs: 50 } });
  }, 120_000);

  afterAll(async () => adapter?.close(), 60_000);

  it('each accepted record exactly once, at its last revision, minutes equal', async () => {
    const { apiBase, credentials, national } = adapter;
    const report = await runContractFlow({ apiBase, credentials, national, seed: 5334, chaos: CHAOS });
    expect(report.states.mirrored).toBeGreaterThan(0);
    expect(report.totalMinutes).toBe(national.totalMinutes());
  }, 300_000);
});
