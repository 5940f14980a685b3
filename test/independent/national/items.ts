/** B5: the shape of a write item, before anything is compared with what is stored. */
import { isObject, type Json, type JsonObject } from '../canonical.js';
import { fault, isNationalIdText } from './fields.js';
import type { FieldFault, WriteItem } from './model.js';

const KEYS = new Set(['bizNo', 'version', 'op', 'reason', 'data', 'linkTo', 'reopen']);

export interface ParsedItem {
  item: WriteItem | null;
  bizNo: string | null;
  version: number | null;
  faults: FieldFault[];
}

function given(value: Json | undefined): boolean {
  return value !== null && value !== undefined;
}

export function parseItem(raw: Json | undefined): ParsedItem {
  if (!isObject(raw)) return { item: null, bizNo: null, version: null, faults: [fault('', 'type')] };
  const bizNo = isNationalIdText(raw.bizNo) ? raw.bizNo : null;
  const version = typeof raw.version === 'number' && Number.isSafeInteger(raw.version) ? raw.version : null;
  const op = raw.op === 'UPSERT' || raw.op === 'VOID' || raw.op === 'CORRECT' ? raw.op : null;
  const reason = typeof raw.reason === 'string' && raw.reason.trim() !== '' ? raw.reason : null;
  const faults = Object.keys(raw)
    .filter((key) => !KEYS.has(key))
    .map((key) => fault(key, 'unknown'));
  if (bizNo === null) faults.push(fault('bizNo', given(raw.bizNo) ? 'format' : 'required'));
  if (version === null || version < 1) faults.push(fault('version', given(raw.version) ? 'range' : 'required'));
  if (op === null) faults.push(fault('op', given(raw.op) ? 'enum' : 'required'));
  faults.push(...optionalFaults(raw, reason));
  if (faults.length > 0 || bizNo === null || version === null || op === null) {
    return { item: null, bizNo, version, faults };
  }
  const data = isObject(raw.data) && op !== 'VOID' ? raw.data : {};
  const linkTo = isNationalIdText(raw.linkTo) ? raw.linkTo : null;
  return { item: { bizNo, version, op, reason, data, linkTo, reopen: raw.reopen === true }, bizNo, version, faults };
}

/** B5: reason for VOID and CORRECT, the forms of linkTo and reopen, data unless VOID. */
function optionalFaults(raw: JsonObject, reason: string | null): FieldFault[] {
  const faults: FieldFault[] = [];
  const needsReason = raw.op === 'VOID' || raw.op === 'CORRECT';
  if (given(raw.reason) && typeof raw.reason !== 'string') faults.push(fault('reason', 'type'));
  else if (needsReason && reason === null) faults.push(fault('reason', 'required'));
  if (given(raw.linkTo) && !isNationalIdText(raw.linkTo)) faults.push(fault('linkTo', 'format'));
  if (given(raw.reopen) && typeof raw.reopen !== 'boolean') faults.push(fault('reopen', 'type'));
  if (raw.op !== 'VOID' && !isObject(raw.data)) faults.push(fault('data', given(raw.data) ? 'type' : 'required'));
  return faults;
}
