/** §1.6 payloads with C1–C16: field rules of every entity, unknown fields refused (2201), fields decrypted (1010). */
import { isObject, type Json, type JsonObject } from '../canonical.js';
import { age, beijingDate, isDate, isNationalInstant } from '../beijing.js';
import type { Entity, FieldFault } from './model.js';
import { decryptField } from './wire.js';

type Check = (value: Json) => string | null;
export interface FieldRule {
  check: Check;
  must: boolean;
  encrypted?: boolean;
  ref?: Entity;
  dict?: string;
}

const ID = /^[0-9A-Za-z_-]{1,64}$/;
const CODE = /^[0-9A-Za-z_-]{1,32}$/;

export function isNationalIdText(value: Json | undefined): value is string {
  return typeof value === 'string' && ID.test(value);
}

const text =
  (max = 200): Check =>
  (value) =>
    typeof value !== 'string' ? 'type' : [...value].length < 1 || [...value].length > max ? 'length' : null;
const pattern =
  (expression: RegExp): Check =>
  (value) =>
    typeof value !== 'string' ? 'type' : expression.test(value) ? null : 'format';
const oneOf =
  (...values: string[]): Check =>
  (value) =>
    typeof value !== 'string' ? 'type' : values.includes(value) ? null : 'enum';
const integer =
  (min: number, max = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    typeof value !== 'number' || !Number.isSafeInteger(value) ? 'type' : value < min || value > max ? 'range' : null;
const numberIn =
  (min: number, max: number): Check =>
  (value) =>
    typeof value !== 'number' ? 'type' : value < min || value > max ? 'range' : null;
const list =
  (each: Check, min = 0, max = 100): Check =>
  (value) => {
    if (!Array.isArray(value)) return 'type';
    if (value.length < min || value.length > max) return 'length';
    return value.map(each).find((rule) => rule !== null) ?? null;
  };
const date: Check = (value) => (typeof value !== 'string' ? 'type' : isDate(value) ? null : 'format');
const moment: Check = (value) => (typeof value !== 'string' ? 'type' : isNationalInstant(value) ? null : 'format');
const anyJson: Check = () => null;

/** C15: {postBizNo, name, need}, all M, nothing else. */
const post: Check = (value) => {
  if (!isObject(value)) return 'type';
  if (Object.keys(value).some((key) => !['postBizNo', 'name', 'need'].includes(key))) return 'unknown';
  if (value.postBizNo == null || value.name == null || value.need == null) return 'required';
  return pattern(ID)(value.postBizNo) ?? text()(value.name) ?? integer(0)(value.need);
};

const must = (check: Check, more: Partial<FieldRule> = {}): FieldRule => ({ check, must: true, ...more });
const may = (check: Check, more: Partial<FieldRule> = {}): FieldRule => ({ check, must: false, ...more });
const secret = { encrypted: true };
const area = pattern(/^\d{12}$/);
const id = pattern(ID);
const codes = list(pattern(CODE));
const ref = (entity: Entity): Partial<FieldRule> => ({ ref: entity });

const stations: Record<string, FieldRule> = {
  name: must(text()),
  areaCode: must(area),
  address: must(text()),
  kind: must(oneOf('COMMUNITY', 'TOWNSHIP_SW', 'CIVILIZATION_PRACTICE', 'LEIFENG')),
  hostOrgName: must(text()),
  uscc: may(text()),
  managerName: must(text()),
  managerMobile: must(text(), secret),
  longitude: may(numberIn(-180, 180)),
  latitude: may(numberIn(-90, 90)),
  openedOn: must(date),
  status: must(oneOf('ACTIVE', 'SUSPENDED', 'CLOSED')),
  services: may(list(text())),
};
const teams: Record<string, FieldRule> = {
  name: must(text()),
  stationBizNo: must(id, ref('stations')),
  areaCode: must(area),
  kind: must(oneOf('COMMUNITY', 'ORGANISATION', 'LEGAL_PERSON')),
  leaderVolunteerBizNo: may(id, ref('volunteers')),
  contactName: must(text()),
  contactMobile: must(text(), secret),
  foundedOn: must(date),
  serviceFields: must(codes, { dict: 'service-fields' }),
  intro: may(text(500)),
  status: must(oneOf('ACTIVE', 'SUSPENDED', 'CLOSED')),
};
const volunteers: Record<string, FieldRule> = {
  name: must(text()),
  idType: must(pattern(CODE), { dict: 'id-types' }),
  idNo: must(text(), secret),
  gender: must(oneOf('0', '1', '2', '9'), { dict: 'genders' }),
  birthDate: must(date),
  mobile: must(text(), secret),
  serviceAreaCode: must(area),
  residenceAreaCode: must(area),
  politicalStatus: may(pattern(CODE), { dict: 'political-status' }),
  education: may(pattern(CODE), { dict: 'education' }),
  skills: may(codes, { dict: 'skills' }),
  guardianName: may(text()),
  guardianMobile: may(text(), secret),
  consentAt: must(moment),
  joinedOn: must(date),
  status: must(oneOf('ACTIVE', 'SUSPENDED', 'CLOSED')),
};
const projects: Record<string, FieldRule> = {
  name: must(text()),
  teamBizNo: must(id, ref('teams')),
  stationBizNo: must(id, ref('stations')),
  areaCode: must(area),
  serviceFields: must(codes, { dict: 'service-fields' }),
  serviceObjects: must(codes, { dict: 'service-objects' }),
  startOn: must(date),
  endOn: must(date),
  address: must(text()),
  contactName: must(text()),
  contactMobile: must(text(), secret),
  recruitCount: may(integer(0)),
  insurance: may(anyJson),
  intro: must(text(2000)),
  coverFileId: may(id),
  status: must(oneOf('DRAFT', 'OPEN', 'CLOSED')),
};
const activities: Record<string, FieldRule> = {
  name: must(text()),
  projectBizNo: must(id, ref('projects')),
  startAt: must(moment),
  endAt: must(moment),
  address: must(text()),
  posts: may(list(post)),
  status: must(oneOf('PLANNED', 'RUNNING', 'FINISHED', 'CANCELLED')),
};
const serviceRecords: Record<string, FieldRule> = {
  volunteerBizNo: may(id, ref('volunteers')),
  volunteerNationalId: may(id),
  activityBizNo: must(id, ref('activities')),
  projectBizNo: must(id, ref('projects')),
  teamBizNo: must(id, ref('teams')),
  stationBizNo: must(id, ref('stations')),
  serviceDate: must(date),
  startAt: must(moment),
  endAt: must(moment),
  minutes: must(integer(1, 1440)),
  content: must(text(300)),
  recordMode: must(oneOf('SIGN_IN', 'MANUAL', 'MAKEUP')),
  recorderName: must(text()),
  evidenceFileIds: may(list(id)),
  rating: may(integer(1, 5)),
};
const memberships: Record<string, FieldRule> = {
  volunteerBizNo: must(id, ref('volunteers')),
  teamBizNo: may(id, ref('teams')),
  projectBizNo: may(id, ref('projects')),
  postBizNo: may(id),
  since: must(date),
  status: must(oneOf('JOINED', 'LEFT')),
};
const evaluations: Record<string, FieldRule> = {
  serviceRecordBizNo: must(id, ref('service-records')),
  punctuality: must(integer(1, 5)),
  attitude: must(integer(1, 5)),
  skill: must(integer(1, 5)),
  text: must(text(300)),
  evaluatedOn: must(date),
};
const trainings: Record<string, FieldRule> = {
  volunteerBizNo: must(id, ref('volunteers')),
  name: must(text()),
  content: must(text()),
  minutes: must(integer(1)),
  hostUnit: must(text()),
  heldOn: must(date),
  kind: may(oneOf('GENERAL', 'POST', 'PROFESSIONAL')),
};
const commendations: Record<string, FieldRule> = {
  volunteerBizNo: may(id, ref('volunteers')),
  teamBizNo: may(id, ref('teams')),
  name: must(text()),
  awardedOn: must(date),
  grantingUnit: must(text()),
  documentNo: may(text()),
  level: may(text()),
};
const certificateRequests: Record<string, FieldRule> = {
  volunteerBizNo: must(id, ref('volunteers')),
  periodFrom: must(date),
  periodTo: must(date),
  totalMinutes: must(integer(1)),
  recordCount: must(integer(1)),
  recordsHash: must(pattern(/^[0-9a-f]{64}$/)),
  recordBizNos: may(list(id, 1, 500)),
  purpose: may(text()),
  issuerOrgName: must(text()),
  language: may(text()),
};

export const FIELD_RULES: Record<Entity, Record<string, FieldRule>> = {
  stations,
  teams,
  volunteers,
  memberships,
  projects,
  activities,
  'service-records': serviceRecords,
  evaluations,
  trainings,
  commendations,
  'certificate-requests': certificateRequests,
};

const EXACTLY_ONE: Partial<Record<Entity, [string, string]>> = {
  'service-records': ['volunteerBizNo', 'volunteerNationalId'],
  memberships: ['teamBizNo', 'projectBizNo'],
  commendations: ['volunteerBizNo', 'teamBizNo'],
};

export function fault(path: string, rule: string): FieldFault {
  return { path, rule, message: `字段不符合规则：${rule}` };
}

export interface CheckedData {
  plain: JsonObject;
  faults: FieldFault[];
  undecipherable: boolean;
}

/** Checks one `data` object; null counts as absent (B20). */
export function checkData(entity: Entity, data: JsonObject, context: { fieldKey: string; now: number }): CheckedData {
  const rules = FIELD_RULES[entity];
  const out: CheckedData = { plain: {}, faults: [], undecipherable: false };
  for (const key of Object.keys(data)) {
    if (!Object.hasOwn(rules, key)) out.faults.push(fault(`data.${key}`, 'unknown'));
  }
  for (const [key, rule] of Object.entries(rules)) {
    const value = data[key];
    if (value === null || value === undefined) {
      if (rule.must) out.faults.push(fault(`data.${key}`, 'required'));
      continue;
    }
    checkField(out, { key, rule, value, fieldKey: context.fieldKey });
  }
  out.faults.push(...crossFaults(entity, out.plain, data, context.now));
  return out;
}

function checkField(out: CheckedData, field: { key: string; rule: FieldRule; value: Json; fieldKey: string }): void {
  let value = field.value;
  const path = `data.${field.key}`;
  if (field.rule.encrypted === true) {
    if (typeof value !== 'string') {
      out.faults.push(fault(path, 'type'));
      return;
    }
    const opened = decryptField(field.fieldKey, value);
    if (!opened.ok) {
      if (opened.rule === 'encrypted') out.faults.push(fault(path, 'encrypted'));
      else out.undecipherable = true;
      return;
    }
    value = opened.text;
  }
  const broken = field.rule.check(value);
  if (broken !== null) out.faults.push(fault(path, broken));
  else out.plain[field.key] = value;
}

function crossFaults(entity: Entity, plain: JsonObject, raw: JsonObject, now: number): FieldFault[] {
  const faults: FieldFault[] = [];
  const pair = EXACTLY_ONE[entity];
  if (pair !== undefined) {
    const given = pair.filter((key) => raw[key] !== null && raw[key] !== undefined);
    if (given.length !== 1) faults.push(fault(`data.${pair[0]}`, 'exactly-one'));
  }
  if (entity === 'volunteers' && typeof plain.birthDate === 'string' && age(plain.birthDate, beijingDate(now)) < 18) {
    // C7: guardianName and guardianMobile are mandatory under 18 on the day of the write.
    for (const key of ['guardianName', 'guardianMobile']) {
      if (raw[key] == null) faults.push(fault(`data.${key}`, 'required'));
    }
  }
  return faults;
}
