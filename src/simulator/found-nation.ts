// Builds a nation from its options, empty or from the journal in its directory.
import { createAgenda } from './agenda.js';
import { Batches } from './batches.js';
import { CallbackSender } from './callbacks.js';
import { createClock } from './clock.js';
import { Dictionaries } from './dictionaries.js';
import { Exports } from './exports.js';
import { FaultStates } from './fault-states.js';
import { FaultScript } from './faults.js';
import { Feed } from './feed.js';
import { createFieldCipher } from './field-cipher.js';
import { GateBooks } from './gate-books.js';
import { Journal } from './journal.js';
import { Ledger } from './ledger.js';
import { LimitWatch } from './limit-watch.js';
import { GatewayLine } from './line.js';
import { Counters, type Nation } from './nation.js';
import { createChance } from './random.js';
import { ReconSnapshots } from './recon-snapshots.js';
import { replayJournal } from './replay.js';
import { ResendWatch } from './resend-watch.js';
import { namedSettings, type SettingName } from './settings.js';

export interface NationOptions {
  setting: SettingName;
  directory: string;
  appKey: string;
  appSecret: string;
  fieldKeyHex: string;
  areaPrefix: string;
  seed: number;
  callbackUrl: string | null;
  overrides: Readonly<Record<string, unknown>>;
}

export function foundNation(options: NationOptions): Nation {
  const settings = namedSettings(options.setting, options.overrides);
  if (options.callbackUrl !== null) settings.callbackUrl = options.callbackUrl;
  const clock = createClock();
  const chance = createChance(options.seed);
  const journal = new Journal(options.directory, () => settings.journal);
  const agenda = createAgenda(clock, () => journal.settle());
  const cipher = createFieldCipher(options.fieldKeyHex);
  const books = new GateBooks(clock, journal, options.appSecret, () => settings.timeScale);
  const faults = new FaultScript(options.seed);
  const nation: Nation = {
    identity: { appKey: options.appKey, areaPrefix: options.areaPrefix },
    settings,
    clock,
    chance,
    agenda,
    cipher,
    ledger: new Ledger(cipher),
    dictionaries: new Dictionaries(),
    feed: new Feed(),
    journal,
    books,
    batches: new Batches(),
    snapshots: new ReconSnapshots(clock, () => settings.snapshotsKeptMs),
    exports: new Exports(),
    faults,
    states: new FaultStates(),
    watch: new LimitWatch(settings, journal),
    resends: new ResendWatch(journal),
    line: new GatewayLine(),
    directory: options.directory,
    start: { setting: options.setting, overrides: options.overrides },
    migration: null,
    callbacks: new CallbackSender({ appKey: options.appKey, settings, clock, agenda, books, faults, journal }),
    counters: new Counters(),
  };
  replayJournal(nation, nation.start);
  noteStart(nation);
  return nation;
}

/** Settings changed while running come back after a restart only if the nation is started in the same way again. */
export function noteStart({ journal, start }: Nation): void {
  journal.append({ k: 'start', ...start });
  journal.settle();
}

/** Forgets everything that the journal tells; the caller decides what the journal holds now. */
export function forgetState(nation: Nation): void {
  nation.agenda.clear();
  nation.clock.reset();
  nation.ledger.clear();
  nation.dictionaries.reset();
  nation.feed.clear();
  nation.batches.clear();
  nation.books.clear();
  nation.snapshots.clear();
  nation.exports.clear();
  nation.counters.clear();
  nation.watch.clear();
  nation.resends.clear();
  nation.migration = null;
}
