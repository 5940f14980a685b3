import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';

/** Limits that the nation announces; null = none. */
export interface TurnLimits {
  readonly qps: number | null;
  readonly concurrency: number | null;
}

/** How long a turn may take before others may have it: the call's deadline and a margin. */
const TURN_MARGIN_MS = 5_000;
const NO_SLOT = -1;
const SLOT_PAUSE_MS = 25;

/**
 * Shares the announced rate and concurrency among all workers. Without limits no turn is needed and none is taken.
 */
export class Turns {
  constructor(
    private readonly database: Database,
    private readonly ids: Ids,
    private readonly callDeadlineMs: number,
  ) {}

  /** Waits for a turn, runs `call`, and gives the turn back. */
  async take<T>(limits: TurnLimits, call: () => Promise<T>): Promise<T> {
    if (limits.qps === null && limits.concurrency === null) return call();
    const turn = this.ids.uuid();
    await this.wait(turn, limits);
    try {
      return await call();
    } finally {
      if (limits.concurrency !== null) {
        await this.database.query(`DELETE FROM national_slot WHERE id = $1`, [turn], 'delivery-give-turn');
      }
    }
  }

  private async wait(turn: string, limits: TurnLimits): Promise<void> {
    for (;;) {
      const rows = await this.database.query<{ wait: number }>(
        `SELECT take_national_turn($1, $2, $3, $4) AS wait`,
        [turn, limits.concurrency, limits.qps, this.callDeadlineMs + TURN_MARGIN_MS],
        'delivery-take-turn',
      );
      const waitMs = rows[0]?.wait ?? NO_SLOT;
      if (waitMs !== NO_SLOT) {
        if (waitMs > 0) await sleep(waitMs);
        return;
      }
      await sleep(SLOT_PAUSE_MS);
    }
  }
}
