import { recordKind, type RecordState } from '../records/index.js';
import type { Holding, NationalBooks } from './national-books.js';
import type { OwnBooks, OwnRecord } from './own-books.js';
import type { CountyWorld } from './world.js';
import { newestData, PUSH_ORDER, type Fate, type KindName, type WorldRecord } from './world-record.js';

/** A record that did not become what the plan of the world says. */
export interface Deviation {
  readonly kind: string;
  readonly sourceId: string;
  readonly planned: Fate;
  readonly state: RecordState | 'missing';
  readonly code: string | null;
}

/** One kind, compared. */
export interface KindFindings {
  readonly states: Readonly<Partial<Record<RecordState, number>>>;
  /** Mirrored here, without a row in force there. */
  lost: number;
  /** Rows in force beyond the first of one number, or of one and the same real thing. */
  doubled: number;
  /** Rows in force there that we know nothing of, or that we believe withdrawn. */
  stray: number;
  /** Of mirrored records as they were pushed. */
  minutesHere: number;
  /** Of rows in force, by the simulator's journal. */
  minutesThere: number;
  readonly attention: ReadonlyMap<string, number>;
  readonly waiting: readonly OwnRecord[];
}

export interface Findings {
  readonly kinds: ReadonlyMap<KindName, KindFindings>;
  readonly deviations: readonly Deviation[];
}

export interface Books {
  readonly own: Pick<OwnBooks, 'records'>;
  readonly nation: Pick<NationalBooks, 'holdings'>;
  /** County → key of its source system. */
  readonly appKeys: ReadonlyMap<string, string>;
}

const placeOf = (appKey: string, sourceId: string): string => `${appKey}/${sourceId}`;

interface Ledgers {
  readonly kind: KindName;
  readonly ours: ReadonlyMap<string, OwnRecord>;
  /** Numbers of other source systems on the same database. */
  readonly foreign: ReadonlySet<string>;
  readonly holdings: ReadonlyMap<string, Holding>;
}

async function readLedgers(books: Books, kind: KindName): Promise<Ledgers> {
  const appKeys = new Set(books.appKeys.values());
  // The nation first: what is written between the two readings is then missing there, never here.
  const holdings = await books.nation.holdings(kind);
  const records = await books.own.records(kind);
  const isOurs = ({ appKey }: OwnRecord): boolean => appKeys.has(appKey);
  return {
    kind,
    holdings,
    ours: new Map(records.filter(isOurs).map((record) => [placeOf(record.appKey, record.sourceId), record])),
    foreign: new Set(records.filter((record) => !isOurs(record)).map(({ bizNo }) => bizNo)),
  };
}

function countStates(records: Iterable<OwnRecord>): Partial<Record<RecordState, number>> {
  const states: Partial<Record<RecordState, number>> = {};
  for (const { state } of records) states[state] = (states[state] ?? 0) + 1;
  return states;
}

function codesOfAttention(records: Iterable<OwnRecord>): Map<string, number> {
  const codes = new Map<string, number>();
  for (const { state, code } of records) {
    if (state === 'attention') codes.set(code ?? '?', (codes.get(code ?? '?') ?? 0) + 1);
  }
  return codes;
}

/** Number against number: several records may be one person, and then share one. */
function compareNumbers({ kind, ours, foreign, holdings }: Ledgers): KindFindings {
  const records = [...ours.values()];
  const mirrored = new Set(records.filter(({ state }) => state === 'mirrored').map(({ bizNo }) => bizNo));
  const standing = new Set(records.filter((record) => record.standsNationally).map(({ bizNo }) => bizNo));
  const findings: KindFindings = {
    states: countStates(records),
    lost: [...mirrored].filter((bizNo) => !holdings.has(bizNo)).length,
    doubled: 0,
    stray: 0,
    minutesHere: 0,
    minutesThere: 0,
    attention: codesOfAttention(records),
    waiting: records.filter(({ state }) => state === 'waiting'),
  };
  for (const [bizNo, { active, minutes }] of holdings) {
    if (foreign.has(bizNo)) continue;
    findings.doubled += active - 1;
    if (!mirrored.has(bizNo) && !standing.has(bizNo)) findings.stray += 1;
    if (kind === 'service-record') findings.minutesThere += minutes;
  }
  return findings;
}

function fits(fate: Fate, state: RecordState | 'missing'): boolean {
  return fate === 'clash' ? state === 'mirrored' || state === 'attention' : fate === state;
}

/** What was pushed against what stands: the plan of the world, the minutes as pushed, real things held twice. */
class PlanCheck {
  readonly deviations: Deviation[] = [];
  private readonly clashing: OwnRecord[] = [];
  private readonly planMinutes = new Map<string, number>();
  private readonly numberOfThing = new Map<string, string>();

  constructor(
    private readonly ledgers: Ledgers,
    private readonly findings: KindFindings,
  ) {}

  see(appKey: string, record: WorldRecord): void {
    const { kind, sourceId, fate } = record;
    const own = this.ledgers.ours.get(placeOf(appKey, sourceId));
    const state = own?.state ?? 'missing';
    if (own && fate === 'clash') this.clashing.push(own);
    if (!fits(fate, state)) {
      this.deviations.push({ kind, sourceId, planned: fate, state, code: own?.code ?? null });
    }
    const data = newestData(record);
    if (own === undefined || data === null) return;
    if (typeof data.minutes === 'number') this.planMinutes.set(placeOf(appKey, sourceId), data.minutes);
    if (this.ledgers.holdings.has(own.bizNo)) this.seeThing(appKey, data, own.bizNo);
  }

  /** What makes it the same real thing: national-contract §1.7. Some kinds have nothing of the sort. */
  private seeThing(appKey: string, data: Readonly<Record<string, unknown>>, bizNo: string): void {
    const key = recordKind(this.ledgers.kind)?.naturalKey(data) ?? [];
    if (key.length === 0) return;
    const thing = JSON.stringify([appKey, ...key]);
    const first = this.numberOfThing.get(thing) ?? bizNo;
    this.numberOfThing.set(thing, first);
    if (first !== bizNo) this.findings.doubled += 1;
  }

  /** A clash ends with one record mirrored and one refused; the minutes of all that are mirrored are added up. */
  settle(): void {
    const [first] = this.clashing;
    if (first && this.clashing.filter(({ state }) => state === 'mirrored').length !== 1) {
      const { sourceId, state, code } = first;
      this.deviations.push({ kind: this.ledgers.kind, sourceId, planned: 'clash', state, code });
    }
    if (this.ledgers.kind !== 'service-record') return;
    for (const [place, { state, minutes }] of this.ledgers.ours) {
      if (state === 'mirrored') this.findings.minutesHere += this.planMinutes.get(place) ?? minutes ?? 0;
    }
  }
}

interface KindComparison {
  readonly findings: KindFindings;
  readonly deviations: readonly Deviation[];
}

async function compareKind(books: Books, worlds: readonly CountyWorld[], kind: KindName): Promise<KindComparison> {
  const ledgers = await readLedgers(books, kind);
  const findings = compareNumbers(ledgers);
  const check = new PlanCheck(ledgers, findings);
  for (const world of worlds) {
    const appKey = books.appKeys.get(world.county) ?? '';
    for (const record of world.records(kind)) check.see(appKey, record);
  }
  check.settle();
  return { findings, deviations: check.deviations };
}

/** Everything we hold against everything the nation holds, kind by kind. */
export async function compare(books: Books, worlds: readonly CountyWorld[]): Promise<Findings> {
  const kinds = new Map<KindName, KindFindings>();
  const deviations: Deviation[] = [];
  for (const kind of PUSH_ORDER) {
    const compared = await compareKind(books, worlds, kind);
    kinds.set(kind, compared.findings);
    deviations.push(...compared.deviations);
  }
  return { kinds, deviations };
}
