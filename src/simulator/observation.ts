// From calls and replies to the resend watch: what was sent, and what its sender has certainly been told.
import type { Call } from './call.js';
import { parseBody } from './call.js';
import { ID_PATTERN } from './field-checks.js';
import { SETTLED_CODES, tellsOutcome } from './codes.js';
import { decryptFields } from './item-checks.js';
import type { Entity, Fields, Reply } from './model.js';
import type { Nation } from './nation.js';
import { naturalKeyOf } from './natural-key.js';
import type { ReadReply } from './resend-watch.js';

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Before anything else is looked at: a write that was received is a write, whatever is answered. */
export function noteArrival(nation: Nation, call: Call): void {
  const { entity, operation } = call;
  if (entity === null || (operation !== 'write' && operation !== 'batch')) return;
  const body = parseBody(call);
  if (!isTree(body)) return;
  const list = operation === 'batch' ? body.items : [body];
  const items = (Array.isArray(list) ? list : []).flatMap((raw: unknown) => {
    const named = isTree(raw) && typeof raw.bizNo === 'string' && ID_PATTERN.test(raw.bizNo);
    return named ? [{ bizNo: raw.bizNo as string, version: Number(raw.version), raw }] : [];
  });
  if (items.length === 0) return;
  const clientBatchNo = typeof body.clientBatchNo === 'string' ? body.clientBatchNo : null;
  nation.resends.attempt({ entity, requestId: call.requestId, clientBatchNo, items, atMs: nation.clock.now() });
}

/** The whole reply has left for the caller; `readable` is false when nobody could make out what it says. */
export function noteAnswer(nation: Nation, call: Call, reply: Reply, readable: boolean): void {
  const { requestId, operation } = call;
  if (operation === 'write' || operation === 'batch') {
    if (!readable) return nation.resends.unread(requestId);
    const batchNo = typeof reply.data?.batchNo === 'string' ? reply.data.batchNo : undefined;
    return nation.resends.read(replyRead({ op: operation, requestId, batchNo, ...reply }));
  }
  if (!readable) return;
  if (operation === 'lookup') noteLookup(nation, call, reply);
  if (operation === 'receipt' || operation === 'receipt-by-client') noteReceipt(nation, call, reply);
}

const isSuccess = (code: string): boolean => SETTLED_CODES.has(code);

/** What a reply to a write says to who reads it. */
export function replyRead(told: {
  op: string;
  requestId: string;
  code: string;
  message?: string;
  batchNo?: string;
}): ReadReply {
  const { op, requestId, code, message, batchNo = null } = told;
  if (op === 'batch' && code === '0100') return { requestId, outcome: 'accepted', batchNo };
  if (!tellsOutcome(code, message)) return { requestId, outcome: 'open', batchNo };
  return { requestId, outcome: isSuccess(code) ? 'settled' : 'refused', batchNo };
}

/** Numbers that were asked for, and numbers that were found. */
function noteLookup(nation: Nation, call: Call, reply: Reply): void {
  const items = reply.data?.items;
  if (reply.code !== '0000' || call.entity === null || !Array.isArray(items)) return;
  const bizNos = new Set<string>();
  for (const { key, rows } of items as { key: unknown; rows: { bizNo: unknown }[] }[]) {
    if (typeof key === 'string') bizNos.add(key);
    for (const { bizNo } of rows) if (typeof bizNo === 'string') bizNos.add(bizNo);
    if (isTree(key)) for (const bizNo of openUnderKey(nation, call.entity, key as Fields)) bizNos.add(bizNo);
  }
  nation.resends.looked(call.entity, [...bizNos]);
}

/** A natural key that finds nothing still asks after the open writes that carry it. */
function openUnderKey(nation: Nation, entity: Entity, key: Fields): string[] {
  const asked = naturalKeyUnder(nation, entity, key);
  if (asked === null) return [];
  return nation.resends
    .openOf(entity)
    .filter(({ raw }) => {
      // After a restart the item is no longer at hand; nobody is accused for want of it.
      if (!isTree(raw)) return true;
      return isTree(raw.data) && naturalKeyUnder(nation, entity, raw.data as Fields) === asked;
    })
    .map(({ bizNo }) => bizNo);
}

function naturalKeyUnder(nation: Nation, entity: Entity, fields: Fields): string | null {
  const opened = decryptFields(entity, fields, nation.cipher);
  return 'broken' in opened ? null : naturalKeyOf(nation.ledger, entity, opened.plain);
}

function noteReceipt(nation: Nation, call: Call, reply: Reply): void {
  const byNo = call.operation === 'receipt';
  const batchNo = byNo ? call.argument : typeof reply.data?.batchNo === 'string' ? reply.data.batchNo : null;
  const clientBatchNo = byNo ? null : call.query.get('clientBatchNo');
  const settled = new Map<string, boolean>();
  const items = reply.data?.items;
  for (const item of Array.isArray(items) ? (items as Tree[]) : []) {
    const { bizNo, code, message } = item;
    if (typeof bizNo === 'string' && tellsOutcome(code, typeof message === 'string' ? message : undefined))
      settled.set(bizNo, isSuccess(String(code)));
  }
  nation.resends.polled({ batchNo, clientBatchNo }, settled);
}
