import type { Client } from 'pg';
import type { OutgoingItem } from '../../national/index.js';
import { bareBatches, type readNumbers } from '../bare-client.js';
import type { Program } from '../programs.js';
import { prepareBatches, type StationClient } from '../station-client.js';
import type { StationItem } from '../world.js';
import type { LiveRows, NationControl } from './nation-control.js';
import type { PlainQueue } from './plain-queue.js';
import { REFUSAL_CODE } from './trace.js';

/** A moment: the last place in the adapter's order, or the plain queue's milliseconds. */
export type Backlog = number;

/** One way to deliver, with a nation of its own. */
export interface Side {
  readonly name: 'adapter' | 'plain';
  readonly nation: NationControl;
  accept(items: readonly StationItem[]): Promise<void>;
  /** What is accepted and still on its way; with `since`, of what had arrived by then. */
  open(since?: Backlog): Promise<number>;
  /** What has arrived by now. */
  backlog(): Promise<Backlog>;
  account(live: LiveRows): Promise<Account>;
}

/** What a side says of the creates that it accepted, held against the nation's rows. */
export interface Account {
  readonly accepted: number;
  /** Told to somebody as refused by the nation. */
  readonly refused: number;
  /** No live row, and nobody was told that the nation refused it. */
  readonly undelivered: number;
  /** Called delivered, and the nation has nothing. */
  readonly falseSuccesses: number;
}

interface OwnRow extends Record<string, unknown> {
  biz_no: string;
  state: string;
  outcome_code: string | null;
}

/** The product: its api takes the creates, its worker delivers them. */
export class AdapterSide implements Side {
  readonly name = 'adapter';

  constructor(
    readonly nation: NationControl,
    private readonly parts: { client: StationClient; admin: Client; programs: readonly Program[] },
  ) {}

  async accept(items: readonly StationItem[]): Promise<void> {
    await this.parts.client.pushAll(prepareBatches(items));
  }

  async open(since: Backlog = Number.MAX_SAFE_INTEGER): Promise<number> {
    const { rows } = await this.parts.admin.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM outbox WHERE kind = 'service-record' AND accepted_ord <= $1`,
      [since],
    );
    return rows[0]?.n ?? 0;
  }

  async backlog(): Promise<Backlog> {
    const { rows } = await this.parts.admin.query<{ last: number }>(
      `SELECT coalesce(max(accepted_ord), 0)::float8 AS last FROM outbox`,
    );
    return rows[0]?.last ?? 0;
  }

  async account(live: LiveRows): Promise<Account> {
    const { rows } = await this.parts.admin.query<OwnRow>(
      `SELECT biz_no, state, outcome_code FROM record WHERE kind = 'service-record'`,
    );
    const isRefused = (row: OwnRow): boolean => row.state === 'attention' && row.outcome_code === REFUSAL_CODE;
    const missing = rows.filter((row) => !live.has(row.biz_no));
    return {
      accepted: rows.length,
      refused: rows.filter(isRefused).length,
      undelivered: missing.filter((row) => !isRefused(row)).length,
      falseSuccesses: missing.filter((row) => row.state === 'mirrored').length,
    };
  }
}

/** The plain worker: the queue is all that it has. */
export class PlainSide implements Side {
  readonly name = 'plain';
  private readonly accepted: string[] = [];

  constructor(
    readonly nation: NationControl,
    private readonly queue: PlainQueue,
    private readonly numbers: Awaited<ReturnType<typeof readNumbers>>,
  ) {}

  async accept(items: readonly StationItem[]): Promise<void> {
    const outgoing: OutgoingItem[] = bareBatches(items, this.numbers, 1).flat();
    await this.queue.accept(outgoing);
    this.accepted.push(...outgoing.map(({ bizNo }) => bizNo));
  }

  open(since?: Backlog): Promise<number> {
    return this.queue.open(since);
  }

  backlog(): Promise<Backlog> {
    return Promise.resolve(Date.now());
  }

  async account(live: LiveRows): Promise<Account> {
    const { succeeded } = await this.queue.standing();
    return {
      accepted: this.accepted.length,
      refused: 0,
      undelivered: this.accepted.filter((bizNo) => !live.has(bizNo)).length,
      falseSuccesses: succeeded.filter((bizNo) => !live.has(bizNo)).length,
    };
  }
}
