// The simulated nation as one value: what every operation may touch.
import type { Agenda } from './agenda.js';
import type { Batches } from './batches.js';
import type { CallbackSender } from './callbacks.js';
import type { Clock } from './clock.js';
import type { Dictionaries } from './dictionaries.js';
import type { Exports } from './exports.js';
import type { FaultScript } from './faults.js';
import type { FaultStates } from './fault-states.js';
import type { Feed } from './feed.js';
import type { FieldCipher } from './field-cipher.js';
import type { GateBooks } from './gate-books.js';
import type { Journal } from './journal.js';
import type { Ledger } from './ledger.js';
import type { LimitWatch } from './limit-watch.js';
import type { GatewayLine } from './line.js';
import type { Migration } from './migration.js';
import type { Entity } from './model.js';
import type { Chance } from './random.js';
import type { ResendWatch } from './resend-watch.js';
import type { Start } from './replay.js';
import type { Settings } from './settings.js';
import type { ReconSnapshots } from './recon-snapshots.js';

export interface Identity {
  appKey: string;
  areaPrefix: string;
}

export interface Nation {
  readonly identity: Identity;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly agenda: Agenda;
  readonly cipher: FieldCipher;
  readonly ledger: Ledger;
  readonly dictionaries: Dictionaries;
  readonly feed: Feed;
  readonly journal: Journal;
  readonly books: GateBooks;
  readonly batches: Batches;
  readonly snapshots: ReconSnapshots;
  readonly exports: Exports;
  readonly faults: FaultScript;
  /** Faults that are a state of the nation and not of one call. */
  readonly states: FaultStates;
  readonly watch: LimitWatch;
  readonly resends: ResendWatch;
  readonly line: GatewayLine;
  /** Where the nation's own files lie. */
  readonly directory: string;
  readonly start: Start;
  migration: Migration | null;
  readonly callbacks: CallbackSender;
  readonly counters: Counters;
}

/** Running numbers for minted identifiers; raised past everything seen during replay. */
export class Counters {
  private readonly last = new Map<string, number>();

  next(kind: string): number {
    const value = (this.last.get(kind) ?? 0) + 1;
    this.last.set(kind, value);
    return value;
  }

  raise(kind: string, value: number): void {
    if (Number.isSafeInteger(value) && value > (this.last.get(kind) ?? 0)) this.last.set(kind, value);
  }

  clear(): void {
    this.last.clear();
  }
}

/** Where a change came from, for the journal (§2.1.2). */
export interface Trace {
  requestId: string;
  bodySha256: string;
}

export const isReviewed = (entity: Entity): boolean => entity === 'teams' || entity === 'projects';
