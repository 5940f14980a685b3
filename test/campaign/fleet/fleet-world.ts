import { isObject, type JsonObject } from '../../independent/canonical.js';
import { planPushes, type Plan } from '../../independent/mutate.js';
import { idNumber } from '../../independent/world-numbers.js';
import { makeWorld, type World, type WorldSizes } from '../../independent/world.js';
import { textOf } from '../checker/text.js';

/** One small neighbourhood: all kinds, in dependency order and then shuffled. */
export const NEIGHBOURHOOD: WorldSizes = {
  stations: 2,
  teamsPerStation: 1,
  projectsPerTeam: 1,
  activitiesPerProject: 5,
  volunteers: 10,
  recordsPerVolunteer: 8,
  evaluations: 6,
  trainings: 5,
  commendations: 3,
  certificates: 1,
  blocked: true,
};

const REFERENCES = [
  'stationId', 'teamId', 'projectId', 'activityId', 'volunteerId', 'leaderVolunteerId', 'serviceRecordId',
] as const; // prettier-ignore

const DAYS_PER_YEAR = 336;
const ADULT_YEARS = { from: 1960, count: 40 } as const;
const ADULT_DATES = ADULT_YEARS.count * DAYS_PER_YEAR;

/** Twelve months of 28 days: every such date exists. */
const dateOf = (year: number, day: number): string => {
  const [month, of] = [Math.floor(day / 28) + 1, (day % 28) + 1];
  return `${year}-${String(month).padStart(2, '0')}-${String(of).padStart(2, '0')}`;
};

/**
 * Worlds of the independent generator, made distinct: the nation knows stations by area and name and people by their
 * number, so two worlds as they come would claim each other's rows.
 */
export class FleetWorlds {
  private people = 0;

  /** `tag` goes before every `sourceId` and into the names of stations. */
  make(seed: number, tag: string, sizes: WorldSizes = NEIGHBOURHOOD): World {
    const world = makeWorld({ seed, sizes });
    for (const record of world.records) {
      const { item } = record;
      const data: JsonObject = { ...item.data };
      for (const name of REFERENCES) if (typeof data[name] === 'string') data[name] = `${tag}.${data[name]}`;
      if (item.kind === 'station') data.name = `${tag}${textOf(data.name)}`;
      if (item.kind === 'volunteer') this.renumber(data);
      record.item = { ...item, sourceId: `${tag}.${item.sourceId}`, data };
      if (record.fate.startsWith('clash:')) record.fate = `clash:${seed}`;
    }
    return world;
  }

  private renumber(data: JsonObject): void {
    const serial = this.people;
    this.people += 1;
    const isMinor = isObject(data.guardian);
    const year = isMinor
      ? Number(textOf(data.birthDate).slice(0, 4))
      : ADULT_YEARS.from + (Math.floor(serial / DAYS_PER_YEAR) % ADULT_YEARS.count);
    data.birthDate = dateOf(year, serial % DAYS_PER_YEAR);
    const round = Math.floor(serial / (isMinor ? DAYS_PER_YEAR : ADULT_DATES));
    data.idNo = idNumber({ birthDate: textOf(data.birthDate), gender: textOf(data.gender), serial: round });
  }
}

const CERTIFICATE = 'certificate-request';

export interface WorldPlans {
  readonly main: Plan;
  /** A record that an issued certificate covers can no longer be corrected (2014), so these come last. */
  readonly certificates: Plan;
}

export function plansOf(world: World, seed: number): WorldPlans {
  const options = { seed, maxBatch: 20 };
  return {
    main: planPushes(world, (kind) => kind !== CERTIFICATE, options),
    certificates: planPushes(world, (kind) => kind === CERTIFICATE, { ...options, seed: seed + 1 }),
  };
}
