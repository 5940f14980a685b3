import { setTimeout as sleep } from 'node:timers/promises';
import { FAIL_POINTS, type FailPoint } from '../campaign/build/fail-points.js';
import { playDirected, told, type Directed } from '../campaign/directed.js';
import { freshStation } from '../campaign/fleet/prober.js';
import { createTestDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { ensureBuilt } from './canary-trial.js';

const BEFORE_SEND = FAIL_POINTS.find(({ name }) => name === 'W3') as FailPoint;
const LIMIT_MS = 150_000;

/**
 * R04 at the worst moment: the attempt is written down, its bytes have not left, and the worker is frozen until another
 * has found nothing, written the record itself and settled it. Then it wakes.
 */
const FROZEN: Directed = {
  stage: { workers: 2 },
  play: async ({ stage, push, reach }) => {
    const item = freshStation(1);
    stage.arm(BEFORE_SEND, { effect: 'stop' });
    await push([item]);
    await eventually(() => stage.hasFired(BEFORE_SEND), { timeoutMs: 30_000, what: 'a worker frozen' });
    await reach(item, 'mirrored');
    for (const name of stage.names('worker')) stage.program(name).signal('SIGCONT');
    await sleep(3_000);
  },
};

/** Real: api, two workers, simulator that keeps silent second rows, PostgreSQL. */
describe('a worker that was frozen before its first byte', () => {
  it(
    'sends nothing any more when it wakes after its lease',
    async () => {
      await ensureBuilt();
      const database = await createTestDatabase();
      try {
        expect(told(await playDirected(FROZEN, [], database.url))).toEqual([]);
      } finally {
        await database.drop();
      }
    },
    LIMIT_MS,
  );
});
