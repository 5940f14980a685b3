// The truth ledger: every national row with the indexes that the rules need. put() is the only way to change a row.
import { ENTITIES, type Entity, type RowState } from './model.js';
import { AREA_FIELDS, encryptedFields, REFERENCES } from './entity-fields.js';
import type { FieldCipher } from './field-cipher.js';
import { PersonLoad } from './person-load.js';
import { naturalKeyOf } from './natural-key.js';

export interface Row {
  state: RowState;
  liveChildren: number;
  /** The last few earlier states, for reads that lag (§2.2 B3). */
  past: RowState[];
  naturalKey: string | null;
  load: PersonLoad | null;
  /** hex SHA-256(bizNo), computed when a digest first asks. */
  bizHash: string | null;
}

const KEPT_PAST_STATES = 8;

export const isOurs = (state: RowState): boolean => state.bizNo !== null;

export class Ledger {
  private byId = new Map<string, Row>();
  private byBizNo = new Map<string, Row>();
  /** Further rows under a number that already has one: the silent second row of F18. */
  private extraRows = new Map<string, Row[]>();
  private byNaturalKey = new Map<string, Set<Row> | Row>();
  private ofEntity = new Map<Entity, Set<Row>>();
  /** Record national id → certificate rows in force that cover it (§1.16 B17). */
  private covers = new Map<string, Set<Row>>();
  private rebuildDeferred = false;
  private rebuildNeeded = false;

  constructor(readonly cipher: FieldCipher) {
    this.clear();
  }

  clear(): void {
    this.byId.clear();
    this.byBizNo.clear();
    this.extraRows.clear();
    this.byNaturalKey.clear();
    this.covers.clear();
    for (const entity of ENTITIES) this.ofEntity.set(entity, new Set());
  }

  get(nationalId: string): Row | undefined {
    return this.byId.get(nationalId);
  }

  byBiz(entity: Entity, bizNo: string): Row | undefined {
    return this.byBizNo.get(`${entity}/${bizNo}`);
  }

  /** All rows under a number; more than one only after F18. */
  allByBiz(entity: Entity, bizNo: string): Row[] {
    const key = `${entity}/${bizNo}`;
    const first = this.byBizNo.get(key);
    return first === undefined ? [] : [first, ...(this.extraRows.get(key) ?? [])];
  }

  rows(entity: Entity): ReadonlySet<Row> {
    return this.ofEntity.get(entity) as Set<Row>;
  }

  holders(naturalKey: string): Row[] {
    const held = this.byNaturalKey.get(naturalKey);
    if (held === undefined) return [];
    return held instanceof Set ? [...held] : [held];
  }

  coveringCertificate(recordId: string): Row | undefined {
    return this.covers.get(recordId)?.values().next().value;
  }

  duplicates(entity: Entity): string[] {
    const prefix = `${entity}/`;
    return [...this.extraRows.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  }

  /** References by bizNo follow a merge silently (§1.16 B11). */
  survivor(row: Row): Row {
    let at = row;
    for (let hops = 0; at.state.status === 'MERGED' && at.state.mergedTo !== undefined && hops < 64; hops += 1) {
      at = this.byId.get(at.state.mergedTo) ?? at;
    }
    return at;
  }

  resolve(entity: Entity, bizNo: unknown): Row | undefined {
    const row = typeof bizNo === 'string' ? this.byBiz(entity, bizNo) : undefined;
    return row === undefined ? undefined : this.survivor(row);
  }

  /** The volunteer a row speaks of, by bizNo or by national id. */
  volunteerOf(data: RowState['data']): Row | undefined {
    if (typeof data.volunteerNationalId === 'string') {
      const row = this.byId.get(data.volunteerNationalId);
      return row === undefined ? undefined : this.survivor(row);
    }
    return this.resolve('volunteers', data.volunteerBizNo);
  }

  loadOf(volunteer: Row): PersonLoad {
    return (volunteer.load ??= new PersonLoad());
  }

  put(state: RowState): Row {
    const row = this.byId.get(state.nationalId);
    if (row === undefined) return this.insert(state);
    this.unindex(row);
    row.past = [...row.past.slice(1 - KEPT_PAST_STATES), row.state];
    const before = row.state;
    row.state = state;
    if (before.bizNo !== state.bizNo) this.renumber(row, before.bizNo);
    this.index(row);
    // A merge moves whole families of references, so the indexes are made anew; merges are rare.
    if ((before.status === 'MERGED') !== (state.status === 'MERGED')) this.rebuild();
    return row;
  }

  /** Drops a row as if it had never been (rollback, §1.16 E3). */
  remove(nationalId: string): void {
    const row = this.byId.get(nationalId);
    if (row === undefined) return;
    this.unindex(row);
    this.byId.delete(nationalId);
    this.ofEntity.get(row.state.entity)?.delete(row);
    if (row.state.bizNo !== null) this.forgetNumber(row, row.state.bizNo);
  }

  /** Every row under another national id (F63); rows stay the same objects, so that waiting reviews find them. */
  remint(next: (state: RowState) => RowState): void {
    const rows = [...this.byId.values()];
    this.byId.clear();
    for (const row of rows) {
      row.state = next(row.state);
      row.past = row.past.map(next);
      this.byId.set(row.state.nationalId, row);
    }
    this.rebuild();
  }

  /** Numbers and ids of rows that share one natural key though only one may live (§1.16 B8). */
  crowdedKeys(entity: Entity, limit: number): { bizNo: string | null; nationalId: string }[][] {
    const found: { bizNo: string | null; nationalId: string }[][] = [];
    for (const [key, held] of this.byNaturalKey) {
      if (found.length >= limit) break;
      if (!(held instanceof Set) || held.size < 2 || !key.startsWith(`${entity}\n`)) continue;
      found.push([...held].map(({ state: { bizNo, nationalId } }) => ({ bizNo, nationalId })));
    }
    return found;
  }

  /** During replay of the journal the indexes are rebuilt once, at the end. */
  deferRebuild(deferred: boolean): void {
    this.rebuildDeferred = deferred;
    if (!deferred && this.rebuildNeeded) this.rebuild();
  }

  private insert(state: RowState): Row {
    const row: Row = { state, liveChildren: 0, past: [], naturalKey: null, load: null, bizHash: null };
    this.byId.set(state.nationalId, row);
    this.ofEntity.get(state.entity)?.add(row);
    if (state.bizNo !== null) this.takeNumber(row, state.bizNo);
    this.index(row);
    return row;
  }

  private takeNumber(row: Row, bizNo: string): void {
    const key = `${row.state.entity}/${bizNo}`;
    const holder = this.byBizNo.get(key);
    if (holder === undefined || holder === row) this.byBizNo.set(key, row);
    else this.extraRows.set(key, [...(this.extraRows.get(key) ?? []), row]);
  }

  private forgetNumber(row: Row, bizNo: string): void {
    const key = `${row.state.entity}/${bizNo}`;
    const extras = (this.extraRows.get(key) ?? []).filter((extra) => extra !== row);
    if (this.byBizNo.get(key) === row) {
      const heir = extras.shift();
      if (heir === undefined) this.byBizNo.delete(key);
      else this.byBizNo.set(key, heir);
    }
    if (extras.length === 0) this.extraRows.delete(key);
    else this.extraRows.set(key, extras);
  }

  private renumber(row: Row, before: string | null): void {
    row.bizHash = null;
    if (before !== null) this.forgetNumber(row, before);
    if (row.state.bizNo !== null) this.takeNumber(row, row.state.bizNo);
  }

  private rebuild(): void {
    this.rebuildNeeded = this.rebuildDeferred;
    if (this.rebuildDeferred) return;
    this.byNaturalKey.clear();
    this.covers.clear();
    for (const row of this.byId.values()) Object.assign(row, { liveChildren: 0, load: null, naturalKey: null });
    for (const row of this.byId.values()) this.index(row);
  }

  private index(row: Row): void {
    if (row.state.status !== 'ACTIVE') return;
    this.eachParent(row.state, (parent) => (parent.liveChildren += 1));
    row.naturalKey = naturalKeyOf(this, row.state.entity, plainForKey(row.state, this.cipher));
    if (row.naturalKey !== null) this.holdKey(row, row.naturalKey);
    this.indexOnPerson(row, 1);
    this.indexCertificate(row, true);
  }

  private unindex(row: Row): void {
    if (row.state.status !== 'ACTIVE') return;
    this.eachParent(row.state, (parent) => (parent.liveChildren = Math.max(0, parent.liveChildren - 1)));
    if (row.naturalKey !== null) this.releaseKey(row, row.naturalKey);
    row.naturalKey = null;
    this.indexOnPerson(row, -1);
    this.indexCertificate(row, false);
  }

  private eachParent(state: RowState, visit: (parent: Row) => void): void {
    for (const [field, entity] of REFERENCES[state.entity]) {
      const parent = this.resolve(entity, state.data[field]);
      if (parent !== undefined) visit(parent);
    }
    if (state.data.volunteerNationalId === undefined) return;
    const volunteer = this.volunteerOf(state.data);
    if (volunteer !== undefined) visit(volunteer);
  }

  private holdKey(row: Row, key: string): void {
    const held = this.byNaturalKey.get(key);
    if (held === undefined) this.byNaturalKey.set(key, row);
    else if (held instanceof Set) held.add(row);
    else if (held !== row) this.byNaturalKey.set(key, new Set([held, row]));
  }

  private releaseKey(row: Row, key: string): void {
    const held = this.byNaturalKey.get(key);
    if (held === row) this.byNaturalKey.delete(key);
    if (!(held instanceof Set)) return;
    held.delete(row);
    if (held.size === 0) this.byNaturalKey.delete(key);
  }

  private indexOnPerson(row: Row, step: 1 | -1): void {
    const { entity, data } = row.state;
    if (entity !== 'service-records' && entity !== 'memberships') return;
    const volunteer = this.volunteerOf(data);
    if (volunteer === undefined) return;
    const load = this.loadOf(volunteer);
    if (entity === 'memberships') {
      const project = this.resolve('projects', data.projectBizNo);
      if (project !== undefined) load.countMembership(project.state.nationalId, data.status, step);
      return;
    }
    const startMs = Date.parse(data.startAt as string);
    const endMs = Date.parse(data.endAt as string);
    if (step === 1) load.addRecord(row, startMs, endMs);
    else load.removeRecord(row, startMs, endMs);
  }

  private indexCertificate(row: Row, add: boolean): void {
    const certificate = row.state.certificate;
    if (certificate === undefined || !inForce(certificate.status)) return;
    for (const recordId of certificate.covers) {
      const rows = this.covers.get(recordId) ?? new Set<Row>();
      if (add) rows.add(row);
      else rows.delete(row);
      if (rows.size > 0) this.covers.set(recordId, rows);
      else this.covers.delete(recordId);
    }
  }
}

export const inForce = (status: string): boolean => status === 'ISSUED' || status === 'REISSUED';

/** Only the ID number of a volunteer is both encrypted and part of a natural key. */
function plainForKey(state: RowState, cipher: FieldCipher): RowState['data'] {
  if (state.entity !== 'volunteers' || typeof state.data.idNo !== 'string') return state.data;
  return { ...state.data, idNo: cipher.open(state.data.idNo) ?? '' };
}

export const areaOf = (state: RowState): string | undefined => {
  const field = AREA_FIELDS[state.entity];
  return field === undefined ? undefined : (state.data[field] as string | undefined);
};

/** Plain data of a row for the control port and for hashing; a value that does not decrypt stays as sent. */
export function plainData(state: RowState, cipher: FieldCipher): RowState['data'] {
  const plain: Record<string, RowState['data'][string]> = { ...state.data };
  for (const field of encryptedFields(state.entity)) {
    const value = plain[field];
    if (typeof value === 'string') plain[field] = cipher.open(value) ?? value;
  }
  return plain;
}
