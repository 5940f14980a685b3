import { createHash, timingSafeEqual } from 'node:crypto';
import { systemRandom, type Random } from '../platform/ids/index.js';

/** Characters of key and secret, so that the first `.` divides them (G-04). */
const BEARER = /^Bearer +([0-9A-Za-z_]{6,40})\.([0-9A-Za-z_-]{32,128})$/i;
const APP_KEY = /^[0-9A-Za-z_]{6,40}$/;

/** 15 bytes: unguessable enough for a public name, short enough to be read out over the telephone. */
const APP_KEY_BYTES = 15;
/** 256 bits (S01), 43 characters of base64url. */
const SECRET_BYTES = 32;

export interface BearerCredentials {
  readonly appKey: string;
  readonly secret: string;
}

export function parseBearer(header: string): BearerCredentials | null {
  const match = BEARER.exec(header);
  return match ? { appKey: match[1] ?? '', secret: match[2] ?? '' } : null;
}

export const isAppKey = (text: string): boolean => APP_KEY.test(text);

/** Hexadecimal, because base64url has `-`, which an appKey may not have. */
export const newAppKey = (random: Random = systemRandom): string => `ss_${random.bytes(APP_KEY_BYTES).toString('hex')}`;

export const newSecret = (random: Random = systemRandom): string => random.bytes(SECRET_BYTES).toString('base64url');

/** A plain hash is enough: the secret has full entropy (S01). */
export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret, 'utf8').digest();

export const isSecretOf = (secret: string, hash: Buffer): boolean => timingSafeEqual(hashSecret(secret), hash);
