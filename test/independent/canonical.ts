/**
 * Hashing and canonical forms, written from the contract texts alone:
 * RFC 8785 (JCS), NFC, dropped nulls (national §1.5, B20; station G-12, G-24), SHA-256 and SM3.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json | undefined;
}
export type HmacMethod = 'HMAC-SHA256' | 'HMAC-SM3';

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A plain deep view of any value as JSON (used at the edges, where JSON.parse gives unknown). */
export function parseJson(text: string): Json {
  return JSON.parse(text) as Json;
}

/** Drops keys whose value is null or absent at every depth; null inside arrays stays (B20); NFC on every string. */
export function normalise(value: Json | undefined): Json {
  if (typeof value === 'string') return value.normalize('NFC');
  if (Array.isArray(value)) return value.map((entry) => normalise(entry));
  if (!isObject(value)) return value ?? null;
  const out: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === null || member === undefined) continue;
    out[key] = normalise(member);
  }
  return out;
}

/** RFC 8785: keys by UTF-16 code units, ECMAScript numbers, JSON string escapes, no white space. */
export function jcs(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map((entry) => jcs(entry)).join(',')}]`;
  if (isObject(value)) {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    keys.sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${jcs(value[key])}`).join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('RFC 8785 has no form for this number');
  return JSON.stringify(value ?? null);
}

export function sha256Hex(input: string | Buffer): string {
  return createHash('sha256').update(input).digest('hex');
}

export function sm3Hex(input: string | Buffer): string {
  return createHash('sm3').update(input).digest('hex');
}

export function bodyHash(method: HmacMethod, body: string | Buffer): string {
  return method === 'HMAC-SM3' ? sm3Hex(body) : sha256Hex(body);
}

export function hmac(method: HmacMethod, secret: string, text: string): Buffer {
  return createHmac(method === 'HMAC-SM3' ? 'sm3' : 'sha256', secret)
    .update(text, 'utf8')
    .digest();
}

/** National §1.5 content hash: `data` must already hold plain text in place of cipher text. */
export function nationalContentHash(data: JsonObject): string {
  return sha256Hex(jcs(normalise(data)));
}

/** Station G-12 / G-24 content hash of a pushed item: `{op, data}`, of a void `{"op":"void"}`. */
export function stationContentHash(item: { op?: string; data?: JsonObject }): string {
  if (item.op === 'void') return sha256Hex(jcs({ op: 'void' }));
  return sha256Hex(jcs(normalise({ op: item.op ?? 'upsert', data: item.data ?? {} })));
}

/** §1.13: hex SHA-256 of the sorted lines `bizNo|version|minutes\n`. */
export function recordsHash(records: readonly { bizNo: string; version: number; minutes: number }[]): string {
  const lines = records.map((record) => `${record.bizNo}|${record.version}|${record.minutes}\n`);
  return sha256Hex(sortBytes(lines).join(''));
}

/** §1.10: hex SHA-256 of the lines `bizNo|version|contentHash|status\n`, sorted by byte value. */
export function bucketDigest(
  rows: readonly { bizNo: string; version: number; contentHash: string; status: string }[],
): string {
  const lines = rows.map((row) => `${row.bizNo}|${row.version}|${row.contentHash}|${row.status}\n`);
  return sha256Hex(sortBytes(lines).join(''));
}

export function sortBytes(lines: readonly string[]): string[] {
  return [...lines].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

export function token(prefix: string, bytes = 16): string {
  return `${prefix}${randomBytes(bytes).toString('hex')}`;
}

/** mulberry32: a small seeded generator, so that a failing run can be repeated from its seed (§2.1 rule 4). */
export type Random = () => number;
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    const a = out[i] as T;
    out[i] = out[j] as T;
    out[j] = a;
  }
  return out;
}
