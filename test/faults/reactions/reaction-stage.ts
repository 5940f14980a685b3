import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { freshStation } from '../../campaign/fleet/prober.js';
import { runCli, startAdapter, type Adapter } from '../../flows/deployment.js';
import { eventually } from '../../harness/eventually.js';
import { startSimulator, type Program, type ProgramEnvironment } from '../../harness/processes.js';
import { StationClient } from '../../independent/station-client.js';
import type { ChangeEvent, RecordStatus, StationItem } from '../../independent/station-types.js';

/** The waits of the contract, scaled on both sides alike. */
export const WAITS = { readLagMs: 300, maxCommitLatencyMs: 1_500 };

export const SCALED_PROFILE = {
  consistency: { readAfterWriteMs: WAITS.readLagMs, maxCommitLatencyMs: WAITS.maxCommitLatencyMs },
  polling: {
    receiptPollMs: 100,
    reviewPollMs: 200,
    reviewPollMaxMs: 1_000,
    certificatePollMs: 200,
    certificatePollMaxMs: 1_000,
  },
  transport: { deadlineMs: { write: 2_000, read: 2_000, token: 2_000, time: 2_000 } },
  credentials: { displacedJitterMs: 100, backoffMs: { first: 300, max: 2_000 } },
};

const SCALED_NATION = { ...WAITS, reviewMs: 200, journal: { flushMs: 0, fsync: false } };

const DOOR = {
  appKey: 'vgw-demo-530000',
  secret: 'vgw-demo-secret-0001',
  fieldKey: '0123456789abcdeffedcba9876543210',
};

/** Long enough for a machine under load; nothing is measured against it. */
export const REST_MS = 90_000;

export interface NationalRow {
  readonly entity: string;
  readonly bizNo: string | null;
  readonly nationalId: string;
  readonly version: number;
  readonly status: string;
  readonly origin: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly mergedTo?: string;
}

export interface Counters {
  readonly requests: number;
  readonly byOperation: Readonly<Record<string, number>>;
  readonly byCode: Readonly<Record<string, number>>;
  readonly writes: { readonly items: number; readonly overOpen: number; readonly resends: { readonly blind: number } };
  readonly blindResends: readonly object[];
  readonly live: { readonly doubledNumbers: readonly object[] };
  readonly tokens: { readonly requests: number; readonly issued: number };
  readonly breaches: Readonly<Record<string, number>>;
}

interface JournalLine extends Record<string, unknown> {
  readonly k: string;
}

export interface StageOptions {
  readonly nation?: object;
  readonly profile?: object;
  readonly door?: Partial<typeof DOOR>;
  readonly env?: ProgramEnvironment;
}

/**
 * A whole adapter of real processes before our own simulator, whose faults are switched by their names in the
 * catalogue. What holds is read from the nation's own ledger and journal, and from what the station is told.
 */
export class ReactionStage {
  readonly client: StationClient;

  private constructor(
    readonly nation: Program,
    readonly folder: string,
    readonly adapter: Adapter,
    private readonly sql: Client,
  ) {
    this.client = new StationClient({ apiBase: adapter.apiBase, ...adapter.credentials });
  }

  static async open(options: StageOptions = {}): Promise<ReactionStage> {
    const folder = mkdtempSync(join(tmpdir(), 'zhiqiao-reaction-'));
    const nation = await startSimulator({
      SIM_DIR: folder,
      SIM_SETTING: 'demo',
      SIM_SEED: '6300',
      SIM_OVERRIDES: JSON.stringify({ ...SCALED_NATION, ...options.nation }),
    });
    const door = { baseUrl: `http://127.0.0.1:${nation.ready.port}`, ...DOOR, ...options.door };
    const adapter = await startAdapter(door, {
      profile: { ...SCALED_PROFILE, ...options.profile },
      env: options.env ?? {},
    });
    const sql = new Client({ connectionString: adapter.database.url });
    await sql.connect();
    return new ReactionStage(nation, folder, adapter, sql);
  }

  async close(): Promise<void> {
    this.client.close();
    await this.sql.end();
    await this.adapter.close();
    await this.nation.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async control<T = Record<string, unknown>>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<T> {
    const url = `http://127.0.0.1:${this.nation.ready.controlPort}/sim/${path}`;
    const reply = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`/sim/${path} answered ${reply.status}: ${text}`);
    return JSON.parse(text) as T;
  }

  /** Switches a fault of the catalogue on. */
  fault(catalogue: string, params: object = {}): Promise<{ result?: Record<string, unknown> }> {
    return this.control('POST', 'faults', { catalogue, ...params });
  }

  lift(catalogue: string): Promise<unknown> {
    return this.control('POST', 'faults', { catalogue, off: true });
  }

  /** How often the faults of a name have struck. */
  async fired(catalogue: string): Promise<number> {
    const { faults } = await this.control<{ faults: { catalogue?: string; fired: number }[] }>('GET', 'faults');
    return faults.filter((one) => one.catalogue === catalogue).reduce((sum, { fired }) => sum + fired, 0);
  }

  mark(name: string): Promise<unknown> {
    return this.control('POST', 'counters', { mark: name });
  }

  counters(since?: string): Promise<Counters> {
    return this.control('GET', since === undefined ? 'counters' : `counters?since=${since}`);
  }

  async rows(entity: string, bizNo?: string): Promise<NationalRow[]> {
    const more = bizNo === undefined ? '' : `&bizNo=${bizNo}`;
    return (await this.control<{ rows: NationalRow[] }>('GET', `ledger?entity=${entity}${more}`)).rows;
  }

  /** Lines of the nation's journal of one sort, as they lie on disk. */
  journal(kind: string): JournalLine[] {
    return readFileSync(join(this.folder, 'journal.ndjson'), 'utf8')
      .split('\n')
      .filter((line) => line.includes(`"k":"${kind}"`))
      .map((line) => JSON.parse(line) as JournalLine)
      .filter(({ k }) => k === kind);
  }

  /** How many writes of a number have come in at the nation. */
  writesOf(bizNo: string): number {
    return this.journal('try').filter(({ items }) => (items as [string, number][]).some(([no]) => no === bizNo)).length;
  }

  station(mark: string, number = 1): StationItem & { data: object } {
    return freshStation(number, mark);
  }

  async push(items: readonly StationItem[]): Promise<void> {
    const { counts } = await this.client.pushBatch(items);
    if (counts.rejected > 0) throw new Error(`the door refused ${counts.rejected} of ${items.length} items`);
  }

  async statusOf({ kind, sourceId }: Pick<StationItem, 'kind' | 'sourceId'>): Promise<RecordStatus> {
    const status = await this.client.status(kind, sourceId);
    if (status === null) throw new Error(`there is no ${kind} ${sourceId}`);
    return status;
  }

  async until(item: Pick<StationItem, 'kind' | 'sourceId'>, ...states: string[]): Promise<RecordStatus> {
    let last = '';
    const look = async (): Promise<RecordStatus | null> => {
      const status = await this.statusOf(item);
      last = `${status.state} ${status.lastOutcome?.code ?? ''}`;
      return states.includes(status.state) ? status : null;
    };
    return eventually(look, {
      timeoutMs: REST_MS,
      intervalMs: 100,
      what: `${item.sourceId} ${states.join(' or ')}`,
    }).catch((error: Error) => {
      throw new Error(`${error.message} (${last})`);
    });
  }

  async untilAll(items: readonly StationItem[], ...states: string[]): Promise<RecordStatus[]> {
    const seen: RecordStatus[] = [];
    for (const item of items) seen.push(await this.until(item, ...states));
    return seen;
  }

  /** What the station was told of its records, by `kind/sourceId`. */
  async told(): Promise<Map<string, ChangeEvent[]>> {
    const { events } = await this.client.readChanges();
    const told = new Map<string, ChangeEvent[]>();
    for (const event of events) {
      const key = `${event.kind}/${event.sourceId}`;
      told.set(key, [...(told.get(key) ?? []), event]);
    }
    return told;
  }

  query<T>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    return this.sql.query(text, [...values]).then(({ rows }) => rows as T[]);
  }

  /** As if the pauses that stand now had run out: gates are due, breakers are closed. */
  async timePasses(): Promise<void> {
    await this.query('UPDATE national_gate SET closed_until = now()');
    await this.query('DELETE FROM national_breaker');
    await this.query(`UPDATE outbox SET ready_at = now() WHERE stage = 'ready'`);
    await this.query(`UPDATE outbox SET stage = 'ready', ready_at = now() WHERE stage = 'waiting'
      AND NOT EXISTS (SELECT 1 FROM record_wait w WHERE w.record_id = outbox.record_id)`);
  }

  gates(): Promise<{ scope: string; code: string; remaining_ms: number }[]> {
    return this.query(`SELECT scope, code, (extract(epoch FROM closed_until - now()) * 1000)::float8 AS remaining_ms
      FROM national_gate WHERE closed_until > now()`);
  }

  cli(...args: string[]): unknown {
    return runCli(args, this.adapter.env);
  }

  /** Nothing is doubled, nothing was written again without having asked (since a mark). */
  async expectClean(since?: string): Promise<void> {
    const { blindResends, live, writes } = await this.counters(since);
    expect({ blindResends, doubled: live.doubledNumbers, overOpen: writes.overOpen }).toEqual({
      blindResends: [],
      doubled: [],
      overOpen: 0,
    });
  }

  /** The station sees what the nation holds: one live row, its id, its version. */
  async expectMirroredOnce(item: Pick<StationItem, 'kind' | 'sourceId'>, entity = 'stations'): Promise<RecordStatus> {
    const status = await this.until(item, 'mirrored');
    const live = (await this.rows(entity, status.bizNo)).filter((row) => row.status === 'ACTIVE');
    expect(live.map(({ nationalId, version }) => ({ nationalId: String(nationalId), version }))).toEqual([
      { nationalId: status.nationalId, version: status.version },
    ]);
    return status;
  }
}
