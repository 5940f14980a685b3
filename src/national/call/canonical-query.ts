/**
 * Canonical query of the string to sign (§1.16 A6): parts split at & and the first =, decoded, encoded again by
 * RFC 3986, sorted by key then value by byte. `+` is a plus.
 */
export function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map((part) => {
    const at = part.indexOf('=');
    const key = at < 0 ? part : part.slice(0, at);
    const value = at < 0 ? '' : part.slice(at + 1);
    return { key: encodeStrict(decodeURIComponent(key)), value: encodeStrict(decodeURIComponent(value)) };
  });
  pairs.sort((left, right) => byBytes(left.key, right.key) || byBytes(left.value, right.value));
  return pairs.map(({ key, value }) => `${key}=${value}`).join('&');
}

/** Everything but A–Z a–z 0–9 - . _ ~ as upper-case %XX. */
export function encodeStrict(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Encoded text is ASCII, where code unit order is byte order. */
function byBytes(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

export interface SignedParts {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly appKey: string;
  readonly timestamp: string;
  readonly nonce: string;
  readonly token: string;
  /** hex H(raw body). */
  readonly bodyDigest: string;
}

/** String to sign of §1.2: LF-joined, no trailing LF. */
export function stringToSign(parts: SignedParts): string {
  const query = canonicalQuery(parts.query);
  const { method, path, appKey, timestamp, nonce, token, bodyDigest } = parts;
  return [method, path, query, appKey, timestamp, nonce, token, bodyDigest].join('\n');
}
