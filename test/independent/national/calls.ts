/** Routes (§1.4) and the parsed form of one call. */
import { parseJson, type Json } from '../canonical.js';
import { isEntity, type Entity } from './model.js';

export type RouteName =
  | 'token'
  | 'time'
  | 'status'
  | 'dict'
  | 'write'
  | 'batch'
  | 'receipt'
  | 'receipt-by-client'
  | 'lookup'
  | 'changes'
  | 'totals'
  | 'digest'
  | 'detail'
  | 'export'
  | 'export-state'
  | 'export-file'
  | 'certificate'
  | 'certificate-file'
  | 'file';

export interface Route {
  name: RouteName;
  entity: Entity | null;
  arg: string;
}

export interface Call {
  method: string;
  path: string;
  rawQuery: string;
  query: Map<string, string>;
  headers: Map<string, string>;
  body: Buffer;
  json: Json | undefined;
  route: Route;
  requestId: string;
  nonce: string;
  bizNos: string[];
  receivedAt: number;
}

const FIXED: Record<string, RouteName> = {
  'POST auth/token': 'token',
  'GET sys/time': 'time',
  'GET sys/status': 'status',
  'GET batches': 'receipt-by-client',
  'GET changes': 'changes',
  'POST recon/totals': 'totals',
  'POST recon/digest': 'digest',
  'POST recon/detail': 'detail',
  'POST exports': 'export',
  'POST files': 'file',
};

/** A8: an unknown path or method is 404 text/plain before any other check. */
export function routeOf(method: string, path: string): Route | null {
  const base = '/gw/v1/';
  if (!path.startsWith(base)) return null;
  const rest = path.slice(base.length);
  const fixed = FIXED[`${method} ${rest}`];
  if (fixed !== undefined) return { name: fixed, entity: null, arg: '' };
  const parts = rest.split('/');
  const [first = '', second = '', third = ''] = parts;
  const get = method === 'GET';
  if (get && parts.length === 2 && first === 'dicts') return { name: 'dict', entity: null, arg: second };
  if (get && parts.length === 2 && first === 'batches') return { name: 'receipt', entity: null, arg: second };
  if (get && parts.length === 2 && first === 'exports') return { name: 'export-state', entity: null, arg: second };
  if (get && parts.length === 2 && first === 'certificate-requests') {
    return { name: 'certificate', entity: 'certificate-requests', arg: second };
  }
  if (get && parts.length === 3 && third === 'file') {
    if (first === 'exports') return { name: 'export-file', entity: null, arg: second };
    if (first === 'certificates') return { name: 'certificate-file', entity: null, arg: second };
  }
  if (method !== 'POST' || !isEntity(first)) return null;
  if (parts.length === 1) return { name: 'write', entity: first, arg: '' };
  if (parts.length === 2 && second === 'batch') return { name: 'batch', entity: first, arg: '' };
  if (parts.length === 2 && second === 'lookup') return { name: 'lookup', entity: first, arg: '' };
  return null;
}

export function isWrite(route: Route): boolean {
  return route.name === 'write' || route.name === 'batch';
}

export function parseQuery(raw: string): Map<string, string> {
  const out = new Map<string, string>();
  for (const part of raw.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const key = at < 0 ? part : part.slice(0, at);
    out.set(decodeURIComponent(key), at < 0 ? '' : decodeURIComponent(part.slice(at + 1)));
  }
  return out;
}

/** A9: not UTF-8 or not JSON gives undefined. */
export function parseBody(bytes: Buffer): Json | undefined {
  if (bytes.length === 0) return undefined;
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
