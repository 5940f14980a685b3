import { repeat, type Repeating } from '../platform/clock/index.js';
import type { Database } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import { ledgerChanges, type ChangeSource } from './change-source.js';
import { ProblemCollector } from './collector.js';
import { ReplayRunner } from './replay-runner.js';

export interface ProblemsParts {
  readonly database: Database;
  readonly ids: Ids;
  readonly changes?: ChangeSource;
  readonly report: (step: string, error: unknown) => void;
}

export interface Problems {
  start(): void;
  /** Finishes the turns in hand. */
  stop(): Promise<void>;
}

/** Problems are for people: a second sooner or later does not matter to them. */
const COLLECT_IDLE_MS = 1_000;
/** A replay's answers come in a second or more; its stop is a step of its own and does not wait for a turn. */
const REPLAY_IDLE_MS = 500;
const FAILURE_MS = 5_000;

/** What the worker role does for this room: collecting, and walking the replays. Several workers may. */
export function createProblems(parts: ProblemsParts): Problems {
  const { database, ids, changes = ledgerChanges, report } = parts;
  const collector = new ProblemCollector({ database, ids, changes });
  const runner = new ReplayRunner(database, ids);
  let running: Repeating[] = [];
  const failed =
    (step: string) =>
    (error: unknown): void =>
      report(step, error);
  return {
    start: () => {
      if (running.length > 0) return;
      running = [
        repeat(() => collector.turn(), {
          idleMs: COLLECT_IDLE_MS, failureMs: FAILURE_MS, onFailure: failed('collect-problems'),
        }),
        repeat(() => runner.turn(), {
          idleMs: REPLAY_IDLE_MS, failureMs: FAILURE_MS, onFailure: failed('walk-replays'),
        }),
      ]; // prettier-ignore
    },
    stop: async () => {
      await Promise.all(running.map((one) => one.stop()));
      running = [];
    },
  };
}
