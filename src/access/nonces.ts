import type { Queryable } from '../platform/database/index.js';
import type { NonceBook } from './authenticate.js';

/** Single use per appKey for 600 s (G-03): longer than any timestamp is good, so a replay meets its nonce. */
const NONCE_SECONDS = 600;

/** One row per used nonce, in PostgreSQL, so that neither a restart nor another process forgets it (S03). */
const USE = `
INSERT INTO request_nonce (app_key, nonce, expires_at) VALUES ($1, $2, now() + make_interval(secs => ${NONCE_SECONDS}))
ON CONFLICT (app_key, nonce) DO UPDATE SET expires_at = excluded.expires_at WHERE request_nonce.expires_at <= now()
RETURNING true AS used`;

/** A few thousand a turn, so that the purge never holds a long transaction. */
const PURGE = `
DELETE FROM request_nonce WHERE (app_key, nonce) IN
  (SELECT app_key, nonce FROM request_nonce WHERE expires_at <= now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING 1 AS gone`;

const PURGE_ROWS = 5_000;

export class StoredNonces implements NonceBook {
  constructor(private readonly database: Queryable) {}

  async use(appKey: string, nonce: string): Promise<boolean> {
    const rows = await this.database.query(USE, [appKey, nonce], 'access-use-nonce');
    return rows.length === 1;
  }

  /** Removes expired ones; true when there may be more. */
  async purge(): Promise<boolean> {
    const rows = await this.database.query(PURGE, [PURGE_ROWS], 'access-purge-nonces');
    return rows.length === PURGE_ROWS;
  }
}
