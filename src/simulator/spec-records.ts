// A small believable world for the specs: station, team, volunteer, project, membership, activity, records.
import { beijingDate, DAY_MS } from './clock.js';
import type { Fields } from './model.js';
import { seal, type SpecClient } from './spec-client.js';

const YESTERDAY = beijingDate(Date.now() - DAY_MS);
export const day = (daysAgo: number): string => beijingDate(Date.now() - daysAgo * DAY_MS);

export const station = (more: Fields = {}): Fields => ({
  name: '建塘镇北门社区志愿服务站',
  areaCode: '533401101003',
  address: '测试路1号',
  kind: 'COMMUNITY',
  hostOrgName: '北门社区居委会',
  managerName: '测试甲',
  managerMobile: seal('13800000001'),
  openedOn: '2023-06-01',
  status: 'ACTIVE',
  ...more,
});

export const team = (more: Fields = {}): Fields => ({
  name: '北门社区邻里互助队',
  stationBizNo: 'ST-1',
  areaCode: '533401101003',
  kind: 'COMMUNITY',
  contactName: '测试乙',
  contactMobile: seal('13800000002'),
  foundedOn: '2023-07-15',
  serviceFields: ['0001', '0017'],
  status: 'ACTIVE',
  ...more,
});

export const volunteer = (more: Fields = {}): Fields => ({
  name: '测试丙',
  idType: '01',
  idNo: seal('53340119900101001X'),
  gender: '2',
  birthDate: '1990-01-01',
  mobile: seal('13800000000'),
  serviceAreaCode: '533401000000',
  residenceAreaCode: '110101000000',
  consentAt: '2026-11-01T08:00:00+08:00',
  joinedOn: '2026-11-01',
  status: 'ACTIVE',
  ...more,
});

export const project = (more: Fields = {}): Fields => ({
  name: '高原暖冬助老',
  teamBizNo: 'TM-1',
  stationBizNo: 'ST-1',
  areaCode: '533401101003',
  serviceFields: ['0017'],
  serviceObjects: ['03'],
  startOn: '2026-11-01',
  endOn: '2027-02-28',
  address: '北门社区',
  contactName: '测试乙',
  contactMobile: seal('13800000002'),
  intro: '冬季助老',
  status: 'OPEN',
  ...more,
});

export const membership = (more: Fields = {}): Fields => ({
  volunteerBizNo: 'VO-1',
  projectBizNo: 'PJ-1',
  since: '2026-11-02',
  status: 'JOINED',
  ...more,
});

export const activity = (more: Fields = {}): Fields => ({
  name: '义诊',
  projectBizNo: 'PJ-1',
  startAt: `${YESTERDAY}T09:00:00+08:00`,
  endAt: `${YESTERDAY}T12:00:00+08:00`,
  address: '北门社区广场',
  posts: [{ postBizNo: 'P1', name: '引导', need: 4 }],
  status: 'FINISHED',
  ...more,
});

/** A record from `from` to `to` (HH:mm) of one day. */
export const record = (from: string, to: string, more: Fields = {}, date = YESTERDAY): Fields => ({
  volunteerBizNo: 'VO-1',
  activityBizNo: 'AC-1',
  projectBizNo: 'PJ-1',
  teamBizNo: 'TM-1',
  stationBizNo: 'ST-1',
  serviceDate: date,
  startAt: `${date}T${from}:00+08:00`,
  endAt: `${date}T${to}:00+08:00`,
  minutes: minutesOf(to) - minutesOf(from),
  content: '社区义诊',
  recordMode: 'SIGN_IN',
  recorderName: '测试记录员',
  ...more,
});

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

/** ST-1, TM-1, VO-1, PJ-1, MB-1, AC-1, everything that a record needs. */
export async function settle(client: SpecClient): Promise<void> {
  const steps: [string, string, Fields][] = [
    ['stations', 'ST-1', station()],
    ['teams', 'TM-1', team()],
    ['volunteers', 'VO-1', volunteer()],
    ['projects', 'PJ-1', project()],
    ['memberships', 'MB-1', membership()],
    ['activities', 'AC-1', activity()],
  ];
  for (const [entity, bizNo, data] of steps) {
    const reply = await client.upsert(entity, bizNo, data);
    if (reply.code !== '0000') throw new Error(`${entity} ${bizNo}: ${JSON.stringify(reply)}`);
  }
}
