// Payload of every entity as data (§1.6 with §1.16 C1–C15).
import type { DictionaryName } from './dictionaries.js';
import type { Entity } from './model.js';

export type FieldKind =
  | 'text'
  | 'id'
  | 'enum'
  | 'code'
  | 'integer'
  | 'number'
  | 'date'
  | 'dateTime'
  | 'area'
  | 'encrypted'
  | 'sha256'
  | 'textList'
  | 'idList'
  | 'codeList'
  | 'posts'
  | 'json';

export interface FieldRule {
  kind: FieldKind;
  required: boolean;
  min?: number;
  max?: number;
  values?: readonly string[];
  dictionary?: DictionaryName;
}

const must = (kind: FieldKind, more: Partial<FieldRule> = {}): FieldRule => ({ kind, required: true, ...more });
const may = (kind: FieldKind, more: Partial<FieldRule> = {}): FieldRule => ({ kind, required: false, ...more });
const oneOf = (...values: string[]): FieldRule => must('enum', { values });
const integer = (min: number, max = Number.MAX_SAFE_INTEGER): FieldRule => must('integer', { min, max });
const PARTY_STATUS = oneOf('ACTIVE', 'SUSPENDED', 'CLOSED');
const RATING: FieldRule = integer(1, 5);

export const ENTITY_FIELDS: Record<Entity, Readonly<Record<string, FieldRule>>> = {
  stations: {
    name: must('text'),
    areaCode: must('area'),
    address: must('text'),
    kind: oneOf('COMMUNITY', 'TOWNSHIP_SW', 'CIVILIZATION_PRACTICE', 'LEIFENG'),
    hostOrgName: must('text'),
    uscc: may('text'),
    managerName: must('text'),
    managerMobile: must('encrypted'),
    longitude: may('number'),
    latitude: may('number'),
    openedOn: must('date'),
    status: PARTY_STATUS,
    services: may('textList'),
  },
  teams: {
    name: must('text'),
    stationBizNo: must('id'),
    areaCode: must('area'),
    kind: oneOf('COMMUNITY', 'ORGANISATION', 'LEGAL_PERSON'),
    leaderVolunteerBizNo: may('id'),
    contactName: must('text'),
    contactMobile: must('encrypted'),
    foundedOn: must('date'),
    serviceFields: must('codeList', { dictionary: 'service-fields' }),
    intro: may('text', { max: 500 }),
    status: PARTY_STATUS,
  },
  volunteers: {
    name: must('text'),
    idType: must('code', { dictionary: 'id-types' }),
    idNo: must('encrypted'),
    gender: must('code', { dictionary: 'genders' }),
    birthDate: must('date'),
    mobile: must('encrypted'),
    serviceAreaCode: must('area'),
    residenceAreaCode: must('area'),
    politicalStatus: may('code', { dictionary: 'political-status' }),
    education: may('code', { dictionary: 'education' }),
    skills: may('codeList', { dictionary: 'skills' }),
    guardianName: may('text'),
    guardianMobile: may('encrypted'),
    consentAt: must('dateTime'),
    joinedOn: must('date'),
    status: PARTY_STATUS,
  },
  memberships: {
    volunteerBizNo: must('id'),
    teamBizNo: may('id'),
    projectBizNo: may('id'),
    postBizNo: may('id'),
    since: must('date'),
    status: oneOf('JOINED', 'LEFT'),
  },
  projects: {
    name: must('text'),
    teamBizNo: must('id'),
    stationBizNo: must('id'),
    areaCode: must('area'),
    serviceFields: must('codeList', { dictionary: 'service-fields' }),
    serviceObjects: must('codeList', { dictionary: 'service-objects' }),
    startOn: must('date'),
    endOn: must('date'),
    address: must('text'),
    contactName: must('text'),
    contactMobile: must('encrypted'),
    recruitCount: may('integer', { min: 0 }),
    insurance: may('json'),
    intro: must('text', { max: 2_000 }),
    coverFileId: may('id'),
    status: oneOf('DRAFT', 'OPEN', 'CLOSED'),
  },
  activities: {
    name: must('text'),
    projectBizNo: must('id'),
    startAt: must('dateTime'),
    endAt: must('dateTime'),
    address: must('text'),
    posts: may('posts'),
    status: oneOf('PLANNED', 'RUNNING', 'FINISHED', 'CANCELLED'),
  },
  'service-records': {
    volunteerBizNo: may('id'),
    volunteerNationalId: may('id'),
    activityBizNo: must('id'),
    projectBizNo: must('id'),
    teamBizNo: must('id'),
    stationBizNo: must('id'),
    serviceDate: must('date'),
    startAt: must('dateTime'),
    endAt: must('dateTime'),
    minutes: integer(1, 1_440),
    content: must('text', { max: 300 }),
    recordMode: oneOf('SIGN_IN', 'MANUAL', 'MAKEUP'),
    recorderName: must('text'),
    evidenceFileIds: may('idList'),
    rating: may('integer', { min: 1, max: 5 }),
  },
  evaluations: {
    serviceRecordBizNo: must('id'),
    punctuality: RATING,
    attitude: RATING,
    skill: RATING,
    text: must('text', { max: 300 }),
    evaluatedOn: must('date'),
  },
  trainings: {
    volunteerBizNo: must('id'),
    name: must('text'),
    content: must('text'),
    minutes: integer(1),
    hostUnit: must('text'),
    heldOn: must('date'),
    kind: may('enum', { values: ['GENERAL', 'POST', 'PROFESSIONAL'] }),
  },
  commendations: {
    volunteerBizNo: may('id'),
    teamBizNo: may('id'),
    name: must('text'),
    awardedOn: must('date'),
    grantingUnit: must('text'),
    documentNo: may('text'),
    level: may('text'),
  },
  'certificate-requests': {
    volunteerBizNo: must('id'),
    periodFrom: must('date'),
    periodTo: must('date'),
    totalMinutes: integer(1),
    recordCount: integer(1),
    recordsHash: must('sha256'),
    recordBizNos: may('idList', { min: 1, max: 500 }),
    purpose: may('text'),
    issuerOrgName: must('text'),
    language: may('text'),
  },
};

/** Pairs of which exactly one must be given (§1.6, §1.16 C8). */
export const EXACTLY_ONE: Partial<Record<Entity, readonly [string, string]>> = {
  memberships: ['teamBizNo', 'projectBizNo'],
  'service-records': ['volunteerBizNo', 'volunteerNationalId'],
  commendations: ['volunteerBizNo', 'teamBizNo'],
};

/** References by bizNo: field → entity it names. Order is the order of detail.missing. */
export const REFERENCES: Record<Entity, readonly (readonly [field: string, entity: Entity])[]> = {
  stations: [],
  teams: [
    ['stationBizNo', 'stations'],
    ['leaderVolunteerBizNo', 'volunteers'],
  ],
  volunteers: [],
  memberships: [
    ['volunteerBizNo', 'volunteers'],
    ['teamBizNo', 'teams'],
    ['projectBizNo', 'projects'],
  ],
  projects: [
    ['teamBizNo', 'teams'],
    ['stationBizNo', 'stations'],
  ],
  activities: [['projectBizNo', 'projects']],
  'service-records': [
    ['volunteerBizNo', 'volunteers'],
    ['activityBizNo', 'activities'],
    ['projectBizNo', 'projects'],
    ['teamBizNo', 'teams'],
    ['stationBizNo', 'stations'],
  ],
  evaluations: [['serviceRecordBizNo', 'service-records']],
  trainings: [['volunteerBizNo', 'volunteers']],
  commendations: [
    ['volunteerBizNo', 'volunteers'],
    ['teamBizNo', 'teams'],
  ],
  'certificate-requests': [['volunteerBizNo', 'volunteers']],
};

/** Default day field per entity (§1.16 F2). */
export const DAY_FIELDS: Record<Entity, string> = {
  stations: 'openedOn',
  teams: 'foundedOn',
  volunteers: 'joinedOn',
  memberships: 'since',
  projects: 'startOn',
  activities: 'startAt',
  'service-records': 'serviceDate',
  evaluations: 'evaluatedOn',
  trainings: 'heldOn',
  commendations: 'awardedOn',
  'certificate-requests': 'periodTo',
};

/** The entity's own area field (§1.16 C6, F5). */
export const AREA_FIELDS: Partial<Record<Entity, string>> = {
  stations: 'areaCode',
  teams: 'areaCode',
  volunteers: 'serviceAreaCode',
  projects: 'areaCode',
};

export const ID_PREFIXES: Record<Entity, string> = {
  stations: 'ST',
  teams: 'TM',
  volunteers: 'VO',
  memberships: 'MB',
  projects: 'PJ',
  activities: 'AC',
  'service-records': 'SR',
  evaluations: 'EV',
  trainings: 'TR',
  commendations: 'CO',
  'certificate-requests': 'CR',
};

/** Fields of an entity that travel encrypted. */
export const encryptedFields = (entity: Entity): readonly string[] => ENCRYPTED[entity];

const ENCRYPTED = Object.fromEntries(
  Object.entries(ENTITY_FIELDS).map(([entity, fields]) => [
    entity,
    Object.keys(fields).filter((name) => fields[name]?.kind === 'encrypted'),
  ]),
) as unknown as Record<Entity, readonly string[]>;
