import { appendEvidence, type EvidenceEntry } from '../evidence/index.js';
import type { Database, Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { Vault } from '../platform/vault/index.js';
import { hashSecret, newAppKey, newSecret } from './credentials.js';
import { secretPlace } from './source-directory.js';

export interface NewSourceSystem {
  readonly name: string;
  /** Area prefix of 2 to 12 digits; its records must lie within it (G-39). */
  readonly areaCode: string;
  readonly ratePerSecond?: number;
  readonly maxParallel?: number;
}

/** Shown once; afterwards only its hash and a sealed copy exist (S01). */
export interface ShownSecret {
  readonly appKey: string;
  readonly secret: string;
}

/** There is no such source system, or it is revoked. */
export class SourceSystemUnknownError extends Error {
  override name = 'SourceSystemUnknownError';
}

/** The figures of G-08. */
export const DEFAULT_RATE_PER_SECOND = 50;
export const DEFAULT_MAX_PARALLEL = 8;

/**
 * Administration of source systems. `actor` is who acted, as the evidence will name them.
 * Every act and its evidence leaf are one transaction.
 */
export class SourceSystems {
  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly ids: Ids,
  ) {}

  async create(wanted: NewSourceSystem, actor: string): Promise<ShownSecret> {
    const { name, areaCode, ratePerSecond = DEFAULT_RATE_PER_SECOND, maxParallel = DEFAULT_MAX_PARALLEL } = wanted;
    const id = this.ids.uuid();
    const appKey = newAppKey();
    return this.database.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO source_system (id, app_key, name, area_code, rate_per_second, max_parallel)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [id, appKey, name, areaCode, ratePerSecond, maxParallel],
      );
      const secret = await this.addSecret(tx, id);
      await prove(tx, actor, { action: 'source-system.created', appKey, areaCode, ratePerSecond, maxParallel });
      return { appKey, secret };
    });
  }

  /** A new secret; the one in use stays good for `overlapHours` (0 = ends at once), any older one ends now. */
  async rotate(appKey: string, overlapHours: number, actor: string): Promise<ShownSecret> {
    return this.database.transaction(async (tx) => {
      const id = await lockLive(tx, appKey);
      await tx.query(
        `UPDATE source_system_secret k
            SET expires_at = CASE WHEN k.id = newest.id THEN now() + make_interval(secs => $2) ELSE now() END
           FROM (SELECT id FROM source_system_secret
                  WHERE source_system_id = $1 AND (expires_at IS NULL OR expires_at > now())
                  ORDER BY created_at DESC, id DESC LIMIT 1) newest
          WHERE k.source_system_id = $1 AND (k.expires_at IS NULL OR k.expires_at > now())`,
        [id, overlapHours * SECONDS_PER_HOUR],
      );
      const secret = await this.addSecret(tx, id);
      await prove(tx, actor, { action: 'source-system.rotated', appKey, overlapHours });
      return { appKey, secret };
    });
  }

  /** At once and for ever: no process accepts the key after 5 s. */
  async revoke(appKey: string, actor: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const id = await lockLive(tx, appKey);
      await tx.query('UPDATE source_system SET revoked_at = now() WHERE id = $1', [id]);
      await tx.query(
        `UPDATE source_system_secret SET expires_at = now()
          WHERE source_system_id = $1 AND (expires_at IS NULL OR expires_at > now())`,
        [id],
      );
      await prove(tx, actor, { action: 'source-system.revoked', appKey });
    });
  }

  async requireSignature(appKey: string, isRequired: boolean, actor: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const id = await lockLive(tx, appKey);
      await tx.query('UPDATE source_system SET is_signature_required = $2 WHERE id = $1', [id, isRequired]);
      await prove(tx, actor, { action: 'source-system.signature-required', appKey, isRequired });
    });
  }

  private async addSecret(tx: Tx, sourceSystemId: string): Promise<string> {
    const id = this.ids.uuid();
    const secret = newSecret();
    await tx.query(
      `INSERT INTO source_system_secret (id, source_system_id, secret_hash, sealed_secret) VALUES ($1, $2, $3, $4)`,
      [id, sourceSystemId, hashSecret(secret), this.vault.seal(secret, secretPlace(id))],
    );
    return secret;
  }
}

const SECONDS_PER_HOUR = 3_600;

async function lockLive(tx: Tx, appKey: string): Promise<string> {
  const [row] = await tx.query<{ id: string }>(
    'SELECT id FROM source_system WHERE app_key = $1 AND revoked_at IS NULL FOR UPDATE',
    [appKey],
  );
  if (!row) throw new SourceSystemUnknownError(`no source system with the key ${appKey}, or it is revoked`);
  return row.id;
}

/** The leaf of an administrative act (I14); names and secrets stay out of it. */
async function prove(tx: Tx, actor: string, act: Omit<EvidenceEntry, 'kind'>): Promise<void> {
  await appendEvidence(tx, [{ kind: 'admin.action', actor, ...act }]);
}
