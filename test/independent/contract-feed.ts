/** Watches `/changes` while records move (G-65), and compares it with a full second reading at the end. */
import { pause, type StationClient } from './station-client.js';
import type { ChangeEvent, RecordStatus } from './station-types.js';

export class FeedWatch {
  readonly problems: string[] = [];
  private readonly seen: ChangeEvent[] = [];
  private cursor = '';
  private running: Promise<void> | null = null;
  private stopped = false;

  constructor(private readonly client: StationClient) {}

  start(everyMs = 400): void {
    const loop = async (): Promise<void> => {
      while (!this.stopped) {
        await this.advance();
        await pause(everyMs);
      }
    };
    this.running = loop().catch((error: unknown) => {
      this.problems.push(`/changes could not be read: ${String(error)}`);
    });
  }

  /** Reads on; every new event must lie above everything already handed out. */
  async advance(): Promise<void> {
    const before = this.seen.at(-1)?.seq ?? -1;
    const { events, cursor } = await this.client.readChanges(this.cursor, 50);
    let last = before;
    for (const event of events) {
      if (event.seq <= last) this.problems.push(`/changes: seq ${event.seq} came after ${last}`);
      last = Math.max(last, event.seq);
    }
    this.seen.push(...events);
    this.cursor = cursor;
  }

  async finish(): Promise<void> {
    this.stopped = true;
    await this.running;
    await this.advance();
  }

  /** Full second reading: the same events, none that the first reader could not have seen; last states agree. */
  async compare(statuses: Map<string, RecordStatus>): Promise<string[]> {
    const { events } = await this.client.readChanges('', 1000);
    const problems = [...this.problems];
    const first = new Set(this.seen.map((event) => event.seq));
    const highest = this.seen.at(-1)?.seq ?? -1;
    for (const event of events) {
      if (event.seq <= highest && !first.has(event.seq)) {
        problems.push(
          `/changes: seq ${event.seq} (${event.kind}/${event.sourceId}) appeared below a cursor already handed out`,
        );
      }
    }
    const again = new Set(events.map((event) => event.seq));
    const vanished = this.seen.filter((event) => !again.has(event.seq));
    if (vanished.length > 0)
      problems.push(`/changes: ${vanished.length} events vanished, first seq ${vanished[0]?.seq}`);
    if (new Set(events.map((event) => event.eventId)).size !== events.length)
      problems.push('/changes: an eventId came twice');
    return [...problems, ...lastStates(events, statuses)];
  }
}

function lastStates(events: readonly ChangeEvent[], statuses: Map<string, RecordStatus>): string[] {
  const problems: string[] = [];
  const last = new Map<string, ChangeEvent>();
  for (const event of events) {
    const key = `${event.kind}/${event.sourceId}`;
    const earlier = last.get(key);
    if (earlier !== undefined && event.version < earlier.version) {
      problems.push(`/changes: ${key} version ${event.version} after ${earlier.version}`);
    }
    last.set(key, event);
  }
  for (const [key, status] of statuses) {
    const event = last.get(key);
    if (event === undefined) problems.push(`/changes: nothing about ${key} (${status.state})`);
    else if (event.state !== status.state || !versionFits(event, status)) {
      problems.push(
        `/changes: ${key} ends as ${event.state} v${event.version}, its status says ${status.state} v${status.version}`,
      );
    }
  }
  return problems;
}

/** A newer version of a record that goes on waiting changes no state, so it needs no event. */
function versionFits(event: ChangeEvent, status: RecordStatus): boolean {
  return status.state === 'waiting' ? event.version <= status.version : event.version === status.version;
}
