import type { Queryable } from '../../platform/database/index.js';
import type { NationalStatus } from '../../national/index.js';
import { QUOTA_BLOCK_CALLS, QUOTA_BLOCK_LIFE_MS, QUOTA_BLOCK_PARTS, QUOTA_RESERVE } from './storm-policy.js';

/** What is left of the day for this caller; `resetsInMs` = until it begins anew. */
export type QuotaTurn = { readonly granted: true } | { readonly granted: false; readonly resetsInMs: number };

export interface QuotaStanding {
  readonly limit: number | null;
  readonly used: number;
  readonly resetsInMs: number;
}

interface Block {
  left: number;
  untilMs: number;
}

/**
 * Counts every call to the nation against its daily quota (Beijing day) without a hot row: a process takes calls out
 * of the day in blocks and spends them alone. Failed calls are spent too (F37). A block is short-lived: what a killed
 * process had not spent is lost for at most seconds, since the nation's own count is taken over again and again.
 */
export class Quota {
  private readonly blocks = new Map<'write' | 'read', Block>();
  private readonly taking = new Map<'write' | 'read', Promise<QuotaTurn>>();
  private blockCalls = QUOTA_BLOCK_CALLS;

  constructor(private readonly parts: { database: Queryable; clock: { nowMs(): number }; callDeadlineMs: number }) {}

  /** One call out of the day. Writes stop at the reserve, reads at the end. */
  async take(purpose: 'write' | 'read'): Promise<QuotaTurn> {
    for (;;) {
      if (this.spend(purpose)) return { granted: true };
      // Whoever comes while a block is being fetched waits for that one.
      const running = this.taking.get(purpose);
      const turn = await (running ?? this.fetch(purpose));
      if (!turn.granted) return turn;
    }
  }

  /** A call that was not made after all. */
  giveBack(purpose: 'write' | 'read'): void {
    const block = this.blocks.get(purpose);
    if (block) block.left += 1;
  }

  /** Takes over what the nation announces; null limit = none. */
  async adopt({ limit, used }: NationalStatus['quota'], resetsInMs: number | null): Promise<QuotaStanding> {
    if (limit !== null) this.blockCalls = blockCalls(limit);
    const rows = await this.parts.database.query<{ quota_limit: number | null; used: number; resets_in_ms: number }>(
      `SELECT * FROM adopt_national_quota($1, $2, $3)`,
      [limit, used, resetsInMs],
      'delivery-adopt-quota',
    );
    return { limit: rows[0]?.quota_limit ?? null, used: rows[0]?.used ?? 0, resetsInMs: rows[0]?.resets_in_ms ?? 0 };
  }

  private spend(purpose: 'write' | 'read'): boolean {
    const block = this.blocks.get(purpose);
    const left = block === undefined ? 0 : block.untilMs - this.parts.clock.nowMs();
    // A clock that was set back must not make a block live for ever.
    if (!block || block.left <= 0 || left <= 0 || left > QUOTA_BLOCK_LIFE_MS) return false;
    block.left -= 1;
    return true;
  }

  private fetch(purpose: 'write' | 'read'): Promise<QuotaTurn> {
    const fetching = this.reserve(purpose).finally(() => this.taking.delete(purpose));
    this.taking.set(purpose, fetching);
    return fetching;
  }

  private async reserve(purpose: 'write' | 'read'): Promise<QuotaTurn> {
    const { database, clock, callDeadlineMs } = this.parts;
    const nowMs = clock.nowMs();
    const rows = await database.query<{ granted: number; resets_in_ms: number }>(
      `SELECT * FROM reserve_national_quota($1, $2, $3, $4)`,
      [purpose === 'write', this.blockCalls, QUOTA_RESERVE, QUOTA_BLOCK_LIFE_MS + callDeadlineMs],
      'delivery-reserve-quota',
    );
    const { granted = 0, resets_in_ms: resetsInMs = 0 } = rows[0] ?? {};
    if (granted === 0) return { granted: false, resetsInMs };
    this.blocks.set(purpose, { left: granted, untilMs: nowMs + Math.min(QUOTA_BLOCK_LIFE_MS, resetsInMs) });
    return { granted: true };
  }
}

/** Small quotas are handed out in small pieces, so that no worker sits on a part that others could use. */
export function blockCalls(limit: number): number {
  return Math.max(1, Math.min(QUOTA_BLOCK_CALLS, Math.floor(limit / QUOTA_BLOCK_PARTS)));
}

/** Where the day stands, for people and alerts; null before the first call. */
export async function quotaStanding(database: Queryable): Promise<QuotaStanding | null> {
  const rows = await database.query<{ quota_limit: number | null; used: number; resets_in_ms: number }>(
    `SELECT quota_limit, used, (extract(epoch FROM resets_at - now()) * 1000)::float8 AS resets_in_ms
     FROM national_quota_day WHERE resets_at > now() ORDER BY id DESC LIMIT 1`,
    [],
    'delivery-quota-standing',
  );
  const [row] = rows;
  return row ? { limit: row.quota_limit, used: row.used, resetsInMs: row.resets_in_ms } : null;
}
