import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../platform/config/index.js';
import type { Credentials } from './station-client.js';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 8_000;
/** Well above what four connections can ask for: the benchmark measures work, not the limiter. */
const RATE = '10000';
const PARALLEL = '64';

export type Environment = Readonly<Record<string, string>>;

export interface Program {
  readonly name: string;
  readonly pid: number;
  readonly ready: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

export interface ProgramSpec {
  readonly name: string;
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: Environment;
  /** Its log, as a service would write one: to a file, at the shipped level. */
  readonly logFile: string;
  readonly nodeArgs?: readonly string[];
}

const compiled = (script: string): string => join(projectRoot(), 'dist', 'src', script);

/** Nothing of the caller's shell reaches the programs but what a process needs to run. */
function childEnvironment(env: Environment): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ...env };
}

/** One of our compiled programs as a process of its own; it ends with this one. */
export async function startProgram(spec: ProgramSpec): Promise<Program> {
  const leaveWithParent = join(projectRoot(), 'scripts', 'launch', 'leave-with-parent.cjs');
  const args = [...(spec.nodeArgs ?? []), '--require', leaveWithParent, compiled(spec.script), ...(spec.args ?? [])];
  const child = spawn(process.execPath, args, {
    cwd: projectRoot(),
    env: childEnvironment(spec.env),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const log = createWriteStream(spec.logFile, { flags: 'a' });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  const exited = once(child, 'exit');
  const ready = await waitUntilReady(child, spec);
  return { name: spec.name, pid: child.pid ?? 0, ready, stop: () => endChild(child, exited) };
}

/** Our programs tell over IPC; the simulator, which knows nothing of us, prints a line. */
function waitUntilReady(child: ChildProcess, spec: ProgramSpec): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`${spec.name} ${why}; its log:\n${readFileSync(spec.logFile, 'utf8').slice(-2_000)}`));
    };
    const timer = setTimeout(() => fail('was not ready in time'), READY_WITHIN_MS);
    const tell = (details: Record<string, unknown>): void => {
      clearTimeout(timer);
      resolve(details);
    };
    child.on('message', (message: Record<string, unknown>) => message.ready === true && tell(message));
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('{"ready":true')) tell(JSON.parse(line) as Record<string, unknown>);
      });
    }
    child.once('exit', (code, signal) => fail(`ended (${signal ?? code}) before it was ready`));
  });
}

async function endChild(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const last = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await exited;
  clearTimeout(last);
}

const profiling = (folder: string | null): readonly string[] =>
  folder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];

/** `role` as the product runs it: the compiled entry, default settings, a log at its default level. */
export function startRole(
  role: 'api' | 'worker',
  env: Environment,
  folders: { log: string; profile: string | null },
): Promise<Program> {
  return startProgram({
    name: role,
    script: 'main.js',
    args: [role],
    env: { PORT: '0', ...env },
    logFile: join(folders.log, `${role}.log`),
    nodeArgs: profiling(folders.profile),
  });
}

export interface Nation {
  /** NATIONAL_… variables for the adapter. */
  readonly env: Environment;
  readonly pid: number;
  /** Its control port; loopback. */
  readonly controlUrl: string;
  stop(): Promise<void>;
}

/** What sets a simulator apart from the plain one. */
export interface NationOptions {
  /** Laid over the setting `bench`. */
  readonly overrides?: object;
  /** Chances drawn alike by every simulator with the same. */
  readonly seed?: number;
  /** Another one whose books and keys this one begins with; it must be at rest. */
  readonly twinOf?: { readonly folder: string; readonly env: Environment };
}

const simulatorFolder = (folder: string): string => join(folder, 'simulator');

function nationalKeys(twin: Environment | undefined): { appKey: string; appSecret: string; fieldKey: string } {
  return {
    appKey: twin?.NATIONAL_APP_KEY ?? `bench-${randomBytes(4).toString('hex')}`,
    appSecret: twin?.NATIONAL_APP_SECRET ?? randomBytes(24).toString('base64url'),
    fieldKey: twin?.NATIONAL_FIELD_KEY ?? randomBytes(16).toString('hex'),
  };
}

/** The simulator in its setting `bench`: no limits, no delays, unless they are laid over it. */
export async function startNation(folder: string, options: NationOptions = {}): Promise<Nation> {
  const directory = simulatorFolder(folder);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (options.twinOf) cpSync(simulatorFolder(options.twinOf.folder), directory, { recursive: true });
  const { appKey, appSecret, fieldKey } = nationalKeys(options.twinOf?.env);
  const program = await startProgram({
    name: 'simulator',
    script: 'simulator/main.js',
    env: {
      SIM_SETTING: 'bench',
      SIM_PORT: '0',
      SIM_CONTROL_PORT: '0',
      SIM_DIR: directory,
      SIM_APP_KEY: appKey,
      SIM_APP_SECRET: appSecret,
      SIM_FIELD_KEY: fieldKey,
      SIM_OVERRIDES: JSON.stringify(options.overrides ?? {}),
      ...(options.seed === undefined ? {} : { SIM_SEED: String(options.seed) }),
    },
    logFile: join(folder, 'simulator.log'),
  });
  const env = {
    NATIONAL_BASE_URL: `http://127.0.0.1:${String(program.ready.port)}`,
    NATIONAL_APP_KEY: appKey,
    NATIONAL_APP_SECRET: appSecret,
    NATIONAL_FIELD_KEY: fieldKey,
    NATIONAL_IS_SIMULATOR: 'true',
  };
  const controlUrl = `http://127.0.0.1:${String(program.ready.controlPort)}`;
  return { env, pid: program.pid, controlUrl, stop: () => program.stop() };
}

/** As an operator does it: by the command line. */
export function createSourceSystem(env: Environment): Credentials {
  const args = [
    'source-systems',
    'create',
    '--name',
    '基准测试',
    '--area',
    '5334',
    '--rate',
    RATE,
    '--parallel',
    PARALLEL,
  ];
  const run = spawnSync(process.execPath, [compiled('cli/main.js'), ...args, '--json'], {
    cwd: projectRoot(),
    env: childEnvironment(env),
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`source-systems create failed: ${run.stderr}`);
  return JSON.parse(run.stdout) as Credentials;
}
