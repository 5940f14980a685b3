// Scripted faults (§2.1.3, §2.3) as data: where, which calls, what happens, how often.
import type { Call } from './call.js';
import { createChance, seedOf, type Chance } from './random.js';

/** Five points on the way of a call (§2.1.3), one for each written item, one for each callback on its way out. */
export const FAULT_POINTS = [
  'before-auth',
  'before-validate',
  'before-item',
  'before-commit',
  'after-commit-before-reply',
  'during-reply',
  'callback',
] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

export interface FaultMatch {
  method?: string;
  /** Prefix of the path, or a regular expression over it. */
  path?: string;
  entity?: string;
  /** Operation of the call, or several; at `before-item` it is `item`, at `callback` the type of the callback. */
  op?: string | readonly string[];
  bodyIncludes?: string;
  /** Code of the reply, where there is one already. */
  code?: string;
}

export type FaultEffect = { type: string } & Readonly<Record<string, unknown>>;

/** Which calls, which of them, and how often: what a script and a catalogue entry have in common. */
export interface FaultTiming {
  match?: FaultMatch;
  /** Only the nth matching call (from 1). */
  nth?: number;
  /** Every so many matching calls. */
  every?: number;
  probability?: number;
  /** At most so many times; nth without times means once. */
  times?: number;
}

export interface FaultInput extends FaultTiming {
  id?: string;
  point: FaultPoint;
  effect: FaultEffect;
  /** The name of the catalogue that made it. */
  catalogue?: string;
}

export interface Fault extends FaultInput {
  id: string;
  match: FaultMatch;
  seen: number;
  fired: number;
}

/** What a fault is matched against: a call, one item of it, or a callback. */
export type Struck = Pick<Call, 'method' | 'path' | 'operation' | 'entity' | 'body'>;

export class FaultScript {
  private faults: Fault[] = [];
  /** Each fault draws from a stream of its own, so that its pattern depends on nothing but the seed and its id. */
  private readonly chances = new Map<string, Chance>();
  private serial = 0;

  constructor(private readonly seed: number) {}

  add(input: FaultInput): Fault {
    this.serial += 1;
    const id = input.id ?? `fault-${this.serial}`;
    const fault: Fault = { ...input, id, match: input.match ?? {}, seen: 0, fired: 0 };
    this.faults = [...this.faults.filter((known) => known.id !== id), fault];
    this.chances.set(id, createChance(seedOf(this.seed, id)));
    return fault;
  }

  list(): readonly Fault[] {
    return this.faults;
  }

  remove(id: string): boolean {
    const before = this.faults.length;
    this.faults = this.faults.filter((fault) => fault.id !== id);
    this.chances.delete(id);
    return this.faults.length < before;
  }

  clear(): void {
    this.faults = [];
    this.chances.clear();
    this.serial = 0;
  }

  /** Effects that strike at this point, in the order of their script. */
  strike(point: FaultPoint, struck: Struck, code?: string): FaultEffect[] {
    if (this.faults.length === 0) return [];
    return this.faults
      .filter((fault) => fault.point === point && this.fires(fault, struck, code))
      .map((fault) => fault.effect);
  }

  private fires(fault: Fault, struck: Struck, code: string | undefined): boolean {
    const spent = fault.times ?? (fault.nth === undefined ? Infinity : 1);
    if (fault.fired >= spent || !matches(fault.match, struck, code)) return false;
    fault.seen += 1;
    if (fault.nth !== undefined && fault.seen < fault.nth) return false;
    if (fault.every !== undefined && fault.seen % fault.every !== 0) return false;
    if (fault.probability !== undefined && !this.happens(fault.id, fault.probability)) return false;
    fault.fired += 1;
    return true;
  }

  private happens(id: string, probability: number): boolean {
    return (this.chances.get(id)?.next() ?? 1) < probability;
  }
}

function matches(match: FaultMatch, struck: Struck, code: string | undefined): boolean {
  if (match.method !== undefined && match.method.toUpperCase() !== struck.method) return false;
  if (match.op !== undefined && ![match.op].flat().includes(struck.operation)) return false;
  if (match.entity !== undefined && match.entity !== struck.entity) return false;
  if (match.code !== undefined && match.code !== code) return false;
  if (match.bodyIncludes !== undefined && !struck.body.includes(match.bodyIncludes)) return false;
  if (match.path === undefined) return true;
  return struck.path.startsWith(match.path) || new RegExp(match.path).test(struck.path);
}
