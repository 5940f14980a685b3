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

const GET_ONE: Record<string, RouteName> = {
  dicts: 'dict',
  batches: 'receipt',
  exports: 'export-state',
  'certificate-requests': 'certificate',
};
const GET_FILE: Record<string, RouteName> = { exports: 'export-file', certificates: 'certificate-file' };
const POST_ENTITY: Record<string, RouteName> = { '': 'write', batch: 'batch', lookup: 'lookup' };

/** A8: an unknown path or method is 404 text/plain before any other check. */
export function routeOf(method: string, path: string): Route | null {
  const base = '/gw/v1/';
  if (!path.startsWith(base)) return null;
  const rest = path.slice(base.length);
  const fixed = FIXED[`${method} ${rest}`];
  if (fixed !== undefined) return { name: fixed, entity: null, arg: '' };
  const parts = rest.split('/');
  return method === 'GET' ? getRoute(parts) : method === 'POST' ? postRoute(parts) : null;
}

function own(table: Record<string, RouteName>, key: string): RouteName | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function getRoute(parts: string[]): Route | null {
  const [first = '', arg = '', third = ''] = parts;
  const isFile = parts.length === 3 && third === 'file';
  const name = isFile ? own(GET_FILE, first) : parts.length === 2 ? own(GET_ONE, first) : undefined;
  if (name === undefined) return null;
  return { name, entity: name === 'certificate' ? 'certificate-requests' : null, arg };
}

function postRoute(parts: string[]): Route | null {
  const [first = '', second = ''] = parts;
  const name = own(POST_ENTITY, second);
  if (name === undefined || parts.length > 2 || !isEntity(first)) return null;
  return parts.length === 2 && second === '' ? null : { name, entity: first, arg: '' };
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
