import type { StationClient, SummaryKinds } from './station-client.js';
import type { RecordState } from '../records/index.js';

const POLL_MS = 1_000;
/** States that pass by themselves. `waiting` does not: it may wait for something that never comes. */
const MOVING = ['queued', 'sending', 'unknown', 'pending'] as const;
/** Between the last parent and its waiting children lies the adapter's own sweep. */
const QUIET_MS = { asPlanned: 1_500, otherwise: 10_000 } as const;
/** Longer than any pause that the adapter makes of its own accord at the demonstration's settings. */
const STALL_MS = 90_000;

export type StateCounts = Readonly<Partial<Record<RecordState, number>>>;

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export function addUp(summaries: readonly SummaryKinds[]): Record<string, Record<string, number>> {
  const sum: Record<string, Record<string, number>> = {};
  for (const [kind, states] of summaries.flatMap((kinds) => Object.entries(kinds))) {
    const counts = (sum[kind] ??= {});
    for (const [state, count] of Object.entries(states)) counts[state] = (counts[state] ?? 0) + count;
  }
  return sum;
}

export function byState(kinds: SummaryKinds): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const [state, count] of Object.values(kinds).flatMap((states) => Object.entries(states))) {
    sum[state] = (sum[state] ?? 0) + count;
  }
  return sum;
}

const of = (counts: StateCounts, states: readonly RecordState[]): number =>
  states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);

/** What the three source systems say of themselves, asked once a second. */
export class Watch {
  private last: StateCounts = {};

  constructor(private readonly clients: readonly StationClient[]) {}

  async look(): Promise<SummaryKinds> {
    const kinds = addUp(await Promise.all(this.clients.map((client) => client.summary())));
    this.last = byState(kinds);
    return kinds;
  }

  get counts(): StateCounts {
    return this.last;
  }

  /** Looks until `work` is over. */
  async during<Result>(work: Promise<Result>, onLook: () => void): Promise<Result> {
    let isOver = false;
    const ended = work.finally(() => {
      isOver = true;
    });
    const looking = async (): Promise<void> => {
      while (!isOver) {
        await this.look();
        onLook();
        await Promise.race([sleep(POLL_MS), ended.catch(() => undefined)]);
      }
    };
    const [result] = await Promise.all([ended, looking()]);
    return result;
  }

  /** Until nothing moves any more; false when something should move and does not. */
  async untilQuiet(plannedWaits: number, onLook: () => void): Promise<boolean> {
    let before = '';
    let since = Date.now();
    for (;;) {
      await this.look();
      onLook();
      const now = JSON.stringify(this.last);
      if (now !== before) since = Date.now();
      before = now;
      const stillMs = Date.now() - since;
      const isMoving = of(this.last, MOVING) > 0;
      if (isMoving && stillMs > STALL_MS) return false;
      const isAsPlanned = (this.last.waiting ?? 0) <= plannedWaits;
      if (!isMoving && stillMs >= (isAsPlanned ? QUIET_MS.asPlanned : QUIET_MS.otherwise)) return true;
      await sleep(POLL_MS);
    }
  }
}
