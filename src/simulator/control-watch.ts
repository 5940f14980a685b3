// What the nation asserts and counts by itself, for checkers: breaches, counters, limits, callbacks, doors, the map.
import { FORGERIES, type Forgery } from './callback-wire.js';
import type { CallbackBody } from './callbacks.js';
import { bodyOf, type Control, type ControlCall } from './control-call.js';
import { countersOf, type Counted } from './counters.js';
import { keepLimits, type LimitPatch } from './limit-acts.js';
import { announcedLimits } from './limits.js';
import type { LineState } from './line.js';
import { changeOldHost, mapBytes } from './migration-acts.js';
import { OLD_HOST_MODES, type OldHostMode } from './migration.js';
import { ActRefused } from './national-acts.js';
import type { Nation } from './nation.js';
import { Readable } from 'node:stream';

const limitsView = ({ settings }: Nation): object => ({
  inForce: { ...settings.limits, quotaPerDay: settings.quotaPerDay, timeScale: settings.timeScale },
  announced: announcedLimits(settings),
  announcedIsTrue: settings.announced === null,
});

const marks = new WeakMap<Nation, Map<string, Counted>>();

function marksOf(nation: Nation): Map<string, Counted> {
  const known = marks.get(nation) ?? new Map<string, Counted>();
  marks.set(nation, known);
  return known;
}

function readCounters({ nation, query }: ControlCall): object {
  const since = query.get('since');
  const from = since === null ? null : marksOf(nation).get(since);
  if (from === undefined)
    throw new ActRefused(`since: no mark ${since}; POST /sim/counters {"mark":"…"} first`, 'since');
  return countersOf(nation, from);
}

async function sendCallback({ nation, text }: ControlCall): Promise<object> {
  const {
    body,
    forgery,
    replay,
    copies = 1,
  } = JSON.parse(text) as {
    body?: CallbackBody;
    forgery?: Forgery;
    replay?: string;
    copies?: number;
  };
  if (nation.settings.callbackUrl === null)
    throw new ActRefused('callbackUrl: none; POST /sim/settings first', 'callbackUrl');
  if (forgery !== undefined && !FORGERIES.includes(forgery))
    throw new ActRefused(`forgery: one of ${FORGERIES.join(', ')}`, 'forgery');
  const sent: object[] = [];
  for (let i = 0; i < copies; i += 1) {
    const line = replay === undefined ? null : await nation.callbacks.replay(replay);
    if (replay !== undefined && line === null)
      throw new ActRefused(`replay: no callback ${replay} was sent; an eventId, or last`, 'replay');
    if (line === null && typeof body?.eventId !== 'string')
      throw new ActRefused('body: needs an eventId and a type; or say replay', 'body');
    sent.push(line ?? (await nation.callbacks.sendNow(body as CallbackBody, forgery)));
  }
  return { sent };
}

const LINE_STATES: readonly LineState[] = ['open', 'refuse', 'reset'];

export const controlWatch: Readonly<Record<string, Control>> = {
  'GET breaches': ({ nation, query }) => {
    const sinceMs = Number(query.get('sinceMs') ?? 0);
    const breaches = nation.watch.breaches.filter(({ atMs }) => atMs >= sinceMs);
    return { total: breaches.length, byLimit: nation.watch.byLimit, breaches };
  },
  'GET counters': readCounters,
  'POST counters': (call) => {
    const { mark } = bodyOf<{ mark?: string }>(call);
    if (typeof mark !== 'string' || mark === '') throw new ActRefused('mark: a name for this moment', 'mark');
    marksOf(call.nation).set(mark, countersOf(call.nation, null));
    return { mark };
  },
  'GET limits': ({ nation }) => limitsView(nation),
  'POST limits': (call) => {
    const { announce = true, ...patch } = bodyOf<LimitPatch & { announce?: boolean }>(call);
    keepLimits(call.nation, patch, announce);
    return limitsView(call.nation);
  },
  'GET callbacks': ({ nation }) => ({ underway: nation.callbacks.underway(), log: nation.callbacks.log }),
  'POST callbacks': sendCallback,
  'GET line': ({ nation }) => ({
    state: nation.line.state(),
    port: nation.line.port(),
    movedPort: nation.line.port('moved'),
    resetConnections: nation.line.resetConnections,
  }),
  'POST line': async (call) => {
    const { state } = bodyOf<{ state: LineState }>(call);
    if (!LINE_STATES.includes(state)) throw new ActRefused(`state: one of ${LINE_STATES.join(', ')}`, 'state');
    await call.nation.line.set(state);
    return { state, port: call.nation.line.port() };
  },
  'GET migration': ({ nation: { migration } }) =>
    migration === null
      ? { moved: false }
      : { moved: true, port: migration.port, oldHost: migration.oldHost, rows: migration.toNew.size },
  'GET migration/map': ({ nation }) => Readable.from([mapBytes(nation)]),
  'POST migration': (call) => {
    const { oldHost } = bodyOf<{ oldHost: OldHostMode }>(call);
    if (!OLD_HOST_MODES.includes(oldHost))
      throw new ActRefused(`oldHost: one of ${OLD_HOST_MODES.join(', ')}`, 'oldHost');
    return changeOldHost(call.nation, oldHost);
  },
};
