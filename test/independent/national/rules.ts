/** B7 from 2202 on: dictionaries, area, references, natural keys, certificate cover, entity rules. */
import { recordsHash, type JsonObject } from '../canonical.js';
import { beijingDate, daysBetween, instant } from '../beijing.js';
import { DICTIONARIES } from './dictionaries.js';
import { FIELD_RULES, fault } from './fields.js';
import { naturalKeyOf, personOf, type Ledger } from './ledger.js';
import { fail, fieldFail, ENTITIES, type Entity, type Missing, type Outcome, type Row } from './model.js';

export interface Judged {
  ledger: Ledger;
  entity: Entity;
  data: JsonObject;
  /** The row that would be updated, linked or reopened; undefined when one would be created. */
  row: Row | undefined;
  at: number;
}

export function missingDetail(missing: Missing[]): JsonObject {
  return { missing: missing.map((entry) => ({ ...entry })) };
}

/** 2202: only when the deployment keeps strict dictionaries (C1). */
export function dictionaryFault(judged: Judged): Outcome | null {
  if (!judged.ledger.settings.strictDictionaries) return null;
  const today = beijingDate(judged.at);
  for (const [key, rule] of Object.entries(FIELD_RULES[judged.entity])) {
    const value = judged.data[key];
    if (rule.dict === undefined || value === undefined) continue;
    const valid = (DICTIONARIES[rule.dict] ?? []).filter(
      (entry) => entry.effectiveFrom <= today && (entry.effectiveTo === null || today <= entry.effectiveTo),
    );
    const given = Array.isArray(value) ? value : [value];
    if (given.some((code) => !valid.some((entry) => entry.code === code))) {
      return fail('2202', '代码不在字典有效期内', { fields: [{ ...fault(`data.${key}`, 'dictionary') }] });
    }
  }
  return null;
}

/** 2204 (C6): areaCode, of a volunteer serviceAreaCode, begins with the app key's area prefix. */
export function areaFault(judged: Judged): Outcome | null {
  const area = judged.entity === 'volunteers' ? judged.data.serviceAreaCode : judged.data.areaCode;
  if (typeof area !== 'string' || area.startsWith(judged.ledger.settings.areaPrefix)) return null;
  return fail('2204', '超出管辖区域');
}

interface Reference {
  entity: Entity;
  field: string;
  named: Missing;
  row: Row | undefined;
}

function references(judged: Judged): Reference[] {
  const found: Reference[] = [];
  for (const [field, rule] of Object.entries(FIELD_RULES[judged.entity])) {
    const bizNo = judged.data[field];
    if (rule.ref === undefined || typeof bizNo !== 'string') continue;
    const row = judged.ledger.referred(rule.ref, bizNo);
    const named: Missing = { entity: rule.ref, bizNo };
    if (row !== undefined) named.nationalId = row.nationalId;
    found.push({ entity: rule.ref, field, named, row });
  }
  const nationalId = judged.data.volunteerNationalId;
  if (typeof nationalId === 'string') {
    const row = judged.ledger.byId(nationalId);
    const named: Missing = { entity: 'volunteers', bizNo: row?.bizNo ?? null, nationalId };
    found.push({ entity: 'volunteers', field: 'volunteerNationalId', named, row });
  }
  return found;
}

/** References: 2101, 2104, 2102, 2103 in this order (B7, B13, B14); a merged national id is 2012 (B11). */
export function referenceFault(judged: Judged): Outcome | null {
  const all = references(judged);
  const merged = all.find((one) => one.field === 'volunteerNationalId' && one.row?.status === 'MERGED');
  if (merged?.row !== undefined) {
    return fail('2012', '编号已合并', { nationalId: merged.row.nationalId, mergedTo: merged.row.mergedTo });
  }
  const lacking = all.filter((one) => one.row === undefined || one.row.entity !== one.entity);
  if (lacking.length > 0) return fail('2101', '依赖对象不存在', missingDetail(lacking.map((one) => one.named)));
  const dead = all.filter((one) => one.row !== undefined && isDead(one.row));
  if (dead.length > 0) return fail('2104', '依赖对象已失效', missingDetail(dead.map((one) => one.named)));
  const waiting = all.filter((one) => one.row?.auditStatus === 'REVIEWING');
  if (waiting.length > 0) return fail('2102', '依赖对象待审核', missingDetail(waiting.map((one) => one.named)));
  const unproven = all.filter((one) => one.row?.realNameStatus === 'REVIEWING' && one.field !== 'leaderVolunteerBizNo');
  if (unproven.length > 0) return fail('2103', '实名认证中', missingDetail(unproven.map((one) => one.named)));
  return null;
}

function isDead(row: Row): boolean {
  if (row.status === 'VOIDED' || row.status === 'DELETED') return true;
  return row.auditStatus === 'FAILED' || row.realNameStatus === 'FAILED';
}

/** 2011 / 2010 (B8, B9, H1). */
export function naturalKeyFault(judged: Judged): Outcome | null {
  const key = naturalKeyOf(judged.ledger, judged.entity, judged.data);
  if (key === null) return null;
  const holders = judged.ledger.holders(key).filter((row) => row !== judged.row);
  const holder = holders[0];
  if (holder === undefined) return null;
  if (holders.filter((row) => row.bizNo === null).length >= 2) return fail('2011', '存在多条国家记录');
  const detail: JsonObject = { nationalId: holder.nationalId, bizNo: holder.bizNo, origin: holder.origin };
  if (holder.entity === 'volunteers') {
    detail.volunteerNo = holder.volunteerNo;
    detail.realNameStatus = holder.realNameStatus;
  }
  return fail('2010', '自然键已登记', detail);
}

/** 2014 (B17): a record covered by an ISSUED certificate; an ISSUED certificate request itself (G3). */
export function coverFault(ledger: Ledger, row: Row | undefined): Outcome | null {
  if (row === undefined) return null;
  if (row.entity === 'certificate-requests' && row.certificate?.status === 'ISSUED') {
    return fail('2014', '证明已出具', { nationalId: row.nationalId, certNo: row.certificate.certNo });
  }
  if (row.entity !== 'service-records') return null;
  const cover = ledger
    .of('certificate-requests')
    .find((one) => one.certificate?.status === 'ISSUED' && one.certificate.covers.includes(row.nationalId));
  if (cover === undefined) return null;
  return fail('2014', '记录已被证明引用', { nationalId: row.nationalId, certNo: cover.certificate?.certNo });
}

/** 2014 (B16): a row that an ACTIVE row references may not be voided. */
export function childrenFault(ledger: Ledger, row: Row): Outcome | null {
  const children: JsonObject[] = [];
  for (const entity of ENTITIES) {
    const fields = Object.entries(FIELD_RULES[entity]).filter(([, rule]) => rule.ref === row.entity);
    if (fields.length === 0) continue;
    for (const child of ledger.of(entity)) {
      if (child.status !== 'ACTIVE') continue;
      const named = fields.some(([field]) => child.data[field] === row.bizNo && row.bizNo !== null);
      const byId = row.entity === 'volunteers' && child.data.volunteerNationalId === row.nationalId;
      if (named || byId) children.push({ entity, bizNo: child.bizNo, nationalId: child.nationalId });
      if (children.length >= 100) break;
    }
  }
  if (children.length === 0) return null;
  return fail('2014', '存在有效下级记录', { nationalId: row.nationalId, liveChildren: children });
}

export function entityFault(judged: Judged): Outcome | null {
  if (judged.entity === 'service-records') return recordFault(judged);
  if (judged.entity === 'certificate-requests') return certificateFault(judged);
  return null;
}

/** Record: 2201 order, 2205 interval, 2206, 2105, 2205 day, 2211 (B7, C9–C12). */
function recordFault(judged: Judged): Outcome | null {
  const start = instant(String(judged.data.startAt));
  const end = instant(String(judged.data.endAt));
  const minutes = Number(judged.data.minutes);
  const serviceDate = String(judged.data.serviceDate);
  if (end <= start) return fieldFail([fault('data.endAt', 'order')]);
  if (minutes > Math.floor((end - start) / 60_000)) return fail('2205', '时长超过起止时间');
  if (daysBetween(serviceDate, beijingDate(judged.at)) > 365) return fail('2206', '服务日期过早');
  const person = personOf(judged.ledger, judged.data);
  if (person === null) return fail('2101', '依赖对象不存在');
  const membership = membershipFault(judged, person);
  if (membership !== null) return membership;
  const others = judged.ledger.recordsOf(person).filter((row) => row.status === 'ACTIVE' && row !== judged.row);
  const sameDay = others.filter((row) => row.data.serviceDate === serviceDate);
  const total = sameDay.reduce((sum, row) => sum + Number(row.data.minutes), minutes);
  if (total > 1440) return fail('2205', '当日时长超过1440分钟');
  const clash = others.find(
    (row) => instant(String(row.data.startAt)) < end && start < instant(String(row.data.endAt)),
  );
  if (clash === undefined) return null;
  return fail('2211', '服务时间重叠', { nationalId: clash.nationalId, bizNo: clash.bizNo });
}

/** 2105 (C11): JOINED in the record's project to create, LEFT is enough to update. */
function membershipFault(judged: Judged, person: string): Outcome | null {
  const project = String(judged.data.projectBizNo);
  const projectId = judged.ledger.referred('projects', project)?.nationalId;
  const found = judged.ledger.membershipsOf(person).some((row) => {
    if (row.status !== 'ACTIVE' || typeof row.data.projectBizNo !== 'string') return false;
    if (judged.ledger.referred('projects', row.data.projectBizNo)?.nationalId !== projectId) return false;
    return judged.row !== undefined || row.data.status === 'JOINED';
  });
  if (found) return null;
  const named: Missing = { entity: 'memberships', bizNo: null, projectBizNo: project };
  if (typeof judged.data.volunteerBizNo === 'string') named.volunteerBizNo = judged.data.volunteerBizNo;
  return fail('2105', '志愿者未加入该项目', missingDetail([named]));
}

export interface CertificateSet {
  rows: Row[];
  missing: Missing[];
}

/** G1: the rows that the national side sums for a certificate request. */
export function certificateRows(ledger: Ledger, data: JsonObject): CertificateSet {
  const person = personOf(ledger, data);
  const fits = (row: Row): boolean => {
    const day = String(row.data.serviceDate);
    if (row.status !== 'ACTIVE' || row.bizNo === null || row.person !== person) return false;
    return String(data.periodFrom) <= day && day <= String(data.periodTo);
  };
  if (!Array.isArray(data.recordBizNos)) {
    return { rows: person === null ? [] : ledger.recordsOf(person).filter(fits), missing: [] };
  }
  const set: CertificateSet = { rows: [], missing: [] };
  for (const bizNo of new Set(data.recordBizNos.map(String))) {
    const row = ledger.own('service-records', bizNo);
    if (row !== undefined && fits(row)) set.rows.push(row);
    else set.missing.push({ entity: 'service-records', bizNo });
  }
  return set;
}

/** 2301 (G1): totalMinutes, recordCount and recordsHash must all agree. */
function certificateFault(judged: Judged): Outcome | null {
  const set = certificateRows(judged.ledger, judged.data);
  if (set.missing.length > 0) return fail('2301', '证明记录不符', missingDetail(set.missing));
  const national = {
    totalMinutes: set.rows.reduce((sum, row) => sum + Number(row.data.minutes), 0),
    recordCount: set.rows.length,
    recordsHash: recordsHash(
      set.rows.map((row) => ({ bizNo: row.bizNo ?? '', version: row.version, minutes: Number(row.data.minutes) })),
    ),
  };
  const agrees =
    national.totalMinutes === judged.data.totalMinutes &&
    national.recordCount === judged.data.recordCount &&
    national.recordsHash === judged.data.recordsHash;
  return agrees ? null : fail('2301', '证明合计不符', { national });
}
