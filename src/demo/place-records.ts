import { addDays } from '../records/index.js';
import { chanceOf } from './chance.js';
import { personName, testMobile } from './persons.js';
import type { Place } from './prefecture.js';
import { planned, type WorldRecord } from './world-record.js';

/** What a place has: a station, a team, two projects with two activities each. */

export const PROJECTS_PER_PLACE = 2;
export const ACTIVITIES_PER_PROJECT = 2;

export const stationId = (place: Place): string => `ST-${place.code}`;
export const teamId = (place: Place): string => `TM-${place.code}`;
export const projectId = (place: Place, project: number): string => `PJ-${place.code}-${project + 1}`;
export const activityId = (place: Place, project: number, activity: number): string =>
  `AC-${place.code}-${project + 1}-${activity + 1}`;

const THEMES = [
  {
    name: '高原暖冬助老',
    fields: ['0017', '0001'],
    objects: ['03', '09'],
    intro: '入冬后为独居老人送柴、送药、陪聊。',
  },
  { name: '三江清洁家园', fields: ['0006', '0010'], objects: ['09', '11'], intro: '每月清理水源、村道和公共场所。' },
] as const;
const ACTIVITY_NAMES = ['上门探望与清洁', '义诊与政策宣讲'];

/** Days before the anchor on which the activities of a project are held; a week apart, so they never share a day. */
const NEWEST_ACTIVITY = 2;
const DAYS_BETWEEN_ACTIVITIES = 7;

export function activityDate(place: Place, project: number, activity: number): number {
  const shift = chanceOf(projectId(place, project)).between(0, DAYS_BETWEEN_ACTIVITIES - 2);
  return NEWEST_ACTIVITY + activity * DAYS_BETWEEN_ACTIVITIES + shift;
}

function stationType(place: Place): string {
  if (place.type === 'township') return 'TOWNSHIP_SW';
  if (place.type === 'community') return 'COMMUNITY';
  return chanceOf(stationId(place)).pick(['CIVILIZATION_PRACTICE', 'LEIFENG']);
}

export function stationOf(place: Place): WorldRecord {
  const chance = chanceOf(`station ${place.code}`);
  return planned('station', stationId(place), {
    name: `${place.fullName}志愿服务站`,
    type: stationType(place),
    areaCode: place.code,
    address: `${place.fullName}（测试地址）`,
    hostOrgName: place.host,
    managers: [{ name: personName(chance), mobile: testMobile(chance), fullTime: chance.between(0, 1) === 1 }],
    longitude: chance.between(98_600, 100_300) / 1000,
    latitude: chance.between(26_900, 29_200) / 1000,
    openedOn: `202${chance.between(1, 4)}-0${chance.between(1, 9)}-15`,
    facilities: ['接待台', '急救箱'],
    status: 'ACTIVE',
  });
}

export function teamOf(place: Place): WorldRecord {
  const chance = chanceOf(`team ${place.code}`);
  return planned('team', teamId(place), {
    name: `${place.fullName}志愿服务队`,
    stationId: stationId(place),
    type: chance.pick(['COMMUNITY', 'ORGANISATION', 'LEGAL_PERSON']),
    areaCode: place.code,
    contactName: personName(chance),
    contactMobile: testMobile(chance),
    foundedOn: `202${chance.between(1, 4)}-1${chance.between(0, 2)}-01`,
    serviceFields: ['0001', '0006', '0017'],
    intro: '邻里之间互相帮助。',
    status: 'ACTIVE',
  });
}

export function projectOf(place: Place, project: number, anchor: string): WorldRecord {
  const chance = chanceOf(`project ${place.code} ${project}`);
  const theme = THEMES[project % THEMES.length] as (typeof THEMES)[number];
  return planned('project', projectId(place, project), {
    name: `${place.fullName}${theme.name}`,
    teamId: teamId(place),
    stationId: stationId(place),
    areaCode: place.code,
    serviceFields: theme.fields,
    serviceObjects: theme.objects,
    startOn: addDays(anchor, -60),
    endOn: addDays(anchor, 120),
    address: `${place.fullName}活动室`,
    contactName: personName(chance),
    contactMobile: testMobile(chance),
    recruitCount: chance.between(5, 60),
    insurance: '志愿者人身意外伤害保险',
    intro: theme.intro,
    status: 'OPEN',
  });
}

export function activityOf(place: Place, at: { project: number; activity: number }, anchor: string): WorldRecord {
  const { project, activity } = at;
  const date = addDays(anchor, -activityDate(place, project, activity));
  return planned('activity', activityId(place, project, activity), {
    name: `${place.name}${ACTIVITY_NAMES[activity % ACTIVITY_NAMES.length]}`,
    projectId: projectId(place, project),
    startAt: `${date}T08:00:00+08:00`,
    endAt: `${date}T22:00:00+08:00`,
    address: `${place.fullName}广场`,
    posts: [
      { postId: 'P1', name: '引导', need: 4 },
      { postId: 'P2', name: '走访', need: 6 },
    ],
    status: 'FINISHED',
    partyMemberDoubleReport: activity === 0,
  });
}
