/** National §1.2 signing, canonical query (A6), reply signature (A4), field encryption (§1.13). */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { bodyHash, hmac, type HmacMethod } from '../canonical.js';

export interface SignInput {
  method: string;
  path: string;
  query: string;
  appKey: string;
  timestamp: string;
  nonce: string;
  token: string;
  body: Buffer;
}

export function encodeComponent(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A6: split at & and the first =, decode (a plus is a plus), encode by RFC 3986, sort by key then value by byte. */
export function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map((part): [string, string] => {
    const at = part.indexOf('=');
    const key = at < 0 ? part : part.slice(0, at);
    const value = at < 0 ? '' : part.slice(at + 1);
    return [encodeComponent(decodeURIComponent(key)), encodeComponent(decodeURIComponent(value))];
  });
  pairs.sort((a, b) => byteOrder(a[0], b[0]) || byteOrder(a[1], b[1]));
  return pairs.map(([key, value]) => `${key}=${value}`).join('&');
}

function byteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function stringToSign(method: HmacMethod, input: SignInput): string {
  return [
    input.method,
    input.path,
    canonicalQuery(input.query),
    input.appKey,
    input.timestamp,
    input.nonce,
    input.token,
    bodyHash(method, input.body),
  ].join('\n');
}

export function signRequest(method: HmacMethod, secret: string, input: SignInput): string {
  return hmac(method, secret, stringToSign(method, input)).toString('base64');
}

/** A4: base64 HMAC over `X-Request-Id LF code LF hex(H(reply body before content-encoding))`. */
export function signReply(
  method: HmacMethod,
  secret: string,
  reply: { requestId: string; code: string; body: Buffer },
): string {
  const text = [reply.requestId, reply.code, bodyHash(method, reply.body)].join('\n');
  return hmac(method, secret, text).toString('base64');
}

const PREFIX = 'sm4:';

export function encryptField(keyHex: string, text: string, iv: Buffer = randomBytes(16)): string {
  const cipher = createCipheriv('sm4-cbc', Buffer.from(keyHex, 'hex'), iv);
  const bytes = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()]);
  return PREFIX + bytes.toString('base64');
}

export type Decrypted = { ok: true; text: string } | { ok: false; rule: 'encrypted' | 'decrypt' };

/** B20: plain text is 2201 rule `encrypted`; what does not decrypt is 1010. */
export function decryptField(keyHex: string, value: string): Decrypted {
  if (!value.startsWith(PREFIX)) return { ok: false, rule: 'encrypted' };
  try {
    const bytes = Buffer.from(value.slice(PREFIX.length), 'base64');
    if (bytes.length < 32 || bytes.length % 16 !== 0) return { ok: false, rule: 'decrypt' };
    const decipher = createDecipheriv('sm4-cbc', Buffer.from(keyHex, 'hex'), bytes.subarray(0, 16));
    const plain = Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]);
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(plain) };
  } catch {
    return { ok: false, rule: 'decrypt' };
  }
}
