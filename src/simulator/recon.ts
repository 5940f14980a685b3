// Reconciliation in three levels (§1.10, §1.16 F1–F7): totals, digest, detail.
import { beijingMidnight, beijingTime } from './clock.js';
import { AREA_FIELDS, DAY_FIELDS, ENTITY_FIELDS } from './entity-fields.js';
import { isDate } from './field-checks.js';
import { stateAt, wireRow } from './lookup.js';
import { invalid, isEntity, type Entity, type ItemResult, type Json, type Reply, type RowState } from './model.js';
import type { Nation } from './nation.js';
import { dayOf } from './recon-days.js';
import { bucketsOf, rowsUnder, type ReconSnapshot, type Scope } from './recon-snapshots.js';

type Body = Record<string, Json>;

const HEX_PAIRS = /^(?:[0-9a-f]{2}){0,31}$/;
const MAX_SIZE = 500;

const asBody = (body: unknown): Body | null =>
  typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Body) : null;

const given = (value: Json | undefined): boolean => value !== undefined && value !== null;

function unknownKey(body: Body, allowed: readonly string[]): ItemResult | null {
  const extra = Object.keys(body).find((key) => !allowed.includes(key));
  return extra === undefined ? null : invalid(extra, 'unknown', '未知字段');
}

function checkDays(body: Body, at: string): ItemResult | null {
  for (const name of ['from', 'to']) {
    if (given(body[name]) && !isDate(body[name])) return invalid(`${at}${name}`, 'date');
  }
  return null;
}

// Level 0 — totals

interface Totals {
  count: number;
  minutes: number;
  voided: number;
}

interface Group {
  key: Record<string, Json>;
  mine: Totals;
  national: Totals;
  foreignCount: number;
}

interface TotalsQuery {
  entity: Entity;
  dayField: string;
  from: string;
  to: string;
  groupBy: readonly string[];
}

const zeros = (): Totals => ({ count: 0, minutes: 0, voided: 0 });

function readTotalsQuery(body: Body): TotalsQuery | ItemResult {
  const { entity, groupBy } = body;
  if (!isEntity(entity)) return invalid('entity', 'enum');
  const rules = ENTITY_FIELDS[entity];
  const dayField = given(body.dayField) ? body.dayField : DAY_FIELDS[entity];
  const kind = typeof dayField === 'string' && Object.hasOwn(rules, dayField) ? rules[dayField]?.kind : undefined;
  if (kind !== 'date' && kind !== 'dateTime') return invalid('dayField', 'enum');
  const fields = given(groupBy) ? groupBy : ['day'];
  const isGroupField = (name: unknown): boolean => name === 'day' || Object.hasOwn(rules, String(name));
  if (!Array.isArray(fields) || fields.length === 0 || !fields.every(isGroupField)) return invalid('groupBy', 'enum');
  const from = (body.from as string | null | undefined) ?? '';
  const to = (body.to as string | null | undefined) ?? '9999-12-31';
  return { entity, dayField: dayField as string, from, to, groupBy: fields as readonly string[] };
}

export function totals(nation: Nation, input: unknown): Reply {
  const body = asBody(input);
  if (body === null) return invalid('', 'json');
  const fault = unknownKey(body, ['entity', 'dayField', 'from', 'to', 'groupBy', 'mine']) ?? checkDays(body, '');
  if (fault !== null) return fault;
  const query = readTotalsQuery(body);
  if ('code' in query) return query;
  const groups = new Map<string, Group>();
  if (given(body.mine) && !addMine(groups, query, body.mine)) return invalid('mine', 'shape');
  const asOfMs = totalsAsOf(nation);
  for (const row of nation.ledger.rows(query.entity)) {
    const state = stateAt(row, asOfMs);
    if (state !== undefined) addNational(groups, query, state);
  }
  const asOf = beijingTime(asOfMs);
  const shown = [...groups.values()].map(({ key, mine, national, foreignCount }) => {
    const match = mine.count === national.count && mine.minutes === national.minutes && mine.voided === national.voided;
    return { key, match: match ? 'Y' : 'N', national, foreignCount, asOf };
  });
  return { code: '0000', data: { asOf, groups: shown } };
}

/** §2.2 B6 and F56: statistics that refresh at midnight only, or live ones (§1.16 F7). */
function totalsAsOf({ clock, settings }: Nation): number {
  return settings.totals.refresh === 'live' ? clock.readAt() : beijingMidnight(clock.now());
}

function groupFor(groups: Map<string, Group>, query: TotalsQuery, valueOf: (name: string) => Json | undefined): Group {
  const key = Object.fromEntries(query.groupBy.map((name) => [name, valueOf(name) ?? null]));
  const text = JSON.stringify(Object.values(key));
  let group = groups.get(text);
  if (group === undefined) groups.set(text, (group = { key, mine: zeros(), national: zeros(), foreignCount: 0 }));
  return group;
}

function addMine(groups: Map<string, Group>, query: TotalsQuery, mine: Json | undefined): boolean {
  if (!Array.isArray(mine)) return false;
  for (const entry of mine as Body[]) {
    const key = asBody(entry?.key);
    const sums = [entry?.count, entry?.minutes, entry?.voided].map((value) => value ?? 0);
    if (key === null || !sums.every((value) => Number.isSafeInteger(value))) return false;
    if (Object.keys(key).sort().join() !== [...query.groupBy].sort().join()) return false;
    const [count, minutes, voided] = sums as [number, number, number];
    groupFor(groups, query, (name) => key[name]).mine = { count, minutes, voided };
  }
  return true;
}

/** DELETED and MERGED rows count nowhere, foreign rows only in foreignCount (§1.16 F1). */
function addNational(groups: Map<string, Group>, query: TotalsQuery, state: RowState): void {
  if (state.status !== 'ACTIVE' && state.status !== 'VOIDED') return;
  const day = dayOf(state, query.dayField);
  if (day === null || day < query.from || day > query.to) return;
  const group = groupFor(groups, query, (name) => (name === 'day' ? day : state.data[name]));
  if (state.bizNo === null) {
    if (state.status === 'ACTIVE') group.foreignCount += 1;
  } else if (state.status === 'VOIDED') {
    group.national.voided += 1;
  } else {
    group.national.count += 1;
    group.national.minutes += typeof state.data.minutes === 'number' ? state.data.minutes : 0;
  }
}

// Level 1 — digest

export function digest(nation: Nation, input: unknown): Reply {
  const body = asBody(input);
  if (body === null) return invalid('', 'json');
  const fault = unknownKey(body, ['entity', 'scope', 'prefix', 'snapshotId']);
  if (fault !== null) return fault;
  const prefix = body.prefix ?? '';
  if (typeof prefix !== 'string' || !HEX_PAIRS.test(prefix)) return invalid('prefix', 'hex');
  const snapshot = given(body.snapshotId) ? nation.snapshots.get(String(body.snapshotId)) : newSnapshot(nation, body);
  if (snapshot === undefined) return { code: '3101' };
  if ('code' in snapshot) return snapshot;
  const { snapshotId, foreignCount, asOfMs } = snapshot;
  const buckets = bucketsOf(snapshot.rows, prefix);
  return { code: '0000', data: { snapshotId, asOf: beijingTime(asOfMs), prefix, buckets, foreignCount } };
}

function newSnapshot(nation: Nation, body: Body): ReconSnapshot | ItemResult {
  if (!isEntity(body.entity)) return invalid('entity', 'enum');
  const scope = readScope(body.entity, body.scope);
  return 'code' in scope ? scope : nation.snapshots.take(nation.ledger, body.entity, scope);
}

function readScope(entity: Entity, input: Json | undefined): Scope | ItemResult {
  const scope = given(input) ? asBody(input) : {};
  if (scope === null) return invalid('scope', 'object');
  const { from, to, areaCode, teamBizNo } = scope;
  const fault = unknownKey(scope, ['from', 'to', 'areaCode', 'teamBizNo']) ?? checkDays(scope, 'scope.');
  if (fault !== null) return fault;
  if (given(areaCode) && (AREA_FIELDS[entity] === undefined || typeof areaCode !== 'string'))
    return invalid('scope.areaCode', 'scope');
  const hasTeam = Object.hasOwn(ENTITY_FIELDS[entity], 'teamBizNo');
  if (given(teamBizNo) && (!hasTeam || typeof teamBizNo !== 'string')) return invalid('scope.teamBizNo', 'scope');
  const present = Object.entries({ from, to, areaCode, teamBizNo }).filter(([, value]) => given(value));
  return Object.fromEntries(present);
}

// Level 2 — detail

export function detail(nation: Nation, input: unknown): Reply {
  const body = asBody(input);
  if (body === null) return invalid('', 'json');
  const fault = unknownKey(body, ['snapshotId', 'prefixes', 'page', 'size']);
  if (fault !== null) return fault;
  const { snapshotId, prefixes, page = 1, size = 100 } = body;
  const isPrefix = (prefix: unknown): boolean => typeof prefix === 'string' && HEX_PAIRS.test(prefix);
  if (typeof snapshotId !== 'string') return invalid('snapshotId', 'required');
  if (!Array.isArray(prefixes) || prefixes.length === 0 || !prefixes.every(isPrefix)) return invalid('prefixes', 'hex');
  if (!Number.isSafeInteger(page) || (page as number) < 1) return invalid('page', 'integer');
  if (!Number.isSafeInteger(size) || (size as number) < 1 || (size as number) > MAX_SIZE)
    return invalid('size', 'range');
  const snapshot = nation.snapshots.get(snapshotId);
  if (snapshot === undefined) return { code: '3101' };
  const all = selectRows(snapshot, prefixes as readonly string[]);
  const from = ((page as number) - 1) * (size as number);
  const rows = all.slice(from, from + (size as number)).map(wireRow);
  return {
    code: '0000',
    data: { snapshotId, asOf: beijingTime(snapshot.asOfMs), page, size, total: all.length, rows },
  };
}

/** Prefixes may nest; a row is listed once, in hash order. */
function selectRows(snapshot: ReconSnapshot, prefixes: readonly string[]): RowState[] {
  const outer = [...new Set(prefixes)]
    .sort()
    .filter((prefix, _i, all) => !all.some((p) => p !== prefix && prefix.startsWith(p)));
  return outer.flatMap((prefix) => rowsUnder(snapshot.rows, prefix).map(({ state }) => state));
}
