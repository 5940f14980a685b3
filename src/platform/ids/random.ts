import { randomBytes } from 'node:crypto';

/** Chance, handed in: secrets, nonces and jitter come from here, so that tests can replay them. */
export interface Random {
  bytes(count: number): Buffer;
}

export const systemRandom: Random = { bytes: (count) => randomBytes(count) };
