import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Values of X-Sign-Method (station-contract §1); the first is the default. */
export const SIGN_METHODS = ['HMAC-SHA256', 'HMAC-SM3'] as const;
export type SignMethod = (typeof SIGN_METHODS)[number];

/** What a signature covers. `path` and `query` are the bytes of the request target as sent, undecoded (G-02). */
export interface SignedParts {
  readonly method: string;
  readonly path: string;
  /** Without `?`; empty when the target has none. */
  readonly query: string;
  readonly appKey: string;
  readonly timestamp: string;
  readonly nonce: string;
  /** The raw body; empty for GET and DELETE (G-04). */
  readonly body: Buffer;
}

const DIGEST: Readonly<Record<SignMethod, string>> = { 'HMAC-SHA256': 'sha256', 'HMAC-SM3': 'sm3' };
const HEX_OF_32_BYTES = /^[0-9a-fA-F]{64}$/;

/** The method a header names; null when it names none of ours. */
export function signMethodOf(header: string | undefined): SignMethod | null {
  if (header === undefined) return SIGN_METHODS[0];
  return SIGN_METHODS.find((method) => method === header) ?? null;
}

/**
 * The lines under the signature.
 *
 * Shape    parts → METHOD, path, query, appKey, timestamp, nonce, hex hash of the raw body, joined by LF
 * Source   station-contract §1, G-02, G-04; sign-samples/vector.json
 */
export function stringToSign(signMethod: SignMethod, parts: SignedParts): string {
  const { method, path, query, appKey, timestamp, nonce, body } = parts;
  const bodyHash = createHash(DIGEST[signMethod]).update(body).digest('hex');
  return [method, path, query, appKey, timestamp, nonce, bodyHash].join('\n');
}

export function signatureOf(signMethod: SignMethod, secret: string, parts: SignedParts): Buffer {
  return createHmac(DIGEST[signMethod], secret).update(stringToSign(signMethod, parts), 'utf8').digest();
}

/** Whether `hex` (either case) is the signature of `parts`; compared in constant time. */
export function isSignedBy(signMethod: SignMethod, secret: string, parts: SignedParts, hex: string): boolean {
  if (!HEX_OF_32_BYTES.test(hex)) return false;
  return timingSafeEqual(signatureOf(signMethod, secret, parts), Buffer.from(hex, 'hex'));
}
