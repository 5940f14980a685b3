// RFC 8785 canonical JSON and the content hash of §1.5, written from the contract text alone.
import { createHash } from 'node:crypto';
import type { Fields, Json } from './model.js';

// Such text is in NFC already.
// eslint-disable-next-line no-control-regex -- the whole ASCII range is meant
const ASCII_ONLY = /^[\u0000-\u007f]*$/;

function canonicalText(text: string): string {
  return JSON.stringify(ASCII_ONLY.test(text) ? text : text.normalize('NFC'));
}

function canonicalObject(value: { readonly [key: string]: Json | undefined }): string {
  let out = '{';
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    // §1.5 step 2 and §1.16 B20: keys with null are dropped at every depth, null in arrays stays.
    if (member === null || member === undefined) continue;
    out += `${out.length > 1 ? ',' : ''}${canonicalText(key)}:${canonicalJson(member)}`;
  }
  return `${out}}`;
}

/** RFC 8785 text after NFC and after dropping null keys. Default sort order of JS is by UTF-16 code unit, as the RFC asks. */
export function canonicalJson(value: Json): string {
  if (typeof value === 'string') return canonicalText(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  return canonicalObject(value as { readonly [key: string]: Json });
}

/** Hash of `data` whose encrypted values were already replaced by their plain text. */
export function contentHash(plain: Fields): string {
  return createHash('sha256').update(canonicalObject(plain), 'utf8').digest('hex');
}

export function sha256Hex(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Byte order of UTF-8 text; for ASCII this is the default order. */
export function byBytes(a: string, b: string): number {
  if (ASCII_ONLY.test(a) && ASCII_ONLY.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}

/** recordsHash of §1.13: lines `bizNo|version|minutes\n`, sorted. */
export function recordsHash(lines: readonly string[]): string {
  return sha256Hex([...lines].sort(byBytes).join(''));
}
