// Catalogue entries that are acts of others on rows, on the feed's news of them, and on callbacks (F45–F60 without F49).
import { choice, number, one, text, type Applied, type CatalogueEntry, type Params } from './catalogue-entry.js';
import { FORGERIES } from './callback-wire.js';
import type { FaultInput } from './faults.js';
import type { Fields, RowState } from './model.js';
import {
  ActRefused,
  deleteRow,
  editRow,
  findRow,
  loadRow,
  mergeRows,
  reassignRow,
  splitRow,
  undeleteRow,
} from './national-acts.js';
import type { Nation } from './nation.js';
import { ownRows, pickRow } from './row-picking.js';
import { rule } from './rulings.js';
import { patched } from './state-patch.js';

const ROW = { entity: 'entity of the row', bizNo: 'its number; default one of ours drawn by the seed' };

const told = ({ entity, bizNo, nationalId, status, mergedTo }: RowState): object => ({
  entity,
  bizNo,
  nationalId,
  status,
  mergedTo,
});

const rows: Readonly<Record<string, CatalogueEntry>> = {
  F45: {
    title: 'two rows are merged: 2012 and a MERGED event',
    kind: 'state',
    params: { ...ROW, to: 'national id of the survivor; default a twin from another channel' },
    apply(nation, params) {
      const { state } = findRow(nation, pickRow(nation, params, 'volunteers'));
      const { entity, data, nationalId } = state;
      const survivor =
        params.to === undefined
          ? loadRow(nation, { entity, data, origin: 'portal' }).nationalId
          : text(params, 'to', '');
      const merged = mergeRows(nation, { nationalId }, { nationalId: survivor });
      return { result: told(merged), undo: () => void splitRow(nation, { nationalId }) };
    },
  },
  F46: {
    title: 'a wrong merge is undone: SPLIT',
    kind: 'state',
    params: { nationalId: 'of the merged row; default the last one merged' },
    apply(nation, params) {
      const merged = [...nation.ledger.rows('volunteers')].filter(({ state }) => state.status === 'MERGED');
      const nationalId = text(params, 'nationalId', merged.at(-1)?.state.nationalId ?? '');
      return { result: told(splitRow(nation, { nationalId })) };
    },
  },
  F47: {
    title: 'the row is edited on the portal',
    kind: 'state',
    params: { ...ROW, set: 'fields; default one text field', origin: 'default portal' },
    apply(nation, params) {
      const named = pickRow(nation, params, 'service-records');
      const { data } = findRow(nation, named).state;
      const field = ['content', 'text', 'name'].find((name) => typeof data[name] === 'string') ?? 'name';
      const set = (params.set ?? { [field]: `${String(data[field])}（门户修改）` }) as Fields;
      return { result: told(editRow(nation, { ...named, set, origin: 'portal' })) };
    },
  },
  F48: {
    title: 'our row is deleted nationally',
    kind: 'state',
    params: ROW,
    apply(nation, params) {
      const row = deleteRow(nation, pickRow(nation, params, 'service-records'));
      return { result: told(row), undo: () => void undeleteRow(nation, { nationalId: row.nationalId }) };
    },
  },
  F55: {
    title: 'totals are equal, the detail differs: minutes swapped between two records',
    kind: 'state',
    params: { bizNo: 'first record', other: 'second; default two of one day and team drawn from ours' },
    apply: swapMinutes,
  },
  F60: {
    title: 'an area transfer gives the row another national id: REASSIGNED',
    kind: 'state',
    params: { ...ROW, toNationalId: 'default minted' },
    apply(nation, params) {
      const toNationalId = params.toNationalId === undefined ? undefined : text(params, 'toNationalId', '');
      return { result: told(reassignRow(nation, pickRow(nation, params, 'volunteers'), toNationalId)) };
    },
  },
};

function swapMinutes(nation: Nation, params: Params): Applied {
  const ours = ownRows(nation, 'service-records').map(({ state }) => state);
  const [first, second] =
    params.bizNo === undefined
      ? pairOf(ours)
      : [params.bizNo, params.other].map((bizNo) => ours.find((state) => state.bizNo === bizNo));
  if (first === undefined || second === undefined)
    throw new ActRefused('bizNo, other: needs two ACTIVE records of ours on one day and of one team', 'bizNo');
  const [a, b] = [Number(first.data.minutes), Number(second.data.minutes)];
  // Equal minutes have nothing to swap: one is moved from the first to the second.
  const [toFirst, toSecond] = a === b ? [a - 1, b + 1] : [b, a];
  editRow(nation, { nationalId: first.nationalId, set: { minutes: toFirst }, origin: 'admin' });
  editRow(nation, { nationalId: second.nationalId, set: { minutes: toSecond }, origin: 'admin' });
  return { result: { bizNo: first.bizNo, minutes: toFirst, other: second.bizNo, otherMinutes: toSecond } };
}

function pairOf(states: readonly RowState[]): (RowState | undefined)[] {
  for (const [i, state] of states.entries()) {
    const { serviceDate, teamBizNo } = state.data;
    const other = states
      .slice(i + 1)
      .find(({ data }) => data.serviceDate === serviceDate && data.teamBizNo === teamBizNo);
    if (other !== undefined) return [state, other];
  }
  return [];
}

const certificates: CatalogueEntry = {
  title: 'a certificate pends for days, is rejected, issued, revoked or issued again',
  kind: 'state',
  params: { step: 'hold (default), reject, issue, revoke or reissue', bizNo: 'of the request; default one of ours' },
  apply(nation, params) {
    const step = choice(params, 'step', ['hold', 'reject', 'issue', 'revoke', 'reissue']);
    if (step === 'hold') return { undo: patched(nation, { reviews: { 'certificate-requests': { auto: false } } }) };
    const result = ({ reject: 'FAILED', issue: 'PASSED', revoke: 'REVOKED', reissue: 'REISSUED' } as const)[step];
    const named = pickRow(nation, { bizNo: params.bizNo, entity: 'certificate-requests' }, 'certificate-requests');
    const { state } = findRow(nation, named);
    rule(nation, { ...named, entity: state.entity, result });
    const after = findRow(nation, named).state.certificate;
    return { result: { bizNo: state.bizNo, status: after?.status, certNo: after?.certNo } };
  },
};

const callbacks: CatalogueEntry = {
  title: 'callbacks forged, replayed, duplicated, out of order, dropped, or before our own POST has returned',
  kind: 'wire',
  params: {
    how: 'forged (default), replayed, duplicated, out-of-order, held, dropped or before-reply',
    forgery: `of forged: ${FORGERIES.join(', ')}; default signature`,
    instead: 'of forged: true = the genuine one does not come',
    copies: 'of replayed and duplicated, default 1',
    ms: 'of held: by the clock of the nation, default 60000',
    type: 'BATCH_DONE, CERT_STATUS or AUDIT_RESULT; default all',
  },
  script(params): FaultInput[] {
    const how = choice(params, 'how', [
      'forged',
      'replayed',
      'duplicated',
      'out-of-order',
      'held',
      'dropped',
      'before-reply',
    ]);
    if (how === 'before-reply')
      return one('after-commit-before-reply', { type: 'callback-first' }, { op: ['write', 'batch'] });
    const match = params.type === undefined ? {} : { op: text(params, 'type', '') };
    const copies = number(params, 'copies', 1);
    const acts = {
      forged: { act: 'forge', how: choice(params, 'forgery', FORGERIES), instead: params.instead },
      replayed: { act: 'replay', copies },
      duplicated: { act: 'duplicate', copies },
      'out-of-order': { act: 'swap' },
      held: { act: 'hold', ms: params.ms },
      dropped: { act: 'drop' },
    };
    return one('callback', { type: 'callback', ...acts[how] }, match);
  },
};

export const actFaults: Readonly<Record<string, CatalogueEntry>> = { ...rows, F51: certificates, F52: callbacks };
