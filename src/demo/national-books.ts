import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { KindName } from './world-record.js';

/** How the nation calls our kinds (national-contract §1.4). */
const ENTITIES: Readonly<Record<KindName, string>> = {
  station: 'stations',
  volunteer: 'volunteers',
  team: 'teams',
  project: 'projects',
  activity: 'activities',
  membership: 'memberships',
  'service-record': 'service-records',
  evaluation: 'evaluations',
  training: 'trainings',
  commendation: 'commendations',
  'certificate-request': 'certificate-requests',
};

/** What the nation holds under one number: its rows in force and their minutes. */
export interface Holding {
  active: number;
  minutes: number;
}

interface Line {
  readonly bizNo: string | null;
  readonly status: string;
  readonly minutes?: number;
}

/** The journal of the simulator, read through its control port. Nothing is ever written there. */
export class NationalBooks {
  constructor(private readonly controlUrl: string) {}

  /** Rows in force of a kind, by our number. */
  async holdings(kind: KindName): Promise<Map<string, Holding>> {
    const held = new Map<string, Holding>();
    const stream = await this.stream(`/sim/ledger/rows?entity=${ENTITIES[kind]}`);
    for await (const text of createInterface({ input: stream })) {
      const { bizNo, status, minutes = 0 } = JSON.parse(text) as Line;
      if (bizNo === null || status !== 'ACTIVE') continue;
      const holding = held.get(bizNo) ?? { active: 0, minutes: 0 };
      held.set(bizNo, { active: holding.active + 1, minutes: holding.minutes + minutes });
    }
    return held;
  }

  private async stream(path: string): Promise<Readable> {
    const response = await fetch(`${this.controlUrl}${path}`);
    if (!response.ok || response.body === null) throw new Error(`the simulator answered ${response.status} to ${path}`);
    return Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  }

  /** The simulator's own sum, for each kind: rows in force, their minutes, numbers on more than one row. */
  async summary(): Promise<ReadonlyMap<KindName, { active: number; minutes: number; duplicates: readonly string[] }>> {
    const response = await fetch(`${this.controlUrl}/sim/ledger/summary`);
    if (!response.ok) throw new Error(`the simulator answered ${response.status}`);
    const entities = (await response.json()) as Record<
      string,
      { active: number; minutes: number; duplicates: string[] }
    >;
    return new Map(
      (Object.entries(ENTITIES) as [KindName, string][]).flatMap(([kind, entity]) => {
        const summary = entities[entity];
        return summary === undefined ? [] : [[kind, summary] as const];
      }),
    );
  }
}
