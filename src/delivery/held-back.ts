import { repeat, type Repeating } from '../platform/clock/index.js';
import type { Database } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import { codeWords } from '../records/index.js';
import { moveRecords, type RecordMove } from '../ledger/index.js';
import { gatesOf } from './gates.js';
import { takeHeld } from './held-back.queries.js';
import { readStormView } from './storm/storm-view.js';

/** A pause shorter than this is over before anybody asks; it is not worth a change of state. */
const NOTABLE_PAUSE_MS = 10_000;
const ROWS_PER_TURN = 500;
const IDLE_MS = 2_000;
const FAILURE_MS = 5_000;

/** What holds promises back, and for how long. */
interface Holding {
  readonly scope: string;
  readonly reason: string;
  readonly remainingMs: number;
}

export interface HeldBackParts {
  readonly database: Database;
  readonly ids: Ids;
  readonly report: (step: string, error: unknown) => void;
}

/**
 * Says of records that are due but may not go now why they wait (station-contract §4: a service window, a quota).
 * They go when the gate's time has come, or when the nation says that it is open again.
 */
export class HeldBack {
  private running: Repeating | undefined;

  constructor(private readonly parts: HeldBackParts) {}

  start(): void {
    const onFailure = (error: unknown): void => this.parts.report('explain-gates', error);
    this.running ??= repeat(() => this.turn(), { idleMs: IDLE_MS, failureMs: FAILURE_MS, onFailure });
  }

  async stop(): Promise<void> {
    await this.running?.stop();
  }

  /** True when more is due behind a gate than one turn takes. */
  async turn(): Promise<boolean> {
    let isMore = false;
    for (const held of await this.holding()) {
      if (held.remainingMs >= NOTABLE_PAUSE_MS && (await this.explain(held))) isMore = true;
    }
    return isMore;
  }

  /** Gates, and counties that people have paused. */
  private async holding(): Promise<Holding[]> {
    const view = await readStormView(this.parts.database, 0);
    const gates = [...gatesOf(view).values()].map(({ scope, reason, remaining_ms: remainingMs }): Holding => ({ scope, reason, remainingMs }));
    const counties = view.pauses.filter(({ scope }) => scope.startsWith('county:'));
    return [...gates, ...counties.map(({ scope, reason, remainingMs }) => ({ scope, reason: codeWords('PAUSED', { why: reason }).message, remainingMs }))];
  } // prettier-ignore

  private async explain(holding: Holding): Promise<boolean> {
    const { database, ids } = this.parts;
    return database.transaction(async (tx) => {
      const held = await takeHeld(tx, holding.scope, holding.remainingMs, ROWS_PER_TURN);
      const waitingFor = [{ kind: null, sourceId: null, reason: holding.reason }];
      const moves = held.rows.map((row): RecordMove => ({ id: row.id, from: 'queued', to: 'waiting', waitingFor }));
      await moveRecords(tx, ids, moves);
      return held.promises === ROWS_PER_TURN;
    });
  }
}
