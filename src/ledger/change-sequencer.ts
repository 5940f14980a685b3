import { repeat, type Repeating } from '../platform/clock/index.js';
import type { Database, Tx } from '../platform/database/index.js';
import { CHANGE_QUERIES } from './change-sequencer.queries.js';

/** One number of an advisory lock; any constant that no other lock uses. */
const SEQUENCER_LOCK = 533_401;
const PAGES_PER_TURN = 1_000;
/** An event is to appear within 1 s of its commit (G-65). */
const IDLE_MS = 150;
const FAILURE_MS = 1_000;
/** Kept 30 days (G-65). */
const KEEP_DAYS = 30;
/** The purge looks this often; it removes at most PAGES_PER_TURN pages at once. */
const PURGE_EVERY_TURNS = 400;

/**
 * Numbers the events of `change_page`: the one place that turns order of commit into order of reading.
 *
 * Pages are written by many transactions, and one with a lower identity may become visible after one with a higher.
 * So a reader's cursor cannot be the identity. The sequencer numbers only what is committed and visible, one turn at
 * a time under a lock that PostgreSQL releases after the turn's commit: what a reader sees up to `last_seq` is
 * complete for ever. Within a record, transactions follow each other by the record's row lock, so identity order is
 * commit order.
 */
export class ChangeSequencer {
  private running: Repeating | undefined;
  private turns = 0;

  constructor(
    private readonly database: Database,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  start(): void {
    this.running ??= repeat(() => this.turn(), { idleMs: IDLE_MS, failureMs: FAILURE_MS, onFailure: this.onFailure });
  }

  async stop(): Promise<void> {
    await this.running?.stop();
    this.running = undefined;
  }

  /** Numbers what is committed and not numbered yet; false when that was all, or another process is at it. */
  async turn(): Promise<boolean> {
    this.turns += 1;
    if (this.turns % PURGE_EVERY_TURNS === 0) await this.purge();
    // A look without a transaction first: an idle house costs one index probe a turn.
    const waiting = await this.database.query(CHANGE_QUERIES.anyWaiting, [], 'changes-any');
    if (waiting.length === 0) return false;
    return this.database.transaction(async (tx) => {
      if (!(await isOnlyOne(tx))) return false;
      // A statement of its own: its snapshot must be younger than the lock.
      const [row] = await tx.query<{ numbered: number }>(CHANGE_QUERIES.number, [PAGES_PER_TURN], 'changes-number');
      return row?.numbered === PAGES_PER_TURN;
    });
  }

  /** Removes pages older than 30 days, oldest first, and remembers how far; answers how many went. */
  async purge(): Promise<number> {
    return this.database.transaction(async (tx) => {
      if (!(await isOnlyOne(tx))) return 0;
      const [row] = await tx.query<{ purged: number }>(
        CHANGE_QUERIES.purge,
        [PAGES_PER_TURN, KEEP_DAYS],
        'changes-purge',
      );
      return row?.purged ?? 0;
    });
  }
}

async function isOnlyOne(tx: Tx): Promise<boolean> {
  const [row] = await tx.query<{ locked: boolean }>(
    'SELECT pg_try_advisory_xact_lock($1) AS locked',
    [SEQUENCER_LOCK],
    'changes-lock',
  );
  return row?.locked === true;
}
