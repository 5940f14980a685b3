import type { Database, Tx } from '../platform/database/index.js';
import { systemRandom, type Ids, type Random } from '../platform/ids/index.js';
import type { SealedColumn, Vault } from '../platform/vault/index.js';
import { parseTarget } from './webhook-target.js';

/** Standard Webhooks asks for 24 to 64 bytes. */
const SECRET_BYTES = 32;

export const webhookPlace = (id: string): string => `${WEBHOOK_PLACE}${id}`;
const WEBHOOK_PLACE = 'webhook|sealed_secret|';

/** For the rotation of keys. */
export const SEALED_WEBHOOK_SECRETS: SealedColumn = {
  table: 'webhook', idColumn: 'id', column: 'sealed_secret', placeColumn: 'id', placePrefix: WEBHOOK_PLACE,
}; // prettier-ignore

/** No such source system or webhook. */
export class WebhookUnknownError extends Error {
  override name = 'WebhookUnknownError';
}

export interface ListedWebhook {
  readonly id: string;
  readonly appKey: string;
  readonly url: string;
  readonly failures: number;
  readonly lastError: string | null;
}

/** Writes the evidence of an administrative act; notify/ may not know the evidence room, so the caller brings it. */
export type Prove = (tx: Tx, act: { action: string; appKey: string; webhookId: string }) => Promise<void>;

export interface WebhookParts {
  readonly database: Database;
  readonly vault: Vault;
  readonly ids: Ids;
  readonly allowInternal: boolean;
  readonly prove: Prove;
  /** Where secrets come from. */
  readonly random?: Random;
}

/** Registration of webhooks (G-71). */
export class Webhooks {
  constructor(private readonly parts: WebhookParts) {}

  /** Delivers what happens from now on; the secret is shown once. */
  async add(appKey: string, target: string): Promise<{ id: string; secret: string }> {
    const { database, vault, ids, allowInternal, prove } = this.parts;
    const url = parseTarget(target, allowInternal).href;
    const id = ids.uuid();
    const secret = `whsec_${(this.parts.random ?? systemRandom).bytes(SECRET_BYTES).toString('base64')}`;
    await database.transaction(async (tx) => {
      const added = await tx.query(
        `INSERT INTO webhook (id, source_system_id, url, sealed_secret, delivered_seq)
         SELECT $1, s.id, $3, $4, (SELECT last_seq FROM change_sequence WHERE id = 1)
           FROM source_system s WHERE s.app_key = $2 AND s.revoked_at IS NULL RETURNING 1`,
        [id, appKey, url, vault.seal(secret, webhookPlace(id))],
      );
      if (added.length === 0)
        throw new WebhookUnknownError(`no source system with the key ${appKey}, or it is revoked`);
      await prove(tx, { action: 'webhook.added', appKey, webhookId: id });
    });
    return { id, secret };
  }

  /** All that are not removed, of one source system or of every one. */
  async list(appKey: string | null): Promise<ListedWebhook[]> {
    const rows = await this.parts.database.query<{
      id: string;
      app_key: string;
      url: string;
      failures: number;
      last_error: string | null;
    }>(
      `SELECT w.id, s.app_key, w.url, w.failures, w.last_error
         FROM webhook w JOIN source_system s ON s.id = w.source_system_id
        WHERE w.removed_at IS NULL AND ($1::text IS NULL OR s.app_key = $1) ORDER BY w.created_at`,
      [appKey],
    );
    return rows.map(({ id, app_key, url, failures, last_error }) => ({
      id,
      appKey: app_key,
      url,
      failures,
      lastError: last_error,
    }));
  }

  async remove(id: string): Promise<void> {
    await this.parts.database.transaction(async (tx) => {
      const [row] = await tx.query<{ app_key: string }>(
        `UPDATE webhook w SET removed_at = now() FROM source_system s
          WHERE w.id = $1 AND w.removed_at IS NULL AND s.id = w.source_system_id RETURNING s.app_key`,
        [id],
      );
      if (!row) throw new WebhookUnknownError(`no webhook with the id ${id}`);
      await this.parts.prove(tx, { action: 'webhook.removed', appKey: row.app_key, webhookId: id });
    });
  }
}
