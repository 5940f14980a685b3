/** B5: the shape of a write item, before anything is compared with what is stored. */
import { isObject, type Json } from '../canonical.js';
import { fault, isNationalIdText } from './fields.js';
import type { FieldFault, WriteItem } from './model.js';

const KEYS = new Set(['bizNo', 'version', 'op', 'reason', 'data', 'linkTo', 'reopen']);

export interface ParsedItem {
  item: WriteItem | null;
  bizNo: string | null;
  version: number | null;
  faults: FieldFault[];
}

export function parseItem(raw: Json | undefined): ParsedItem {
  if (!isObject(raw)) return { item: null, bizNo: null, version: null, faults: [fault('', 'type')] };
  const faults = Object.keys(raw)
    .filter((key) => !KEYS.has(key))
    .map((key) => fault(key, 'unknown'));
  const bizNo = isNationalIdText(raw.bizNo) ? raw.bizNo : null;
  if (bizNo === null) faults.push(fault('bizNo', raw.bizNo == null ? 'required' : 'format'));
  const version = typeof raw.version === 'number' && Number.isSafeInteger(raw.version) ? raw.version : null;
  if (version === null || version < 1) faults.push(fault('version', raw.version == null ? 'required' : 'range'));
  const op = raw.op === 'UPSERT' || raw.op === 'VOID' || raw.op === 'CORRECT' ? raw.op : null;
  if (op === null) faults.push(fault('op', raw.op == null ? 'required' : 'enum'));
  const reason = typeof raw.reason === 'string' && raw.reason.trim() !== '' ? raw.reason : null;
  if (raw.reason != null && typeof raw.reason !== 'string') faults.push(fault('reason', 'type'));
  else if (op !== null && op !== 'UPSERT' && reason === null) faults.push(fault('reason', 'required'));
  if (raw.linkTo != null && !isNationalIdText(raw.linkTo)) faults.push(fault('linkTo', 'format'));
  if (raw.reopen != null && typeof raw.reopen !== 'boolean') faults.push(fault('reopen', 'type'));
  if (op !== 'VOID' && !isObject(raw.data)) faults.push(fault('data', raw.data == null ? 'required' : 'type'));
  if (faults.length > 0 || bizNo === null || version === null || op === null) {
    return { item: null, bizNo, version, faults };
  }
  const item: WriteItem = {
    bizNo,
    version,
    op,
    reason,
    data: isObject(raw.data) && op !== 'VOID' ? raw.data : {},
    linkTo: typeof raw.linkTo === 'string' ? raw.linkTo : null,
    reopen: raw.reopen === true,
  };
  return { item, bizNo, version, faults };
}
