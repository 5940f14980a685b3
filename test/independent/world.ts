/** A seeded, coherent small world as station items, valid by station-contract §3 and §6. All persons are invented. */
import { seeded, sha256Hex, type JsonObject, type Random } from './canonical.js';
import { beijingAt, beijingDate, beijingSeconds, DAY_MS } from './beijing.js';
import { idNumber, mobile, personName, uscc, VILLAGES } from './world-numbers.js';
import type { StationItem } from './station-types.js';

export interface WorldSizes {
  stations: number;
  teamsPerStation: number;
  projectsPerTeam: number;
  activitiesPerProject: number;
  volunteers: number;
  recordsPerVolunteer: number;
  evaluations: number;
  trainings: number;
  commendations: number;
  certificates: number;
  /** Adds records that cannot reach the national side: no membership, no activity, overlap, too old. */
  blocked: boolean;
}

export const SMALL_WORLD: WorldSizes = {
  stations: 2,
  teamsPerStation: 1,
  projectsPerTeam: 2,
  activitiesPerProject: 4,
  volunteers: 8,
  recordsPerVolunteer: 4,
  evaluations: 6,
  trainings: 4,
  commendations: 3,
  certificates: 2,
  blocked: true,
};

/** What must have become of a record at rest. `clash:N`: of the records of this group exactly one is mirrored. */
export type Fate = 'mirrored' | 'voided' | 'waiting' | 'attention' | `clash:${number}`;

export interface WorldRecord {
  item: Required<Pick<StationItem, 'kind' | 'sourceId' | 'data'>>;
  fate: Fate;
  /** National codes, one of which must stand in lastOutcome of an `attention` record. */
  codes: string[];
}

export interface World {
  seed: number;
  now: number;
  records: WorldRecord[];
}

interface Place {
  stationId: string;
  teamId: string;
  projectId: string;
  areaCode: string;
  activities: { id: string; date: string }[];
}

class Builder {
  readonly records: WorldRecord[] = [];
  readonly random: Random;
  readonly places: Place[] = [];
  readonly homes = new Map<string, Place>();
  private readonly taken = new Map<string, number>();

  constructor(
    readonly seed: number,
    readonly now: number,
    readonly sizes: WorldSizes,
  ) {
    this.random = seeded(seed);
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }

  between(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }

  daysAgo(days: number): string {
    return beijingDate(this.now - days * DAY_MS);
  }

  add(kind: string, sourceId: string, data: JsonObject, fate: Fate = 'mirrored'): WorldRecord {
    const record: WorldRecord = { item: { kind, sourceId, data }, fate, codes: [] };
    this.records.push(record);
    return record;
  }

  /** The next free slot of this volunteer among the days of the activities: 70 minutes apart, so nothing overlaps. */
  slot(volunteerId: string, days: number): { day: number; minute: number } {
    const count = this.taken.get(volunteerId) ?? 0;
    this.taken.set(volunteerId, count + 1);
    return { day: count % days, minute: 8 * 60 + Math.floor(count / days) * 70 };
  }
}

function addStation(b: Builder, index: number): void {
  const areaCode = VILLAGES[index % VILLAGES.length] as string;
  const stationId = `ST-${index + 1}`;
  const data: JsonObject = {
    name: `测试${index + 1}号社区志愿服务站`,
    type: b.pick(['COMMUNITY', 'CIVILIZATION_PRACTICE', 'LEIFENG']),
    areaCode,
    address: `测试路${index + 1}号`,
    hostOrgName: `测试${index + 1}号社区居委会`,
    managers: [
      { name: personName(b.random), mobile: mobile(b.random), fullTime: true },
      { name: personName(b.random), mobile: mobile(b.random), fullTime: false },
    ],
    longitude: 99.7 + index / 100,
    latitude: 27.8,
    openedOn: '2023-06-01',
    facilities: ['便民椅', '雨伞架'],
    status: 'ACTIVE',
  };
  if (index % 2 === 0) data.uscc = uscc(b.random);
  b.add('station', stationId, data);
  for (let t = 0; t < b.sizes.teamsPerStation; t += 1)
    addTeam(b, { stationId, areaCode, name: `${index + 1}-${t + 1}` });
}

function addTeam(b: Builder, home: { stationId: string; areaCode: string; name: string }): void {
  const teamId = `TM-${home.name}`;
  const data: JsonObject = {
    name: `邻里互助${home.name}队`,
    stationId: home.stationId,
    type: b.pick(['COMMUNITY', 'ORGANISATION', 'LEGAL_PERSON']),
    areaCode: home.areaCode,
    contactName: personName(b.random),
    contactMobile: mobile(b.random),
    foundedOn: '2023-07-15',
    serviceFields: ['0001', '0017'],
    intro: '为邻里提供便民服务',
    status: 'ACTIVE',
  };
  // G-62: a team waits for its leader.
  if (home.name.endsWith('-1') && b.sizes.volunteers > 0) data.leaderVolunteerId = 'VO-1';
  b.add('team', teamId, data);
  for (let p = 0; p < b.sizes.projectsPerTeam; p += 1)
    addProject(b, { ...home, teamId, name: `${home.name}-${p + 1}` });
}

function addProject(b: Builder, home: { stationId: string; teamId: string; areaCode: string; name: string }): void {
  const projectId = `PJ.${home.name}`;
  b.add('project', projectId, {
    name: `高原暖冬助老${home.name}`,
    teamId: home.teamId,
    stationId: home.stationId,
    areaCode: home.areaCode,
    serviceFields: ['0017'],
    serviceObjects: ['03'],
    startOn: b.daysAgo(60),
    endOn: b.daysAgo(-60),
    address: '社区活动中心',
    contactName: personName(b.random),
    contactMobile: mobile(b.random),
    recruitCount: b.between(5, 50),
    insurance: '志愿者人身意外伤害保险',
    intro: '冬季为独居老人送温暖\n每周一次',
    status: 'OPEN',
  });
  const place: Place = { ...home, projectId, activities: [] };
  for (let a = 0; a < Math.min(28, b.sizes.activitiesPerProject); a += 1) {
    const date = b.daysAgo(1 + a);
    const id = `AC_${home.name}-${a + 1}`;
    const data: JsonObject = {
      name: `${date} 义诊与探访`,
      projectId,
      startAt: beijingSeconds(beijingAt(date, 7 * 60)),
      endAt: beijingSeconds(beijingAt(date, 23 * 60)),
      address: '社区广场',
      status: 'FINISHED',
    };
    if (a % 2 === 0)
      data.posts = [
        { postId: 'P1', name: '引导', need: 4 },
        { postId: 'P2', name: '医护', need: 2 },
      ];
    b.add('activity', id, data);
    place.activities.push({ id, date });
  }
  b.places.push(place);
}

/** Every eighth volunteer is a minor with a guardian (G-41). */
function addVolunteer(b: Builder, index: number): void {
  const place = b.places[index % b.places.length] as Place;
  const minor = index % 8 === 3;
  const gender = b.pick(['1', '2']);
  const year = minor ? Number(b.daysAgo(0).slice(0, 4)) - 14 : b.between(1955, 2003);
  const birthDate = `${year}-${String(b.between(1, 12)).padStart(2, '0')}-${String(b.between(1, 28)).padStart(2, '0')}`;
  const volunteerId = `VO-${index + 1}`;
  const data: JsonObject = {
    name: personName(b.random),
    idType: '01',
    idNo: idNumber({ birthDate, gender, serial: index }),
    gender,
    birthDate,
    mobile: mobile(b.random),
    serviceAreaCode: place.areaCode,
    residenceAreaCode: '533401000000',
    serviceFields: ['0001'],
    consent: { at: beijingSeconds(beijingAt(b.daysAgo(70), 600)), channel: 'PAPER', recordedBy: '测试登记员' },
    joinedOn: b.daysAgo(70),
    status: 'ACTIVE',
  };
  if (minor) data.guardian = { name: personName(b.random), mobile: mobile(b.random) };
  b.add('volunteer', volunteerId, data);
  b.homes.set(volunteerId, place);
  b.add('membership', `MB-P-${index + 1}`, {
    volunteerId,
    projectId: place.projectId,
    since: b.daysAgo(50),
    status: 'JOINED',
  });
  if (index % 3 === 0) {
    b.add('membership', `MB-T-${index + 1}`, {
      volunteerId,
      teamId: place.teamId,
      since: b.daysAgo(50),
      status: 'JOINED',
    });
  }
}

function recordData(b: Builder, volunteerId: string, place: Place): JsonObject {
  const slot = b.slot(volunteerId, place.activities.length);
  const activity = place.activities[slot.day] as { id: string; date: string };
  const length = b.between(20, 60);
  const startAt = beijingAt(activity.date, slot.minute);
  const endAt = startAt + length * 60_000;
  return {
    volunteerId,
    activityId: activity.id,
    serviceDate: activity.date,
    startAt: beijingSeconds(startAt),
    endAt: beijingSeconds(endAt),
    minutes: b.between(10, length),
    place: '社区广场',
    content: b.pick(['社区义诊', '探访独居老人', '环境清洁', '政策宣讲']),
    organiser: '社区志愿服务站',
    responsiblePerson: '测试负责人',
    recorder: '测试记录员',
    recordMode: b.pick(['SIGN_IN', 'MANUAL', 'MAKEUP']),
    recordedAt: beijingSeconds(endAt + 5 * 60_000),
    beneficiaryTypes: ['03'],
    evidence: [{ type: 'SIGN_SHEET', ref: '签到表第3页', sha256: sha256Hex(volunteerId) }],
    remark: null,
  };
}

function addRecords(b: Builder): string[] {
  const ids: string[] = [];
  for (const [volunteerId, place] of b.homes) {
    for (let r = 0; r < b.sizes.recordsPerVolunteer; r += 1) {
      const id = `SR-${ids.length + 1}`;
      b.add('service-record', id, recordData(b, volunteerId, place));
      ids.push(id);
    }
  }
  return ids;
}

function addFollowers(b: Builder, recordIds: readonly string[]): void {
  for (let e = 0; e < Math.min(b.sizes.evaluations, recordIds.length); e += 1) {
    const serviceRecordId = recordIds[e * Math.floor(recordIds.length / Math.max(1, b.sizes.evaluations))] as string;
    b.add('evaluation', `EV-${e + 1}`, {
      serviceRecordId,
      punctuality: b.between(1, 5),
      attitude: b.between(1, 5),
      skill: b.between(1, 5),
      text: '认真负责，耐心细致',
      evaluatedOn: b.daysAgo(0),
    });
  }
  const volunteers = [...b.homes.keys()];
  for (let t = 0; t < b.sizes.trainings; t += 1) {
    b.add('training', `TR-${t + 1}`, {
      volunteerId: b.pick(volunteers),
      name: '志愿服务基础培训',
      content: '礼仪与安全',
      minutes: b.between(30, 240),
      hostUnit: '测试市志愿服务联合会',
      heldOn: b.daysAgo(b.between(1, 25)),
      type: b.pick(['GENERAL', 'POST', 'PROFESSIONAL']),
    });
  }
  for (let c = 0; c < b.sizes.commendations; c += 1) {
    const data: JsonObject = {
      name: '优秀志愿者',
      awardedOn: b.daysAgo(3),
      grantingUnit: '测试市文明办',
      documentNo: `测文〔2026〕${c + 1}号`,
      level: '市级',
    };
    if (c % 3 === 2) data.teamId = b.pick(b.places).teamId;
    else data.volunteerId = b.pick(volunteers);
    b.add('commendation', `CM-${c + 1}`, data);
  }
}

/** Records that must not become `mirrored`: their fates are named by G-50, G-52, G-48 and G-51. */
function addBlocked(b: Builder): void {
  const [volunteerId, place] = [...b.homes][0] as [string, Place];
  const stranger = b.places.find((one) => one.projectId !== place.projectId) ?? place;
  if (stranger !== place) {
    b.add(
      'service-record',
      'SR-NOT-MEMBER',
      { ...recordData(b, volunteerId, place), activityId: (stranger.activities[0] as { id: string }).id },
      'waiting',
    );
  }
  b.add(
    'service-record',
    'SR-NO-ACTIVITY',
    { ...recordData(b, volunteerId, place), activityId: 'AC-NEVER' },
    'waiting',
  );
  const first = recordData(b, volunteerId, place);
  b.add('service-record', 'SR-CLASH-A', first, 'clash:1').codes.push('2211', '2205');
  const later = new Date(Date.parse(String(first.startAt)) + 5 * 60_000).getTime();
  b.add(
    'service-record',
    'SR-CLASH-B',
    { ...first, startAt: beijingSeconds(later), minutes: 5, content: '重叠登记' },
    'clash:1',
  ).codes.push('2211', '2205');
  const old = b.daysAgo(400);
  b.add(
    'service-record',
    'SR-OLD',
    {
      ...recordData(b, volunteerId, place),
      serviceDate: old,
      startAt: beijingSeconds(beijingAt(old, 600)),
      endAt: beijingSeconds(beijingAt(old, 660)),
      minutes: 10,
      recordedAt: beijingSeconds(beijingAt(old, 665)),
    },
    'attention',
  ).codes.push('2206');
}

function addCertificates(b: Builder): void {
  const volunteers = [...b.homes.keys()].slice(1, 1 + b.sizes.certificates);
  volunteers.forEach((volunteerId, index) => {
    b.add('certificate-request', `CR-${index + 1}`, {
      volunteerId,
      periodFrom: b.daysAgo(40),
      periodTo: b.daysAgo(0),
      purpose: '升学',
      issuerOrgName: '测试社区居委会',
      responsiblePerson: '测试负责人',
      handler: '测试经办人',
      contact: '0887-0000000',
    });
  });
}

export function makeWorld(options: { seed: number; now?: number; sizes?: Partial<WorldSizes> }): World {
  const now = options.now ?? Date.now();
  const b = new Builder(options.seed, now, { ...SMALL_WORLD, ...options.sizes });
  for (let s = 0; s < b.sizes.stations; s += 1) addStation(b, s);
  for (let v = 0; v < b.sizes.volunteers; v += 1) addVolunteer(b, v);
  addFollowers(b, addRecords(b));
  if (b.sizes.blocked) addBlocked(b);
  addCertificates(b);
  return { seed: options.seed, now, records: b.records };
}
