/** Everything the judge reads: files of one run, nothing of the adapter's code. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../independent/canonical.js';
import { stationContentHash } from '../../independent/canonical.js';
import type { StationItem } from '../../independent/station-types.js';
import type { StationEvent } from '../fleet/station-history.js';
import type { WireEvent } from '../stage/wire-tap.js';

export interface LedgerRecord {
  readonly id: string;
  readonly source: string;
  readonly kind: string;
  readonly sourceId: string;
  readonly bizNo: string;
  readonly version: number;
  readonly revision: number;
  readonly contentHash: string;
  readonly isVoid: boolean;
  readonly state: string;
  readonly nationalId: string | null;
  readonly nationalVersion: number | null;
  readonly outcomeCode: string | null;
}

export interface LedgerVersion {
  readonly recordId: string;
  readonly version: number | null;
  readonly revision: number;
  readonly op: string;
  readonly cause: string;
  readonly contentHash: string;
}

export interface LedgerAttempt {
  readonly callId: string;
  readonly bizNo: string;
  readonly version: number;
  readonly stage: string;
  readonly outcomeClass: string | null;
  readonly outcomeCode: string | null;
  readonly lookups: number;
  readonly sentAtMs: number | null;
  readonly closedAtMs: number | null;
  readonly clientBatchNo: string | null;
  readonly bodySha256: string | null;
  readonly callSentAtMs: number | null;
}

/** A change of a call's row, written down by a trigger of the judge's own. */
export interface CallChange {
  readonly callId: string;
  readonly atMs: number;
  readonly fromStage: string;
  readonly toStage: string;
  readonly hadLease: boolean;
}

export interface Leaf {
  readonly kind: string;
  readonly entry: JsonObject;
}

export interface FeedEvent {
  readonly recordId: string;
  readonly version: number;
  readonly state: string;
}

export interface LedgerDump {
  readonly records: readonly LedgerRecord[];
  readonly versions: readonly LedgerVersion[];
  readonly attempts: readonly LedgerAttempt[];
  readonly callChanges: readonly CallChange[];
  readonly events: readonly FeedEvent[];
  /** Promises still open, with the stage. */
  readonly promises: readonly { readonly bizNo: string; readonly stage: string }[];
}

/** A row of the nation as its own journal left it. */
export interface NationalRow {
  readonly entity: string;
  readonly nationalId: string;
  readonly bizNo: string | null;
  readonly version: number;
  readonly status: string;
  readonly contentHash: string;
  /** Plain, of the control port's ledger. */
  readonly data: JsonObject;
}

/** One line of the nation's journal about a row. */
export interface RowLine {
  readonly nationalId: string;
  readonly bizNo: string | null;
  readonly version: number;
  readonly status: string;
  readonly origin: string;
  readonly op: string | null;
  readonly requestId: string | null;
}

export interface NemesisEvent {
  readonly type: 'start' | 'stop' | 'fired' | 'recovered' | 'round';
  readonly at: number;
  readonly fault?: string;
  readonly class?: string;
  readonly [more: string]: unknown;
}

/** What the run itself saw: whether it came to rest, sizes, leaks. */
export interface RunFacts {
  readonly seed: number;
  readonly replay: string;
  readonly isQuiet: boolean;
  readonly isReadWhole: boolean;
  readonly maxCommitLatencyMs: number;
  /** What the nation's reads lag behind at most. */
  readonly readLagMs: number;
  readonly leaks: readonly string[];
  readonly programs: readonly { readonly name: string; readonly rssMb: number; readonly handles: number }[];
  readonly queueLength: number;
  /** Slowest recovery after a fault, ms. */
  readonly recoveries: readonly {
    readonly fault: string;
    readonly intakeMs: number | null;
    readonly mirroredMs: number | null;
  }[];
  /** Programs that ended though no fault had killed them. */
  readonly crashes: readonly string[];
  readonly massEffects: readonly { readonly what: string; readonly people: number; readonly size: number }[];
}

/** The item that a station had accepted, newest revision last. */
export interface Taken {
  readonly item: StationItem;
  readonly hash: string;
  readonly version: number | null;
  readonly outcome: string;
  readonly recordId: string | null;
  readonly at: number;
}

export interface Evidence {
  readonly facts: RunFacts;
  readonly stations: readonly StationEvent[];
  readonly wire: readonly WireEvent[];
  readonly nemesis: readonly NemesisEvent[];
  readonly ledger: LedgerDump;
  readonly leaves: readonly Leaf[];
  readonly rows: readonly NationalRow[];
  readonly journal: readonly RowLine[];
  /** Planned fate of every key (`source|kind/sourceId`). */
  readonly plans: ReadonlyMap<string, { readonly fate: string; readonly codes: readonly string[] }>;
  /** Everything that a receipt named, by key. */
  readonly taken: ReadonlyMap<string, readonly Taken[]>;
  /** Items pushed without a receipt for that attempt: may have happened. */
  readonly unsure: ReadonlyMap<string, readonly StationItem[]>;
}

export const keyOf = (source: string, record: { kind: string | null; sourceId: string | null }): string =>
  `${source}|${String(record.kind)}/${String(record.sourceId)}`;

function lines<T>(folder: string, name: string): T[] {
  const path = join(folder, name);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

const object = <T>(folder: string, name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;

interface JournalLine {
  readonly k: string;
  readonly state?: { nationalId: string; bizNo: string | null; version: number; status: string };
  readonly origin?: string;
  readonly op?: string;
  readonly trace?: { requestId?: string };
}

/** Reads a run's folder. */
export function loadEvidence(folder: string): Evidence {
  const stations = lines<StationEvent>(folder, 'stations.ndjson');
  const journal = lines<JournalLine>(folder, 'national.journal.ndjson').flatMap(({ k, state, origin, op, trace }) =>
    k === 'row' && state
      ? [{ ...state, origin: origin ?? '', op: op ?? null, requestId: trace?.requestId ?? null }]
      : [],
  );
  return {
    facts: object<RunFacts>(folder, 'run.json'),
    stations,
    wire: lines<WireEvent>(folder, 'wire.ndjson'),
    nemesis: lines<NemesisEvent>(folder, 'nemesis.ndjson'),
    ledger: object<LedgerDump>(folder, 'ledger.dump.json'),
    leaves: lines<Leaf>(folder, 'log.export.ndjson'),
    rows: lines<NationalRow>(folder, 'national.rows.ndjson'),
    journal,
    ...readStations(stations),
  };
}

function readStations(events: readonly StationEvent[]): Pick<Evidence, 'plans' | 'taken' | 'unsure'> {
  const plans = new Map<string, { fate: string; codes: readonly string[] }>();
  const taken = new Map<string, Taken[]>();
  const unsure = new Map<string, StationItem[]>();
  const invoked = new Map<number, { source: string; items: readonly StationItem[] }>();
  const add = <T>(map: Map<string, T[]>, key: string, one: T): unknown =>
    map.get(key)?.push(one) ?? map.set(key, [one]);
  for (const event of events) {
    if (event.type === 'plan') plans.set(keyOf(event.source, event), { fate: event.fate, codes: event.codes });
    if (event.type === 'invoke') invoked.set(event.id, event);
    if (event.type === 'info') {
      const call = invoked.get(event.id);
      for (const item of call?.items ?? []) add(unsure, keyOf(call?.source ?? '', item), item);
    }
    if (event.type !== 'ok') continue;
    const call = invoked.get(event.id);
    for (const { index, outcome, recordId = null, version = null } of event.items) {
      const item = call?.items[index];
      if (!call || !item) continue;
      add(taken, keyOf(call.source, item), {
        item, hash: stationContentHash(item), version, outcome, recordId, at: event.at,
      }); // prettier-ignore
    }
  }
  return { plans, taken, unsure };
}
