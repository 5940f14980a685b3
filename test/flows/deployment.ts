import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../harness/database.js';
import { startApi, startWorker, type Program, type ProgramEnvironment } from '../harness/processes.js';
import { CHECKOUT } from '../harness/run.js';
import { startNationalSide, type NationalSide } from '../independent/national-side.js';

export type NationalSettings = NonNullable<NonNullable<Parameters<typeof startNationalSide>[0]>['settings']>;

/** Waits that a real nation needs are scaled down, on both sides alike. */
export const QUICK_PROFILE = {
  consistency: { readAfterWriteMs: 200, maxCommitLatencyMs: 1_500 },
  polling: { reviewPollMs: 200, reviewPollMaxMs: 1_000, certificatePollMs: 200, certificatePollMaxMs: 1_000 },
};

export interface Deployment {
  readonly database: TestDatabase;
  readonly national: NationalSide;
  readonly apiBase: string;
  readonly credentials: { appKey: string; secret: string };
  readonly env: ProgramEnvironment;
  /** Restarts a killed program in its place. */
  restart(role: 'api' | 'worker'): Promise<void>;
  program(role: 'api' | 'worker'): Program;
  close(): Promise<void>;
}

export interface DeploymentOptions {
  readonly national?: NationalSettings;
  readonly redisUrl?: string;
  readonly profile?: object;
  readonly workers?: number;
}

/** A whole adapter of real processes against the independent national side. */
export async function deploy(options: DeploymentOptions = {}): Promise<Deployment> {
  const folder = mkdtempSync(join(tmpdir(), 'zhiqiao-flow-'));
  const database = await createTestDatabase();
  const national = await startNationalSide({ settings: options.national ?? {} });
  const overrides = join(folder, 'overrides.json');
  writeFileSync(overrides, JSON.stringify(options.profile ?? QUICK_PROFILE));
  // CI's Redis, as TEST_DATABASE_URL is its PostgreSQL 15.
  const redisUrl = options.redisUrl ?? process.env.TEST_REDIS_URL;
  const env = {
    DATABASE_URL: database.url,
    NATIONAL_BASE_URL: national.baseUrl,
    NATIONAL_APP_KEY: national.settings.appKey,
    NATIONAL_APP_SECRET: national.settings.secrets[0] ?? '',
    NATIONAL_FIELD_KEY: national.settings.fieldKey,
    NATIONAL_PROFILE_OVERRIDES: overrides,
    SECRETS_DIR: join(folder, 'secrets'),
    LOG_LEVEL: 'warn',
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
  };
  const programs = new Map<'api' | 'worker', Program>();
  const close = async (): Promise<void> => {
    for (const program of programs.values()) await program.stop();
    await national.close();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  };
  const program = (role: 'api' | 'worker'): Program => programs.get(role) as Program;
  try {
    programs.set('api', await startApi(env));
    programs.set('worker', await startWorker(env));
    const port = String(program('api').ready.port);
    return {
      database,
      national,
      env,
      apiBase: `http://127.0.0.1:${port}/api/v1`,
      credentials: createSourceSystem(env),
      program,
      restart: async (role) => {
        programs.set(role, role === 'api' ? await startApi({ ...env, PORT: port }) : await startWorker(env));
      },
      close,
    };
  } catch (error) {
    // What is half there would keep the run from ending.
    await close();
    throw error;
  }
}

/** As an operator does it: by the command line. */
export function createSourceSystem(env: ProgramEnvironment, area = '5334'): { appKey: string; secret: string } {
  const args = [
    'source-systems',
    'create',
    '--name',
    '联调测试',
    '--area',
    area,
    '--rate',
    '500',
    '--parallel',
    '64',
    '--json',
  ];
  const run = spawnSync(process.execPath, [join(CHECKOUT, 'dist/src/cli/main.js'), ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`source-systems create failed: ${run.stderr}`);
  return JSON.parse(run.stdout) as { appKey: string; secret: string };
}
