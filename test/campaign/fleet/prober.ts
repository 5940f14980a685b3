import { setTimeout as sleep } from 'node:timers/promises';
import type { StationItem } from '../../independent/station-types.js';
import type { RunFacts } from '../checker/evidence.js';
import type { Fleet } from './fleet.js';

type Recovery = RunFacts['recoveries'][number];

/** The first station of the fleet only probes. */
export const PROBER = 0;
/** Twice what the goals allow, so that what is missed is told with a figure. */
const LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 100;

/** After a fault: how long until a fresh record is taken, and until the nation has it. */
export class Prober {
  private count = 0;

  constructor(
    private readonly fleet: Fleet,
    private readonly source: string,
  ) {}

  async probe(fault: string): Promise<Recovery> {
    this.count += 1;
    const item = freshStation(this.count);
    this.fleet.plan(this.source, { ...item, fate: 'mirrored', codes: [] });
    const started = performance.now();
    const door = this.count % this.fleet.clients(PROBER).length;
    const intakeMs = await this.until(started, async () => (await this.fleet.tryOnce([item], PROBER, door)) !== null);
    if (intakeMs === null) return { fault, intakeMs, mirroredMs: null };
    const mirroredMs = await this.until(started, async () => (await this.stateOf(item)) === 'mirrored');
    return { fault, intakeMs, mirroredMs };
  }

  /** By any door that answers. */
  private async stateOf({ kind, sourceId }: StationItem): Promise<string | null> {
    for (const client of this.fleet.clients(PROBER)) {
      const status = await client.status(kind, sourceId).catch(() => null);
      if (status !== null) return status.state;
    }
    return null;
  }

  private async until(started: number, look: () => Promise<boolean>): Promise<number | null> {
    for (; performance.now() - started < LIMIT_MS; await sleep(LOOK_EVERY_MS)) {
      if (await look()) return Math.round(performance.now() - started);
    }
    return null;
  }
}

/** A station needs no parent and no review: its way shows the line alone. */
export function freshStation(number: number, mark = 'P'): StationItem & { data: { name: string } } {
  return {
    kind: 'station',
    sourceId: `${mark}.${number}`,
    revision: 0,
    data: {
      name: `探测${mark}${number}号社区志愿服务站`,
      type: 'COMMUNITY',
      areaCode: '533401101001',
      address: `探测路${number}号`,
      hostOrgName: '探测社区居委会',
      managers: [{ name: '测试甲', mobile: '13900000001', fullTime: true }],
      openedOn: '2023-06-01',
      status: 'ACTIVE',
    },
  };
}
