import type { StationItem } from './ledger-kit.js';

/** Small, valid records of every kind that the ledger's specs push; times lie on one past day in Beijing. */

const DAY_MS = 86_400_000;

/** Beijing date `days` before today. */
export function daysAgo(days: number): string {
  return new Date(Date.now() + 8 * 3_600_000 - days * DAY_MS).toISOString().slice(0, 10);
}

export const SERVICE_DAY = daysAgo(3);

export const at = (time: string, day = SERVICE_DAY): string => `${day}T${time}:00+08:00`;

type More = Partial<Omit<StationItem, 'kind' | 'sourceId' | 'data'>> & { readonly data?: Record<string, unknown> };

function item(
  kind: string,
  sourceId: string,
  data: Record<string, unknown>,
  { data: own, ...more }: More,
): StationItem {
  return { kind, sourceId, data: { ...data, ...own }, ...more };
}

export function station(sourceId: string, more: More = {}): StationItem {
  const data = {
    name: `测试站${sourceId}`,
    type: 'COMMUNITY',
    areaCode: '533401101003',
    address: '测试路1号',
    hostOrgName: '测试社区居民委员会',
    managers: [{ name: '测试甲', mobile: '13900000001' }],
    openedOn: '2023-06-01',
    status: 'ACTIVE',
  };
  return item('station', sourceId, data, more);
}

export function team(sourceId: string, stationId: string, more: More = {}): StationItem {
  const data = {
    name: `测试队${sourceId}`,
    stationId,
    type: 'COMMUNITY',
    areaCode: '533401101003',
    contactName: '测试乙',
    contactMobile: '13900000011',
    foundedOn: '2023-07-15',
    serviceFields: ['0001'],
    status: 'ACTIVE',
  };
  return item('team', sourceId, data, more);
}

export function project(sourceId: string, parents: { team: string; station: string }, more: More = {}): StationItem {
  const data = {
    name: `测试项目${sourceId}`,
    teamId: parents.team,
    stationId: parents.station,
    areaCode: '533401101003',
    serviceFields: ['0017'],
    serviceObjects: ['03'],
    startOn: daysAgo(30),
    endOn: daysAgo(0),
    address: '测试社区',
    contactName: '测试乙',
    contactMobile: '13900000031',
    intro: '上门看望独居老人。',
    status: 'OPEN',
  };
  return item('project', sourceId, data, more);
}

export function activity(sourceId: string, projectId: string, more: More = {}): StationItem {
  const data = {
    name: `测试活动${sourceId}`,
    projectId,
    startAt: at('09:00'),
    endAt: at('18:00'),
    address: '测试社区广场',
    status: 'FINISHED',
  };
  return item('activity', sourceId, data, more);
}

/** An ID number of the test area 539900 with its right check digit; odd sequence numbers are male. */
export function idNumber(birthDate: string, sequence: number): string {
  const digits = `539900${birthDate.replaceAll('-', '')}${String(sequence).padStart(3, '0')}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, index) => total + weight * Number(digits[index]), 0);
  return `${digits}${'10X98765432'[sum % 11]}`;
}

export function volunteer(sourceId: string, person: { no: number; name?: string }, more: More = {}): StationItem {
  const birthDate = '1990-03-07';
  const data = {
    name: person.name ?? '测试丙',
    idType: '01',
    idNo: idNumber(birthDate, person.no),
    gender: person.no % 2 === 1 ? '1' : '2',
    birthDate,
    mobile: '13900000021',
    serviceAreaCode: '533401101003',
    residenceAreaCode: '533401101003',
    consent: { at: '2024-01-01T09:00:00+08:00', channel: 'PAPER' },
    joinedOn: '2024-01-01',
    status: 'ACTIVE',
  };
  return item('volunteer', sourceId, data, more);
}

export function membership(
  sourceId: string,
  who: { volunteer: string; project: string },
  more: More = {},
): StationItem {
  const data = { volunteerId: who.volunteer, projectId: who.project, since: '2024-02-01', status: 'JOINED' };
  return item('membership', sourceId, data, more);
}

export interface Served {
  readonly volunteer: string;
  readonly activity: string;
  readonly from?: string;
  readonly to?: string;
  readonly day?: string;
}

export function serviceRecord(sourceId: string, served: Served, more: More = {}): StationItem {
  const { from = '09:30', to = '11:00', day = SERVICE_DAY } = served;
  const minutes = (Date.parse(at(to, day)) - Date.parse(at(from, day))) / 60_000;
  const data = {
    volunteerId: served.volunteer,
    activityId: served.activity,
    serviceDate: day,
    startAt: at(from, day),
    endAt: at(to, day),
    minutes,
    place: '测试社区广场',
    content: '社区义诊，引导居民排队',
    organiser: '测试社区邻里互助队',
    responsiblePerson: '测试乙',
    recorder: '测试记录员',
    recordMode: 'SIGN_IN',
    recordedAt: at(to, day),
  };
  return item('service-record', sourceId, data, more);
}

export function evaluation(sourceId: string, serviceRecordId: string, more: More = {}): StationItem {
  const data = { serviceRecordId, punctuality: 5, attitude: 5, skill: 4, text: '准时到岗。', evaluatedOn: daysAgo(1) };
  return item('evaluation', sourceId, data, more);
}

export function certificateRequest(sourceId: string, volunteerId: string, more: More = {}): StationItem {
  const data = {
    volunteerId,
    periodFrom: daysAgo(10),
    periodTo: daysAgo(0),
    purpose: '升学',
    issuerOrgName: '测试社区居民委员会',
    responsiblePerson: '测试乙',
    handler: '测试丁',
    contact: '13900000041',
  };
  return item('certificate-request', sourceId, data, more);
}

export const voided = (kind: string, sourceId: string, revision?: number): StationItem => ({
  kind,
  sourceId,
  op: 'void',
  reason: '录入错误',
  ...(revision === undefined ? {} : { revision }),
});
