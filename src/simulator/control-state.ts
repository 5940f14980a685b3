// Control of clock, limits, settings, secrets, dictionaries, snapshots and the journal.
import { beijingTime } from './clock.js';
import { bodyOf, type Control } from './control-call.js';
import { DICTIONARY_NAMES, type Dictionary, type DictionaryName } from './dictionaries.js';
import { publishDictionary } from './dictionary-acts.js';
import { forgetState, noteStart } from './found-nation.js';
import { setUsed } from './limit-acts.js';
import { ActRefused } from './national-acts.js';
import type { Nation } from './nation.js';
import { changeSettings, moveClock, rotateSecret } from './nation-acts.js';
import { replayJournal } from './replay.js';
import type { Settings } from './settings.js';

const DAY_MS = 86_400_000;

const clockView = (nation: Nation): object => ({
  now: beijingTime(nation.clock.now()),
  epochMs: nation.clock.now(),
  offsetMs: nation.clock.offsetMs(),
});

function setWindow(
  nation: Nation,
  patch: Partial<Settings['window']> & Partial<Pick<Settings, 'mode' | 'maintenanceRetryMs'>>,
): void {
  const { mode, maintenanceRetryMs, ...window } = patch;
  changeSettings(nation, {
    window,
    ...(mode && { mode }),
    ...(maintenanceRetryMs !== undefined && { maintenanceRetryMs }),
  });
}

const windowView = ({ settings }: Nation): object => ({
  mode: settings.mode,
  maintenanceRetryMs: settings.maintenanceRetryMs,
  ...settings.window,
});

const quotaView = (nation: Nation): object => ({ limit: nation.settings.quotaPerDay, used: nation.books.usedToday() });

export const controlState: Readonly<Record<string, Control>> = {
  'GET clock': ({ nation }) => clockView(nation),
  'POST clock': (call) => {
    moveClock(call.nation, bodyOf(call));
    return clockView(call.nation);
  },
  'GET quota': ({ nation }) => quotaView(nation),
  'POST quota': (call) => {
    const { nation } = call;
    const { limit, used } = bodyOf<{ limit?: number | null; used?: number }>(call);
    if (limit !== undefined) changeSettings(nation, { quotaPerDay: limit });
    if (used !== undefined) setUsed(nation, used);
    return quotaView(nation);
  },
  'GET window': ({ nation }) => windowView(nation),
  'POST window': (call) => {
    setWindow(call.nation, bodyOf(call));
    return windowView(call.nation);
  },
  'GET settings': ({ nation }) => nation.settings,
  'POST settings': (call) => {
    changeSettings(call.nation, bodyOf(call));
    return call.nation.settings;
  },
  'POST token': (call) => {
    const { displace } = bodyOf<{ displace?: boolean }>(call);
    call.nation.journal.append({ k: 'tokens', displace: displace === true });
    if (displace !== true) return { expired: call.nation.books.expireTokens() };
    call.nation.books.displaceTokens();
    return { displaced: true };
  },
  'POST secret': (call) => {
    const { nation } = call;
    const { secret, overlapMs = DAY_MS } = bodyOf<{ secret: string; overlapMs?: number }>(call);
    return rotateSecret(nation, secret, overlapMs);
  },
  'POST dictionary': (call) => {
    const { name, version, items } = bodyOf<Dictionary>(call);
    if (!DICTIONARY_NAMES.includes(name as DictionaryName) || !Array.isArray(items))
      throw new ActRefused('needs name, version and items');
    publishDictionary(call.nation, { name, version, items });
    return { dictionaries: call.nation.dictionaries.currentVersions() };
  },
  'GET journal': ({ nation }) => ({
    ...nation.journal.counters,
    feedSeq: nation.feed.lastSeq(),
    pendingTasks: nation.agenda.size(),
    inFlight: nation.books.inFlight,
    seed: nation.chance.seed,
    callbacks: nation.callbacks.log,
  }),
  'POST snapshot': (call) => {
    const { name = 'default' } = bodyOf<{ name?: string }>(call);
    call.nation.journal.saveAs(name);
    return { snapshot: name };
  },
  'POST restore': (call) => {
    const { nation } = call;
    const { name = 'default' } = bodyOf<{ name?: string }>(call);
    if (!nation.journal.restoreFrom(name)) throw new ActRefused(`no snapshot ${name}`);
    forgetState(nation);
    replayJournal(nation, null);
    return { restored: name };
  },
  'POST reset': ({ nation }) => {
    nation.journal.truncate();
    forgetState(nation);
    nation.faults.clear();
    nation.states.forget();
    noteStart(nation);
    return { reset: true };
  },
};
