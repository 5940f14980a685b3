// Signatures of §1.2 in both directions, with the answers of §1.16 A4 and A6.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type HmacMethod = 'HMAC-SHA256' | 'HMAC-SM3';

export interface SignedParts {
  method: string;
  path: string;
  rawQuery: string;
  appKey: string;
  timestamp: string;
  nonce: string;
  token: string;
  body: Buffer;
}

const digestName = (method: HmacMethod): 'sha256' | 'sm3' => (method === 'HMAC-SM3' ? 'sm3' : 'sha256');

function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** §1.16 A6. Throws URIError on a percent sequence that is not UTF-8. */
export function canonicalQuery(rawQuery: string): string {
  if (rawQuery === '') return '';
  const pairs = rawQuery.split('&').map((part) => {
    const cut = part.indexOf('=');
    const key = cut < 0 ? part : part.slice(0, cut);
    const value = cut < 0 ? '' : part.slice(cut + 1);
    return [encodeRfc3986(decodeURIComponent(key)), encodeRfc3986(decodeURIComponent(value))] as const;
  });
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  pairs.sort((a, b) => order(a[0], b[0]) || order(a[1], b[1]));
  return pairs.map(([key, value]) => `${key}=${value}`).join('&');
}

export function stringToSign(parts: SignedParts, method: HmacMethod): string {
  const bodyHash = createHash(digestName(method)).update(parts.body).digest('hex');
  const { path, appKey, timestamp, nonce, token } = parts;
  return [parts.method, path, canonicalQuery(parts.rawQuery), appKey, timestamp, nonce, token, bodyHash].join('\n');
}

export function sign(parts: SignedParts, method: HmacMethod, secret: string): string {
  return createHmac(digestName(method), secret).update(stringToSign(parts, method)).digest('base64');
}

export function sameSignature(expected: string, given: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(given);
  return a.length === b.length && timingSafeEqual(a, b);
}

export interface ReplyToSign {
  requestId: string;
  code: string;
  body: Buffer;
}

/** X-Resp-Sign: HMAC over `requestId LF code LF hex(H(body before content-encoding))`. */
export function signReply(reply: ReplyToSign, method: HmacMethod, secret: string): string {
  const bodyHash = createHash(digestName(method)).update(reply.body).digest('hex');
  const text = `${reply.requestId}\n${reply.code}\n${bodyHash}`;
  return createHmac(digestName(method), secret).update(text).digest('base64');
}
