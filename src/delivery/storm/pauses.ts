import { appendEvidence } from '../../evidence/index.js';
import type { Database, Tx } from '../../platform/database/index.js';
import type { Ids } from '../../platform/ids/index.js';

/** What a pause holds: everything, one county (a prefix of its area code), or one kind. */
export type PauseScope = 'all' | `county:${string}` | `kind:${string}`;

export interface PauseWish {
  readonly scope: string;
  readonly reason: string;
  /** RFC 3339; null = until somebody ends it. */
  readonly until: string | null;
  readonly actor: string;
}

export interface Pause {
  readonly id: string;
  readonly scope: string;
  readonly isStop: boolean;
  readonly reason: string;
  readonly actor: string;
  readonly at: string;
  readonly until: string | null;
}

/** Open-ended pauses are brought to mind again after this. */
export const REMIND_AFTER_HOURS = 24;
const MAX_REASON = 500;
const SCOPE = /^(?:all|county:\d{2,12}|kind:[a-z][a-z-]{1,40})$/;

/** The wish cannot be carried out; the message is for the person who wished. */
export class PauseError extends Error {
  override name = 'PauseError';
}

interface PauseRow extends Record<string, unknown> {
  id: string;
  scope: string;
  is_stop: boolean;
  reason: string;
  actor: string;
  at: Date;
  until: Date | null;
}

const COLUMNS = `id, scope, is_stop, reason, actor, at, until`;
const IS_OPEN = `ended_at IS NULL AND (until IS NULL OR until > now())`;

/**
 * Pauses by people, and the emergency stop. Every process hears of one within a fraction of a second; what is on the
 * wire by then finishes. Each act leaves its leaf in the same transaction, with the act and never the free text.
 */
export class Pauses {
  constructor(
    private readonly database: Database,
    private readonly ids: Ids,
    /** Kinds that may be named; a pause of a misspelt kind would hold nothing and look as if it did. */
    private readonly kinds: readonly string[],
  ) {}

  add(wish: PauseWish): Promise<Pause> {
    return this.insert(wish, false);
  }

  /** Nothing new leaves any more, look-ups and receipts neither, until somebody resumes. */
  stopAll(wish: Pick<PauseWish, 'reason' | 'actor'>): Promise<Pause> {
    return this.insert({ ...wish, scope: 'all', until: null }, true);
  }

  /** Ends one pause by its id, or all open ones of a scope. */
  async remove(which: { id: string } | { scope: string }, actor: string): Promise<readonly Pause[]> {
    return this.database.transaction(async (tx) => {
      const [column, value] = 'id' in which ? ['id::text', which.id] : ['scope', which.scope];
      const rows = await tx.query<PauseRow>(
        `UPDATE delivery_pause SET ended_at = now(), ended_by = $2 WHERE ${column} = $1 AND ${IS_OPEN} RETURNING ${COLUMNS}`,
        [value, actor],
      );
      if (rows.length === 0) throw new PauseError('没有正在生效的这项暂停。');
      for (const row of rows) {
        await release(tx, row.scope);
        await appendEvidence(tx, [
          { kind: 'admin.action', act: 'pause.remove', actor, pause: row.id, scope: row.scope },
        ]);
      }
      return rows.map(shown);
    });
  }

  /** Open ones, oldest first. */
  async list(): Promise<readonly Pause[]> {
    const rows = await this.database.query<PauseRow>(
      `SELECT ${COLUMNS} FROM delivery_pause WHERE ${IS_OPEN} ORDER BY at, id`,
    );
    return rows.map(shown);
  }

  private async insert(wish: PauseWish, isStop: boolean): Promise<Pause> {
    this.check(wish);
    const id = this.ids.uuid();
    return this.database.transaction(async (tx) => {
      const [late] = await tx.query<{ late: boolean }>(`SELECT $1::timestamptz <= now() AS late`, [wish.until]);
      if (late?.late === true) throw new PauseError('结束时间已经过去。');
      const rows = await tx.query<PauseRow>(
        `INSERT INTO delivery_pause (id, scope, is_stop, reason, actor, until, remind_at)
         VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(hours => $7)) RETURNING ${COLUMNS}`,
        [id, wish.scope, isStop, wish.reason.trim(), wish.actor, wish.until, REMIND_AFTER_HOURS],
      );
      await appendEvidence(tx, [
        {
          kind: 'admin.action', act: isStop ? 'delivery.stop' : 'pause.add', actor: wish.actor, pause: id,
          scope: wish.scope, until: wish.until ?? '',
        },
      ]); // prettier-ignore
      return shown(rows[0] as PauseRow);
    });
  }

  private check({ scope, reason, until, actor }: PauseWish): void {
    if (!SCOPE.test(scope)) throw new PauseError('范围应为 all、county:区划代码 或 kind:记录种类。');
    if (scope.startsWith('kind:') && !this.kinds.includes(scope.slice('kind:'.length))) {
      throw new PauseError(`没有这种记录；可用：${this.kinds.join('、')}。`);
    }
    const words = reason.trim();
    if (words === '' || [...words].length > MAX_REASON) throw new PauseError(`请写明原因，1 至 ${MAX_REASON} 字。`);
    if (actor.trim() === '') throw new PauseError('请写明由谁暂停。');
    if (until !== null && Number.isNaN(Date.parse(until))) throw new PauseError('结束时间应写成 2026-11-25T18:00:00+08:00。');
  } // prettier-ignore
}

/** What the pause had put off is looked at now; what waits for something else looks once too often. */
async function release(tx: Tx, scope: string): Promise<void> {
  await tx.query(
    `UPDATE outbox o SET ready_at = now() FROM record r
     WHERE r.id = o.record_id AND r.state = 'waiting' AND o.stage = 'ready' AND o.ready_at > now()
       AND ($1 = 'all' OR $1 = 'kind:' || o.kind OR starts_with('county:' || o.county_code, $1))`,
    [scope],
    'delivery-release-paused',
  );
}

function shown(row: PauseRow): Pause {
  const { id, scope, is_stop: isStop, reason, actor, at, until } = row;
  return { id, scope, isStop, reason, actor, at: at.toISOString(), until: until?.toISOString() ?? null };
}
