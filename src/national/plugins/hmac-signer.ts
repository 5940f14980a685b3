import { createHash, createHmac } from 'node:crypto';
import { isSameText } from './same-text.js';
import type { Signer, SignerFactory } from './plugin.js';

/** HMAC-SHA256 and HMAC-SM3 of §1.2: base64 signature, body hashed by the same algorithm. */
export function createHmacSigner(method: string, algorithm: 'sha256' | 'sm3'): SignerFactory {
  return (secret): Signer => {
    const digest = (body: Buffer): string => createHash(algorithm).update(body).digest('hex');
    const sign = (text: string): string => createHmac(algorithm, secret).update(text, 'utf8').digest('base64');
    return {
      method,
      digest,
      sign,
      isReplySignature: (claimed, requestId, code, body) =>
        isSameText(claimed, sign(`${requestId}\n${code}\n${digest(body)}`)),
    };
  };
}
