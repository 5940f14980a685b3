// Scripted faults (§2.1.3, §2.3) as data: where, which calls, what happens, how often.
import type { Call } from './call.js';
import type { Chance } from './random.js';

export const FAULT_POINTS = [
  'before-auth',
  'before-validate',
  'before-commit',
  'after-commit-before-reply',
  'during-reply',
] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

export interface FaultMatch {
  method?: string;
  /** Prefix of the path, or a regular expression over it. */
  path?: string;
  entity?: string;
  op?: string;
  bodyIncludes?: string;
}

export type FaultEffect = { type: string } & Readonly<Record<string, unknown>>;

export interface Fault {
  id: string;
  point: FaultPoint;
  match: FaultMatch;
  effect: FaultEffect;
  /** Only the nth matching call (from 1). */
  nth?: number;
  probability?: number;
  /** At most so many times; nth without times means once. */
  times?: number;
  seen: number;
  fired: number;
}

export class FaultScript {
  private faults: Fault[] = [];
  private serial = 0;

  constructor(private readonly chance: Chance) {}

  add(input: Omit<Fault, 'id' | 'match' | 'seen' | 'fired'> & { id?: string; match?: FaultMatch }): Fault {
    this.serial += 1;
    const fault: Fault = {
      ...input,
      id: input.id ?? `fault-${this.serial}`,
      match: input.match ?? {},
      seen: 0,
      fired: 0,
    };
    this.faults = [...this.faults.filter(({ id }) => id !== fault.id), fault];
    return fault;
  }

  list(): readonly Fault[] {
    return this.faults;
  }

  remove(id: string): boolean {
    const before = this.faults.length;
    this.faults = this.faults.filter((fault) => fault.id !== id);
    return this.faults.length < before;
  }

  clear(): void {
    this.faults = [];
  }

  /** Effects that strike this call at this point, in the order of their script. */
  strike(point: FaultPoint, call: Call): FaultEffect[] {
    if (this.faults.length === 0) return [];
    return this.faults.filter((fault) => fault.point === point && this.fires(fault, call)).map((fault) => fault.effect);
  }

  private fires(fault: Fault, call: Call): boolean {
    const spent = fault.times ?? (fault.nth === undefined ? Infinity : 1);
    if (fault.fired >= spent || !matches(fault.match, call)) return false;
    fault.seen += 1;
    if (fault.nth !== undefined && fault.seen < fault.nth) return false;
    if (fault.probability !== undefined && this.chance.next() >= fault.probability) return false;
    fault.fired += 1;
    return true;
  }
}

function matches(match: FaultMatch, call: Call): boolean {
  if (match.method !== undefined && match.method.toUpperCase() !== call.method) return false;
  if (match.op !== undefined && match.op !== call.operation) return false;
  if (match.entity !== undefined && match.entity !== call.entity) return false;
  if (match.bodyIncludes !== undefined && !call.body.includes(match.bodyIncludes)) return false;
  if (match.path === undefined) return true;
  return call.path.startsWith(match.path) || new RegExp(match.path).test(call.path);
}
