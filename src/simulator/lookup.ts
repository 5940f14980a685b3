// Lookup by number, national id or natural key (§1.7, §1.16 E1–E5), as of a moment that may lag behind.
import { beijingTime } from './clock.js';
import type { Call } from './call.js';
import { ENTITY_FIELDS } from './entity-fields.js';
import { checkField, ID_PATTERN } from './field-checks.js';
import { decryptFields } from './item-checks.js';
import type { Row } from './ledger.js';
import {
  invalid,
  refuse,
  type Entity,
  type Fields,
  type ItemResult,
  type Json,
  type Reply,
  type RowState,
} from './model.js';
import type { Nation } from './nation.js';
import { NATURAL_KEY_FIELDS, naturalKeyOf } from './natural-key.js';

const MAX_KEYS = 100;

/** The row as every read shows it; volunteers also carry number and real name state (§1.16 E4). */
export function wireRow(state: RowState): Record<string, unknown> {
  const {
    nationalId,
    bizNo,
    version,
    contentHash,
    status,
    auditStatus,
    mergedTo,
    origin,
    volunteerNo,
    realNameStatus,
  } = state;
  const updatedAt = beijingTime(state.updatedAtMs);
  return {
    nationalId,
    bizNo,
    version,
    contentHash,
    status,
    auditStatus,
    mergedTo,
    updatedAt,
    origin,
    volunteerNo,
    realNameStatus,
  };
}

/** The state that was visible at asOf, if there was one. */
export function stateAt(row: Row, asOfMs: number): RowState | undefined {
  if (row.state.updatedAtMs <= asOfMs) return row.state;
  return row.past.findLast((state) => state.updatedAtMs <= asOfMs);
}

function asOfFor(nation: Nation, call: Call): number {
  const { minMs, maxMs } = nation.settings.readLagMs;
  const lagMs = call.readLagMs ?? Math.round(nation.chance.between(minMs, maxMs));
  return nation.clock.readAt() - lagMs;
}

type Finder = (key: Json) => Row[] | ItemResult;

export function lookup(nation: Nation, call: Call, entity: Entity, body: unknown): Reply {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return invalid('', 'json');
  const { by, keys, areaCode, ...unknown } = body as Record<string, Json>;
  const [extra] = Object.keys(unknown);
  if (extra !== undefined) return invalid(extra, 'unknown', '未知字段');
  if (areaCode !== undefined && areaCode !== null && typeof areaCode !== 'string') return invalid('areaCode', 'string');
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MAX_KEYS) return invalid('keys', 'length');
  const finder = finderFor(nation, entity, by);
  if (finder === undefined) return invalid('by', 'enum');
  const asOfMs = asOfFor(nation, call);
  const items: unknown[] = [];
  for (const key of keys as Json[]) {
    const found = finder(key);
    if (!Array.isArray(found)) return found;
    const rows = visibleRows(nation, found, asOfMs, by === 'naturalKey');
    items.push({ key, found: rows.length > 0, rows: rows.map(wireRow) });
  }
  return { code: '0000', data: { asOf: beijingTime(asOfMs), items } };
}

function visibleRows(nation: Nation, rows: readonly Row[], asOfMs: number, activeOnly: boolean): RowState[] {
  const { mergedVisibleMs } = nation.settings;
  return rows.flatMap((row) => {
    const state = stateAt(row, asOfMs);
    if (state === undefined || (activeOnly && state.status !== 'ACTIVE')) return [];
    const forgotten =
      state.status === 'MERGED' && mergedVisibleMs !== null && state.updatedAtMs + mergedVisibleMs < asOfMs;
    return forgotten ? [] : [state];
  });
}

function finderFor(nation: Nation, entity: Entity, by: unknown): Finder | undefined {
  const { ledger } = nation;
  const isId = (key: Json): key is string => typeof key === 'string' && ID_PATTERN.test(key);
  if (by === 'bizNo') return (key) => (isId(key) ? ledger.allByBiz(entity, key) : invalid('keys', 'pattern'));
  if (by === 'nationalId') {
    return (key) => {
      if (!isId(key)) return invalid('keys', 'pattern');
      const row = ledger.get(key);
      return row === undefined || row.state.entity !== entity ? [] : [row];
    };
  }
  return by === 'naturalKey' ? (key) => findByNaturalKey(nation, entity, key) : undefined;
}

function findByNaturalKey(nation: Nation, entity: Entity, key: Json): Row[] | ItemResult {
  const shapes = NATURAL_KEY_FIELDS[entity];
  if (shapes === undefined) return invalid('by', 'naturalKey', '该实体没有自然键');
  if (typeof key !== 'object' || key === null || Array.isArray(key)) return invalid('keys', 'object');
  const fields = key as Fields;
  const names = Object.keys(fields).sort().join();
  if (!shapes.some((shape) => [...shape].sort().join() === names))
    return invalid('keys', 'naturalKey', '自然键字段不符');
  for (const [name, value] of Object.entries(fields)) {
    const rule = ENTITY_FIELDS[entity][name];
    const broken = rule === undefined ? 'unknown' : checkField(value, rule);
    if (broken !== null) return invalid(`keys.${name}`, broken);
  }
  const opened = decryptFields(entity, fields, nation.cipher);
  if ('broken' in opened)
    return refuse('1010', { fields: [{ path: `keys.${opened.broken}`, rule: 'decrypt', message: '解密失败' }] });
  const naturalKey = naturalKeyOf(nation.ledger, entity, opened.plain);
  return naturalKey === null ? [] : nation.ledger.holders(naturalKey);
}
