// Field encryption of §1.1/§1.13: `sm4:` + base64(iv‖ciphertext), SM4-CBC with PKCS#7.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export const CIPHER_PREFIX = 'sm4:';
const IV_BYTES = 16;
const STRICT_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export interface FieldCipher {
  /** Plain text, or null when the value does not decrypt (1010). */
  open(sealed: string): string | null;
  seal(plain: string, iv?: Buffer): string;
}

export function createFieldCipher(keyHex: string): FieldCipher {
  const key = Buffer.from(keyHex, 'hex');
  const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
  return {
    open(sealed) {
      const encoded = sealed.slice(CIPHER_PREFIX.length);
      if (!STRICT_BASE64.test(encoded)) return null;
      const bytes = Buffer.from(encoded, 'base64');
      if (bytes.length < 2 * IV_BYTES || bytes.length % IV_BYTES !== 0) return null;
      try {
        const decipher = createDecipheriv('sm4-cbc', key, bytes.subarray(0, IV_BYTES));
        const plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES)), decipher.final()]);
        return strictUtf8.decode(plain);
      } catch {
        return null; // wrong key or broken padding: the caller answers 1010
      }
    },
    seal(plain, iv = randomBytes(IV_BYTES)) {
      const cipher = createCipheriv('sm4-cbc', key, iv);
      const bytes = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final()]);
      return CIPHER_PREFIX + bytes.toString('base64');
    },
  };
}
