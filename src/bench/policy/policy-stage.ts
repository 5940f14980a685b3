import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { readNumbers } from '../bare-client.js';
import { CpuMeter } from '../cpu.js';
import { openDatabase, type BenchDatabase } from '../database.js';
import { say } from '../figures.js';
import {
  createSourceSystem,
  startNation,
  startProgram,
  startRole,
  type Environment,
  type Nation,
  type Program,
} from '../programs.js';
import { prepareBatches, StationClient } from '../station-client.js';
import { preparedWorld } from '../world.js';
import { NationControl } from './nation-control.js';
import { PlainQueue, preparePlainQueue } from './plain-queue.js';
import { AdapterSide, PlainSide, type Side } from './sides.js';
import { minuteAt, type Trace } from './trace.js';

/** Both nations draw the same chances. */
const SEED = 5_334;
/** Calls at once, of both sides: so many times more than in life for a pace that is so many times faster. */
const CONCURRENCY = 48;
/** Connections of the worker to its database. */
const POOL_SIZE = 40;
/** The deadline of a call (30 s in life) is no pause, and no machine is faster for it: shortened less than the pauses. */
const DEADLINE_MS = 5_000;
/** Waits of the contract, in the time of life (national-contract §1.7, §1.16 H2). */
const READ_AFTER_WRITE_MS = 60_000;
const MAX_COMMIT_LATENCY_MS = 120_000;
/** A burst that the nation bears, as a share of a minute's calls: what a busy machine holds up goes at once then. */
const BURST_SHARE = 0.1;
const WORLD_WITHIN_MS = 5 * 60_000;
const LOOK_EVERY_MS = 100;
const SECONDS_PER_MINUTE = 60;
/** Longer than the simulator takes to write its journal. */
const JOURNAL_REST_MS = 1_000;

interface Owned {
  readonly folder: string;
  readonly databases: BenchDatabase[];
  readonly nations: Nation[];
  readonly programs: Program[];
  readonly closers: (() => Promise<void> | void)[];
}

/** Adapter and plain worker, each with its own processes, database and nation; the nations begin alike. */
export class PolicyStage {
  private constructor(
    readonly sides: readonly Side[],
    private readonly owned: Owned,
  ) {}

  /** What the adapter's delivery costs, whatever else the machine does. */
  get cpu(): CpuMeter {
    const worker = this.owned.programs.find(({ name }) => name === 'worker');
    const pid = this.owned.databases.find((database) => database.pid !== null)?.pid ?? null;
    return new CpuMeter(
      new Map(worker === undefined ? [] : [['worker', worker.pid]]),
      new Map(pid === null ? [] : [['postgres', pid]]),
    );
  }

  static async open(databaseUrl: string | null, trace: Trace, scale: number): Promise<PolicyStage> {
    const folder = mkdtempSync(join(tmpdir(), 'zhiqiao-policy-'));
    const owned: Owned = { folder, databases: [], nations: [], programs: [], closers: [] };
    try {
      const sides = await build(owned, { databaseUrl, trace, scale });
      return new PolicyStage(sides, owned);
    } catch (error) {
      await close(owned);
      throw error;
    }
  }

  async close(): Promise<void> {
    await close(this.owned);
  }
}

interface Given {
  readonly databaseUrl: string | null;
  readonly trace: Trace;
  readonly scale: number;
}

async function build(owned: Owned, { databaseUrl, trace, scale }: Given): Promise<Side[]> {
  const { folder } = owned;
  const database = await openDatabase(databaseUrl);
  owned.databases.push(database);
  const own = join(folder, 'adapter');
  const beside = join(folder, 'plain');
  for (const each of [own, beside]) mkdirSync(each, { recursive: true });
  const overrides = {
    timeScale: scale,
    // A double of a number that it has is stored beside it without a word (F18): a nation that does not protect itself.
    duplicateMode: 'silent-second-row',
    // The bench's calendar is the machine's: nobody asks for tokens that often.
    limits: { tokensPerMinute: null },
  };
  const nation = await startNation(own, { overrides, seed: SEED });
  owned.nations.push(nation);
  const env = adapterEnvironment(own, { database, nation, scale });
  const adapter = await openAdapter(owned, env, own);
  const twin = await startNation(beside, { overrides, seed: SEED, twinOf: { folder: own, env: nation.env } });
  owned.nations.push(twin);
  const plainDatabase = await openDatabase(database.url);
  owned.databases.unshift(plainDatabase);
  const numbers = await readNumbers(adapter.admin);
  const controls = { adapter: new NationControl(nation.controlUrl), plain: new NationControl(twin.controlUrl) };
  for (const control of Object.values(controls)) await setLimits(control, trace);
  owned.programs.push(await startRole('worker', env, { log: own, profile: null }));
  const queue = await openPlain(owned, { url: plainDatabase.url, env: twin.env, trace, scale });
  return [new AdapterSide(controls.adapter, { ...adapter, programs: owned.programs }), new PlainSide(controls.plain, queue, numbers)];
} // prettier-ignore

function adapterEnvironment(
  folder: string,
  given: { database: BenchDatabase; nation: Nation; scale: number },
): Environment {
  const { database, nation, scale } = given;
  const file = join(folder, 'overrides.json');
  const profile = {
    consistency: { readAfterWriteMs: READ_AFTER_WRITE_MS / scale, maxCommitLatencyMs: MAX_COMMIT_LATENCY_MS / scale },
    transport: { deadlineMs: { write: DEADLINE_MS, read: DEADLINE_MS } },
    limits: { defaultConcurrency: CONCURRENCY },
  };
  writeFileSync(file, JSON.stringify(profile));
  return {
    DATABASE_URL: database.url,
    SECRETS_DIR: join(folder, 'secrets'),
    NATIONAL_PROFILE_OVERRIDES: file,
    DELIVERY_TIME_SCALE: String(scale),
    WORKER_CONCURRENCY: String(CONCURRENCY),
    DB_POOL_SIZE: String(POOL_SIZE),
    ...nation.env,
  };
}

/** Starts the api, and mirrors what the creates refer to while nothing is limited yet. */
async function openAdapter(owned: Owned, env: Environment, folder: string): Promise<{ client: StationClient; admin: Client }> {
  const folders = { log: folder, profile: null };
  const api = await startRole('api', env, folders);
  owned.programs.push(api);
  const client = new StationClient(`http://127.0.0.1:${String(api.ready.port)}`, createSourceSystem(env));
  owned.closers.push(() => client.close());
  const admin = new Client({ connectionString: env.DATABASE_URL, application_name: 'zhiqiao-bench' });
  await admin.connect();
  owned.closers.push(() => admin.end());
  const worker = await startRole('worker', env, folders);
  try {
    const items = preparedWorld(Date.now());
    await client.pushAll(prepareBatches(items));
    await untilMirrored(admin, items.length);
    await admin.query('CREATE SCHEMA bench_world');
    await admin.query('CREATE TABLE bench_world.record AS SELECT * FROM record');
    // What autovacuum does in a quiet minute, which does not run faster than life.
    await admin.query('VACUUM ANALYZE');
    await admin.query('CHECKPOINT').catch(() => say('no right to CHECKPOINT'));
  } finally {
    // It learns the limits anew when it is started again.
    await worker.stop();
  }
  await sleep(JOURNAL_REST_MS);
  return { client, admin };
} // prettier-ignore

async function untilMirrored(admin: Client, expected: number): Promise<void> {
  const deadline = performance.now() + WORLD_WITHIN_MS;
  for (;;) {
    const { rows } = await admin.query<{ n: number }>(`SELECT count(*)::int AS n FROM record WHERE state = 'mirrored'`);
    if (rows[0]?.n === expected) return;
    if (performance.now() > deadline) throw new Error(`only ${rows[0]?.n} of ${expected} records are prepared`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** Single writes, and the quota; the qps of life, which the nation's own scale turns into that of the benchmark. */
async function setLimits(control: NationControl, { callsPerMinute }: Trace): Promise<void> {
  await control.limits({
    qps: callsPerMinute / SECONDS_PER_MINUTE,
    burst: Math.round(callsPerMinute * BURST_SHARE),
    batchItems: 1,
    concurrency: null,
  });
}

async function openPlain(
  owned: Owned,
  given: { url: string; env: Environment; trace: Trace; scale: number },
): Promise<PlainQueue> {
  const { url, env, trace, scale } = given;
  await preparePlainQueue(url);
  const queue = new PlainQueue(url, scale);
  owned.closers.push(() => queue.close());
  owned.programs.push(
    await startProgram({
      name: 'plain',
      script: 'bench/policy/plain.main.js',
      env: {
        ...env,
        DATABASE_URL: url,
        PLAIN_CONCURRENCY: String(CONCURRENCY),
        PLAIN_DEADLINE_MS: String(DEADLINE_MS),
        PLAIN_CALLS_PER_MINUTE: String(trace.callsPerMinute),
        PLAIN_MINUTE_MS: String(minuteAt(scale)),
      },
      logFile: join(owned.folder, 'plain.log'),
    }),
  );
  return queue;
}

async function close({ folder, databases, nations, programs, closers }: Owned): Promise<void> {
  await Promise.all(programs.map((program) => program.stop()));
  for (const each of closers) await each();
  await Promise.all(nations.map((nation) => nation.stop()));
  for (const database of databases) await database.close();
  if (process.env.BENCH_KEEP_LOGS !== 'true') rmSync(folder, { recursive: true, force: true });
}
