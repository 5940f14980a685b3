// Control of the fault script: add, list, remove.
import type { Control } from './control-call.js';
import { isKnownEffect, WIRE_EFFECTS } from './fault-effects.js';
import { FAULT_POINTS, type FaultEffect, type FaultMatch, type FaultPoint } from './faults.js';
import { ActRefused } from './national-acts.js';

interface FaultInput {
  id?: string;
  point: FaultPoint;
  match?: FaultMatch;
  effect: FaultEffect;
  nth?: number;
  probability?: number;
  times?: number;
}

const REPLY_EFFECTS = new Set(['patch', 'receipt']);

/** A script that could never strike is refused at once, so that no test passes for want of a fault. */
function checkFault(input: FaultInput): void {
  const { point, effect, match } = input;
  if (!FAULT_POINTS.includes(point)) throw new ActRefused(`point is one of ${FAULT_POINTS.join(', ')}`);
  if (typeof effect?.type !== 'string' || !isKnownEffect(effect.type))
    throw new ActRefused(`unknown effect ${effect?.type}`);
  if (point === 'during-reply' && !WIRE_EFFECTS.has(effect.type))
    throw new ActRefused(`${effect.type} is no wire effect`);
  const onlyOnWire = ['truncate', 'cut', 'trickle', 'wire'].includes(effect.type);
  if (point !== 'during-reply' && onlyOnWire) throw new ActRefused(`${effect.type} belongs to during-reply`);
  if (REPLY_EFFECTS.has(effect.type) && point !== 'after-commit-before-reply') {
    throw new ActRefused(`${effect.type} belongs to after-commit-before-reply`);
  }
  if (effect.type === 'late-commit' && point !== 'before-commit')
    throw new ActRefused('late-commit belongs to before-commit');
  if (match?.path !== undefined) new RegExp(match.path);
}

export const controlFaults: Readonly<Record<string, Control>> = {
  'GET faults': ({ nation }) => ({ faults: nation.faults.list() }),
  'POST faults': ({ nation, text }) => {
    const input = JSON.parse(text) as FaultInput | FaultInput[];
    const list = Array.isArray(input) ? input : [input];
    list.forEach(checkFault);
    const faults = list.map((fault) => nation.faults.add(fault));
    return Array.isArray(input) ? { faults } : { ...faults[0] };
  },
  'DELETE faults': ({ nation }) => {
    nation.faults.clear();
    return { faults: [] };
  },
  'DELETE faults/{argument}': ({ nation, argument }) => {
    if (!nation.faults.remove(argument)) throw new ActRefused(`no fault ${argument}`);
    return { removed: argument };
  },
};
