import type { Signer, SignerFactory } from '../plugins/plugin.js';

/** The configured secrets, `current,next` (§1.16 A13: the old one stays valid for an overlap). */
export interface Secrets {
  /** Signer of the secret that worked last. */
  active(): Signer;
  /** Moves on from `refused` when another secret is configured; false = there is none to try. */
  moveOnFrom(refused: Signer): boolean;
  all(): readonly Signer[];
}

/** `appSecret` holds one secret, or two and more separated by commas. */
export function createSecrets(appSecret: string, factory: SignerFactory): Secrets {
  const signers = appSecret
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '')
    .map((secret) => factory(secret));
  const first = signers[0];
  if (!first) throw new Error('NATIONAL_APP_SECRET is empty');
  let active = first;
  return {
    active: () => active,
    all: () => signers,
    moveOnFrom: (refused) => {
      if (signers.length < 2) return false;
      // A parallel call may have moved on already; then its choice is the one to try.
      if (active === refused) active = signers[(signers.indexOf(refused) + 1) % signers.length] ?? first;
      return true;
    },
  };
}
