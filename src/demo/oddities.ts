import { addDays } from '../records/index.js';
import { serviceRecordOf, volunteerId, volunteerOf, type Volunteer } from './people-records.js';
import { activityId, stationOf, teamOf } from './place-records.js';
import type { Place } from './prefecture.js';
import { firstItem, planned, type Fate, type Item, type WorldRecord } from './world-record.js';

/** What goes wrong in every county, so that the last screen has something true to tell. */

/** The first so many people take part in it; in a smaller world nothing odd happens. */
export const ODD_PEOPLE = 5;

type Data = Record<string, unknown>;

interface Cast {
  /** The first people of the prefecture; all of one county. */
  readonly people: readonly Volunteer[];
  readonly anchor: string;
}

const variant = (of: WorldRecord, sourceId: string, change: Data): WorldRecord => ({
  ...planned(of.kind, sourceId, { ...of.data, ...change }),
});

function recordOf({ people, anchor }: Cast, person: number, record = 0): WorldRecord {
  return serviceRecordOf(people[person] as Volunteer, record, anchor);
}

/** Later on the same day than any planned record of the person. */
function evening(of: WorldRecord, sourceId: string, clock: { from: string; to: string; minutes: number }): WorldRecord {
  const day = String(of.data.serviceDate);
  const at = (time: string): string => `${day}T${time}:00+08:00`;
  const { from, to, minutes } = clock;
  return variant(of, sourceId, { startAt: at(from), endAt: at(to), minutes, recordedAt: at('23:30') });
}

const fated = (record: WorldRecord, fate: Fate): WorldRecord => ({ ...record, fate });

function waiting(cast: Cast): WorldRecord[] {
  const [first, second] = cast.people as [Volunteer, Volunteer];
  const late = { from: '20:00', to: '21:00', minutes: 50 };
  const elsewhere = activityId(second.place, second.project, 0);
  const elsewhereDay = serviceRecordOf(second, 0, cast.anchor);
  const team = teamOf(first.place);
  return [
    variant(evening(recordOf(cast, 0), 'SR-ODD-NO-ACTIVITY', late), 'SR-ODD-NO-ACTIVITY', { activityId: 'AC-NEVER' }),
    variant(evening(elsewhereDay, 'SR-ODD-NOT-MEMBER', late), 'SR-ODD-NOT-MEMBER', {
      volunteerId: volunteerId(first.index),
      activityId: elsewhere,
    }),
    variant(team, 'TM-ODD-NO-LEADER', { name: '测试待命队', leaderVolunteerId: 'VO-NEVER' }),
  ].map((record) => fated(record, 'waiting'));
}

/** The same hour entered twice at two stations' desks, a number under two names, a record of last year. */
function disputed(cast: Cast): WorldRecord[] {
  const third = recordOf(cast, 2);
  const old = addDays(cast.anchor, -400);
  const oldAt = (time: string): string => `${old}T${time}:00+08:00`;
  const person = volunteerOf(cast.people[1] as Volunteer, cast.anchor);
  return [
    fated(evening(third, 'SR-ODD-OVERLAP-A', { from: '20:00', to: '21:00', minutes: 60 }), 'clash'),
    fated(evening(third, 'SR-ODD-OVERLAP-B', { from: '20:30', to: '21:30', minutes: 55 }), 'clash'),
    fated(
      variant(recordOf(cast, 2, 1), 'SR-ODD-TOO-OLD', {
        serviceDate: old,
        startAt: oldAt('10:00'),
        endAt: oldAt('11:00'),
        minutes: 60,
        recordedAt: oldAt('11:30'),
      }),
      'attention',
    ),
    fated(variant(person, 'VO-ODD-OTHER-NAME', { name: '测试异名' }), 'attention'),
  ];
}

/** Withdrawn and corrected after the nation has them; and one person entered twice, who stays one person. */
function changing(cast: Cast): WorldRecord[] {
  const withdrawn = evening(recordOf(cast, 3), 'SR-ODD-VOID', { from: '20:00', to: '21:00', minutes: 60 });
  const corrected = evening(recordOf(cast, 4), 'SR-ODD-CORRECTED', { from: '20:00', to: '21:00', minutes: 60 });
  const twice = volunteerOf(cast.people[0] as Volunteer, cast.anchor);
  return [
    { ...withdrawn, fate: 'voided', later: { op: 'void', reason: '登记错误，本人没有到场' } },
    { ...corrected, later: { reason: '时长多记了十五分钟', data: { ...corrected.data, minutes: 45 } } },
    planned(twice.kind, 'VO-ODD-SAME-PERSON', twice.data),
  ];
}

export function oddRecords(cast: Cast): WorldRecord[] {
  if (cast.people.length < ODD_PEOPLE) return [];
  return [...waiting(cast), ...disputed(cast), ...changing(cast)];
}

const flippedCheckDigit = (idNo: string): string => `${idNo.slice(0, -1)}${idNo.endsWith('0') ? '1' : '0'}`;

/** Each is refused at the door and leaves no record behind (G-30). */
export function refusedItems(cast: Cast): Item[] {
  if (cast.people.length < ODD_PEOPLE) return [];
  const person = volunteerOf(cast.people[4] as Volunteer, cast.anchor);
  const { consent: _consent, ...silent } = person.data;
  const record = recordOf(cast, 4);
  const station = stationOf((cast.people[0] as Volunteer).place);
  return [
    variant(person, 'VO-BAD-CHECK-DIGIT', { idNo: flippedCheckDigit(String(person.data.idNo)) }),
    planned('volunteer', 'VO-BAD-NO-CONSENT', silent),
    variant(record, 'SR-BAD-MINUTES', { minutes: 600 }),
    variant(record, 'SR-BAD-TYPO', { minuets: 60 }),
    variant(station, 'ST-BAD-ELSEWHERE', { areaCode: '110101001001' }),
  ].map(firstItem);
}

/** What a station that lost an answer sends once more. */
export function repeatedItems(places: readonly Place[], cast: Cast): Item[] {
  const records = cast.people.map((person) => serviceRecordOf(person, 0, cast.anchor));
  return [...places.slice(0, 10).map(stationOf), ...records].map(firstItem);
}
