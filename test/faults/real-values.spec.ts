import { playDirected, told } from '../campaign/directed.js';
import { createTestDatabase } from '../harness/database.js';
import { freshStation } from '../campaign/fleet/prober.js';
import { ensureBuilt } from './canary-trial.js';

/** The waits of ref-v1 as they are: reads lag by up to a minute, a late commit comes within two. */
const REAL = { maxCommitLatencyMs: 120_000, readLagMs: 60_000 };
const SETTLE_MS = 300_000;
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
        play: async ({ stage, push }: Parameters<Parameters<typeof playDirected>[0]['play']>[0]) => {
          const strike = (point: string, effect: object, nth: number): Promise<unknown> =>
            stage.control('POST', 'faults', { point, match: { op: 'write' }, effect, nth, times: 1 });
          await strike('before-commit', { type: 'reset' }, 1);
          await strike('after-commit-before-reply', { type: 'reset' }, 1);
          await strike('before-commit', { type: 'late-commit', afterMs: 90_000, then: 'reset' }, 3);
          for (const number of [1, 2, 3, 4]) await push([freshStation(number)]);
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
