import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, seeded, type Random } from '../../independent/canonical.js';
import type { Plan } from '../../independent/mutate.js';
import { StationClient } from '../../independent/station-client.js';
import type { BatchAnswer, StationAuth, StationItem } from '../../independent/station-types.js';
import type { HistoryFile } from '../stage/history-file.js';
import type { Credentials } from '../stage/stage.js';
import { FleetWorlds, NEIGHBOURHOOD, plansOf, type WorldPlans } from './fleet-world.js';
import type { StationEvent } from './station-history.js';
import type { WorldSizes } from '../../independent/world.js';

export interface FleetOptions {
  readonly apiBases: readonly string[];
  /** One station software each. */
  readonly sources: readonly Credentials[];
  readonly seed: number;
  readonly history: HistoryFile;
  /** Over all stations. */
  readonly itemsPerSecond: number;
  readonly sizes?: WorldSizes;
  /** Stations before this one push only what they are told to (probes, directed runs). */
  readonly streamFrom?: number;
}

interface Station {
  readonly source: string;
  readonly clients: readonly StationClient[];
  readonly random: Random;
  readonly plans: WorldPlans[];
  readonly number: number;
}

/** The adapter promises to be back within 30 s of a fault; several may follow each other. */
const GIVE_UP_MS = 180_000;
const CALL_TIMEOUT_MS = 10_000;
const REPEATED_LATER = 0.05;
const CONFLICTING = 0.05;
/** HMAC wants a clock within 300 s of the api's; one api's clock jumps in these runs, so its stations use bearer. */
const AUTHS: readonly StationAuth[] = ['HMAC-SHA256', 'bearer'];

/** Stations that push until told to stop, each attempt in the history before it is made. */
export class Fleet {
  private readonly stations: Station[];
  private readonly worlds = new FleetWorlds();
  private readonly keys = new Set<string>();
  private readonly accepted = new Set<string>();
  private isStopping = false;
  private running: Promise<unknown> = Promise.resolve();
  private lastId = 0;
  private versions = 0;
  /** Records whose plan is to wait for ever: no membership, no activity. */
  plannedToWait = 0;
  readonly counts = { ok: 0, fail: 0, info: 0, unavailable: 0 };

  constructor(private readonly options: FleetOptions) {
    this.stations = options.sources.map((credentials, number) => ({
      source: credentials.appKey,
      number,
      random: seeded(options.seed + 1_000 * (number + 1)),
      plans: [],
      clients: options.apiBases.map(
        (apiBase, at) => new StationClient({ apiBase, ...credentials, auth: AUTHS[at] ?? 'bearer', maxAttempts: 1 }),
      ),
    }));
  }

  /** Records of which a receipt was given. */
  get acceptedRecords(): number {
    return this.accepted.size;
  }

  get acceptedVersions(): number {
    return this.versions;
  }

  /** May be called again after `finish()`: new worlds then. */
  start(): void {
    this.isStopping = false;
    const streaming = this.stations.filter(({ number }) => number >= (this.options.streamFrom ?? 0));
    this.running = Promise.all(streaming.map((station) => this.pushWorlds(station)));
    // A station that gives up ends the run when it is asked for, not as an unhandled rejection before.
    this.running.catch(() => undefined);
  }

  /** Ends the stream at the end of the worlds that are under way. */
  async finish(): Promise<void> {
    this.isStopping = true;
    await this.running;
  }

  /** Requests for certificates of every world pushed so far; those pushed from now on ask for none. */
  async pushCertificates(): Promise<void> {
    const asked = this.stations.map((station) => ({ station, plans: [...station.plans] }));
    await Promise.all(
      asked.map(async ({ station, plans }) => {
        for (const { certificates } of plans) await this.pushPlan(station, certificates);
      }),
    );
  }

  /** Pushes exactly these items, as one batch, until there is a receipt. */
  async pushOnce(items: readonly StationItem[], stationNumber = 0): Promise<BatchAnswer> {
    return this.pushUntilOk(this.stationAt(stationNumber), items);
  }

  /** One attempt, whatever becomes of it; null = no receipt. */
  async tryOnce(items: readonly StationItem[], stationNumber = 0, client = 0): Promise<BatchAnswer | null> {
    const station = this.stationAt(stationNumber);
    return this.attempt(station, station.clients[client] ?? (station.clients[0] as StationClient), items);
  }

  clients(stationNumber = 0): readonly StationClient[] {
    return this.stationAt(stationNumber).clients;
  }

  plan(source: string, record: { kind: string; sourceId: string; fate: string; codes: readonly string[] }): void {
    const { kind, sourceId, fate, codes } = record;
    this.keys.add(`${source}|${kind}/${sourceId}`);
    if (fate === 'waiting') this.plannedToWait += 1;
    this.write({ type: 'plan', source, kind, sourceId, fate, codes });
  }

  /** What one station may see of another's: nothing (I19). Counts what was asked. */
  async trespass(): Promise<number> {
    let asked = 0;
    for (const station of this.stations) {
      const client = station.clients.at(-1) as StationClient;
      const foreign = [...this.keys].filter((key) => !key.startsWith(`${station.source}|`)).slice(0, 20);
      for (const key of foreign) {
        const [, name = ''] = key.split('|');
        const [kind = '', ...rest] = name.split('/');
        if (this.keys.has(`${station.source}|${name}`)) continue;
        asked += 1;
        if ((await client.status(kind, rest.join('/'))) !== null) this.note(station, `reads ${name} of another`);
      }
      const { events } = await client.readChanges('', 1_000);
      asked += events.length;
      for (const { kind, sourceId } of events) {
        if (!this.keys.has(`${station.source}|${kind}/${sourceId}`))
          this.note(station, `is told of ${kind}/${sourceId}`);
      }
    }
    return asked;
  }

  close(): void {
    for (const { clients } of this.stations) for (const client of clients) client.close();
  }

  private note(station: Station, what: string): void {
    this.write({ type: 'trespass', at: Date.now(), source: station.source, what });
  }

  private stationAt(number: number): Station {
    const station = this.stations[number];
    if (!station) throw new Error(`there is no station ${number}`);
    return station;
  }

  private async pushWorlds(station: Station): Promise<void> {
    while (!this.isStopping) {
      const round = station.plans.length;
      const seed = this.options.seed + 10_000 * (station.number + 1) + 10 * round;
      const world = this.worlds.make(seed, `S${station.number}W${round}`, this.options.sizes ?? NEIGHBOURHOOD);
      const plans = plansOf(world, seed);
      for (const record of [...plans.main.records, ...plans.certificates.records]) this.plan(station.source, record);
      station.plans.push(plans);
      await this.pushPlan(station, plans.main);
    }
  }

  private async pushPlan(station: Station, plan: Plan): Promise<void> {
    const pauseMs = (1_000 * this.stations.length) / this.options.itemsPerSecond;
    const done: StationItem[][] = [];
    for (const batch of plan.batches) {
      const started = performance.now();
      await this.pushUntilOk(station, batch);
      done.push(batch);
      if (station.random() < REPEATED_LATER) await this.pushUntilOk(station, pick(done, station.random));
      if (station.random() < CONFLICTING) await this.pushConflict(station, pick(done, station.random));
      await sleep(Math.max(0, started + pauseMs * batch.length - performance.now()));
    }
  }

  /** The same revision with other content is refused, whatever else is going on (I09). */
  private async pushConflict(station: Station, batch: readonly StationItem[]): Promise<void> {
    const item = batch.find(({ kind, op, data }) => kind === 'training' && op !== 'void' && isObject(data));
    if (item) await this.pushUntilOk(station, [{ ...item, data: { ...item.data, content: '同号异文' } }]);
  }

  private async pushUntilOk(station: Station, items: readonly StationItem[]): Promise<BatchAnswer> {
    const end = performance.now() + GIVE_UP_MS;
    for (let tries = 0; performance.now() < end; tries += 1) {
      const client = station.clients[Math.floor(station.random() * station.clients.length)] as StationClient;
      const answer = await this.attempt(station, client, items);
      if (answer !== null) return answer;
      await sleep(Math.min(1_500, 60 * 2 ** Math.min(tries, 5)) + randomInt(60));
    }
    throw new Error(`a station had no receipt for ${GIVE_UP_MS / 1_000} s`);
  }

  private async attempt(
    station: Station,
    client: StationClient,
    items: readonly StationItem[],
  ): Promise<BatchAnswer | null> {
    this.lastId += 1;
    const id = this.lastId;
    this.write({ type: 'invoke', id, at: Date.now(), source: station.source, items });
    try {
      const body = Buffer.from(JSON.stringify({ items }));
      const reply = await within(client.send('POST', '/api/v1/batches', { body }), CALL_TIMEOUT_MS);
      if (reply.status === 200 && isObject(reply.body)) {
        return await this.taken(station, client, { id, items, answer: reply.body as unknown as BatchAnswer });
      }
      const code = isObject(reply.body) && typeof reply.body.code === 'string' ? reply.body.code : '';
      if (code === 'UNAVAILABLE') this.counts.unavailable += 1;
      // 5xx: the commit may have happened and its answer been lost inside.
      if (reply.status >= 500) this.unsure(id, `HTTP ${reply.status} ${code}`);
      else this.refused(id, reply.status, code);
      return null;
    } catch (error) {
      this.unsure(id, error instanceof Error ? error.message : 'no answer');
      return null;
    }
  }

  private async taken(
    station: Station,
    client: StationClient,
    taken: { id: number; items: readonly StationItem[]; answer: BatchAnswer },
  ): Promise<BatchAnswer> {
    const { id, items, answer } = taken;
    // The keys may be asked for in the middle of a fault; a receipt that could not be verified yet is not a wrong one.
    const problems = await client.verifyBatch(items, answer).catch(() => []);
    this.counts.ok += 1;
    this.write({ type: 'ok', id, at: Date.now(), items: answer.items, problems });
    for (const { outcome, kind, sourceId } of answer.items) {
      if (outcome !== 'accepted' && outcome !== 'duplicate') continue;
      this.accepted.add(`${station.source}|${String(kind)}/${String(sourceId)}`);
      if (outcome === 'accepted') this.versions += 1;
    }
    return answer;
  }

  private refused(id: number, status: number, code: string): void {
    this.counts.fail += 1;
    this.write({ type: 'fail', id, at: Date.now(), status, code });
  }

  private unsure(id: number, why: string): void {
    this.counts.info += 1;
    this.write({ type: 'info', id, at: Date.now(), why });
  }

  private write(event: StationEvent): void {
    this.options.history.append(event);
  }
}

const pick = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)] as T;

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
