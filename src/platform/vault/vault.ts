import { createCipheriv, createDecipheriv, createHmac, randomFillSync, sign } from 'node:crypto';
import type { KeyStore, ReceiptKey } from './key-store.js';

/**
 * Sealing at rest: AES-256-GCM with a random 96-bit nonce. Layout: `len(keyId) | keyId | nonce | tag | ciphertext`.
 * The place (`table|column|row`) is authenticated, so that a cipher text moved elsewhere does not open.
 */
export interface Vault {
  seal(plain: string, place: string): Buffer;
  /** Throws VaultError when the key is unknown or the bytes or the place are not what was sealed. */
  open(sealed: Buffer, place: string): string;
  /** Keyed digest for equality search over low-entropy values; never a plain hash (S32). */
  blindIndex(purpose: string, value: string): Buffer;
  signReceipt(text: string): { keyId: string; signature: string };
  readonly receiptKeys: readonly ReceiptKey[];
  /** What every value sealed from now on begins with: tells which rows a rotation has still to seal again. */
  readonly newestHeader: Buffer;
}

export class VaultError extends Error {
  override name = 'VaultError';
}

const NONCE_BYTES = 12;
/** Drawing random bytes by the page costs a twentieth of drawing them one nonce at a time (8 µs). */
const NONCES_PER_PAGE = 512;
let noncePage = Buffer.alloc(0);
let nextNonce = 0;

/** Never handed out twice: a page is used from front to end and then thrown away. */
function newNonce(): Buffer {
  if (nextNonce >= noncePage.length) {
    noncePage = randomFillSync(Buffer.allocUnsafeSlow(NONCES_PER_PAGE * NONCE_BYTES));
    nextNonce = 0;
  }
  const nonce = noncePage.subarray(nextNonce, nextNonce + NONCE_BYTES);
  nextNonce += NONCE_BYTES;
  return nonce;
}

const TAG_BYTES = 16;

/** `reload` is asked once for a key that another process has added meanwhile. */
export function createVault(keys: KeyStore, reload?: () => KeyStore): Vault {
  const newest = keys.dataKeys[0];
  const signer = keys.receiptKeys[0];
  if (!newest || !signer) throw new VaultError('no data key or no receipt key');
  const byId = new Map(keys.dataKeys.map(({ id, key }) => [id, key]));
  const keyOf = (id: string): Buffer => {
    if (!byId.has(id)) for (const added of reload?.().dataKeys ?? []) byId.set(added.id, added.key);
    const key = byId.get(id);
    if (!key) throw new VaultError(`unknown data key ${id}`);
    return key;
  };
  const header = Buffer.concat([Buffer.from([newest.id.length]), Buffer.from(newest.id, 'ascii')]);

  return {
    receiptKeys: keys.receiptKeys,
    newestHeader: header,
    seal(plain, place) {
      const nonce = newNonce();
      const cipher = createCipheriv('aes-256-gcm', newest.key, nonce);
      cipher.setAAD(Buffer.from(`${place}|${newest.id}`, 'utf8'));
      const body = cipher.update(plain, 'utf8');
      const end = cipher.final();
      return Buffer.concat([header, nonce, cipher.getAuthTag(), body, end]);
    },
    open(sealed, place) {
      const idEnd = 1 + (sealed[0] ?? 0);
      const keyId = sealed.subarray(1, idEnd).toString('ascii');
      const key = keyOf(keyId);
      const nonce = sealed.subarray(idEnd, idEnd + NONCE_BYTES);
      const tagEnd = idEnd + NONCE_BYTES + TAG_BYTES;
      try {
        // The length is said: a tag that was cut short would authenticate as little as it is long.
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(`${place}|${keyId}`, 'utf8'));
        decipher.setAuthTag(sealed.subarray(idEnd + NONCE_BYTES, tagEnd));
        return Buffer.concat([decipher.update(sealed.subarray(tagEnd)), decipher.final()]).toString('utf8');
      } catch {
        throw new VaultError('sealed value does not open at this place');
      }
    },
    blindIndex: (purpose, value) =>
      createHmac('sha256', keys.blindIndexKey).update(`${purpose}\u0000${value}`, 'utf8').digest(),
    signReceipt: (text) => ({
      keyId: signer.id,
      signature: sign(null, Buffer.from(text, 'utf8'), signer.privateKey).toString('base64'),
    }),
  };
}
