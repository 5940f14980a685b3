// Item shape and field checks, the first step of §1.16 B7: 2201, then 1010.
import { contentHash } from './canonical-form.js';
import { beijingDate } from './clock.js';
import { encryptedFields, ENTITY_FIELDS, EXACTLY_ONE } from './entity-fields.js';
import { checkField, ID_PATTERN, textFits } from './field-checks.js';
import type { FieldCipher } from './field-cipher.js';
import type { Entity, FieldFault, Fields, ItemResult, Json } from './model.js';

export interface WriteItem {
  bizNo: string;
  version: number;
  op: 'UPSERT' | 'VOID' | 'CORRECT';
  linkTo: string | null;
  reopen: boolean;
  /** As sent without null members; empty for VOID (§1.16 B5). */
  data: Fields;
  /** `data` with every encrypted value in plain text. */
  plain: Fields;
  contentHash: string;
}

export type CheckedItem = { ok: true; item: WriteItem } | { ok: false; refusal: ItemResult };

const ITEM_KEYS = new Set(['bizNo', 'version', 'op', 'reason', 'data', 'linkTo', 'reopen']);
const OPS = new Set(['UPSERT', 'VOID', 'CORRECT']);
const ADULT_YEARS = 18;

const isObject = (value: unknown): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fault = (path: string, rule: string, message = rule): FieldFault => ({ path, rule, message });

/** Mandatory and non-blank for VOID and CORRECT, free but well-formed for UPSERT (§1.16 B5). */
function isReasonFine(op: Json | undefined, reason: Json | undefined): boolean {
  const needed = op === 'VOID' || op === 'CORRECT';
  if (reason === undefined || reason === null) return !needed;
  return textFits(reason) && !(needed && String(reason).trim() === '');
}

function shapeFaults(raw: Record<string, Json>): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const key of Object.keys(raw)) if (!ITEM_KEYS.has(key)) faults.push(fault(key, 'unknown', '未知字段'));
  const { bizNo, version, op, reason, data, linkTo, reopen } = raw;
  if (typeof bizNo !== 'string' || !ID_PATTERN.test(bizNo)) faults.push(fault('bizNo', 'pattern', '编号格式错误'));
  if (!Number.isSafeInteger(version) || (version as number) < 1)
    faults.push(fault('version', 'integer', '版本应为正整数'));
  if (!OPS.has(op as string)) faults.push(fault('op', 'enum', '操作类型错误'));
  if (!isReasonFine(op, reason)) faults.push(fault('reason', 'required', '缺少原因'));
  if (op !== 'VOID' && !isObject(data)) faults.push(fault('data', 'required', '缺少数据'));
  if (linkTo !== undefined && linkTo !== null && (typeof linkTo !== 'string' || !ID_PATTERN.test(linkTo))) {
    faults.push(fault('linkTo', 'pattern', '编号格式错误'));
  }
  if (reopen !== undefined && reopen !== null && typeof reopen !== 'boolean') faults.push(fault('reopen', 'boolean'));
  return faults;
}

/** null = absent (§1.16 B20), so members with null are gone before anything is checked. */
function withoutNulls(data: Record<string, Json>): Fields {
  for (const key in data) {
    if (data[key] === null) return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));
  }
  return data;
}

/** Under 18 on the day of the write (§1.16 C7). */
function isMinor(birthDate: string, today: string): boolean {
  const eighteenth = `${String(Number(birthDate.slice(0, 4)) + ADULT_YEARS).padStart(4, '0')}${birthDate.slice(4)}`;
  return today < eighteenth;
}

function togetherFaults(entity: Entity, data: Fields, nowMs: number): FieldFault[] {
  const pair = EXACTLY_ONE[entity];
  if (pair !== undefined && (data[pair[0]] === undefined) === (data[pair[1]] === undefined)) {
    return [fault(`data.${pair[0]}`, 'exactly-one', `${pair[0]} 与 ${pair[1]} 必填其一`)];
  }
  if (entity !== 'volunteers' || typeof data.birthDate !== 'string') return [];
  if (!isMinor(data.birthDate, beijingDate(nowMs))) return [];
  return ['guardianName', 'guardianMobile']
    .filter((name) => data[name] === undefined)
    .map((name) => fault(`data.${name}`, 'required', '未成年人须填监护人'));
}

function dataFaults(entity: Entity, data: Fields, nowMs: number): FieldFault[] {
  const rules = ENTITY_FIELDS[entity];
  const faults: FieldFault[] = [];
  for (const name in data) {
    if (!Object.hasOwn(rules, name)) faults.push(fault(`data.${name}`, 'unknown', '未知字段'));
  }
  for (const name in rules) {
    const rule = rules[name];
    const value = data[name];
    if (rule === undefined) continue;
    if (value === undefined) {
      if (rule.required) faults.push(fault(`data.${name}`, 'required', '必填'));
      continue;
    }
    const broken = checkField(value, rule);
    if (broken !== null) faults.push(fault(`data.${name}`, broken, '格式错误'));
  }
  return faults.length > 0 ? faults : togetherFaults(entity, data, nowMs);
}

/** `data` in plain text, or the name of the first field that does not decrypt. */
export function decryptFields(
  entity: Entity,
  data: Fields,
  cipher: FieldCipher,
): { plain: Fields } | { broken: string } {
  const sealed = encryptedFields(entity);
  if (sealed.length === 0) return { plain: data };
  const plain: Record<string, Json> = { ...data };
  for (const name of sealed) {
    const value = data[name];
    if (typeof value !== 'string') continue;
    const text = cipher.open(value);
    if (text === null) return { broken: name };
    plain[name] = text;
  }
  return { plain };
}

function toItem(raw: Record<string, Json>, data: Fields, plain: Fields): WriteItem {
  return {
    bizNo: raw.bizNo as string,
    version: raw.version as number,
    op: raw.op as WriteItem['op'],
    linkTo: typeof raw.linkTo === 'string' ? raw.linkTo : null,
    reopen: raw.reopen === true,
    data,
    plain,
    contentHash: raw.op === 'VOID' ? '' : contentHash(plain),
  };
}

const refusedFields = (faults: FieldFault[]): CheckedItem => ({
  ok: false,
  refusal: { code: '2201', detail: { fields: faults } },
});

export function checkItem(entity: Entity, raw: unknown, cipher: FieldCipher, nowMs: number): CheckedItem {
  if (!isObject(raw)) return refusedFields([fault('', 'object', '应为对象')]);
  const faults = shapeFaults(raw);
  if (raw.op === 'VOID' && faults.length === 0) return { ok: true, item: toItem(raw, {}, {}) };
  const data = isObject(raw.data) ? withoutNulls(raw.data) : {};
  if (isObject(raw.data) && raw.op !== 'VOID') faults.push(...dataFaults(entity, data, nowMs));
  if (faults.length > 0) return refusedFields(faults);
  const opened = decryptFields(entity, data, cipher);
  if ('broken' in opened) {
    const fields = [fault(`data.${opened.broken}`, 'decrypt', '解密失败')];
    return { ok: false, refusal: { code: '1010', detail: { fields } } };
  }
  for (const name of encryptedFields(entity)) {
    if (opened.plain[name] !== undefined && !textFits(opened.plain[name]))
      return refusedFields([fault(`data.${name}`, 'length')]);
  }
  return { ok: true, item: toItem(raw, data, opened.plain) };
}
