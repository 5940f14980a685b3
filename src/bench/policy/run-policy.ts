import { setTimeout as sleep } from 'node:timers/promises';
import { say } from '../figures.js';
import { ServiceRecords, type StationItem } from '../world.js';
import type { LiveRows, NationCounters } from './nation-control.js';
import { PolicyStage } from './policy-stage.js';
import type { Backlog, Side } from './sides.js';
import { arrivedAfter, HOUR_MS, hoursOf, isRefused, REFUSAL_CODE, REFUSED_WORD, TARGETS, type Trace } from './trace.js';

/** One side's row. Hours are those of life. */
export interface PolicyRow {
  readonly accepted: number;
  readonly callsDuringOutage: number;
  /** From the first create to the last open one. */
  readonly calls: number;
  readonly duplicates: number;
  readonly undelivered: number;
  readonly falseSuccesses: number;
  /** Refused by the nation, and said so. */
  readonly refused: number;
  readonly drainHours: number;
  /** Calls beyond what the nation allows, by its own count. */
  readonly limitsBroken: number;
  readonly blindResends: number;
}

export interface PolicyResult {
  readonly scale: number;
  readonly trace: Trace;
  readonly adapter: PolicyRow;
  readonly plain: PolicyRow;
  /** The adapter keeps all of the targets. */
  readonly isKept: boolean;
}

/** Creates arrive in portions, this often (real time). */
const TICK_MS = 500;
const LOOK_EVERY_MS = 200;
/** A side that has not drained by then (of life) hangs. */
const HANGS_AFTER_HOURS = 3;
const WHOLE = 'whole';
const OUTAGE = 'outage';

/** Lives through the trace once, both sides beside each other. */
export async function runPolicy(databaseUrl: string | null, trace: Trace, scale: number): Promise<PolicyResult> {
  say(`one factor for outage, back-off and quota of both sides: ${scale}`);
  const stage = await PolicyStage.open(databaseUrl, trace, scale);
  try {
    const drains = await new Play(stage, trace, scale).run();
    const rows = await Promise.all(stage.sides.map((side) => rowOf(side, drains)));
    const [adapter, plain] = rows as [PolicyRow, PolicyRow];
    return { scale, trace, adapter, plain, isKept: keepsTargets(adapter) };
  } finally {
    await stage.close();
  }
}

const keepsTargets = (row: PolicyRow): boolean =>
  row.callsDuringOutage <= TARGETS.callsDuringOutage &&
  row.duplicates <= TARGETS.duplicates &&
  row.undelivered <= TARGETS.undelivered &&
  row.falseSuccesses <= TARGETS.falseSuccesses &&
  row.drainHours <= TARGETS.drainHours;

interface Drained {
  readonly callsDuringOutage: number;
  readonly hours: number;
}

class Play {
  private readonly items: readonly StationItem[];
  private sent = 0;
  private startedAt = 0;

  constructor(
    private readonly stage: PolicyStage,
    private readonly trace: Trace,
    private readonly scale: number,
  ) {
    this.items = new ServiceRecords(Date.now())
      .take(trace.creates)
      .map((item, n) => (isRefused(n, trace) ? markedToBeRefused(item) : item));
  }

  async run(): Promise<ReadonlyMap<Side, Drained>> {
    const { beforeMs, outageMs } = this.trace;
    await this.each((side) => this.script(side));
    await this.each((side) => side.nation.mark(WHOLE));
    this.startedAt = performance.now();
    const arrivals = this.arrive();
    await this.until(beforeMs);
    say('the nation goes down');
    await this.each((side) => side.nation.mark(OUTAGE));
    await this.each((side) => side.nation.fault({ catalogue: 'F05' }));
    await this.until(beforeMs + outageMs);
    const backAt = performance.now();
    const { cpu } = this.stage;
    cpu.start();
    const returns = new Map<Side, { backlog: Backlog; callsDuringOutage: number; waiting: number }>();
    await this.each(async (side) => {
      const { requests: callsDuringOutage } = await side.nation.since(OUTAGE);
      await side.nation.fault({ catalogue: 'F05', off: true });
      returns.set(side, { backlog: await side.backlog(), callsDuringOutage, waiting: await side.open() });
    });
    say('the nation is back');
    const drained = new Map<Side, Drained>();
    await this.each(async (side) => {
      const { backlog = 0, callsDuringOutage = 0, waiting = 0 } = returns.get(side) ?? {};
      drained.set(side, { callsDuringOutage, hours: await this.drain(side, backlog, backAt) });
      say(`${side.name} has drained the ${waiting} that waited`);
      if (side.name === 'adapter') cpu.tell('drain', waiting);
    });
    await arrivals;
    await this.each((side) => this.rest(side));
    return drained;
  }

  private async each(act: (side: Side) => Promise<void>): Promise<void> {
    await Promise.all(this.stage.sides.map(act));
  }

  /** A lost reply of one write in a hundred, and a refusal inside HTTP 200 for those that are marked. */
  private async script({ nation }: Side): Promise<void> {
    const match = { entity: 'service-records' };
    await nation.fault({ catalogue: 'F03', how: 'reset', probability: this.trace.lostReplies, match });
    await nation.fault({
      id: 'refused', point: 'before-item', match: { ...match, bodyIncludes: REFUSED_WORD },
      effect: { type: 'code', code: REFUSAL_CODE, message: '服务时长超过上限' },
    }); // prettier-ignore
  }

  /** Evenly, to both sides alike, whatever becomes of those before. */
  private async arrive(): Promise<void> {
    while (this.sent < this.trace.creates) {
      const due = arrivedAfter(this.elapsedMs(), this.trace);
      const portion = this.items.slice(this.sent, due);
      this.sent = due;
      if (portion.length > 0) await this.each((side) => side.accept(portion));
      await sleep(TICK_MS);
    }
  }

  /** Of life. */
  private elapsedMs(): number {
    return (performance.now() - this.startedAt) * this.scale;
  }

  private async until(lifeMs: number): Promise<void> {
    await sleep(Math.max(0, (lifeMs - this.elapsedMs()) / this.scale));
  }

  /** Hours of life from the nation's return until nothing of what had arrived by then is open. */
  private async drain(side: Side, backlog: Backlog, backAt: number): Promise<number> {
    for (;;) {
      const open = await side.open(backlog);
      const hours = hoursOf((performance.now() - backAt) * this.scale);
      if (open === 0) return hours;
      if (hours > HANGS_AFTER_HOURS) {
        say(`${side.name} still has ${open} open after ${HANGS_AFTER_HOURS} hours`);
        return hours;
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** What came after the outage is on its way for a moment longer; what stays open is counted as undelivered. */
  private async rest(side: Side): Promise<void> {
    const hangsAt = performance.now() + (HANGS_AFTER_HOURS * HOUR_MS) / this.scale;
    while (performance.now() < hangsAt && (await side.open()) > 0) await sleep(LOOK_EVERY_MS);
  }
}

const markedToBeRefused = (item: StationItem): StationItem => ({
  ...item,
  data: { ...item.data, content: `${String(item.data.content)}（${REFUSED_WORD}）` },
});

async function rowOf(side: Side, drains: ReadonlyMap<Side, Drained>): Promise<PolicyRow> {
  const live = await side.nation.live();
  const counted = await side.nation.since(WHOLE);
  const { callsDuringOutage = 0, hours = 0 } = drains.get(side) ?? {};
  const HUNDREDTHS = 100;
  return {
    ...(await side.account(live)),
    callsDuringOutage,
    calls: counted.requests,
    duplicates: doublesOf(live, counted),
    drainHours: Math.round(hours * HUNDREDTHS) / HUNDREDTHS,
    limitsBroken: Object.values(counted.breaches).reduce((sum, count) => sum + count, 0),
    blindResends: counted.writes.resends.blind,
  };
}

/** Live rows too many for a number, and natural keys that several numbers share. */
function doublesOf(live: LiveRows, { live: { crowdedKeys } }: NationCounters): number {
  const tooMany = [...live.values()].reduce((sum, rows) => sum + rows - 1, 0);
  const shared = crowdedKeys.filter(({ rows }) => new Set(rows.map(({ bizNo }) => bizNo)).size > 1);
  return tooMany + shared.length;
}
