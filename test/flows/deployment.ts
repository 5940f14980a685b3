import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../harness/database.js';
import { startApi, startWorker, type Program, type ProgramEnvironment } from '../harness/processes.js';
import { CHECKOUT } from '../harness/run.js';
import { startNationalSide, type NationalSide } from '../independent/national-side.js';

export type NationalSettings = NonNullable<NonNullable<Parameters<typeof startNationalSide>[0]>['settings']>;
export type Role = 'api' | 'worker';

/** Waits that a real nation needs are scaled down, on both sides alike. A deadline bounds how long a lease is held. */
export const QUICK_PROFILE = {
  consistency: { readAfterWriteMs: 200, maxCommitLatencyMs: 1_500 },
  polling: { reviewPollMs: 200, reviewPollMaxMs: 1_000, certificatePollMs: 200, certificatePollMaxMs: 1_000 },
  transport: { deadlineMs: { write: 3_000, read: 3_000, token: 3_000, time: 3_000 } },
};

/** Likewise for the independent national side: everything takes its time, but only a little. */
export const QUICK_NATION: NationalSettings = {
  reviewMs: 300,
  realNameMs: 300,
  certificateMs: 300,
  receiptDelayMs: 50,
};

/** Where the adapter finds its national side, and how it signs there. */
export interface NationalDoor {
  readonly baseUrl: string;
  readonly appKey: string;
  readonly secret: string;
  readonly fieldKey: string;
}

/** A running adapter: programs of both roles over one database. */
export interface Adapter {
  readonly database: TestDatabase;
  /** One per api process. */
  readonly apiBases: readonly string[];
  readonly apiBase: string;
  readonly credentials: { appKey: string; secret: string };
  readonly env: ProgramEnvironment;
  readonly counts: Readonly<Record<Role, number>>;
  program(role: Role, index?: number): Program;
  /** `kill -9`, then the same again in its place (same port). */
  killAndRestart(role: Role, index?: number): Promise<void>;
  /** What all programs have said, also those that were killed. */
  logs(): string;
  close(): Promise<void>;
}

export interface Deployment extends Adapter {
  readonly national: NationalSide;
}

export interface AdapterOptions {
  readonly redisUrl?: string;
  readonly profile?: object;
  readonly workers?: number;
  readonly apis?: number;
  /** Instead of one of the run's server; dropped at the end all the same. */
  readonly database?: TestDatabase;
  readonly env?: ProgramEnvironment;
  /** Root of another checkout whose compiled programs run. */
  readonly checkout?: string;
}

export interface DeploymentOptions extends AdapterOptions {
  readonly national?: NationalSettings;
}

/** A whole adapter of real processes against the independent national side. */
export async function deploy(options: DeploymentOptions = {}): Promise<Deployment> {
  const national = await startNationalSide({ settings: { ...QUICK_NATION, ...options.national } });
  const { appKey, secrets, fieldKey } = national.settings;
  const door = { baseUrl: national.baseUrl, appKey, secret: secrets[0] ?? '', fieldKey };
  try {
    const adapter = await startAdapter(door, options);
    const close = async (): Promise<void> => {
      await adapter.close();
      await national.close();
    };
    return { ...adapter, national, close };
  } catch (error) {
    await national.close();
    throw error;
  }
}

interface Place {
  readonly role: Role;
  readonly env: ProgramEnvironment;
  program: Program;
}

export async function startAdapter(door: NationalDoor, options: AdapterOptions = {}): Promise<Adapter> {
  const folder = mkdtempSync(join(tmpdir(), 'zhiqiao-flow-'));
  const database = options.database ?? (await createTestDatabase());
  const env = environment(door, { ...options, folder, databaseUrl: database.url });
  const past: string[] = [];
  const places: Place[] = [];
  const start = (role: Role, own: ProgramEnvironment): Promise<Program> =>
    (role === 'api' ? startApi : startWorker)(own, options.checkout);
  const placeOf = (role: Role, index: number): Place => {
    const place = places.filter((one) => one.role === role)[index];
    if (!place) throw new Error(`there is no ${role} ${index}`);
    return place;
  };
  const close = async (): Promise<void> => {
    await Promise.all(places.map(({ program }) => program.stop()));
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  };
  const counts = { api: options.apis ?? 1, worker: options.workers ?? 1 };
  try {
    for (const own of await ownEnvironments(env, counts)) {
      places.push({ ...own, program: await start(own.role, own.env) });
    }
    const apiBases = places
      .filter(({ role }) => role === 'api')
      .map((api) => `http://127.0.0.1:${api.env.PORT}/api/v1`);
    return {
      database, env, counts, apiBases, close,
      apiBase: apiBases[0] ?? '',
      credentials: createSourceSystem(env, options.checkout),
      program: (role, index = 0) => placeOf(role, index).program,
      killAndRestart: async (role, index = 0) => {
        const place = placeOf(role, index);
        await place.program.kill();
        past.push(place.program.logs());
        place.program = await start(role, place.env);
      },
      logs: () => [...past, ...places.map(({ program }) => program.logs())].join('\n'),
    }; // prettier-ignore
  } catch (error) {
    // What is half there would keep the run from ending.
    await close();
    throw error;
  }
}

async function ownEnvironments(
  env: ProgramEnvironment,
  counts: Readonly<Record<Role, number>>,
): Promise<{ role: Role; env: ProgramEnvironment }[]> {
  const apis = await Promise.all(Array.from({ length: counts.api }, steadyPort));
  return [
    ...apis.map((port) => ({ role: 'api' as const, env: { ...env, PORT: String(port) } })),
    ...Array.from({ length: counts.worker }, () => ({ role: 'worker' as const, env })),
  ];
}

function environment(
  door: NationalDoor,
  options: AdapterOptions & { folder: string; databaseUrl: string },
): ProgramEnvironment {
  const overrides = join(options.folder, 'overrides.json');
  writeFileSync(overrides, JSON.stringify(options.profile ?? QUICK_PROFILE));
  // CI's Redis, as TEST_DATABASE_URL is its PostgreSQL 15.
  const redisUrl = options.redisUrl ?? process.env.TEST_REDIS_URL;
  return {
    DATABASE_URL: options.databaseUrl,
    NATIONAL_BASE_URL: door.baseUrl,
    NATIONAL_APP_KEY: door.appKey,
    NATIONAL_APP_SECRET: door.secret,
    NATIONAL_FIELD_KEY: door.fieldKey,
    NATIONAL_PROFILE_OVERRIDES: overrides,
    SECRETS_DIR: join(options.folder, 'secrets'),
    LOG_LEVEL: 'warn',
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    ...options.env,
  };
}

const STEADY_PORTS = { from: 20_000, to: 32_000 } as const;

/**
 * A port for a program that is killed and started again on it. Not one of those that the kernel gives to outgoing
 * connections: a client that tries the dead program's port could take it, or even connect to itself.
 */
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

/** As an operator does it: by the command line. */
export function createSourceSystem(env: ProgramEnvironment, checkout = CHECKOUT): { appKey: string; secret: string } {
  const rates = ['--rate', '500', '--parallel', '64'];
  const args = ['source-systems', 'create', '--name', '联调测试', '--area', '5334', ...rates, '--json'];
  return runCli(args, env, checkout) as { appKey: string; secret: string };
}

/** The one line of JSON that a command answers. */
export function runCli(args: readonly string[], env: ProgramEnvironment, checkout = CHECKOUT): unknown {
  const run = spawnSync(process.execPath, [join(checkout, 'dist/src/cli/main.js'), ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`${args.slice(0, 2).join(' ')} failed: ${run.stderr}`);
  return JSON.parse(run.stdout);
}
