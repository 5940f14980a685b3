// Rules on content in the order of §1.16 B7: 2202 → 2204 → references → natural key → 2203 → 2014 → entity rules.
import { judgeCertificate } from './certificate-rules.js';
import { beijingDate } from './clock.js';
import { AREA_FIELDS, ENTITY_FIELDS, REFERENCES } from './entity-fields.js';
import type { WriteItem } from './item-checks.js';
import { inForce, type Row } from './ledger.js';
import { refuse, type Detail, type Entity, type ItemResult } from './model.js';
import type { Nation } from './nation.js';
import { naturalKeyOf } from './natural-key.js';
import { judgeRecord } from './record-rules.js';
import type { Standing } from './standing.js';

export interface Case {
  nation: Nation;
  entity: Entity;
  item: WriteItem;
  standing: Standing;
}

type Rule = (given: Case) => ItemResult | null;

const RULES: readonly Rule[] = [
  dictionaryRule,
  jurisdictionRule,
  referenceRule,
  naturalKeyRule,
  nameRule,
  coverRule,
  entityRule,
];

export function judgeContent(given: Case): ItemResult | null {
  for (const rule of RULES) {
    const refusal = rule(given);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** VOID looks at nothing but what stands in its way (§1.16 B16, B17, G3). */
export function judgeVoid(given: Case): ItemResult | null {
  const covered = coverRule(given);
  if (covered !== null) return covered;
  const target = given.standing.target;
  if (target === null || target.liveChildren === 0) return null;
  return refuse('2014', { nationalId: target.state.nationalId, liveChildren: target.liveChildren });
}

function dictionaryRule({ nation, entity, item }: Case): ItemResult | null {
  if (!nation.settings.strictDictionaries) return null;
  const rules = ENTITY_FIELDS[entity];
  const today = beijingDate(nation.clock.now());
  for (const name in rules) {
    const dictionary = rules[name]?.dictionary;
    const value = item.plain[name];
    if (dictionary === undefined || value === undefined) continue;
    const codes = Array.isArray(value) ? (value as string[]) : [value as string];
    const unknown = codes.find((code) => !nation.dictionaries.isValid(dictionary, code, today));
    if (unknown !== undefined) {
      return refuse('2202', { fields: [{ path: `data.${name}`, rule: dictionary, message: `代码 ${unknown} 无效` }] });
    }
  }
  return null;
}

function jurisdictionRule({ nation, entity, item }: Case): ItemResult | null {
  const field = AREA_FIELDS[entity];
  if (field === undefined) return null;
  const area = item.plain[field];
  if (typeof area === 'string' && area.startsWith(nation.identity.areaPrefix)) return null;
  return refuse('2204', { fields: [{ path: `data.${field}`, rule: 'jurisdiction', message: '不在管辖范围' }] });
}

interface Named {
  field: string;
  row: Row;
}

const naming = ({ row: { state } }: Named): Detail => ({
  entity: state.entity,
  bizNo: state.bizNo,
  nationalId: state.nationalId,
});

function isRejected({ row: { state } }: Named): boolean {
  if (state.status === 'VOIDED' || state.status === 'DELETED') return true;
  return state.auditStatus === 'FAILED' || state.realNameStatus === 'FAILED';
}

/** 2103 is for every entity that names the volunteer except a team's leader (§1.16 B14). */
function awaitsRealName({ field, row: { state } }: Named): boolean {
  return state.entity === 'volunteers' && field !== 'leaderVolunteerBizNo' && state.realNameStatus !== 'PASSED';
}

function referenceRule({ nation, entity, item }: Case): ItemResult | null {
  const named: Named[] = [];
  const missing: Detail[] = [];
  for (const [field, parentEntity] of REFERENCES[entity]) {
    const bizNo = item.plain[field];
    if (bizNo === undefined) continue;
    const row = nation.ledger.resolve(parentEntity, bizNo);
    if (row === undefined) missing.push({ entity: parentEntity, bizNo });
    else named.push({ field, row });
  }
  const byNationalId = volunteerByNationalId(nation, item);
  if (byNationalId?.missing !== undefined) missing.push(byNationalId.missing);
  if (missing.length > 0) return refuse('2101', { missing });
  if (byNationalId?.refusal !== undefined) return byNationalId.refusal;
  if (byNationalId?.named !== undefined) named.push(byNationalId.named);
  return (
    waiting('2104', named.filter(isRejected)) ??
    waiting('2102', named.filter(isUnderReview)) ??
    waiting('2103', named.filter(awaitsRealName))
  );
}

const isUnderReview = ({ row: { state } }: Named): boolean => state.auditStatus === 'REVIEWING';

const waiting = (code: string, offenders: Named[]): ItemResult | null =>
  offenders.length === 0 ? null : refuse(code, { missing: offenders.map(naming) });

interface ByNationalId {
  missing?: Detail;
  refusal?: ItemResult;
  named?: Named;
}

/** A reference by national id does not follow a merge: 2012 (§1.16 B11). */
function volunteerByNationalId(nation: Nation, item: WriteItem): ByNationalId | null {
  const nationalId = item.plain.volunteerNationalId;
  if (typeof nationalId !== 'string') return null;
  const row = nation.ledger.get(nationalId);
  if (row === undefined || row.state.entity !== 'volunteers')
    return { missing: { entity: 'volunteers', bizNo: null, nationalId } };
  if (row.state.status !== 'MERGED') return { named: { field: 'volunteerNationalId', row } };
  return { refusal: refuse('2012', { nationalId, mergedTo: nation.ledger.survivor(row).state.nationalId }) };
}

/** Only ACTIVE rows hold a key (§1.16 B8); 2011 only for two or more foreign holders (§1.16 H1). */
function naturalKeyRule({ nation, entity, item, standing }: Case): ItemResult | null {
  if (standing.outcome === 'LINKED') return null; // the key was compared with the row it links to
  const key = naturalKeyOf(nation.ledger, entity, item.plain);
  if (key === null) return null;
  const holders = nation.ledger.holders(key).filter((row) => row !== standing.target);
  const foreign = holders.filter((row) => row.state.bizNo === null);
  if (foreign.length > 1) {
    return refuse('2011', {
      rows: foreign.map(({ state }) => ({ nationalId: state.nationalId, origin: state.origin })),
    });
  }
  const holder = holders.find((row) => row.state.bizNo !== null) ?? holders[0];
  if (holder === undefined) return null;
  const { nationalId, bizNo, origin, volunteerNo, realNameStatus } = holder.state;
  const person = entity === 'volunteers' ? { volunteerNo, realNameStatus } : {};
  return refuse(
    '2010',
    { nationalId, bizNo, origin, ...person },
    entity === 'volunteers' ? '证件号码已登记' : undefined,
  );
}

/** 2203 on a write comes only from linking to a person of another name (§1.16 B9, C14). */
function nameRule({ entity, item, standing }: Case): ItemResult | null {
  if (entity !== 'volunteers' || standing.outcome !== 'LINKED' || standing.target === null) return null;
  const same = String(standing.target.state.data.name).normalize('NFC') === String(item.plain.name).normalize('NFC');
  return same ? null : refuse('2203', { fields: [{ path: 'data.name', rule: 'name', message: '姓名与证件不一致' }] });
}

/** Records under a certificate in force, and the request of such a certificate, do not move (§1.16 B17, G3). */
function coverRule({ nation, entity, standing: { target } }: Case): ItemResult | null {
  if (target === null) return null;
  const { nationalId, certificate } = target.state;
  if (certificate !== undefined && inForce(certificate.status))
    return refuse('2014', { nationalId, certNo: certificate.certNo });
  if (entity !== 'service-records') return null;
  const cover = nation.ledger.coveringCertificate(nationalId);
  return cover === undefined ? null : refuse('2014', { nationalId, certNo: cover.state.certificate?.certNo });
}

function entityRule(given: Case): ItemResult | null {
  if (given.entity === 'service-records') return judgeRecord(given);
  if (given.entity === 'certificate-requests') return judgeCertificate(given.nation, given.item);
  return null;
}
