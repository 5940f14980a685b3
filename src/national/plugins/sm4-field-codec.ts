import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { FieldCodec } from './plugin.js';

const IV_BYTES = 16;

/** SM4-CBC, PKCS#7, prefix + base64(iv‖ciphertext) (§1.13). */
export function createSm4FieldCodec(options: { readonly keyHex: string; readonly prefix: string }): FieldCodec {
  if (!/^[0-9a-fA-F]{32}$/.test(options.keyHex)) throw new Error('the SM4 field key has to be 32 hex digits');
  const key = Buffer.from(options.keyHex, 'hex');
  return {
    ivBytes: IV_BYTES,
    encrypt: (plain, iv) => {
      const cipher = createCipheriv('sm4-cbc', key, iv);
      return options.prefix + Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final()]).toString('base64');
    },
    decrypt: (sent) => {
      const bytes = Buffer.from(sent.slice(options.prefix.length), 'base64');
      const decipher = createDecipheriv('sm4-cbc', key, bytes.subarray(0, IV_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES)), decipher.final()]).toString('utf8');
    },
  };
}
