import { seeded, shuffled, type Random } from '../../independent/canonical.js';
import type { LinkName } from '../stage/stage.js';
import type { Fault, FaultClass } from './fault.js';
import { NATION_FAULTS } from './nation-faults.js';
import { FAIL_POINT_KILLS, FREEZES, PROCESS_KILLS } from './process-faults.js';
import { clockFaults, DATABASE_FAULTS, linkFaults, REDIS_FAULTS, SWIZZLE } from './store-faults.js';

export interface DeckOptions {
  readonly seed: number;
  readonly kills: number;
  readonly faults: number;
  readonly queue: 'postgres' | 'redis';
  /** Only faults of these classes beside the kills; all when absent. */
  readonly classes?: readonly FaultClass[];
}

/** Faults that strike together. */
export type Round = readonly Fault[];

const LINKS: readonly LinkName[] = ['station', 'nation', 'database-api', 'database-worker'];

export function allFaults(queue: 'postgres' | 'redis'): Fault[] {
  const links = queue === 'redis' ? [...LINKS, 'redis' as const] : LINKS;
  return [
    ...FREEZES, ...DATABASE_FAULTS, ...(queue === 'redis' ? REDIS_FAULTS : []), ...linkFaults(links), SWIZZLE,
    ...clockFaults(), ...NATION_FAULTS,
  ]; // prettier-ignore
}

/**
 * Deals the faults of a run. All fail-points come before any comes twice, and so do all classes of other faults, each
 * class in turn, so that a run that is long enough has had everything.
 */
export function deal(options: DeckOptions): Round[] {
  const random = seeded(options.seed + 77);
  const kills = dealKills(options.kills, random);
  const others = dealOthers(options, random);
  const rounds: Fault[][] = kills.map((kill) => [kill]);
  others.forEach((fault, at) => {
    const home = rounds[Math.floor((at * rounds.length) / others.length)];
    if (home === undefined || home.length >= MOST_AT_ONCE) rounds.push([fault]);
    else home.push(fault);
  });
  return rounds;
}

const MOST_AT_ONCE = 3;
/** Of the kills that are no fail-points: mostly one program, now and then all of them. */
const KILL_ORDER = [1, 0, 1, 2, 0, 1, 3, 0, 1, 2];

function dealKills(count: number, random: Random): Fault[] {
  const dealt: Fault[] = [];
  let points: Fault[] = [];
  let sum = 0;
  for (let turn = 0; sum < count; turn += 1) {
    if (points.length === 0) points = shuffled(FAIL_POINT_KILLS, random);
    const plain = PROCESS_KILLS[KILL_ORDER[Math.floor(turn / 2) % KILL_ORDER.length] ?? 0] as Fault;
    const fault = turn % 2 === 0 ? (points.pop() as Fault) : plain;
    dealt.push(fault);
    sum += fault.kills;
  }
  return dealt;
}

function dealOthers({ faults: count, queue, classes }: DeckOptions, random: Random): Fault[] {
  const all = allFaults(queue).filter((fault) => classes?.includes(fault.class) ?? true);
  const byClass = new Map<FaultClass, Fault[]>();
  for (const fault of shuffled(all, random)) byClass.set(fault.class, [...(byClass.get(fault.class) ?? []), fault]);
  const turns = new Map<FaultClass, number>();
  const dealt: Fault[] = [];
  while (dealt.length < count && all.length > 0) {
    for (const [name, list] of byClass) {
      if (dealt.length >= count) break;
      const turn = turns.get(name) ?? 0;
      turns.set(name, turn + 1);
      dealt.push(list[turn % list.length] as Fault);
    }
  }
  return dealt;
}
