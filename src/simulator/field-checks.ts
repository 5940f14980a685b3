// One check per field kind (§1.6, §1.16 C1–C15): null when the value is fine, else the rule it breaks.
import { CIPHER_PREFIX } from './field-cipher.js';
import type { FieldKind, FieldRule } from './entity-fields.js';
import type { Json } from './model.js';

export const ID_PATTERN = /^[0-9A-Za-z_-]{1,64}$/;
const CODE_PATTERN = /^[0-9A-Za-z_-]{1,32}$/;
const AREA_PATTERN = /^\d{12}$/;
const SHA256_PATTERN = /^[0-9a-f]{64}$/;
const DATE_PATTERN = /^\d{4}-\d{2}-\d{2}$/;
const DATE_TIME_PATTERN = /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?\+08:00$/;
const MAX_TEXT = 200;
const MAX_LIST = 100;
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isCalendarDay(text: string): boolean {
  const year = Number(text.slice(0, 4));
  const month = Number(text.slice(5, 7));
  const day = Number(text.slice(8, 10));
  if (day < 1 || day > (DAYS_IN_MONTH[month - 1] ?? 0)) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month !== 2 || day < 29 || leap;
}

export const isDate = (value: unknown): value is string =>
  typeof value === 'string' && DATE_PATTERN.test(value) && isCalendarDay(value);

const isDateTime = (value: Json): boolean =>
  typeof value === 'string' && DATE_TIME_PATTERN.test(value) && isCalendarDay(value);

/** Lengths are counted in Unicode code points (§1.16 C5). */
export function textFits(value: unknown, max = MAX_TEXT): boolean {
  if (typeof value !== 'string' || value.length === 0) return false;
  return value.length <= max || [...value].length <= max;
}

const isText = (value: Json, max?: number): string | null => {
  if (typeof value !== 'string') return 'string';
  return textFits(value, max) ? null : 'length';
};

const matches =
  (pattern: RegExp, rule: string) =>
  (value: Json): string | null => {
    if (typeof value !== 'string') return 'string';
    return pattern.test(value) ? null : rule;
  };

function checkInteger(value: Json, rule: FieldRule): string | null {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return 'integer';
  return value >= (rule.min ?? -Infinity) && value <= (rule.max ?? Infinity) ? null : 'range';
}

function checkList(value: Json, rule: FieldRule, member: (item: Json) => string | null): string | null {
  if (!Array.isArray(value)) return 'list';
  if (value.length > (rule.max ?? MAX_LIST) || value.length < (rule.min ?? 0)) return 'length';
  for (const item of value) {
    const broken = member(item as Json);
    if (broken !== null) return broken;
  }
  return null;
}

/** {postBizNo, name, need}, all mandatory (§1.16 C15). */
function checkPost(value: Json): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'object';
  const { postBizNo, name, need, ...unknown } = value as Record<string, Json>;
  if (Object.keys(unknown).length > 0) return 'unknown';
  const idIsFine = typeof postBizNo === 'string' && ID_PATTERN.test(postBizNo);
  if (!idIsFine || !textFits(name)) return 'required';
  return typeof need === 'number' && Number.isSafeInteger(need) && need >= 0 ? null : 'integer';
}

const checkId = matches(ID_PATTERN, 'pattern');
const checkCode = matches(CODE_PATTERN, 'pattern');

const CHECKS: Record<FieldKind, (value: Json, rule: FieldRule) => string | null> = {
  text: (value, rule) => isText(value, rule.max),
  id: checkId,
  code: checkCode,
  enum: (value, rule) => (rule.values?.includes(value as string) === true ? null : 'enum'),
  integer: checkInteger,
  number: (value) => (typeof value === 'number' && Number.isFinite(value) ? null : 'number'),
  date: (value) => (isDate(value) ? null : 'date'),
  dateTime: (value) => (isDateTime(value) ? null : 'dateTime'),
  area: matches(AREA_PATTERN, 'areaCode'),
  // An encrypted field in plain text is 2201; whether it decrypts is looked at later (§1.16 B20).
  encrypted: (value) => (typeof value === 'string' && value.startsWith(CIPHER_PREFIX) ? null : 'encrypted'),
  sha256: matches(SHA256_PATTERN, 'pattern'),
  textList: (value, rule) => checkList(value, rule, (item) => isText(item)),
  idList: (value, rule) => checkList(value, rule, checkId),
  codeList: (value, rule) => checkList(value, rule, checkCode),
  posts: (value, rule) => checkList(value, rule, checkPost),
  json: () => null,
};

export function checkField(value: Json, rule: FieldRule): string | null {
  return CHECKS[rule.kind](value, rule);
}
