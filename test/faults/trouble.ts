import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../independent/canonical.js';
import type { Chaos } from '../independent/contract-run.js';
import type { NationalSide } from '../independent/national-side.js';
import type { WorldSizes } from '../independent/world.js';
import type { Adapter, Role } from '../flows/deployment.js';

/** Certificate files come with the certificates issue. A lease of a killed worker outlives its call's deadline. */
export const FAULT_CHAOS: Chaos = { stallMs: 60_000, certificateFiles: false, maxMs: 150_000, attempts: 40 };

/** Large enough that there is something in flight whenever somebody is killed. */
export const FAULT_WORLD: Partial<WorldSizes> = { volunteers: 14, recordsPerVolunteer: 6, evaluations: 12 };

/**
 * The seed of a run: the fixed one, or ZHIQIAO_FAULT_SEED. Printed, so that a failure can be played again (what the
 * seed decides is who is hit when, not how the operating system schedules the processes).
 */
export function faultSeed(fixed: number): number {
  const seed = Number(process.env.ZHIQIAO_FAULT_SEED ?? fixed);
  process.stderr.write(`seed ${seed}: ZHIQIAO_FAULT_SEED=${seed} npm test -- ${expect.getState().testPath}\n`);
  return seed;
}

export interface KillPlan {
  readonly seed: number;
  /** Of each program. */
  readonly kills: number;
  /** Longest time between a start and the next kill. */
  readonly withinMs: number;
  /** What else happens at some of the moments. */
  readonly andThen?: () => Promise<void>;
}

/**
 * Kills every program of the adapter so many times at seeded moments, each started again at once in its place.
 * Answers the moments of the kills.
 */
export async function killAgainAndAgain(adapter: Adapter, plan: KillPlan): Promise<number[]> {
  const roles = (['api', 'worker'] as const).flatMap((role) =>
    Array.from({ length: adapter.counts[role] }, (_, index) => ({ role, index })),
  );
  const moments = await Promise.all(roles.map((victim, at) => killOne(adapter, { ...victim, at }, plan)));
  return moments.flat();
}

async function killOne(
  adapter: Adapter,
  victim: { role: Role; index: number; at: number },
  plan: KillPlan,
): Promise<number[]> {
  const random = seeded(plan.seed + victim.at);
  const moments: number[] = [];
  while (moments.length < plan.kills) {
    await sleep(random() * plan.withinMs);
    moments.push(Date.now());
    await adapter.killAndRestart(victim.role, victim.index);
    if (plan.andThen && random() < 0.5) await plan.andThen();
  }
  return moments;
}

/** How many of these moments fell into the time in which the adapter still wrote to the national side. */
export function whileWriting(moments: readonly number[], national: NationalSide): number {
  const lastWrite = Math.max(...national.requests.filter(({ bizNos }) => bizNos.length > 0).map(({ at }) => at));
  return moments.filter((moment) => moment < lastWrite).length;
}
