// Control of the fault script: add, list, remove; by effect (§2.1.3) or by the name of the catalogue (§2.3).
import { CATALOGUE } from './catalogue.js';
import type { CatalogueEntry, Params } from './catalogue-entry.js';
import type { Control } from './control-call.js';
import { checkFault } from './effect-places.js';
import type { Fault, FaultInput, FaultTiming } from './faults.js';
import { ActRefused } from './national-acts.js';
import type { Nation } from './nation.js';

type NamedFault = FaultTiming & { catalogue: string; id?: string; off?: boolean } & Record<string, unknown>;

const isNamed = (input: FaultInput | NamedFault): input is NamedFault => 'catalogue' in input;

function entryOf(name: unknown): CatalogueEntry {
  const entry = typeof name === 'string' && Object.hasOwn(CATALOGUE, name) ? CATALOGUE[name] : undefined;
  if (entry === undefined)
    throw new ActRefused(`catalogue: no fault ${String(name)}; F01 to F63, listed by GET /sim/catalogue`, 'catalogue');
  return entry;
}

function checkParams(name: string, entry: CatalogueEntry, params: Params): void {
  const unknown = Object.keys(params).find((key) => !Object.hasOwn(entry.params, key));
  if (unknown === undefined) return;
  const known = Object.keys(entry.params).join(', ') || 'none';
  throw new ActRefused(`${unknown}: ${name} has no such parameter; it has ${known} (GET /sim/catalogue)`, unknown);
}

async function applyNamed(nation: Nation, input: NamedFault): Promise<object> {
  const { catalogue, id, off, match, nth, every, times, probability, ...params } = input;
  const entry = entryOf(catalogue);
  if (off === true) return { catalogue, lifted: await lift(nation, catalogue) };
  if (entry.kind === 'adapter')
    throw new ActRefused(`catalogue: ${catalogue} is not the simulator's to do: ${entry.why}`, 'catalogue');
  checkParams(catalogue, entry, params);
  const script = entry.script?.(params) ?? null;
  const timing = { match, nth, every, times, probability };
  if (script === null) return applyState(nation, { catalogue, entry, params, timing });
  const given = Object.fromEntries(Object.entries(timing).filter(([, value]) => value !== undefined)) as FaultTiming;
  const inputs = script.map((fault, i) => ({
    ...fault,
    // Who says which items to strike does not want the entry's own choice as well.
    ...(Object.keys(given).length > 0 ? { every: undefined } : {}),
    ...given,
    match: { ...fault.match, ...match },
    catalogue,
    id: idOf(nation, id ?? catalogue, script.length > 1 ? i + 1 : null),
  }));
  inputs.forEach(checkFault);
  return { catalogue, kind: entry.kind, faults: inputs.map((fault) => nation.faults.add(fault)) };
}

/** F03, then F03-2, F03-3: the same script in the same order always draws the same chances. */
function idOf(nation: Nation, name: string, part: number | null): string {
  const wanted = part === null ? name : `${name}.${part}`;
  const taken = new Set(nation.faults.list().map((fault) => fault.id));
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? wanted : `${wanted}-${n}`;
    if (!taken.has(id)) return id;
  }
}

interface StateCase {
  catalogue: string;
  entry: CatalogueEntry;
  params: Params;
  timing: FaultTiming;
}

async function applyState(nation: Nation, { catalogue, entry, params, timing }: StateCase): Promise<object> {
  const [misplaced] = Object.entries(timing).find(([, value]) => value !== undefined) ?? [];
  if (misplaced !== undefined)
    throw new ActRefused(
      `${misplaced}: ${catalogue} is a state with these parameters and strikes no single call`,
      misplaced,
    );
  const { result = {}, undo } = (await entry.apply?.(nation, params)) ?? {};
  const state = undo === undefined ? null : nation.states.add(catalogue, params, undo);
  return { catalogue, kind: entry.kind, state, result };
}

/** By the id of a fault or state, or everything that one catalogue id has made. */
async function lift(nation: Nation, name: string): Promise<number> {
  const made = nation.faults.list().filter(({ id, catalogue }) => id === name || catalogue === name);
  for (const { id } of made) nation.faults.remove(id);
  return made.length + (await nation.states.lift(name));
}

const shown = (name: string, entry: CatalogueEntry): object => ({
  id: name,
  title: entry.title,
  kind: entry.kind,
  params: entry.params,
  why: entry.why,
  scripted: 'script' in entry,
  acts: 'apply' in entry,
});

function addFault(nation: Nation, input: FaultInput | NamedFault): Promise<object> | Fault {
  if (isNamed(input)) return applyNamed(nation, input);
  checkFault(input);
  return nation.faults.add(input);
}

export const controlFaults: Readonly<Record<string, Control>> = {
  'GET catalogue': () => ({
    use: 'POST /sim/faults {"catalogue":"F03", …params, match?, nth?, every?, times?, probability?}; {"catalogue":"F03","off":true} lifts it',
    faults: Object.entries(CATALOGUE).map(([name, entry]) => shown(name, entry)),
  }),
  'GET faults': ({ nation }) => ({ faults: nation.faults.list(), states: nation.states.list() }),
  'POST faults': async ({ nation, text }) => {
    const input = JSON.parse(text) as FaultInput | NamedFault | (FaultInput | NamedFault)[];
    if (!Array.isArray(input)) return { ...(await addFault(nation, input)) };
    // All or nothing for scripts: a bad one in a list leaves no half of it behind.
    for (const one of input) if (!isNamed(one)) checkFault(one);
    const faults: object[] = [];
    for (const one of input) faults.push(await addFault(nation, one));
    return { faults };
  },
  'DELETE faults': async ({ nation }) => {
    nation.faults.clear();
    return { faults: [], lifted: await nation.states.clear() };
  },
  'DELETE faults/{argument}': async ({ nation, argument }) => {
    if ((await lift(nation, argument)) === 0) throw new ActRefused(`no fault ${argument}`);
    return { removed: argument };
  },
};
