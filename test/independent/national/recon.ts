/** Reconciliation (§1.10, F1–F10): totals, digest, detail, and exports. */
import { gzipSync } from 'node:zlib';
import { bucketDigest, isObject, sha256Hex, token, type Json, type JsonObject } from '../canonical.js';
import { beijingDate, beijingMs, instant, isDate } from '../beijing.js';
import { FIELD_RULES, fault } from './fields.js';
import type { Ledger } from './ledger.js';
import { fail, fieldFail, isEntity, ok, type Entity, type Outcome, type Row } from './model.js';
import { rowView } from './reads.js';

/** F2: the default day fields in the order of the entity list. */
const DAY_FIELDS: Record<Entity, string> = {
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

interface Scope {
  from: string | null;
  to: string | null;
  areaCode: string | null;
  teamBizNo: string | null;
}
interface SnapshotRow {
  bizNo: string;
  hash: string;
  version: number;
  contentHash: string;
  status: string;
  view: JsonObject;
}
interface Snapshot {
  id: string;
  at: number;
  entity: Entity;
  scope: Scope;
  rows: SnapshotRow[];
  foreignCount: number;
}
interface Export {
  id: string;
  at: number;
  count: number;
  bytes: Buffer;
  cursor: string;
}
interface Counts {
  count: number;
  minutes: number;
  voided: number;
  foreign: number;
}

function dayOf(row: Row, field: string): string {
  const value = row.data[field];
  if (typeof value !== 'string') return '';
  return isDate(value) ? value : beijingDate(instant(value));
}

function isOurs(row: Row): boolean {
  return row.bizNo !== null;
}

function entityOf(body: JsonObject): Entity | null {
  return typeof body.entity === 'string' && isEntity(body.entity) ? body.entity : null;
}

export class Recon {
  private readonly snapshots = new Map<string, Snapshot>();
  private readonly exported = new Map<string, Export>();

  constructor(private readonly ledger: Ledger) {}

  /** L0: groups = union of mine and national; Y when all three numbers agree (F1). */
  totals(body: Json | undefined): Outcome {
    if (!isObject(body)) return fieldFail([fault('', 'type')]);
    const allowed = ['entity', 'dayField', 'from', 'to', 'groupBy', 'mine'];
    const unknown = Object.keys(body).filter((key) => !allowed.includes(key));
    if (unknown.length > 0) return fieldFail(unknown.map((key) => fault(key, 'unknown')));
    const entity = entityOf(body);
    if (entity === null) return fieldFail([fault('entity', 'enum')]);
    const dayField = typeof body.dayField === 'string' ? body.dayField : DAY_FIELDS[entity];
    const groupBy = Array.isArray(body.groupBy) ? body.groupBy.map(String) : ['day'];
    const bad = [dayField, ...groupBy].find((name) => name !== 'day' && !Object.hasOwn(FIELD_RULES[entity], name));
    if (bad !== undefined) return fieldFail([fault('groupBy', 'enum')]);
    const groups = this.nationalGroups(entity, { dayField, groupBy, from: textOf(body.from), to: textOf(body.to) });
    const mine = mineGroups(body.mine, groupBy);
    if (mine === null) return fieldFail([fault('mine', 'type')]);
    const asOf = beijingMs(this.ledger.now());
    const out: JsonObject[] = [];
    for (const key of new Set([...groups.keys(), ...mine.keys()])) {
      const national = groups.get(key) ?? emptyCounts();
      const own = mine.get(key) ?? emptyCounts();
      const same = national.count === own.count && national.minutes === own.minutes && national.voided === own.voided;
      const { count, minutes, voided } = national;
      const values = JSON.parse(key) as string[];
      const named = Object.fromEntries(groupBy.map((name, index) => [name, values[index] ?? '']));
      out.push({
        key: named,
        match: same ? 'Y' : 'N',
        national: { count, minutes, voided },
        foreignCount: national.foreign,
        asOf,
      });
    }
    return ok({ asOf, groups: out });
  }

  private nationalGroups(
    entity: Entity,
    by: { dayField: string; groupBy: string[]; from: string | null; to: string | null },
  ): Map<string, Counts> {
    const groups = new Map<string, Counts>();
    for (const row of this.ledger.of(entity)) {
      const day = dayOf(row, by.dayField);
      if ((by.from !== null && day < by.from) || (by.to !== null && day > by.to)) continue;
      if (row.status !== 'ACTIVE' && row.status !== 'VOIDED') continue;
      const key = JSON.stringify(by.groupBy.map((name) => (name === 'day' ? day : String(row.data[name] ?? ''))));
      const counts = groups.get(key) ?? emptyCounts();
      groups.set(key, counts);
      if (!isOurs(row)) counts.foreign += 1;
      else if (row.status === 'VOIDED') counts.voided += 1;
      else {
        counts.count += 1;
        counts.minutes += Number(row.data.minutes ?? 0);
      }
    }
    return groups;
  }

  /** L1: always all 256 buckets of a prefix; drill-down under the snapshot (F3, F4). */
  digest(body: Json | undefined): Outcome {
    if (!isObject(body)) return fieldFail([fault('', 'type')]);
    const prefix = typeof body.prefix === 'string' ? body.prefix : '';
    if (!/^([0-9a-f]{2})*$/.test(prefix)) return fieldFail([fault('prefix', 'format')]);
    const snapshot = this.snapshotFor(body);
    if ('code' in snapshot) return snapshot;
    const byBucket = new Map<string, SnapshotRow[]>();
    for (const row of snapshot.rows) {
      if (!row.hash.startsWith(prefix)) continue;
      const bucket = row.hash.slice(prefix.length, prefix.length + 2);
      const list = byBucket.get(bucket);
      if (list === undefined) byBucket.set(bucket, [row]);
      else list.push(row);
    }
    const buckets = Array.from({ length: 256 }, (_, index) => {
      const b = index.toString(16).padStart(2, '0');
      const rows = byBucket.get(b) ?? [];
      return { b, count: rows.length, digest: bucketDigest(rows) };
    });
    const asOf = beijingMs(snapshot.at);
    return ok({ snapshotId: snapshot.id, asOf, prefix, buckets, foreignCount: snapshot.foreignCount });
  }

  private snapshotFor(body: JsonObject): Snapshot | Outcome {
    if (typeof body.snapshotId === 'string') {
      return this.snapshots.get(body.snapshotId) ?? fail('3101', '快照已失效');
    }
    const entity = entityOf(body);
    if (entity === null) return fieldFail([fault('entity', 'enum')]);
    const given = isObject(body.scope) ? body.scope : {};
    const scope: Scope = {
      from: textOf(given.from),
      to: textOf(given.to),
      areaCode: textOf(given.areaCode),
      teamBizNo: textOf(given.teamBizNo),
    };
    const areaField = entity === 'volunteers' ? 'serviceAreaCode' : 'areaCode';
    // F5: 2201 for entities without an area field; teamBizNo likewise.
    if (scope.areaCode !== null && !Object.hasOwn(FIELD_RULES[entity], areaField))
      return fieldFail([fault('scope.areaCode', 'field')]);
    if (scope.teamBizNo !== null && !Object.hasOwn(FIELD_RULES[entity], 'teamBizNo'))
      return fieldFail([fault('scope.teamBizNo', 'field')]);
    return this.takeSnapshot(entity, scope, areaField);
  }

  private takeSnapshot(entity: Entity, scope: Scope, areaField: string): Snapshot {
    const area = scope.areaCode === null ? null : scope.areaCode.replace(/(00)+$/, '');
    const inScope = this.ledger.of(entity).filter((row) => {
      const day = dayOf(row, DAY_FIELDS[entity]);
      if ((scope.from !== null && day < scope.from) || (scope.to !== null && day > scope.to)) return false;
      if (area !== null && !String(row.data[areaField]).startsWith(area)) return false;
      return scope.teamBizNo === null || row.data.teamBizNo === scope.teamBizNo;
    });
    const rows = inScope
      .filter((row) => isOurs(row) && (row.status === 'ACTIVE' || row.status === 'VOIDED'))
      .map((row) => {
        const { version, contentHash, status } = row;
        const bizNo = row.bizNo ?? '';
        return { bizNo, hash: sha256Hex(bizNo), version, contentHash, status, view: rowView(row, row) };
      })
      .sort((a, b) => (a.hash < b.hash ? -1 : 1));
    const foreignCount = inScope.filter((row) => !isOurs(row) && row.status === 'ACTIVE').length;
    const snapshot: Snapshot = { id: token('s-', 8), at: this.ledger.now(), entity, scope, rows, foreignCount };
    this.snapshots.set(snapshot.id, snapshot);
    const oldest = this.snapshots.keys().next().value;
    if (this.snapshots.size > 64 && oldest !== undefined) this.snapshots.delete(oldest);
    return snapshot;
  }

  /** L2: rows of the prefixes under the snapshot, sorted by SHA-256(bizNo) (F6). */
  detail(body: Json | undefined): Outcome {
    if (!isObject(body) || !Array.isArray(body.prefixes)) return fieldFail([fault('prefixes', 'type')]);
    const snapshot = typeof body.snapshotId === 'string' ? this.snapshots.get(body.snapshotId) : undefined;
    if (snapshot === undefined) return fail('3101', '快照已失效');
    const page = typeof body.page === 'number' ? body.page : 1;
    const size = typeof body.size === 'number' ? body.size : 100;
    if (!Number.isInteger(page) || page < 1) return fieldFail([fault('page', 'range')]);
    if (!Number.isInteger(size) || size < 1 || size > 500) return fieldFail([fault('size', 'range')]);
    const prefixes = body.prefixes.map(String);
    const rows = snapshot.rows.filter((row) => prefixes.some((prefix) => row.hash.startsWith(prefix)));
    const slice = rows.slice((page - 1) * size, page * size).map((row) => row.view);
    const asOf = beijingMs(snapshot.at);
    return ok({ snapshotId: snapshot.id, asOf, page, size, total: rows.length, rows: slice });
  }

  /** F8: one jsonl.gz of every row, foreign rows included, with the feed position it belongs to. */
  startExport(body: Json | undefined): Outcome {
    if (!isObject(body)) return fieldFail([fault('', 'type')]);
    const named = Array.isArray(body.entities) ? body.entities.map(String) : [String(body.entity)];
    const entities = named.filter(isEntity);
    if (entities.length === 0 || entities.length !== named.length) return fieldFail([fault('entity', 'enum')]);
    const lines = entities.flatMap((entity) =>
      this.ledger
        .of(entity)
        .map((row) => JSON.stringify({ entity, ...rowView(row, row), data: this.ledger.sealed(entity, row.data) })),
    );
    const id = token('x-', 8);
    const cursor = Buffer.from(`seq:${this.ledger.events.length}`).toString('base64');
    const bytes = gzipSync(Buffer.from(lines.map((line) => `${line}\n`).join('')));
    this.exported.set(id, { id, at: this.ledger.now(), count: lines.length, bytes, cursor });
    const pollAfterMs = this.ledger.settings.pollAfterMs;
    return { code: '0100', message: '已受理', data: { exportId: id, status: 'ACCEPTED', pollAfterMs } };
  }

  exportState(id: string, origin: string): Outcome {
    const found = this.exported.get(id);
    if (found === undefined) return fail('3001', '导出不存在');
    return ok({
      exportId: id,
      status: 'READY',
      asOf: beijingMs(found.at),
      count: found.count,
      size: found.bytes.length,
      sha256: sha256Hex(found.bytes),
      cursor: found.cursor,
      fileUrl: `${origin}/gw/v1/exports/${id}/file`,
    });
  }

  exportFile(id: string): Buffer | null {
    return this.exported.get(id)?.bytes ?? null;
  }
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function emptyCounts(): Counts {
  return { count: 0, minutes: 0, voided: 0, foreign: 0 };
}

function mineGroups(mine: Json | undefined, groupBy: string[]): Map<string, Counts> | null {
  const groups = new Map<string, Counts>();
  if (mine === undefined || mine === null) return groups;
  if (!Array.isArray(mine)) return null;
  for (const entry of mine) {
    if (!isObject(entry) || !isObject(entry.key)) return null;
    const key = entry.key;
    const counts = emptyCounts();
    counts.count = Number(entry.count ?? 0);
    counts.minutes = Number(entry.minutes ?? 0);
    counts.voided = Number(entry.voided ?? 0);
    groups.set(JSON.stringify(groupBy.map((name) => String(key[name] ?? ''))), counts);
  }
  return groups;
}
