// platform/ids/ makes identifiers.
// Owns      nothing stored
// Promises  UUIDv7 that rise within a process, so that index pages fill in order; chance through one port
// Never     is a secret: whoever sees an id can guess when it was made
// Start at  index.ts
import { randomFillSync } from 'node:crypto';

/** Source of new identifiers; a port, so that tests can replay. */
export interface Ids {
  /** UUIDv7 (RFC 9562): rises with time, so that index pages fill in order. */
  uuid(): string;
}

const POOL_BYTES = 16 * 256;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

function takeRandom(): Buffer {
  if (used >= POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = Buffer.from(pool.subarray(used, used + 16));
  used += 16;
  return bytes;
}

let lastMs = 0;
let counter = 0;

/** 48 bits of time, 12 bits of counter within the millisecond, 62 random bits. */
function uuidV7(): string {
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    counter = 0;
  } else if (++counter > 0xfff) {
    lastMs += 1;
    counter = 0;
  }
  const bytes = takeRandom();
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | counter, 6);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export const systemIds: Ids = { uuid: uuidV7 };

export { systemRandom, type Random } from './random.js';
export { seededIds, seededRandom } from './seeded.js';
