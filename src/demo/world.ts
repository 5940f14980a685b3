import { ODD_PEOPLE, oddRecords, refusedItems, repeatedItems } from './oddities.js';
import {
  certificateRequestsOf,
  commendationsOf,
  evaluationsOf,
  membershipsOf,
  RECORDS_PER_VOLUNTEER,
  serviceRecordOf,
  trainingsOf,
  volunteerOf,
  type Volunteer,
} from './people-records.js';
import {
  ACTIVITIES_PER_PROJECT,
  activityOf,
  PROJECTS_PER_PLACE,
  projectOf,
  stationOf,
  teamOf,
} from './place-records.js';
import type { Place, Prefecture } from './prefecture.js';
import type { Item, KindName, WorldRecord } from './world-record.js';

/** `anchor` is the day before which everything happened: the day of the first start. */
export interface WorldOptions {
  readonly prefecture: Prefecture;
  readonly people: number;
  readonly anchor: string;
}

/** The invented records of one county. They are made when they are asked for: a million people fit into no memory. */
export interface CountyWorld {
  readonly county: string;
  records(kind: KindName): Generator<WorldRecord>;
  /** Made odd on purpose; a part of `records` too. */
  readonly odd: readonly WorldRecord[];
  readonly refused: readonly Item[];
  readonly repeated: readonly Item[];
}

/** Everything of one place, of one kind. */
const OF_PLACE: Partial<Record<KindName, (place: Place, anchor: string) => WorldRecord[]>> = {
  station: (place) => [stationOf(place)],
  team: (place) => [teamOf(place)],
  project: (place, anchor) => times(PROJECTS_PER_PLACE).map((project) => projectOf(place, project, anchor)),
  activity: (place, anchor) =>
    times(PROJECTS_PER_PLACE).flatMap((project) =>
      times(ACTIVITIES_PER_PROJECT).map((activity) => activityOf(place, { project, activity }, anchor)),
    ),
};

/** Everything of one volunteer, of one kind. */
const OF_VOLUNTEER: Partial<Record<KindName, (volunteer: Volunteer, anchor: string) => WorldRecord[]>> = {
  volunteer: (volunteer, anchor) => [volunteerOf(volunteer, anchor)],
  membership: membershipsOf,
  'service-record': (volunteer, anchor) =>
    times(RECORDS_PER_VOLUNTEER).map((record) => serviceRecordOf(volunteer, record, anchor)),
  evaluation: evaluationsOf,
  training: trainingsOf,
  commendation: commendationsOf,
  'certificate-request': certificateRequestsOf,
};

const times = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** People live in the places by turns; each belongs to one project of the place. */
function volunteerAt(places: readonly Place[], index: number): Volunteer {
  const place = places[index % places.length] as Place;
  return { index, place, project: Math.floor(index / places.length) % PROJECTS_PER_PLACE };
}

export function worldOf({ prefecture, people, anchor }: WorldOptions): CountyWorld[] {
  const { places } = prefecture;
  const firstPeople = times(people >= ODD_PEOPLE ? ODD_PEOPLE : 0).map((index) => volunteerAt(places, index));
  return prefecture.counties.map(({ code: county }): CountyWorld => {
    const own = places.filter((place) => place.county === county);
    // The first people live in the first places, and those are of one county.
    const cast = { people: firstPeople.filter(({ place }) => place.county === county), anchor };
    const odd = oddRecords(cast);
    function* records(kind: KindName): Generator<WorldRecord> {
      const ofPlace = OF_PLACE[kind];
      if (ofPlace) for (const place of own) yield* ofPlace(place, anchor);
      const ofVolunteer = OF_VOLUNTEER[kind];
      for (let index = 0; ofVolunteer && index < people; index += 1) {
        const volunteer = volunteerAt(places, index);
        if (volunteer.place.county === county) yield* ofVolunteer(volunteer, anchor);
      }
      yield* odd.filter((record) => record.kind === kind);
    }
    return { county, records, odd, refused: refusedItems(cast), repeated: repeatedItems(own, cast) };
  });
}
