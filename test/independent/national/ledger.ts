/** Rows, their history (read lag, E5), indexes, the change feed (§1.9, E6–E8) and the due-list of later events. */
import { nationalContentHash, type JsonObject } from '../canonical.js';
import { beijingMs, instant } from '../beijing.js';
import { Callbacks } from './callbacks.js';
import { FIELD_RULES } from './fields.js';
import type { Entity, FeedEvent, NationalSettings, Origin, Row, RowState } from './model.js';
import { encryptField } from './wire.js';

const ID_PREFIX: Record<Entity, string> = {
  stations: 'ST',
  teams: 'TM',
  volunteers: 'VO',
  memberships: 'MB',
  projects: 'PJ',
  activities: 'AC',
  'service-records': 'SR',
  evaluations: 'EV',
  trainings: 'TR',
  commendations: 'CM',
  'certificate-requests': 'CR',
};

export class Ledger {
  readonly events: FeedEvent[] = [];
  readonly callbacks: Callbacks;
  private readonly byEntity = new Map<Entity, Row[]>();
  private readonly byNumber = new Map<string, Row>();
  private readonly byNationalId = new Map<string, Row>();
  private readonly naturalKeys = new Map<string, Set<Row>>();
  private readonly byPerson = new Map<string, Set<Row>>();
  private readonly memberships = new Map<string, Set<Row>>();
  private due: { at: number; run: (at: number) => void }[] = [];
  private counter = 0;

  constructor(readonly settings: NationalSettings) {
    this.callbacks = new Callbacks(settings);
  }

  now(): number {
    return Date.now();
  }

  /** Later events (reviews, receipts, issues) happen at their due time, in order, before anything else is looked at. */
  later(at: number, run: (at: number) => void): void {
    this.due.push({ at, run });
  }

  settle(now = this.now()): void {
    for (;;) {
      const ready = this.due.filter((entry) => entry.at <= now).sort((a, b) => a.at - b.at);
      if (ready.length === 0) return;
      this.due = this.due.filter((entry) => entry.at > now);
      for (const entry of ready) entry.run(entry.at);
    }
  }

  of(entity: Entity): Row[] {
    return this.byEntity.get(entity) ?? [];
  }

  own(entity: Entity, bizNo: string): Row | undefined {
    return this.byNumber.get(`${entity}|${bizNo}`);
  }

  byId(nationalId: string): Row | undefined {
    return this.byNationalId.get(nationalId);
  }

  /** B11: references by bizNo to a merged row follow the merge silently. */
  follow(row: Row): Row {
    let current = row;
    while (current.status === 'MERGED' && current.mergedTo !== null) {
      const next = this.byNationalId.get(current.mergedTo);
      if (next === undefined) return current;
      current = next;
    }
    return current;
  }

  referred(entity: Entity, bizNo: string): Row | undefined {
    const row = this.own(entity, bizNo);
    return row === undefined ? undefined : this.follow(row);
  }

  create(entity: Entity, bizNo: string | null, at: number, origin: Origin): Row {
    this.counter += 1;
    const serial = String(this.counter).padStart(12, '0');
    const row: Row = {
      entity,
      nationalId: `${ID_PREFIX[entity]}5300${serial}`,
      bizNo,
      version: 0,
      data: {},
      contentHash: '',
      status: 'ACTIVE',
      auditStatus: 'PASSED',
      mergedTo: null,
      updatedAt: at,
      origin,
      createdAt: at,
      naturalKey: null,
      person: null,
      history: [],
    };
    if (entity === 'volunteers') row.volunteerNo = `V53${serial}`;
    const rows = this.byEntity.get(entity);
    if (rows === undefined) this.byEntity.set(entity, [row]);
    else rows.push(row);
    this.byNationalId.set(row.nationalId, row);
    if (bizNo !== null) this.byNumber.set(`${entity}|${bizNo}`, row);
    return row;
  }

  /** B10, B11: the number names this row from now on. */
  bind(row: Row, bizNo: string): void {
    row.bizNo = bizNo;
    this.byNumber.set(`${row.entity}|${bizNo}`, row);
  }

  /** Writes a new state, keeps the old one for lagging reads and puts the event into the feed. */
  commit(row: Row, change: Partial<RowState>, event: { type: string; origin: Origin; at: number }): void {
    Object.assign(row, change, { updatedAt: event.at });
    if (change.data !== undefined) row.contentHash = nationalContentHash(row.data);
    this.index(row);
    row.history.push({ at: event.at, state: stateOf(row) });
    this.emit(row, event);
  }

  emit(row: Row, event: { type: string; origin: Origin; at: number; extra?: JsonObject }): void {
    const seq = this.events.length + 1;
    const body: JsonObject = {
      seq,
      eventId: `e-${seq}-${row.nationalId}`,
      type: event.type,
      entity: row.entity,
      nationalId: row.nationalId,
      bizNo: row.bizNo,
      version: row.version,
      contentHash: row.contentHash,
      origin: event.origin,
      occurredAt: beijingMs(event.at),
      snapshot: this.snapshot(row),
      ...event.extra,
    };
    if (event.type === 'AUDIT_RESULT') body.auditStatus = row.auditStatus;
    if (event.type === 'REALNAME_RESULT') body.realNameStatus = row.realNameStatus;
    if (event.type.startsWith('CERT_') && row.certificate?.certNo !== undefined) body.certNo = row.certificate.certNo;
    if (row.mergedTo !== null && event.type === 'MERGED') body.toNationalId = row.mergedTo;
    this.events.push({ seq, at: event.at, body });
    this.callBack(row, event);
  }

  /** G6: CERT_STATUS for certificates, AUDIT_RESULT for audits and real names. */
  private callBack(row: Row, event: { type: string; at: number }): void {
    const { bizNo, nationalId, entity } = row;
    if (event.type.startsWith('CERT_')) {
      const status = row.certificate?.status;
      this.callbacks.notify({ type: 'CERT_STATUS', bizNo, status, certNo: row.certificate?.certNo }, event.at);
    } else if (event.type === 'AUDIT_RESULT' || event.type === 'REALNAME_RESULT') {
      const status = event.type === 'AUDIT_RESULT' ? row.auditStatus : row.realNameStatus;
      this.callbacks.notify({ type: 'AUDIT_RESULT', entity, bizNo, nationalId, status }, event.at);
    }
  }

  /** E7: status, auditStatus and data, encrypted fields encrypted (F9: under the same field key). */
  snapshot(row: Row): JsonObject {
    const out: JsonObject = {
      status: row.status,
      auditStatus: row.auditStatus,
      data: this.sealed(row.entity, row.data),
    };
    if (row.entity === 'volunteers') {
      out.realNameStatus = row.realNameStatus;
      out.volunteerNo = row.volunteerNo;
    }
    return out;
  }

  sealed(entity: Entity, data: JsonObject): JsonObject {
    const out: JsonObject = { ...data };
    for (const [key, rule] of Object.entries(FIELD_RULES[entity])) {
      const value = out[key];
      if (rule.encrypted === true && typeof value === 'string') {
        out[key] = encryptField(this.settings.fieldKey, value);
      }
    }
    return out;
  }

  /** Every row of the person with this national id (merges followed). */
  recordsOf(person: string): Row[] {
    return [...(this.byPerson.get(person) ?? [])];
  }

  membershipsOf(person: string): Row[] {
    return [...(this.memberships.get(person) ?? [])];
  }

  holders(naturalKey: string): Row[] {
    return [...(this.naturalKeys.get(naturalKey) ?? [])];
  }

  movePerson(from: string, to: string): void {
    for (const map of [this.byPerson, this.memberships]) {
      for (const row of [...(map.get(from) ?? [])]) {
        map.get(from)?.delete(row);
        row.person = to;
        setOf(map, to).add(row);
      }
    }
  }

  private index(row: Row): void {
    if (row.naturalKey !== null) this.naturalKeys.get(row.naturalKey)?.delete(row);
    row.naturalKey = naturalKeyOf(this, row.entity, row.data);
    // B8: only ACTIVE rows hold a natural key.
    if (row.naturalKey !== null && row.status === 'ACTIVE') setOf(this.naturalKeys, row.naturalKey).add(row);
    if (row.entity !== 'service-records' && row.entity !== 'memberships') return;
    const map = row.entity === 'memberships' ? this.memberships : this.byPerson;
    if (row.person !== null) map.get(row.person)?.delete(row);
    row.person = personOf(this, row.data);
    if (row.person !== null) setOf(map, row.person).add(row);
  }
}

function setOf(map: Map<string, Set<Row>>, key: string): Set<Row> {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = new Set<Row>();
  map.set(key, made);
  return made;
}

export function stateOf(row: Row): RowState {
  const state: RowState = {
    bizNo: row.bizNo,
    version: row.version,
    data: row.data,
    contentHash: row.contentHash,
    status: row.status,
    auditStatus: row.auditStatus,
    mergedTo: row.mergedTo,
    updatedAt: row.updatedAt,
  };
  if (row.realNameStatus !== undefined) state.realNameStatus = row.realNameStatus;
  return state;
}

/** National id of the person that a record's data names, merges followed. */
export function personOf(ledger: Ledger, data: JsonObject): string | null {
  if (typeof data.volunteerBizNo === 'string') {
    return ledger.referred('volunteers', data.volunteerBizNo)?.nationalId ?? null;
  }
  if (typeof data.volunteerNationalId !== 'string') return null;
  const row = ledger.byId(data.volunteerNationalId);
  return row === undefined ? null : ledger.follow(row).nationalId;
}

function referredId(ledger: Ledger, entity: Entity, bizNo: unknown): string {
  return typeof bizNo === 'string' ? (ledger.referred(entity, bizNo)?.nationalId ?? '') : '';
}

/** §1.7 natural keys; entities that have none give null (B8). Date-times compare as instants (C13). */
export function naturalKeyOf(ledger: Ledger, entity: Entity, data: JsonObject): string | null {
  const name = typeof data.name === 'string' ? data.name.normalize('NFC') : '';
  const at = typeof data.startAt === 'string' ? instant(data.startAt) : 0;
  const join = (...parts: unknown[]): string => JSON.stringify([entity, ...parts]);
  switch (entity) {
    case 'stations':
      return join(data.areaCode, name);
    case 'teams':
      return join(referredId(ledger, 'stations', data.stationBizNo), name);
    case 'volunteers':
      return join(data.idType, data.idNo);
    case 'projects':
      return join(referredId(ledger, 'teams', data.teamBizNo), name, data.startOn);
    case 'activities':
      return join(referredId(ledger, 'projects', data.projectBizNo), name, at);
    case 'service-records':
      return join(personOf(ledger, data), referredId(ledger, 'activities', data.activityBizNo), at);
    case 'certificate-requests':
      return join(personOf(ledger, data), data.periodFrom, data.periodTo, data.recordsHash);
    default:
      return null;
  }
}
