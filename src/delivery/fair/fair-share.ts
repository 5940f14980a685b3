/**
 * Who goes next, pure: start-time fair queueing over counties, and inside a county over its source systems. Whoever
 * has had the least, by weight, is next; who comes back from a rest starts where the others are and not where it left.
 */

/** Entries of one source system of one county in one lane. */
export interface FairQueue {
  readonly lane: number;
  readonly county: string;
  readonly source: string;
  /** Oldest first. */
  readonly entries: readonly string[];
}

export interface FairRules {
  /** Weight of a county; 1 when it has none. */
  readonly weights: Readonly<Record<string, number>>;
  /** Share of what is asked for that lower lanes get while a higher one could take it all. */
  readonly lowerLaneShare: number;
}

/** A tenth for those behind keeps every lane moving, and costs the first lane next to nothing. */
export const FAIR_RULES: FairRules = { weights: {}, lowerLaneShare: 0.1 };

interface Clock {
  /** Finish tag by member: what it has had so far, by weight. */
  readonly finished: Map<string, number>;
  virtual: number;
}

/** What was given out, remembered from one choice to the next. One for each kind of record. */
export class FairShare {
  private readonly clocks = new Map<string, Clock>();
  private lowerCredit = 0;

  constructor(private readonly rules: FairRules = FAIR_RULES) {}

  /** At most `limit` entries in the order in which they should go. Takes all that there are when they are fewer. */
  choose(queues: readonly FairQueue[], limit: number): string[] {
    const lanes = [...new Set(queues.map(({ lane }) => lane))].sort((a, b) => a - b);
    const kept = this.keptForLower(queues, lanes, limit);
    const chosen: string[] = [];
    const cursors = new Map<FairQueue, number>();
    const take = (lane: number, most: number): void => {
      this.takeFrom(queues.filter((queue) => queue.lane === lane), Math.min(most, limit - chosen.length), { chosen, cursors });
    }; // prettier-ignore
    // First what is kept for those behind: whoever cuts the end off must not cut off always the same.
    if (kept > 0) for (const lane of lanes.slice(1)) take(lane, kept - chosen.length);
    for (const lane of lanes) take(lane, limit);
    return chosen;
  }

  /** Whole entries of the lower lanes' share; what is less than one is saved up. */
  private keptForLower(queues: readonly FairQueue[], lanes: readonly number[], limit: number): number {
    const [first] = lanes;
    const sizeOf = (isFirst: boolean): number =>
      queues.filter(({ lane }) => (lane === first) === isFirst).reduce((sum, { entries }) => sum + entries.length, 0);
    if (lanes.length < 2 || sizeOf(true) < limit) return 0;
    this.lowerCredit += limit * this.rules.lowerLaneShare;
    const kept = Math.min(Math.floor(this.lowerCredit), sizeOf(false), limit);
    this.lowerCredit = Math.min(this.lowerCredit - kept, limit);
    return kept;
  }

  private takeFrom(
    queues: readonly FairQueue[],
    most: number,
    { chosen, cursors }: { chosen: string[]; cursors: Map<FairQueue, number> },
  ): void {
    const waiting = new Map<string, Map<string, FairQueue>>();
    for (const queue of queues) {
      if (queue.entries.length === (cursors.get(queue) ?? 0)) continue;
      waiting.set(queue.county, (waiting.get(queue.county) ?? new Map<string, FairQueue>()).set(queue.source, queue));
    }
    for (let taken = 0; taken < most && waiting.size > 0; taken += 1) {
      const county = this.next('counties', waiting.keys());
      const own = waiting.get(county) as Map<string, FairQueue>;
      const source = this.next(county, own.keys());
      const queue = own.get(source) as FairQueue;
      const cursor = cursors.get(queue) ?? 0;
      chosen.push(queue.entries[cursor] as string);
      cursors.set(queue, cursor + 1);
      if (cursor + 1 === queue.entries.length) own.delete(source);
      if (own.size === 0) waiting.delete(county);
    }
  }

  /** The member with the least start tag; ties go by name, so that the same input gives the same order. */
  private next(clockName: string, members: Iterable<string>): string {
    const clock = this.clocks.get(clockName) ?? { finished: new Map<string, number>(), virtual: 0 };
    this.clocks.set(clockName, clock);
    let first = '';
    let start = Number.POSITIVE_INFINITY;
    for (const member of members) {
      const own = Math.max(clock.virtual, clock.finished.get(member) ?? 0);
      if (own < start || (own === start && member < first)) [first, start] = [member, own];
    }
    clock.virtual = start;
    const weight = clockName === 'counties' ? (this.rules.weights[first] ?? 1) : 1;
    clock.finished.set(first, start + 1 / weight);
    return first;
  }
}
