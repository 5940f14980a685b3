// Builds a nation from its options, empty or from the journal in its directory.
import { createAgenda } from './agenda.js';
import { Batches } from './batches.js';
import { CallbackSender } from './callbacks.js';
import { createClock } from './clock.js';
import { Dictionaries } from './dictionaries.js';
import { Exports } from './exports.js';
import { FaultScript } from './faults.js';
import { Feed } from './feed.js';
import { createFieldCipher } from './field-cipher.js';
import { GateBooks } from './gate-books.js';
import { Journal } from './journal.js';
import { Ledger } from './ledger.js';
import { Counters, type Nation } from './nation.js';
import { createChance } from './random.js';
import { ReconSnapshots } from './recon-snapshots.js';
import { replayJournal } from './replay.js';
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
  const books = new GateBooks(clock, journal, options.appSecret);
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
    faults: new FaultScript(chance),
    callbacks: new CallbackSender({ appKey: options.appKey, settings, clock, agenda, books }),
    counters: new Counters(),
  };
  replayJournal(nation);
  return nation;
}

/** Forgets everything that the journal tells; the caller decides what the journal holds now. */
export function forgetState(nation: Nation): void {
  nation.agenda.clear();
  nation.clock.reset();
  nation.ledger.clear();
  nation.feed.clear();
  nation.batches.clear();
  nation.books.clear();
  nation.snapshots.clear();
  nation.exports.clear();
  nation.counters.clear();
}
