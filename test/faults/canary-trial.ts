import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { canary } from '../campaign/build/canaries.js';
import { DIRECTED, playDirected, told, type Directed } from '../campaign/directed.js';
import { createTestDatabase } from '../harness/database.js';
import { CHECKOUT, oncePerRun } from '../harness/run.js';

const LIMIT_MS = 150_000;

/** The test builds are copies of the compiled programs; those are compiled once per run if a source is newer. */
export function ensureBuilt(): Promise<unknown> {
  return oncePerRun('build', () => {
    const built = spawnSync(process.execPath, [join(CHECKOUT, 'scripts', 'prepare.mjs')], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`the programs under test do not compile:\n${built.stdout}${built.stderr}`);
    return Promise.resolve(true);
  });
}

/**
 * One planted bug: the directed run that goes straight to it is reported by the judge under the invariant that the bug
 * breaks, and the same run of the programs as they are leaves the judge silent.
 */
export function describeCanary(number: number): void {
  const { name, patches, breaks } = canary(number);
  const directed = DIRECTED[number] as Directed;

  describe(`canary ${number}: ${name}`, () => {
    const play = async (isPlanted: boolean): ReturnType<typeof playDirected> => {
      await ensureBuilt();
      const database = await createTestDatabase();
      try {
        return await playDirected(directed, isPlanted ? patches : [], database.url);
      } finally {
        await database.drop();
      }
    };

    it(
      `is reported under ${breaks.join(' or ')}`,
      async () => {
        const { violations } = await play(true);
        expect(violations.map(({ invariant }) => invariant).filter((one) => breaks.includes(one))).not.toEqual([]);
      },
      LIMIT_MS,
    );

    it(
      'is not there: the same run is silent',
      async () => {
        expect(told(await play(false))).toEqual([]);
      },
      LIMIT_MS,
    );
  });
}
