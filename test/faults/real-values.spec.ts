import { playDirected, told } from '../campaign/directed.js';
import { createTestDatabase } from '../harness/database.js';
import { freshStation } from '../campaign/fleet/prober.js';
import { ensureBuilt } from './canary-trial.js';

/** The waits of ref-v1 as they are: reads lag by up to a minute, a late commit comes within two. */
const REAL = { maxCommitLatencyMs: 120_000, readLagMs: 60_000 };
const SETTLE_MS = 300_000;
/** Lost before it was stored, lost after, and stored late though within the longest latency. */
const FAULTS = [
  { point: 'before-commit', effect: { type: 'reset' } },
  { point: 'after-commit-before-reply', effect: { type: 'reset' } },
  { point: 'before-commit', effect: { type: 'late-commit', afterMs: 90_000, then: 'reset' } },
] as const;
const LIMIT_MS = 420_000;

/** Real: api, worker, simulator, PostgreSQL, and the waits of the contract, nothing scaled. */
describe('lost and late writes at the real values of the contract', () => {
  it(
    'end exactly once, and nothing is written again before two minutes are over',
    async () => {
      await ensureBuilt();
      const database = await createTestDatabase();
      const directed = {
        waits: REAL,
        settleMs: SETTLE_MS,
        stage: { profile: {}, nation: { readLagMs: { minMs: 0, maxMs: REAL.readLagMs } } },
        play: async ({ stage, push, reach }: Parameters<Parameters<typeof playDirected>[0]['play']>[0]) => {
          // One at a time and by name, so that no write that is made again meets another's fault.
          for (const [at, fault] of FAULTS.entries()) {
            const item = freshStation(at + 1);
            const match = { op: 'write', bodyIncludes: item.data.name };
            await stage.control('POST', 'faults', { ...fault, match, times: 1 });
            await push([item]);
            await reach(item, 'unknown');
          }
          await push([freshStation(FAULTS.length + 1)]);
        },
      };
      try {
        expect(told(await playDirected(directed, [], database.url))).toEqual([]);
      } finally {
        await database.drop();
      }
    },
    LIMIT_MS,
  );
});
