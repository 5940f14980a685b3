import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../independent/canonical.js';
import { eventually } from '../../harness/eventually.js';
import type { HistoryFile } from '../stage/history-file.js';
import type { StageProgram } from '../stage/program.js';
import type { Stage } from '../stage/stage.js';

/** Every class must have fired at least once in a whole run ("sometimes" list). */
export type FaultClass =
  | 'kill'
  | 'fail-point'
  | 'freeze'
  | 'database'
  | 'redis'
  | 'link'
  | 'swizzle'
  | 'clock'
  | 'nation-replies'
  | 'nation-commits'
  | 'nation-pages'
  | 'nation-tokens'
  | 'nation-limits'
  | 'nation-hours'
  | 'nation-reads';

export interface Scene {
  readonly stage: Stage;
  readonly random: Random;
  readonly log: HistoryFile;
}

export interface Fault {
  readonly name: string;
  readonly class: FaultClass;
  /** Programs that it kills with signal 9; 0 = it is counted among the other faults. */
  readonly kills: number;
  /** Does it, undoes it, and answers what it hit: how many programs died, calls were struck … 0 = it did not fire. */
  run(scene: Scene): Promise<number>;
}

/** Other faults may be under way while a program starts: it is started again until it stays. */
const START_WITHIN_MS = 120_000;

export async function revive(program: StageProgram): Promise<void> {
  await program.gone();
  await eventually(
    async () => {
      if (!program.isRunning) await program.start();
      return true;
    },
    { timeoutMs: START_WITHIN_MS, intervalMs: 300, what: `${program.plan.name} started again` },
  );
}

export const between = (random: Random, fromMs: number, toMs: number): number => fromMs + random() * (toMs - fromMs);

export const pause = (scene: Scene, fromMs: number, toMs: number): Promise<void> =>
  sleep(between(scene.random, fromMs, toMs));

export const oneOf = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
