import type { PushAnswer, SourceIdentity } from '../../src/ingest/intake.types.js';
import type { IntakeService } from '../../src/ingest/intake.service.js';
import type { StationItem } from '../integration/ledger/ledger-kit.js';
import {
  activity, at, evaluation, membership, project, SERVICE_DAY, serviceRecord, station, team, volunteer, voided,
} from '../integration/ledger/station-world.js'; // prettier-ignore

/** A station with a handful of records, which repeats what it got no answer to, as the contract asks. */

export type PushKind = 'new' | 'same' | 'old' | 'void' | 'skip';

export interface Pushed {
  readonly revision: number;
  readonly op: 'upsert' | 'void';
}

export interface WorldKey {
  readonly kind: string;
  readonly sourceId: string;
  readonly mayBeVoided: boolean;
  /** The field that tells contents apart, and what revision `n` puts there. */
  readonly mark: { readonly field: string; readonly of: (n: number) => unknown };
  readonly item: (n: number) => StationItem;
}

const REASON = '更正';
const text = (field: string): WorldKey['mark'] => ({ field, of: (n) => `第${n}版` });

function key(kind: string, sourceId: string, content: Pick<WorldKey, 'mark' | 'item'>, mayBeVoided = false): WorldKey {
  return { kind, sourceId, mayBeVoided, ...content };
}

const mark = (which: WorldKey['mark'], n: number): Record<string, unknown> => ({ [which.field]: which.of(n) });
const ADDRESS = text('address');
const INTRO = text('intro');
const PLACE = text('place');
const TEXT = text('text');
const FOUNDED: WorldKey['mark'] = { field: 'foundedOn', of: (n) => `2023-07-${String(1 + (n % 28)).padStart(2, '0')}` };
const JOINED: WorldKey['mark'] = { field: 'joinedOn', of: (n) => `2024-01-${String(1 + (n % 28)).padStart(2, '0')}` };
const SINCE: WorldKey['mark'] = { field: 'since', of: (n) => `2024-02-${String(1 + (n % 28)).padStart(2, '0')}` };

/** Minutes that revision `n` of a service-record reports; each takes an hour of its own. */
export const minutesOf = (n: number): number => 15 + (n % 30);

function service(sourceId: string, volunteerId: string, hour: number): WorldKey {
  const from = `${String(hour).padStart(2, '0')}:00`;
  const item = (n: number): StationItem => {
    const to = `${String(hour).padStart(2, '0')}:${String(minutesOf(n)).padStart(2, '0')}`;
    const served = { volunteer: volunteerId, activity: 'A1', from, to, day: SERVICE_DAY };
    return serviceRecord(sourceId, served, { data: mark(PLACE, n) });
  };
  // R1 is evaluated: the nation would not withdraw it.
  return key('service-record', sourceId, { mark: PLACE, item }, sourceId !== 'R1');
}

export const WORLD: readonly WorldKey[] = [
  key('station', 'S1', { mark: ADDRESS, item: (n) => station('S1', { data: mark(ADDRESS, n) }) }),
  key('team', 'T1', { mark: FOUNDED, item: (n) => team('T1', 'S1', { data: mark(FOUNDED, n) }) }),
  key('project', 'P1', {
    mark: INTRO,
    item: (n) => project('P1', { team: 'T1', station: 'S1' }, { data: mark(INTRO, n) }),
  }),
  key('activity', 'A1', {
    mark: ADDRESS,
    item: (n) => activity('A1', 'P1', { data: { ...mark(ADDRESS, n), endAt: at('18:00') } }),
  }),
  key('volunteer', 'V1', { mark: JOINED, item: (n) => volunteer('V1', { no: 21 }, { data: mark(JOINED, n) }) }),
  key('volunteer', 'V2', { mark: JOINED, item: (n) => volunteer('V2', { no: 23 }, { data: mark(JOINED, n) }) }),
  key('membership', 'M1', {
    mark: SINCE,
    item: (n) => membership('M1', { volunteer: 'V1', project: 'P1' }, { data: mark(SINCE, n) }),
  }),
  key('membership', 'M2', {
    mark: SINCE,
    item: (n) => membership('M2', { volunteer: 'V2', project: 'P1' }, { data: mark(SINCE, n) }),
  }),
  service('R1', 'V1', 9),
  service('R2', 'V2', 9),
  service('R3', 'V1', 10),
  service('R4', 'V2', 11),
  key('evaluation', 'E1', { mark: TEXT, item: (n) => evaluation('E1', 'R1', { data: mark(TEXT, n) }) }),
];

export class Station {
  /** Everything pushed per key, by revision. */
  readonly pushed = new Map<WorldKey, Pushed[]>();
  readonly wrongs: string[] = [];
  private readonly inDoubt: StationItem[][] = [];

  constructor(readonly source: SourceIdentity) {}

  get owesAnswers(): number {
    return this.inDoubt.length;
  }

  /** What counts in the end: the highest revision (G-10). */
  newest(which: WorldKey): Pushed | undefined {
    return this.pushed.get(which)?.reduce((best, one) => (one.revision > best.revision ? one : best));
  }

  /** The items of one push; remembered as pushed, since every push is repeated until it is answered. */
  compose(wishes: readonly { key: number; what: PushKind }[]): StationItem[] {
    const chosen = new Map(wishes.map(({ key: at, what }) => [WORLD[at % WORLD.length] as WorldKey, what]));
    return [...chosen].map(([which, what]) => this.next(which, what));
  }

  private next(which: WorldKey, what: PushKind): StationItem {
    const all = this.pushed.get(which) ?? [];
    const newest = this.newest(which);
    if (newest && what === 'same') return this.itemOf(which, newest);
    if (newest && what === 'old') return this.itemOf(which, all[0] as Pushed);
    const isVoid = what === 'void' && which.mayBeVoided;
    if (isVoid && newest?.op === 'void') return this.itemOf(which, newest);
    const made: Pushed = {
      revision: (newest?.revision ?? 0) + (what === 'skip' ? 2 : 1),
      op: isVoid ? 'void' : 'upsert',
    };
    this.pushed.set(which, [...all, made]);
    return this.itemOf(which, made);
  }

  private itemOf(which: WorldKey, { revision, op }: Pushed): StationItem {
    if (op === 'void') return voided(which.kind, which.sourceId, revision);
    return { ...which.item(revision), revision, reason: REASON };
  }

  async push(intake: IntakeService, items: StationItem[]): Promise<void> {
    if (items.length === 0) return;
    this.inDoubt.push(items);
    const answer = await intake.push(
      this.source,
      items.map((value) => ({ value, faults: [] })),
      { mode: 'commit' },
    );
    // A push that stood still may have been repeated, and answered, meanwhile.
    const at = this.inDoubt.indexOf(items);
    if (at >= 0) this.inDoubt.splice(at, 1);
    this.judge(items, answer);
  }

  /** Repeats the oldest push that was never answered. */
  async repeat(intake: IntakeService): Promise<void> {
    const items = this.inDoubt.shift();
    if (items) await this.push(intake, items);
  }

  private judge(items: readonly StationItem[], answer: PushAnswer): void {
    for (const one of answer.items) {
      if (one.outcome !== 'rejected') continue;
      this.wrongs.push(`refused ${JSON.stringify([items[one.index]?.kind, items[one.index]?.revision, one.errors])}`);
    }
  }
}
