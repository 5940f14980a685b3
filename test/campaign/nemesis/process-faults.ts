import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../harness/eventually.js';
import { FAIL_POINTS, type FailPoint } from '../build/fail-points.js';
import type { StageProgram } from '../stage/program.js';
import type { Role } from '../stage/stage.js';
import { oneOf, pause, revive, type Fault, type Scene } from './fault.js';

/** Longer than a lease (8 s): when it wakes, its call is another worker's (R04). */
const ZOMBIE_MS = 11_000;
const SHORT_FREEZE_MS = { from: 1_500, to: 4_000 } as const;
/** Passing a fail-point needs work of its kind; where none comes, the fault did not fire and says so. */
const FAIL_POINT_PATIENCE_MS = 12_000;
const LOOK_EVERY_MS = 25;

const kill = (role: Role): Fault => ({
  name: `kill-${role}`,
  class: 'kill',
  kills: 1,
  run: async ({ stage, random }) => {
    const program = stage.program(oneOf(random, stage.names(role)));
    await program.kill();
    await revive(program);
    return 1;
  },
});

const killAll: Fault = {
  name: 'kill-all',
  class: 'kill',
  kills: 4,
  run: async ({ stage }) => {
    const programs = [...stage.names('api'), ...stage.names('worker')].map((name) => stage.program(name));
    await Promise.all(programs.map((program) => program.kill()));
    await Promise.all(programs.map(revive));
    return programs.length;
  },
};

/** `kill -9` by itself at a named point. */
export const killAt = (point: FailPoint): Fault => ({
  name: `kill-at-${point.name}`,
  class: 'fail-point',
  kills: 1,
  run: async (scene) => {
    const { stage, random } = scene;
    const isLookup = point.name.startsWith('L');
    if (isLookup) await loseSomeReplies(stage);
    stage.arm(point, { effect: 'kill9', nth: isLookup ? 1 : 1 + Math.floor(random() * 3) });
    const hasFired = await firesWithin(scene, point);
    stage.disarm();
    if (isLookup) await stage.control('DELETE', `faults/${LOST_FOR_LOOKUPS}`).catch(() => undefined);
    if (!hasFired) return 0;
    // The kernel tells of the death a little after the file was renamed.
    const dead = await eventually(() => victims(stage, point.role), { what: `a victim of ${point.name}` });
    await Promise.all(dead.map(revive));
    return 1;
  },
});

const LOST_FOR_LOOKUPS = 'lost-for-look-ups';

/** Nobody looks anything up when nothing is in doubt. */
const loseSomeReplies = (stage: Scene['stage']): Promise<unknown> =>
  stage.control('POST', 'faults', {
    id: LOST_FOR_LOOKUPS,
    point: 'after-commit-before-reply',
    match: { method: 'POST', path: '/v1/[a-z-]+s(/batch)?$' },
    effect: { type: 'reset' },
    times: 3,
  });

function victims(stage: Scene['stage'], role: Role): StageProgram[] | null {
  const dead = stage
    .names(role)
    .map((name) => stage.program(name))
    .filter((program) => !program.isRunning);
  return dead.length > 0 ? dead : null;
}

async function firesWithin({ stage }: Scene, point: FailPoint): Promise<boolean> {
  for (const end = performance.now() + FAIL_POINT_PATIENCE_MS; performance.now() < end; await sleep(LOOK_EVERY_MS)) {
    if (stage.hasFired(point)) return true;
  }
  return false;
}

const freeze = (role: Role, forMs: { from: number; to: number }, name: string): Fault => ({
  name,
  class: 'freeze',
  kills: 0,
  run: async (scene) => {
    const program = scene.stage.program(oneOf(scene.random, scene.stage.names(role)));
    program.signal('SIGSTOP');
    await pause(scene, forMs.from, forMs.to);
    program.signal('SIGCONT');
    return 1;
  },
});

export const PROCESS_KILLS: readonly Fault[] = [kill('api'), kill('worker'), kill('simulator'), killAll];
export const FAIL_POINT_KILLS: readonly Fault[] = FAIL_POINTS.map(killAt);
export const FREEZES: readonly Fault[] = [
  freeze('worker', { from: ZOMBIE_MS, to: ZOMBIE_MS + 1_000 }, 'freeze-worker-past-its-lease'),
  freeze('worker', SHORT_FREEZE_MS, 'freeze-worker'),
  freeze('api', SHORT_FREEZE_MS, 'freeze-api'),
  freeze('simulator', SHORT_FREEZE_MS, 'freeze-nation'),
];
