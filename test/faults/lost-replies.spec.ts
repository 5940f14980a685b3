import { setTimeout as sleep } from 'node:timers/promises';
import { deploy, QUICK_PROFILE, type Deployment } from '../flows/deployment.js';
import { eventually } from '../harness/eventually.js';
import { seeded } from '../independent/canonical.js';
import { runContractFlow, type ContractReport } from '../independent/contract-run.js';
import type { FaultHandle, When } from '../independent/national/faults.js';
import type { NationalSide } from '../independent/national-side.js';
import { StationClient } from '../independent/station-client.js';
import { makeWorld } from '../independent/world.js';
import { FAULT_CHAOS, FAULT_WORLD, faultSeed } from './trouble.js';

const LIMIT_MS = 240_000;
/** Within the scaled longest commit latency of the profile, with a margin for a busy machine. */
const LATE_MS = QUICK_PROFILE.consistency.maxCommitLatencyMs * 0.5;
const EARLY_CALLS = 12;

let adapter: Deployment | undefined;
afterEach(async () => {
  await adapter?.close();
  adapter = undefined;
}, 60_000);

/** Adds faults that come by chance, and each once for certain at a seeded call: a fault that never came proves nothing. */
class Disturber {
  private readonly added = new Map<string, FaultHandle[]>();
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  often(name: string, probability: number, add: (when: When) => FaultHandle): void {
    const nth = 1 + Math.floor(this.random() * EARLY_CALLS);
    this.added.set(name, [add({ nth }), add({ probability })]);
  }

  expectAllHit(): void {
    const hits = [...this.added].map(([name, handles]) => [name, handles.reduce((sum, one) => sum + one.hits(), 0)]);
    expect(hits.filter(([, count]) => count === 0)).toEqual([]);
  }
}

async function flowUnder(
  seed: number,
  disturb: (national: NationalSide, disturber: Disturber) => void,
): Promise<ContractReport> {
  // Small batches: more calls, so that each kind of fault meets several.
  adapter = await deploy({ national: { seed, batchItems: 5 } });
  const { apiBase, credentials, national } = adapter;
  const disturber = new Disturber(seed);
  disturb(national, disturber);
  const report = await runContractFlow({
    apiBase,
    credentials,
    national,
    seed,
    sizes: FAULT_WORLD,
    chaos: FAULT_CHAOS,
  });
  expect(report.totalMinutes).toBe(national.totalMinutes());
  disturber.expectAllHit();
  return report;
}

/** The judge is the contract flow: exact rows and minutes, and nothing like RESEND_WITHOUT_LOOKUP or TWO_IN_FLIGHT. */
describe('what the nation does to a call changes nothing in the result', () => {
  it(
    'replies lost after the commit, and calls lost before it',
    async () => {
      await flowUnder(faultSeed(6201), ({ faults }, disturber) => {
        disturber.often('lose-reply', 0.07, (when) => faults.loseReply(when));
        disturber.often('reset-before-commit', 0.05, (when) => faults.resetBeforeCommit(when));
        disturber.often('late-commit', 0.05, (when) => faults.lateCommit(LATE_MS, when));
        faults.dropReceiptItems({ probability: 0.05 });
      });
    },
    LIMIT_MS,
  );

  it(
    'pages instead of answers, unclear codes, throttling, tokens that expire',
    async () => {
      const seed = faultSeed(6202);
      const ended = new AbortController();
      let expiring = Promise.resolve();
      await flowUnder(seed, (national, disturber) => {
        const { faults } = national;
        disturber.often('502', 0.03, (when) => faults.htmlError(502, when));
        disturber.often('504', 0.03, (when) => faults.htmlError(504, { ...when, after: 'commit' }));
        disturber.often('5001', 0.03, (when) => faults.codeError('5001', { ...when, after: 'commit' }));
        disturber.often('9999', 0.03, (when) => faults.codeError('9999', when));
        disturber.often('5000', 0.03, (when) => faults.codeError('5000', when));
        disturber.often('1301', 0.02, (when) => faults.codeError('1301', { ...when, times: 2 }));
        expiring = expireTokens(national, seeded(seed), ended.signal);
      }).finally(() => ended.abort());
      await expiring;
    },
    LIMIT_MS,
  );

  it(
    'reads that fail as often as writes do',
    async () => {
      await flowUnder(faultSeed(6203), ({ faults }, disturber) => {
        disturber.often('lost write', 0.1, (when) => faults.loseReply(when));
        disturber.often('lost read', 0.1, (when) => faults.loseReply({ ...when, match: isRead }));
        disturber.often('page for a read', 0.1, (when) => faults.htmlError(503, { ...when, match: isRead }));
        disturber.often('5000 for a read', 0.1, (when) => faults.codeError('5000', { ...when, match: isRead }));
      });
    },
    LIMIT_MS,
  );
});

describe('a look-up whose reply is lost', () => {
  it('is asked again within seconds', async () => {
    adapter = await deploy();
    const { apiBase, credentials, national } = adapter;
    national.faults.loseReply({ nth: 1 });
    const lost = national.faults.loseReply({ match: isLookup, times: 2 });
    const client = new StationClient({ apiBase, ...credentials });
    const { records } = makeWorld({ seed: 1, sizes: { volunteers: 0, certificates: 0, blocked: false } });
    const { item } = records[0] as (typeof records)[number];
    await client.pushBatch([item]);
    const isMirrored = async (): Promise<boolean> =>
      (await client.status(item.kind, item.sourceId))?.state === 'mirrored';
    await eventually(isMirrored, { timeoutMs: 60_000, what: 'the record at rest' });
    client.close();
    expect(lost.hits()).toBe(2);
    const asked = national.requests.filter(isLookup).map(({ at }) => at);
    const pauses = asked.slice(1).map((at, before) => at - (asked[before] ?? 0));
    // What a dead worker had in hand comes due after 30 s; a read that failed need not wait for that.
    expect(Math.max(...pauses)).toBeLessThan(20_000);
    expect(national.rows('stations')).toHaveLength(1);
    expect(national.violations).toEqual([]);
  }, 90_000);
});

interface Asked {
  readonly method: string;
  readonly path: string;
}

const isLookup = ({ path }: Asked): boolean => path.includes('/lookup');
const isRead = (call: Asked): boolean => isLookup(call) || (call.method === 'GET' && call.path.includes('/batches'));

async function expireTokens(national: NationalSide, random: () => number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(200 + random() * 800, undefined, { signal }).catch(() => undefined);
    national.faults.expireTokens();
  }
}
