import { addDays } from '../records/index.js';
import { chanceOf } from './chance.js';
import { personName, personOf, testMobile } from './persons.js';
import { ACTIVITIES_PER_PROJECT, activityDate, activityId, projectId, teamId } from './place-records.js';
import type { Place } from './prefecture.js';
import { planned, type WorldRecord } from './world-record.js';

/** A volunteer and what he or she does. `index` counts people over the whole prefecture. */
export interface Volunteer {
  readonly index: number;
  readonly place: Place;
  readonly project: number;
}

export const RECORDS_PER_VOLUNTEER = 4;
const SLOTS_PER_ACTIVITY = RECORDS_PER_VOLUNTEER / ACTIVITIES_PER_PROJECT;

/** One volunteer in so many has it; the remainders keep the first five free for the oddities. */
const EVERY = { teamMembership: 4, evaluation: 5, training: 10, commendation: 40, certificate: 33 } as const;

export const volunteerId = (index: number): string => `VO-${String(index + 1).padStart(7, '0')}`;
export const serviceRecordId = (index: number, record: number): string =>
  `SR-${String(index + 1).padStart(7, '0')}-${record + 1}`;

const isOneOf = ({ index }: Volunteer, every: number): boolean => index % every === every - 1;

export function volunteerOf({ index, place }: Volunteer, anchor: string): WorldRecord {
  const chance = chanceOf(volunteerId(index));
  const joinedOn = addDays(anchor, -90);
  const { isMinor, ...person } = personOf(index, Number(joinedOn.slice(0, 4)));
  return planned('volunteer', volunteerId(index), {
    ...person,
    idType: '01',
    mobile: testMobile(chance),
    serviceAreaCode: place.code,
    residenceAreaCode: place.code,
    politicalStatus: isMinor ? '03' : chance.pick(['01', '03', '13']),
    education: isMinor ? '70' : chance.pick(['20', '30', '60', '70']),
    skills: [chance.pick(['01', '08', '17', '20', '23'])],
    serviceFields: ['0001', chance.pick(['0006', '0017'])],
    ...(isMinor ? { guardian: { name: personName(chance), mobile: testMobile(chance) } } : {}),
    consent: { at: `${joinedOn}T09:30:00+08:00`, channel: chance.pick(['PAPER', 'APP', 'WECHAT']) },
    joinedOn,
    status: 'ACTIVE',
  });
}

export function membershipsOf(volunteer: Volunteer, anchor: string): WorldRecord[] {
  const { index, place, project } = volunteer;
  const since = addDays(anchor, -50);
  const joined = { volunteerId: volunteerId(index), since, status: 'JOINED' };
  const own = planned('membership', `MB-P-${index + 1}`, { ...joined, projectId: projectId(place, project) });
  if (!isOneOf(volunteer, EVERY.teamMembership)) return [own];
  return [own, planned('membership', `MB-T-${index + 1}`, { ...joined, teamId: teamId(place) })];
}

const clock = (date: string, minute: number): string => {
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date}T${two(Math.floor(minute / 60))}:${two(minute % 60)}:00+08:00`;
};

/** The slots of a day are four hours apart and a record lasts three at most: nothing overlaps. */
const FIRST_SLOT = 8 * 60 + 30;
const SLOT = 4 * 60;

const WORK = ['看望独居老人', '清理村道和水源', '义诊时引导居民', '政策宣讲', '帮助清扫积雪', '整理书屋'];

export function serviceRecordOf(volunteer: Volunteer, record: number, anchor: string): WorldRecord {
  const { index, place, project } = volunteer;
  const activity = record % ACTIVITIES_PER_PROJECT;
  const slot = Math.floor(record / ACTIVITIES_PER_PROJECT) % SLOTS_PER_ACTIVITY;
  const sourceId = serviceRecordId(index, record);
  const chance = chanceOf(sourceId);
  const date = addDays(anchor, -activityDate(place, project, activity));
  const startMinute = FIRST_SLOT + slot * SLOT + chance.between(0, 50);
  const length = chance.between(60, 180);
  return planned('service-record', sourceId, {
    volunteerId: volunteerId(index),
    activityId: activityId(place, project, activity),
    serviceDate: date,
    startAt: clock(date, startMinute),
    endAt: clock(date, startMinute + length),
    minutes: length - chance.pick([0, 0, 0, 10, 15]),
    place: `${place.fullName}`,
    content: chance.pick(WORK),
    organiser: `${place.fullName}志愿服务队`,
    responsiblePerson: personName(chance),
    recorder: personName(chance),
    recordMode: chance.pick(['SIGN_IN', 'SIGN_IN', 'MANUAL', 'MAKEUP']),
    recordedAt: clock(date, startMinute + length + 20),
    beneficiaryTypes: [chance.pick(['03', '09', '11'])],
  });
}

export function evaluationsOf(volunteer: Volunteer, anchor: string): WorldRecord[] {
  if (!isOneOf(volunteer, EVERY.evaluation)) return [];
  const chance = chanceOf(`evaluation ${volunteer.index}`);
  return [
    planned('evaluation', `EV-${volunteer.index + 1}`, {
      serviceRecordId: serviceRecordId(volunteer.index, 0),
      punctuality: chance.between(3, 5),
      attitude: chance.between(3, 5),
      skill: chance.between(3, 5),
      text: '准时到岗，耐心细致。',
      evaluatedOn: addDays(anchor, -1),
    }),
  ];
}

export function trainingsOf(volunteer: Volunteer, anchor: string): WorldRecord[] {
  if (!isOneOf(volunteer, EVERY.training)) return [];
  const chance = chanceOf(`training ${volunteer.index}`);
  return [
    planned('training', `TR-${volunteer.index + 1}`, {
      volunteerId: volunteerId(volunteer.index),
      name: '高原急救与志愿服务通识',
      content: '心肺复苏、外伤包扎和服务礼仪',
      minutes: chance.pick([60, 90, 120, 180]),
      hostUnit: '迪庆州志愿服务联合会（测试）',
      heldOn: addDays(anchor, -chance.between(20, 45)),
      type: chance.pick(['GENERAL', 'POST', 'PROFESSIONAL']),
    }),
  ];
}

export function commendationsOf(volunteer: Volunteer, anchor: string): WorldRecord[] {
  if (!isOneOf(volunteer, EVERY.commendation)) return [];
  const { index, place } = volunteer;
  const isTeam = Math.floor(index / EVERY.commendation) % 3 === 0;
  return [
    planned('commendation', `CM-${index + 1}`, {
      ...(isTeam ? { teamId: teamId(place) } : { volunteerId: volunteerId(index) }),
      name: isTeam ? '优秀志愿服务队' : '优秀志愿者',
      awardedOn: addDays(anchor, -1),
      grantingUnit: '迪庆州文明办（测试）',
      documentNo: `测文〔${anchor.slice(0, 4)}〕${index + 1}号`,
      level: '州级',
    }),
  ];
}

export function certificateRequestsOf(volunteer: Volunteer, anchor: string): WorldRecord[] {
  if (!isOneOf(volunteer, EVERY.certificate)) return [];
  const { index, place } = volunteer;
  const chance = chanceOf(`certificate ${index}`);
  return [
    planned('certificate-request', `CR-${index + 1}`, {
      volunteerId: volunteerId(index),
      periodFrom: addDays(anchor, -40),
      periodTo: anchor,
      purpose: chance.pick(['升学', '就业', '积分入学']),
      issuerOrgName: place.host,
      responsiblePerson: personName(chance),
      handler: personName(chance),
      contact: '0887-0000000',
    }),
  ];
}
