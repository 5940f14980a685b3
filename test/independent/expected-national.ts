/** What the national side must hold of a station item, by station §3 and §6 against national §1.6 (plain text). */
import { isObject, type JsonObject } from './canonical.js';
import { beijingSeconds, instant } from './beijing.js';
import type { Entity } from './national/model.js';

export const ENTITY_OF: Record<string, Entity> = {
  station: 'stations',
  team: 'teams',
  volunteer: 'volunteers',
  membership: 'memberships',
  project: 'projects',
  activity: 'activities',
  'service-record': 'service-records',
  evaluation: 'evaluations',
  training: 'trainings',
  commendation: 'commendations',
  'certificate-request': 'certificate-requests',
};

export interface Resolver {
  bizNo(kind: string, sourceId: string): string;
  data(kind: string, sourceId: string): JsonObject;
}

/** Copies the named fields that are given (null and absent are cleared, G-56). */
function copy(data: JsonObject, ...fields: string[]): JsonObject {
  const out: JsonObject = {};
  for (const field of fields) if (data[field] !== null && data[field] !== undefined) out[field] = data[field];
  return out;
}

/** Instants go out with +08:00, fractions cut (G-57). */
function times(data: JsonObject, ...fields: string[]): JsonObject {
  const out: JsonObject = {};
  for (const field of fields) out[field] = beijingSeconds(instant(String(data[field])));
  return out;
}

function ref(resolver: Resolver, to: { kind: string; field: string }, sourceId: unknown): JsonObject {
  return typeof sourceId === 'string' ? { [to.field]: resolver.bizNo(to.kind, sourceId) } : {};
}

const volunteerRef = { kind: 'volunteer', field: 'volunteerBizNo' };
const teamRef = { kind: 'team', field: 'teamBizNo' };
const projectRef = { kind: 'project', field: 'projectBizNo' };
const stationRef = { kind: 'station', field: 'stationBizNo' };

type Mapper = (data: JsonObject, resolver: Resolver, bizNo: string) => JsonObject;

const MAPPERS: Record<string, Mapper> = {
  station: (data) => {
    const manager = Array.isArray(data.managers) && isObject(data.managers[0]) ? data.managers[0] : {};
    return {
      ...copy(
        data,
        'name',
        'areaCode',
        'address',
        'hostOrgName',
        'uscc',
        'longitude',
        'latitude',
        'openedOn',
        'status',
      ),
      kind: data.type,
      managerName: manager.name,
      managerMobile: manager.mobile,
    };
  },
  team: (data, resolver) => ({
    ...copy(data, 'name', 'areaCode', 'contactName', 'contactMobile', 'foundedOn', 'serviceFields', 'intro', 'status'),
    kind: data.type,
    ...ref(resolver, stationRef, data.stationId),
    ...ref(resolver, { kind: 'volunteer', field: 'leaderVolunteerBizNo' }, data.leaderVolunteerId),
  }),
  volunteer: (data) => {
    const consent = isObject(data.consent) ? data.consent : {};
    const guardian = isObject(data.guardian) ? data.guardian : null;
    return {
      ...copy(data, 'name', 'idType', 'idNo', 'gender', 'birthDate', 'mobile', 'serviceAreaCode', 'residenceAreaCode'),
      ...copy(data, 'politicalStatus', 'education', 'skills', 'joinedOn', 'status'),
      consentAt: beijingSeconds(instant(String(consent.at))),
      ...(guardian === null ? {} : { guardianName: guardian.name, guardianMobile: guardian.mobile }),
    };
  },
  membership: (data, resolver) => ({
    ...copy(data, 'since', 'status'),
    ...ref(resolver, volunteerRef, data.volunteerId),
    ...ref(resolver, teamRef, data.teamId),
    ...ref(resolver, projectRef, data.projectId),
  }),
  project: (data, resolver) => ({
    ...copy(data, 'name', 'areaCode', 'serviceFields', 'serviceObjects', 'startOn', 'endOn', 'address', 'contactName'),
    ...copy(data, 'contactMobile', 'recruitCount', 'insurance', 'intro', 'status'),
    ...ref(resolver, teamRef, data.teamId),
    ...ref(resolver, stationRef, data.stationId),
  }),
  activity: (data, resolver, bizNo) => ({
    ...copy(data, 'name', 'address', 'status'),
    ...times(data, 'startAt', 'endAt'),
    ...ref(resolver, projectRef, data.projectId),
    ...(Array.isArray(data.posts) ? { posts: data.posts.map((post, index) => postOf(post, `${bizNo}-${index}`)) } : {}),
  }),
  'service-record': (data, resolver) => {
    const activity = resolver.data('activity', String(data.activityId));
    const project = resolver.data('project', String(activity.projectId));
    return {
      ...copy(data, 'serviceDate', 'minutes', 'content', 'recordMode'),
      ...times(data, 'startAt', 'endAt'),
      recorderName: data.recorder,
      ...ref(resolver, volunteerRef, data.volunteerId),
      ...ref(resolver, { kind: 'activity', field: 'activityBizNo' }, data.activityId),
      ...ref(resolver, projectRef, activity.projectId),
      ...ref(resolver, teamRef, project.teamId),
      ...ref(resolver, stationRef, project.stationId),
    };
  },
  evaluation: (data, resolver) => ({
    ...copy(data, 'punctuality', 'attitude', 'skill', 'text', 'evaluatedOn'),
    ...ref(resolver, { kind: 'service-record', field: 'serviceRecordBizNo' }, data.serviceRecordId),
  }),
  training: (data, resolver) => ({
    ...copy(data, 'name', 'content', 'minutes', 'hostUnit', 'heldOn'),
    ...(data.type == null ? {} : { kind: data.type }),
    ...ref(resolver, volunteerRef, data.volunteerId),
  }),
  commendation: (data, resolver) => ({
    ...copy(data, 'name', 'awardedOn', 'grantingUnit', 'documentNo', 'level'),
    ...ref(resolver, volunteerRef, data.volunteerId),
    ...ref(resolver, teamRef, data.teamId),
  }),
  'certificate-request': (data, resolver) => ({
    ...copy(data, 'periodFrom', 'periodTo', 'purpose', 'issuerOrgName'),
    ...ref(resolver, volunteerRef, data.volunteerId),
  }),
};

/** postBizNo is the profile's choice (G-58), so only its suffix is known here. */
function postOf(post: unknown, postBizNo: string): JsonObject {
  const given = isObject(post) ? post : {};
  return { postBizNo, name: given.name, need: given.need };
}

export function expectedNational(kind: string, data: JsonObject, resolver: Resolver, bizNo: string): JsonObject {
  const mapper = MAPPERS[kind];
  if (mapper === undefined) throw new Error(`no national counterpart of ${kind}`);
  return mapper(data, resolver, bizNo);
}
