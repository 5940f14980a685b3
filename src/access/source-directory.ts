import type { Database } from '../platform/database/index.js';
import type { Clock } from '../platform/clock/index.js';
import type { SealedColumn, Vault } from '../platform/vault/index.js';

/** One secret that is good now; the plain text is opened only when a signature asks for it. */
export interface LiveSecret {
  readonly hash: Buffer;
  plain(): string;
}

/** A source system that may call: not revoked, with its one or two live secrets. */
export interface SourceSystem {
  readonly id: string;
  readonly appKey: string;
  readonly areaCode: string;
  readonly ratePerSecond: number;
  readonly maxParallel: number;
  readonly isSignatureRequired: boolean;
  readonly secrets: readonly LiveSecret[];
}

interface Row {
  id: string;
  area_code: string;
  rate_per_second: number;
  max_parallel: number;
  is_signature_required: boolean;
  secrets: { id: string; hash: string; sealed: string }[];
}

const FIND = `
SELECT s.id, s.area_code, s.rate_per_second, s.max_parallel, s.is_signature_required,
       (SELECT coalesce(json_agg(json_build_object(
                 'id', k.id, 'hash', encode(k.secret_hash, 'hex'), 'sealed', encode(k.sealed_secret, 'hex'))), '[]')
          FROM source_system_secret k
         WHERE k.source_system_id = s.id AND (k.expires_at IS NULL OR k.expires_at > now())) AS secrets
  FROM source_system s
 WHERE s.app_key = $1 AND s.revoked_at IS NULL`;

/** Bounds how long a revoked key is still good in any process: the promise is 5 s (S01). */
const CACHE_MS = 2_000;

/** Where a sealed secret belongs; authenticated by the vault. */
export const secretPlace = (id: string): string => `${SECRET_PLACE}${id}`;
const SECRET_PLACE = 'source_system_secret|sealed_secret|';

/** For the rotation of keys. */
export const SEALED_SECRETS: SealedColumn = {
  table: 'source_system_secret', idColumn: 'id', column: 'sealed_secret', placeColumn: 'id', placePrefix: SECRET_PLACE,
}; // prettier-ignore

/**
 * Source systems by appKey, cached for a moment. Only found ones are kept, so that a made-up key takes no memory
 * and a new source system can call at once.
 */
export class SourceDirectory {
  private readonly cache = new Map<string, { readAtMs: number; found: Promise<SourceSystem | null> }>();

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly clock: Clock,
  ) {}

  find(appKey: string): Promise<SourceSystem | null> {
    const nowMs = this.clock.nowMs();
    const cached = this.cache.get(appKey);
    if (cached && nowMs - cached.readAtMs < CACHE_MS && nowMs >= cached.readAtMs) return cached.found;
    const found = this.load(appKey);
    const entry = { readAtMs: nowMs, found };
    this.cache.set(appKey, entry);
    const forget = (): void => {
      if (this.cache.get(appKey) === entry) this.cache.delete(appKey);
    };
    found.then((system) => (system === null ? forget() : undefined), forget);
    return found;
  }

  /** What this process changed itself is seen by it at once. */
  forget(appKey: string): void {
    this.cache.delete(appKey);
  }

  private async load(appKey: string): Promise<SourceSystem | null> {
    const [row] = await this.database.query<Row>(FIND, [appKey], 'access-find-source');
    if (!row) return null;
    return {
      id: row.id,
      appKey,
      areaCode: row.area_code,
      ratePerSecond: row.rate_per_second,
      maxParallel: row.max_parallel,
      isSignatureRequired: row.is_signature_required,
      secrets: row.secrets.map(({ id, hash, sealed }) => this.liveSecret(id, hash, sealed)),
    };
  }

  private liveSecret(id: string, hash: string, sealed: string): LiveSecret {
    let plain: string | undefined;
    return {
      hash: Buffer.from(hash, 'hex'),
      plain: () => (plain ??= this.vault.open(Buffer.from(sealed, 'hex'), secretPlace(id))),
    };
  }
}
