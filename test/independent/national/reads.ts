/** Lookup (§1.7, E1–E5), change feed (§1.9, E6), files and dictionaries (A16, C16). */
import { isObject, type Json, type JsonObject } from '../canonical.js';
import { beijingMs } from '../beijing.js';
import { DICTIONARIES, DICTIONARY_VERSION } from './dictionaries.js';
import { FIELD_RULES, fault } from './fields.js';
import { naturalKeyOf, type Ledger } from './ledger.js';
import { fail, fieldFail, isEntity, ok, type Entity, type Outcome, type Row, type RowState } from './model.js';
import { decryptField } from './wire.js';

const NATURAL_FIELDS: Partial<Record<Entity, string[]>> = {
  stations: ['areaCode', 'name'],
  teams: ['stationBizNo', 'name'],
  volunteers: ['idType', 'idNo'],
  projects: ['teamBizNo', 'name', 'startOn'],
  activities: ['projectBizNo', 'name', 'startAt'],
  'service-records': ['volunteerBizNo', 'activityBizNo', 'startAt'],
  'certificate-requests': ['volunteerBizNo', 'periodFrom', 'periodTo', 'recordsHash'],
};

/** The newest state of a row that a read as of `asOf` can see (E5). */
export function stateAsOf(row: Row, asOf: number): RowState | null {
  for (let index = row.history.length - 1; index >= 0; index -= 1) {
    const entry = row.history[index];
    if (entry !== undefined && entry.at <= asOf) return entry.state;
  }
  return null;
}

/** §1.7 row; rows of volunteers also carry volunteerNo and realNameStatus (E4). */
export function rowView(row: Row, state: RowState): JsonObject {
  const view: JsonObject = {
    nationalId: row.nationalId,
    bizNo: state.bizNo,
    version: state.version,
    contentHash: state.contentHash,
    status: state.status,
    auditStatus: state.auditStatus,
    mergedTo: state.mergedTo,
    updatedAt: beijingMs(state.updatedAt),
    origin: row.origin,
  };
  if (row.entity === 'volunteers') {
    view.volunteerNo = row.volunteerNo;
    view.realNameStatus = state.realNameStatus;
  }
  return view;
}

export function lookup(ledger: Ledger, entity: Entity, body: Json | undefined): Outcome {
  if (!isObject(body)) return fieldFail([fault('', 'type')]);
  const unknown = Object.keys(body).filter((key) => !['by', 'keys', 'areaCode'].includes(key));
  if (unknown.length > 0) return fieldFail(unknown.map((key) => fault(key, 'unknown')));
  const keys = body.keys;
  if (!Array.isArray(keys) || keys.length < 1 || keys.length > 100) return fieldFail([fault('keys', 'length')]);
  const asOf = ledger.now() - ledger.settings.readLagMs;
  const items: JsonObject[] = [];
  for (const key of keys) {
    const found = candidates(ledger, entity, String(body.by), key);
    if (!Array.isArray(found)) return found;
    const rows: JsonObject[] = [];
    for (const row of found) {
      const state = stateAsOf(row, asOf);
      if (state === null || (body.by === 'naturalKey' && state.status !== 'ACTIVE')) continue;
      rows.push(rowView(row, state));
    }
    items.push({ key, found: rows.length > 0, rows });
  }
  return ok({ asOf: beijingMs(asOf), items });
}

function candidates(ledger: Ledger, entity: Entity, by: string, key: Json): Row[] | Outcome {
  if (by === 'naturalKey') return naturalCandidates(ledger, entity, key);
  if (by !== 'bizNo' && by !== 'nationalId') return fieldFail([fault('by', 'enum')]);
  if (typeof key !== 'string') return fieldFail([fault('keys', 'type')]);
  const row = by === 'bizNo' ? ledger.own(entity, key) : ledger.byId(key);
  return row === undefined || row.entity !== entity ? [] : [row];
}

/** E1: objects with exactly the fields named in §1.7, encrypted fields encrypted. */
function naturalCandidates(ledger: Ledger, entity: Entity, key: Json): Row[] | Outcome {
  const wanted = NATURAL_FIELDS[entity];
  if (wanted === undefined || !isObject(key)) return fieldFail([fault('keys', 'type')]);
  const given = Object.keys(key).map((name) => (name === 'volunteerNationalId' ? 'volunteerBizNo' : name));
  if ([...given].sort().join() !== [...wanted].sort().join()) return fieldFail([fault('keys', 'fields')]);
  const plain: JsonObject = { ...key };
  for (const [name, rule] of Object.entries(FIELD_RULES[entity])) {
    const value = plain[name];
    if (rule.encrypted !== true || value === undefined) continue;
    const opened = decryptField(ledger.settings.fieldKey, String(value));
    if (!opened.ok)
      return opened.rule === 'encrypted'
        ? fieldFail([fault(`keys.${name}`, 'encrypted')])
        : fail('1010', '加密字段无法解密');
    plain[name] = opened.text;
  }
  const natural = naturalKeyOf(ledger, entity, plain);
  return natural === null ? [] : ledger.holders(natural);
}

function cursorOf(seq: number): string {
  return Buffer.from(`seq:${seq}`).toString('base64');
}

function positionOf(cursor: string): number | null {
  if (cursor === '') return 0;
  const match = /^seq:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString('utf8'));
  return match === null ? null : Number(match[1]);
}

export function changes(ledger: Ledger, query: Map<string, string>): Outcome {
  const unknown = [...query.keys()].filter((key) => !['cursor', 'limit', 'entities'].includes(key));
  if (unknown.length > 0) return fieldFail(unknown.map((key) => fault(key, 'unknown')));
  const limit = Number(query.get('limit') ?? '200');
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) return fieldFail([fault('limit', 'range')]);
  const entities = (query.get('entities') ?? '').split(',').filter((name) => name !== '');
  if (entities.some((name) => !isEntity(name))) return fieldFail([fault('entities', 'enum')]);
  const cursor = query.get('cursor') ?? '';
  const from = positionOf(cursor);
  if (from === null) return fail('3101', '游标已失效');
  const horizon = ledger.now() - ledger.settings.readLagMs;
  const events: JsonObject[] = [];
  let position = from;
  for (const event of ledger.events.slice(from)) {
    if (events.length >= limit) break;
    position = event.seq;
    if (entities.length === 0 || entities.includes(String(event.body.entity))) events.push(event.body);
  }
  const late = ledger.events.findIndex((event) => event.at > horizon);
  return ok({
    events,
    nextCursor: cursorOf(position),
    hasMore: position < ledger.events.length,
    safeUpTo: late < 0 ? ledger.events.length : late,
  });
}

export function dictionary(name: string, query: Map<string, string>): Outcome {
  const items = DICTIONARIES[name];
  const version = query.get('version') ?? DICTIONARY_VERSION;
  if (items === undefined) return fieldFail([fault('name', 'enum')]);
  if (version !== DICTIONARY_VERSION) return fieldFail([fault('version', 'enum')]);
  return ok({ name, version, items: items.map((entry) => ({ ...entry })) });
}
