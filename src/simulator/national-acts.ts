// What others do to rows on the national side (§2.2 B7–B10; §1.16 B8–B13, E7): edit, merge, reassign, delete, load.
import { contentHash } from './canonical-form.js';
import { commitRow } from './commit.js';
import { encryptedFields } from './entity-fields.js';
import { CIPHER_PREFIX } from './field-cipher.js';
import { plainData, type Row } from './ledger.js';
import { isEntity, type Entity, type Fields, type Json, type Origin, type RowState } from './model.js';
import { isReviewed, type Nation } from './nation.js';
import { mintNationalId, mintVolunteerNo } from './write.js';

/** A row is named by nationalId, or by entity and bizNo. */
export interface Named {
  nationalId?: string;
  entity?: string;
  bizNo?: string;
}

/** Refused by the control port; `field` names what to change in the request. */
export class ActRefused extends Error {
  constructor(
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}

export function findRow(nation: Nation, named: Named): Row {
  const { nationalId, entity, bizNo } = named;
  const byBiz = isEntity(entity) && bizNo !== undefined ? nation.ledger.byBiz(entity, bizNo) : undefined;
  const row = nationalId === undefined ? byBiz : nation.ledger.get(nationalId);
  if (row === undefined) throw new ActRefused(`no row ${nationalId ?? `${entity}/${bizNo}`}`);
  return row;
}

/** Plain values of encrypted fields are sealed, so that no personal value enters ledger or journal in the clear. */
function sealed(nation: Nation, entity: Entity, fields: Fields): Fields {
  const out: Record<string, Json> = { ...fields };
  for (const name of encryptedFields(entity)) {
    const value = out[name];
    if (typeof value === 'string' && !value.startsWith(CIPHER_PREFIX)) out[name] = nation.cipher.seal(value);
  }
  return out;
}

function withData(nation: Nation, state: RowState, data: Fields): RowState {
  const next = { ...state, data };
  return { ...next, contentHash: contentHash(plainData(next, nation.cipher)) };
}

export interface Edit extends Named {
  set?: Fields;
  unset?: string[];
  origin?: Origin;
}

/** A national edit changes contentHash and updatedAt, never the version (§1.16 B12). */
export function editRow(nation: Nation, edit: Edit): RowState {
  const { state } = findRow(nation, edit);
  const merged: Record<string, Json> = { ...state.data, ...sealed(nation, state.entity, edit.set ?? {}) };
  for (const name of edit.unset ?? []) delete merged[name];
  const next = { ...withData(nation, state, merged), updatedAtMs: nation.clock.commitAt() };
  return commitRow(nation, { state: next, type: 'UPSERTED', origin: edit.origin ?? 'portal' }).state;
}

export function mergeRows(nation: Nation, from: Named, to: Named): RowState {
  const loser = findRow(nation, from);
  const winner = findRow(nation, to);
  const fits = loser !== winner && loser.state.entity === winner.state.entity && winner.state.status === 'ACTIVE';
  if (!fits) throw new ActRefused('merge needs two rows of one entity and an ACTIVE survivor');
  const mergedTo = winner.state.nationalId;
  const state: RowState = { ...loser.state, status: 'MERGED', mergedTo, updatedAtMs: nation.clock.commitAt() };
  return commitRow(nation, { state, type: 'MERGED', origin: 'admin', toNationalId: mergedTo }).state;
}

/** A wrong merge undone: the row stands again, the number stays where it went. */
export function splitRow(nation: Nation, named: Named): RowState {
  const { state } = findRow(nation, named);
  if (state.status !== 'MERGED') throw new ActRefused('only a merged row can be split off');
  const { mergedTo, ...rest } = state;
  const next: RowState = { ...rest, status: 'ACTIVE', updatedAtMs: nation.clock.commitAt() };
  return commitRow(nation, { state: next, type: 'SPLIT', origin: 'admin', toNationalId: mergedTo }).state;
}

/** The national id changes (area transfer). The old id stays as a merged row, so references by it are 2012. */
export function reassignRow(nation: Nation, named: Named, toNationalId?: string): RowState {
  const { state } = findRow(nation, named);
  if (state.status !== 'ACTIVE') throw new ActRefused('only an ACTIVE row can be reassigned');
  const nationalId = toNationalId ?? mintNationalId(nation, state.entity, state.data);
  if (nation.ledger.get(nationalId) !== undefined) throw new ActRefused(`${nationalId} is taken`);
  const updatedAtMs = nation.clock.commitAt();
  const moved = { ...state, nationalId, updatedAtMs };
  const told = {
    type: 'REASSIGNED' as const,
    origin: 'admin' as const,
    formerId: state.nationalId,
    toNationalId: nationalId,
  };
  const row = commitRow(nation, { state: moved, ...told });
  // The new row stands first, so that children find it when the merge of the old one renews the indexes.
  const former: RowState = { ...state, bizNo: null, status: 'MERGED', mergedTo: nationalId, updatedAtMs };
  commitRow(nation, { state: former, type: null, origin: 'admin' });
  return row.state;
}

export function deleteRow(nation: Nation, named: Named): RowState {
  const { state } = findRow(nation, named);
  const next: RowState = { ...state, status: 'DELETED', updatedAtMs: nation.clock.commitAt() };
  return commitRow(nation, { state: next, type: 'DELETED', origin: 'admin' }).state;
}

export function undeleteRow(nation: Nation, named: Named): RowState {
  const { state } = findRow(nation, named);
  if (state.status !== 'DELETED') throw new ActRefused('only a deleted row can come back');
  const next: RowState = { ...state, status: 'ACTIVE', updatedAtMs: nation.clock.commitAt() };
  return commitRow(nation, { state: next, type: 'RESTORED', origin: 'admin' }).state;
}

/** A rollback: the row was never there (§1.16 E3). */
export function purgeRow(nation: Nation, named: Named): void {
  const { nationalId } = findRow(nation, named).state;
  nation.journal.append({ k: 'gone', nationalId });
  nation.ledger.remove(nationalId);
}

export interface LoadLine extends Partial<Omit<RowState, 'entity' | 'data'>> {
  entity: Entity;
  data?: Fields;
  item?: { bizNo?: string; version?: number; data: Fields };
}

const personFacts = (nation: Nation, given: Partial<RowState>): Partial<RowState> => ({
  volunteerNo: given.volunteerNo ?? mintVolunteerNo(nation),
  realNameStatus: given.realNameStatus ?? 'PASSED',
});

/** Straight into the ledger, no rules asked; without a bizNo it is a foreign row. */
export function loadRow(nation: Nation, line: LoadLine): RowState {
  const { entity, item, ...given } = line;
  const data = item?.data ?? given.data;
  if (!isEntity(entity) || data === undefined) throw new ActRefused('a line needs entity and data, or entity and item');
  const bizNo = item?.bizNo ?? given.bizNo ?? null;
  const nowMs = nation.clock.commitAt();
  const state: RowState = {
    nationalId: given.nationalId ?? mintNationalId(nation, entity, data),
    version: item?.version ?? given.version ?? (bizNo === null ? 0 : 1),
    status: given.status ?? 'ACTIVE',
    auditStatus: given.auditStatus ?? 'PASSED',
    origin: given.origin ?? (bizNo === null ? 'portal' : 'self'),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    ...(entity === 'volunteers' ? personFacts(nation, given) : {}),
    ...(given.certificate === undefined ? {} : { certificate: given.certificate }),
    entity,
    bizNo,
    contentHash: '',
    data: {},
  };
  if (nation.ledger.get(state.nationalId) !== undefined) throw new ActRefused(`${state.nationalId} is taken`);
  const full = withData(nation, state, sealed(nation, entity, data));
  return commitRow(nation, { state: full, type: 'UPSERTED', origin: full.origin }).state;
}

export interface Ruling extends Named {
  result: 'PASSED' | 'FAILED' | 'REVOKED' | 'REISSUED' | 'REVIEWING';
  reason?: string;
}

/** Back to waiting, for tests of rows that were passed once. */
export function reopenReview(nation: Nation, row: Row): RowState {
  const { state } = row;
  const reviewing =
    state.entity === 'volunteers' ? { realNameStatus: 'REVIEWING' as const } : { auditStatus: 'REVIEWING' as const };
  if (state.entity !== 'volunteers' && !isReviewed(state.entity)) throw new ActRefused(`${state.entity} has no review`);
  const next: RowState = { ...state, ...reviewing, reviewDueMs: null, updatedAtMs: nation.clock.commitAt() };
  const type = state.entity === 'volunteers' ? ('REALNAME_RESULT' as const) : ('AUDIT_RESULT' as const);
  return commitRow(nation, { state: next, type, origin: 'admin' }).state;
}
