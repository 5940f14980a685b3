import { createHash } from 'node:crypto';
import { sm2 } from 'sm-crypto-v2';
import { createHmacSigner } from './hmac-signer.js';
import type { Signer } from './plugin.js';

/** User id of GM/T 0009 that §1.2 prescribes. */
export const SM2_USER_ID = '1234567812345678';

/**
 * SM2 with SM3, raw r‖s in hex (§1.2); the secret is the private key in hex. Node's own `sign('sm3', …)` is plain
 * ECDSA over the curve and no SM2, hence the package. Replies are HMAC-SM3 with the same secret (A4).
 */
export function createSm2Signer(privateKeyHex: string): Signer {
  const replies = createHmacSigner('HMAC-SM3', 'sm3')(privateKeyHex);
  return {
    method: 'SM2',
    digest: (body) => createHash('sm3').update(body).digest('hex'),
    sign: (text) => sm2.doSignature(text, privateKeyHex, { hash: true, der: false, userId: SM2_USER_ID }),
    isReplySignature: (...claim) => replies.isReplySignature(...claim),
  };
}
