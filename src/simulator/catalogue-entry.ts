// What a catalogue entry is: a script of faults for calls to come, or an act that changes the nation now.
import type { Undo } from './fault-states.js';
import type { FaultInput, FaultMatch, FaultPoint } from './faults.js';
import { ActRefused } from './national-acts.js';
import type { Nation } from './nation.js';

export type Params = Readonly<Record<string, unknown>>;

/** `undo` = the fault is a state that can be lifted; what `result` says is shown to the caller. */
export interface Applied {
  result?: object;
  undo?: Undo;
}

export interface CatalogueEntry {
  title: string;
  kind: 'wire' | 'state' | 'adapter';
  /** Name → what it means and its default. */
  params: Readonly<Record<string, string>>;
  /** null = with these parameters the entry acts instead. */
  script?(params: Params): FaultInput[] | null;
  apply?(nation: Nation, params: Params): Applied | Promise<Applied>;
  /** Why there is nothing to script. */
  why?: string;
}

/** Endpoints that store something the adapter owes (§1.16 A15, without attachments). */
export const WRITES: FaultMatch = { op: ['write', 'batch'] };
export const RECEIPTS: FaultMatch = { op: ['receipt', 'receipt-by-client'] };

export const one = (
  point: FaultPoint,
  effect: { type: string } & Record<string, unknown>,
  match: FaultMatch = {},
): FaultInput[] => [{ point, match, effect: definedOf(effect) }];

const definedOf = (effect: { type: string } & Record<string, unknown>): FaultInput['effect'] =>
  Object.fromEntries(Object.entries(effect).filter(([, value]) => value !== undefined)) as FaultInput['effect'];

/** One of a list of words; anything else is refused with the way out. */
export function choice<T extends string>(params: Params, name: string, allowed: readonly T[]): T {
  const value = params[name] ?? allowed[0];
  const found = allowed.find((word) => word === value);
  if (found === undefined) throw new ActRefused(`${name}: one of ${allowed.join(', ')}`, name);
  return found;
}

export function text(params: Params, name: string, otherwise: string): string {
  const value = params[name] ?? otherwise;
  if (typeof value !== 'string') throw new ActRefused(`${name}: a text`, name);
  return value;
}

export function number(params: Params, name: string, otherwise: number): number {
  const value = params[name] ?? otherwise;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new ActRefused(`${name}: a number`, name);
  return value;
}

/** Where a fault that may come before or after the commit stands. */
export const sideOfCommit = (params: Params, before: FaultPoint = 'before-commit'): FaultPoint =>
  params.committed === true ? 'after-commit-before-reply' : before;
