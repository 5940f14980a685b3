import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { CpuMeter } from './cpu.js';
import { openDatabase, type BenchDatabase } from './database.js';
import { say } from './figures.js';
import { HeldGate } from './held-gate.js';
import { createSourceSystem, startNation, startRole, type Environment, type Nation, type Program } from './programs.js';
import { prepareBatches, StationClient } from './station-client.js';
import { preparedWorld, ServiceRecords } from './world.js';

/** Tables that a leg fills; what the prepared world needs of them is put back afterwards. */
const FILLED = ['record', 'record_version', 'outbox', 'record_wait', 'delivery_attempt', 'national_call', 'national_watch', 'evidence_page', 'change_page']; // prettier-ignore
const KEPT = ['record', 'record_version'];
const LOOK_EVERY_MS = 50;
/** A leg that has not ended by then hangs. */
const LEG_LIMIT_MS = 5 * 60_000;

export interface GivenPlaces {
  readonly databaseUrl: string | null;
  /** NATIONAL_… of a simulator that somebody else runs; null = bring one along. */
  readonly nationalEnv: Environment | null;
  readonly profileFolder: string | null;
}

/**
 * The whole product on this machine: PostgreSQL, api, worker, simulator, and a station with a world that is mirrored
 * already, so that service-records wait for nothing.
 */
export class Stage {
  private constructor(
    private readonly connections: { admin: Client; client: StationClient; gate: HeldGate },
    readonly nationalEnv: Environment,
    readonly programs: { readonly api: Program; readonly worker: Program },
    private readonly owned: { folder: string; database: BenchDatabase; nation: Nation | null },
  ) {}

  readonly records = new ServiceRecords(Date.now());

  get admin(): Client {
    return this.connections.admin;
  }

  get client(): StationClient {
    return this.connections.client;
  }

  get gate(): HeldGate {
    return this.connections.gate;
  }

  get cpu(): CpuMeter {
    const { database, nation } = this.owned;
    const pids = new Map([
      ['api', this.programs.api.pid],
      ['worker', this.programs.worker.pid],
      ['client', process.pid],
    ]);
    if (nation !== null) pids.set('simulator', nation.pid);
    return new CpuMeter(pids, new Map(database.pid === null ? [] : [['postgres', database.pid]]));
  }

  static async open(given: GivenPlaces): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'zhiqiao-bench-'));
    const database = await openDatabase(given.databaseUrl);
    const nation = given.nationalEnv === null ? await startNation(folder) : null;
    const nationalEnv = given.nationalEnv ?? nation?.env ?? {};
    const env = { DATABASE_URL: database.url, SECRETS_DIR: join(folder, 'secrets'), ...nationalEnv };
    const folders = { log: folder, profile: given.profileFolder };
    const api = await startRole('api', env, folders);
    const worker = await startRole('worker', env, folders);
    const client = new StationClient(`http://127.0.0.1:${String(api.ready.port)}`, createSourceSystem(env));
    const admin = new Client({ connectionString: database.url, application_name: 'zhiqiao-bench' });
    await admin.connect();
    const gate = await HeldGate.on(database.url);
    return new Stage({ admin, client, gate }, nationalEnv, { api, worker }, { folder, database, nation });
  }

  /** Pushes what service-records refer to, waits until it stands nationally, and keeps a copy of it. */
  async prepare(): Promise<void> {
    const items = preparedWorld(Date.now());
    for (const batch of prepareBatches(items)) await this.client.pushAll([batch]);
    await this.untilDelivered(items.length);
    await this.admin.query('CREATE SCHEMA bench_world');
    for (const table of KEPT) await this.admin.query(`CREATE TABLE bench_world.${table} AS SELECT * FROM ${table}`);
    say(`prepared world of ${items.length} records is mirrored`);
  }

  /** Back to the prepared world: every leg starts with tables of the same size. */
  async reset(): Promise<void> {
    await this.admin.query(`TRUNCATE ${FILLED.join(', ')}`);
    for (const table of KEPT) await this.admin.query(`INSERT INTO ${table} SELECT * FROM bench_world.${table}`);
    await this.settle();
  }

  /**
   * What autovacuum and the checkpointer would do in a quiet minute, so that no leg pays for the one before. Empty
   * tables are left alone, as autovacuum leaves them: counted while empty, they would be scanned whole later on.
   */
  async settle(): Promise<void> {
    for (const table of FILLED) {
      const { rows } = await this.admin.query(`SELECT 1 FROM ${table} LIMIT 1`);
      if (rows.length > 0) await this.admin.query(`ANALYZE ${table}`);
    }
    await this.admin.query('CHECKPOINT').catch(() => say('no right to CHECKPOINT: legs may pay for each other'));
  }

  /** Waits for the last promise to be kept; then all `expected` records must be mirrored. */
  async untilDelivered(expected: number): Promise<void> {
    const deadline = performance.now() + LEG_LIMIT_MS;
    while (await this.hasPromises()) {
      if (performance.now() > deadline) throw new Error(`not delivered in time: ${await this.states()}`);
      await sleep(LOOK_EVERY_MS);
    }
    const { rows } = await this.admin.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM record WHERE state = 'mirrored'`,
    );
    if (rows[0]?.n !== expected) throw new Error(`${rows[0]?.n} of ${expected} are mirrored: ${await this.states()}`);
  }

  private async hasPromises(): Promise<boolean> {
    const { rows } = await this.admin.query('SELECT 1 FROM outbox LIMIT 1');
    if (rows.length > 0) return true;
    // A promise is kept when the row is sent and known; a review may still be open.
    const watched = await this.admin.query('SELECT 1 FROM national_watch LIMIT 1');
    return watched.rows.length > 0;
  }

  private async states(): Promise<string> {
    const { rows } = await this.admin.query(
      `SELECT kind, state, outcome_code, count(*)::int AS n FROM record GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    );
    return JSON.stringify(rows);
  }

  /** How many records the prepared world has. */
  async worldSize(): Promise<number> {
    const { rows } = await this.admin.query<{ n: number }>('SELECT count(*)::int AS n FROM bench_world.record');
    return rows[0]?.n ?? 0;
  }

  async close(): Promise<void> {
    this.client.close();
    await Promise.all([this.programs.api.stop(), this.programs.worker.stop()]);
    await this.gate.close();
    await this.admin.end();
    await this.owned.nation?.stop();
    await this.owned.database.close();
    rmSync(this.owned.folder, { recursive: true, force: true });
  }
}
