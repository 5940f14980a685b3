import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startRedis, type TestRedis } from '../../harness/redis.js';
import type { FailPoint } from '../build/fail-points.js';
import { HistoryFile } from './history-file.js';
import { startStagePostgres, type StagePostgres } from './postgres.js';
import { StageProgram } from './program.js';
import { TcpProxy } from './tcp-proxy.js';
import { WireTap } from './wire-tap.js';

export type Role = 'api' | 'worker' | 'simulator';

export interface StageOptions {
  /** A test build, or the checkout. */
  readonly root: string;
  readonly seed: number;
  readonly queue: 'postgres' | 'redis';
  readonly apis: number;
  readonly workers: number;
  /** Number of source systems; the first is the prober's. */
  readonly sources: number;
  readonly profile: object;
  readonly nation: object;
  /** Where histories and logs go. */
  readonly folder: string;
  /** Instead of one of the stage's own: such a database cannot be restarted. */
  readonly databaseUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Every program of the adapter runs by the clock that is shifted; else the second of each role does. */
  readonly everyClock?: boolean;
}

export interface Credentials {
  readonly appKey: string;
  readonly secret: string;
}

export type LinkName = 'station' | 'nation' | 'database-api' | 'database-worker' | 'redis';

/** The nation scaled alike with the profile: read lag at most 1 s, a late commit at most 3 s after the call. */
export const SCALED_PROFILE = {
  consistency: { readAfterWriteMs: 1_000, maxCommitLatencyMs: 3_000 },
  polling: { reviewPollMs: 300, reviewPollMaxMs: 1_000, certificatePollMs: 300, certificatePollMaxMs: 1_000 },
  transport: { deadlineMs: { write: 3_000, read: 3_000, token: 3_000, time: 3_000 } },
  limits: { closedProbeMs: 3_000 },
};
export const SCALED_NATION = {
  readLagMs: { minMs: 0, maxMs: 1_000 },
  limits: { qps: 80, burst: 80, concurrency: 8, batchItems: 20 },
  reviewMs: 400,
  receiptMs: { minMs: 60, maxMs: 400 },
  maintenanceRetryMs: 1_500,
  journal: { flushMs: 0, fsync: true },
};

const run = promisify(execFile);

const NATION_KEYS = {
  NATIONAL_APP_KEY: 'vgw-demo-530000',
  NATIONAL_APP_SECRET: 'vgw-demo-secret-0001',
  NATIONAL_FIELD_KEY: '0123456789abcdeffedcba9876543210',
};
const FAKETIME_FOLDERS = [
  '/usr/lib/x86_64-linux-gnu/faketime',
  '/usr/lib/aarch64-linux-gnu/faketime',
  '/usr/lib/faketime',
];

export const faketimeLibrary = (): string | null =>
  FAKETIME_FOLDERS.map((folder) => join(folder, 'libfaketimeMT.so.1')).find(existsSync) ?? null;

/** Everything that takes part: programs of both sides, their database and queue, and a proxy on every link. */
export class Stage {
  readonly programs = new Map<string, StageProgram>();
  readonly links = new Map<LinkName, TcpProxy[]>();
  readonly sources: Credentials[] = [];
  readonly wire: HistoryFile;
  readonly failFolder: string;
  readonly nationFolder: string;
  postgres: StagePostgres | null = null;
  redis: TestRedis | null = null;
  databaseUrl = '';
  private readonly scratch = mkdtempSync(join(tmpdir(), 'zhiqiao-stage-'));
  private controlPort = 0;

  constructor(readonly options: StageOptions) {
    mkdirSync(options.folder, { recursive: true });
    this.wire = new HistoryFile(join(options.folder, 'wire.ndjson'));
    this.failFolder = join(this.scratch, 'fail-points');
    this.nationFolder = join(this.scratch, 'nation');
    for (const folder of [this.failFolder, this.nationFolder]) mkdirSync(folder);
    for (const role of ['api', 'worker'] as const) this.shiftClock(role, 0);
  }

  async start(): Promise<void> {
    const { options } = this;
    if (options.databaseUrl === undefined) this.postgres = await startStagePostgres();
    if (options.queue === 'redis') this.redis = await startRedis();
    this.databaseUrl = options.databaseUrl ?? this.postgres?.url ?? '';
    const nationPort = await this.startNation();
    await this.openLink(
      'nation',
      () => nationPort,
      () => new WireTap(this.wire),
    );
    for (const role of ['api', 'worker'] as const) {
      await this.openLink(`database-${role}`, () => Number(new URL(this.databaseUrl).port));
    }
    const { redis } = this;
    if (redis) await this.openLink('redis', () => Number(new URL(redis.url).port));
    for (let at = 0; at < options.apis; at += 1) await this.startApi(at);
    const workers = Array.from({ length: options.workers }, (_, at) => this.startProgram(`worker-${at}`, 'worker', {}));
    await Promise.all(workers);
    for (let at = 0; at < options.sources; at += 1) this.sources.push(await this.createSource(at));
  }

  /** Doors of the api as stations see them: through a proxy. */
  get apiBases(): string[] {
    return (this.links.get('station') ?? []).map(({ port }) => `http://127.0.0.1:${port}/api/v1`);
  }

  program(name: string): StageProgram {
    const program = this.programs.get(name);
    if (!program) throw new Error(`there is no ${name}`);
    return program;
  }

  names(role: Role): string[] {
    return [...this.programs.keys()].filter((name) => name.startsWith(role));
  }

  /** The simulator's control port; null while it is away. */
  async control<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<T> {
    const url = `http://127.0.0.1:${this.controlPort}/sim/${path}`;
    const reply = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!reply.ok) throw new Error(`/sim/${path} answered ${reply.status}: ${await reply.text()}`);
    return (await reply.json()) as T;
  }

  /** Arms a fail-point; the file is renamed by the process that strikes. */
  arm(point: FailPoint, order: { effect: 'kill9' | 'stop' | 'throw' | 'delay'; nth?: number; ms?: number }): void {
    const { name, at, role } = point;
    const within = point.with === undefined ? {} : { with: point.with };
    writeFileSync(join(this.failFolder, `${name}.armed`), JSON.stringify({ at, role, ...within, ...order }));
  }

  hasFired(point: FailPoint): boolean {
    return existsSync(join(this.failFolder, `${point.name}.fired`));
  }

  disarm(): void {
    for (const file of readdirSync(this.failFolder)) rmSync(join(this.failFolder, file), { force: true });
  }

  /** Shifts the wall clock of the second program of a role, which runs under libfaketime. */
  shiftClock(role: 'api' | 'worker', seconds: number): void {
    writeFileSync(this.clockFile(role), `${seconds < 0 ? '' : '+'}${seconds}`);
  }

  async close(): Promise<void> {
    const own = [...this.programs.values()];
    const simulator = own.filter(({ plan }) => plan.name === 'simulator');
    await Promise.all(own.filter((one) => !simulator.includes(one)).map((program) => program.stop()));
    await Promise.all(simulator.map((program) => program.stop()));
    await Promise.all([...this.links.values()].flat().map((proxy) => proxy.close()));
    await this.redis?.stop();
    await this.postgres?.close();
    this.wire.close();
    rmSync(this.scratch, { recursive: true, force: true });
  }

  private clockFile(role: 'api' | 'worker'): string {
    return join(this.scratch, `clock-${role}`);
  }

  private async openLink(
    name: LinkName,
    target: () => number,
    watch: (() => WireTap) | null = null,
  ): Promise<TcpProxy> {
    const proxy = new TcpProxy(name, target, watch);
    await proxy.listen(await steadyPort());
    this.links.set(name, [...(this.links.get(name) ?? []), proxy]);
    return proxy;
  }

  private async startNation(): Promise<number> {
    const port = await steadyPort();
    this.controlPort = await steadyPort();
    const env = {
      SIM_PORT: String(port), SIM_CONTROL_PORT: String(this.controlPort), SIM_DIR: this.nationFolder,
      SIM_SETTING: 'demo', SIM_SEED: String(this.options.seed), SIM_OVERRIDES: JSON.stringify(this.options.nation),
    }; // prettier-ignore
    await this.startProgram('simulator', 'simulator', env);
    return port;
  }

  private async startApi(at: number): Promise<void> {
    const port = await steadyPort();
    await this.startProgram(`api-${at}`, 'api', { PORT: String(port) });
    await this.openLink('station', () => port);
  }

  private async startProgram(name: string, role: Role, env: Readonly<Record<string, string>>): Promise<void> {
    const { root, folder } = this.options;
    const isNation = role === 'simulator';
    const program = new StageProgram({
      name,
      script: join(root, 'dist', 'src', isNation ? 'simulator/main.js' : 'main.js'),
      args: isNation ? [] : [role],
      logFile: join(folder, `${name}.log`),
      env: isNation ? env : { ...this.adapterEnv(role), ...this.clockEnv(name, role), ...env },
    });
    this.programs.set(name, program);
    await program.start();
  }

  private adapterEnv(role: 'api' | 'worker'): Record<string, string> {
    const overrides = join(this.scratch, 'overrides.json');
    writeFileSync(overrides, JSON.stringify(this.options.profile));
    const through = (url: string, link: LinkName): string => {
      const changed = new URL(url);
      changed.port = String(this.links.get(link)?.[0]?.port ?? changed.port);
      return changed.href;
    };
    return {
      ...NATION_KEYS,
      DATABASE_URL: through(this.databaseUrl, `database-${role}`),
      NATIONAL_BASE_URL: `http://127.0.0.1:${this.links.get('nation')?.[0]?.port ?? 0}`,
      NATIONAL_PROFILE_OVERRIDES: overrides,
      SECRETS_DIR: join(this.scratch, 'secrets'),
      LOG_LEVEL: 'warn',
      ZHIQIAO_FAIL_POINTS: this.failFolder,
      ZHIQIAO_FAIL_ROLE: role,
      ...(this.redis ? { REDIS_URL: through(this.redis.url, 'redis') } : {}),
      ...this.options.env,
    };
  }

  /** The second of each role runs by a clock of its own, so that programs may disagree about the time. */
  private clockEnv(name: string, role: 'api' | 'worker'): Record<string, string> {
    const library = faketimeLibrary();
    if (library === null || !(this.options.everyClock === true || name.endsWith('-1'))) return {};
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.clockFile(role),
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_CACHE_DURATION: '1',
    };
  }

  /** As an operator does it. Not synchronously: the proxy that it goes through lives in this very process. */
  private async createSource(at: number): Promise<Credentials> {
    const { root } = this.options;
    const rates = ['--rate', '500', '--parallel', '64'];
    const args = ['source-systems', 'create', '--name', `演练站点${at}`, '--area', '5334', ...rates, '--json'];
    const env = { PATH: process.env.PATH ?? '', ...this.adapterEnv('api') };
    const { stdout } = await run(process.execPath, [join(root, 'dist/src/cli/main.js'), ...args], { env });
    return JSON.parse(stdout) as Credentials;
  }
}

const STEADY_PORTS = { from: 20_000, to: 32_000 } as const;

/** A port for what is killed and started again on it; not one of those that the kernel gives to outgoing connections. */
async function steadyPort(): Promise<number> {
  for (;;) {
    const port = randomInt(STEADY_PORTS.from, STEADY_PORTS.to);
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
