import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ReadyDetails } from '../../src/platform/supervision/index.js';
import { CHECKOUT, forgetProcess, oncePerRun, rememberProcess } from './run.js';

const LEAVE_WITH_PARENT = join(CHECKOUT, 'scripts', 'launch', 'leave-with-parent.cjs');
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 15_000;
const LOG_LIMIT_CHARS = 200_000;

export type ProgramEnvironment = Readonly<Record<string, string>>;

export interface ProgramSpec {
  name: string;
  /** Compiled file below dist/, `src/main.js` for instance. */
  script: string;
  args?: readonly string[];
  /** The whole environment but PATH, HOME and TMPDIR: nothing of the developer's shell leaks in. */
  env: ProgramEnvironment;
  readyWithinMs?: number;
  /** Another checkout, already built, whose program runs; this one by default. */
  checkout?: string | undefined;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Program {
  name: string;
  pid: number;
  /** What the program said about itself when it became ready (`port`, …). */
  ready: ReadyDetails;
  /** stdout and stderr so far, newest last. */
  logs(): string;
  exited: Promise<Exit>;
  /** TERM, and KILL when that is not enough. */
  stop(): Promise<Exit>;
  /** `kill -9`. */
  kill(): Promise<Exit>;
}

const running = new Set<Program>();

/** Importing this file is enough: whatever a spec file leaves running ends with it. */
afterAll(async () => {
  await Promise.all([...running].map((program) => program.kill()));
});

/** The programs under test are the compiled ones; they are built once per run if a source is newer. */
async function ensureBuilt(): Promise<void> {
  await oncePerRun('build', () => {
    const built = spawnSync(process.execPath, [join(CHECKOUT, 'scripts', 'prepare.mjs')], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`the programs under test do not compile:\n${built.stdout}${built.stderr}`);
    return Promise.resolve(true);
  });
}

function shellEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(kept);
}

function collectLogs(child: ChildProcess): () => string {
  let text = '';
  const add = (chunk: string): void => {
    text = (text + chunk).slice(-LOG_LIMIT_CHARS);
  };
  child.stdout?.setEncoding('utf8').on('data', add);
  child.stderr?.setEncoding('utf8').on('data', add);
  return () => text;
}

/** Our programs tell over IPC; the simulator, which knows nothing of us, prints a line. */
function onReady(child: ChildProcess, tell: (details: ReadyDetails) => void): void {
  child.on('message', (message: ReadyDetails) => {
    if (message.ready) tell(message);
  });
  if (!child.stdout) return;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{"ready":true')) tell(JSON.parse(line) as ReadyDetails);
  });
}

function waitUntilReady(child: ChildProcess, spec: ProgramSpec, logs: () => string): Promise<ReadyDetails> {
  const limitMs = spec.readyWithinMs ?? READY_WITHIN_MS;
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${spec.name} ${why}; its log:\n${logs().slice(-4_000)}`));
    const timer = setTimeout(() => fail(`was not ready within ${limitMs} ms`), limitMs);
    onReady(child, (details) => {
      clearTimeout(timer);
      resolve(details);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`ended (${signal ?? code}) before it was ready`);
    });
  });
}

async function endWith(child: ChildProcess, exited: Promise<Exit>, signal: NodeJS.Signals): Promise<Exit> {
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  if (isOver()) return exited;
  child.kill(signal);
  const last = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  const exit = await exited;
  clearTimeout(last);
  return exit;
}

/** Starts a compiled program as a child process and waits until it says that it is ready (platform/supervision). */
export async function startProgram(spec: ProgramSpec): Promise<Program> {
  const checkout = spec.checkout ?? CHECKOUT;
  if (checkout === CHECKOUT) await ensureBuilt();
  const script = join(checkout, 'dist', spec.script);
  if (!existsSync(script)) throw new Error(`there is no ${spec.script} in dist/`);
  const child = spawn(process.execPath, ['--require', LEAVE_WITH_PARENT, script, ...(spec.args ?? [])], {
    cwd: checkout,
    env: { ...shellEnvironment(), ...spec.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${spec.name}`);
  rememberProcess({ pid, mark: script, signals: ['SIGKILL'] });
  const logs = collectLogs(child);
  const exited = once(child, 'exit').then(([code, signal]): Exit => {
    forgetProcess(pid);
    running.delete(program);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  const program: Program = {
    name: spec.name,
    pid,
    ready: {},
    logs,
    exited,
    stop: () => endWith(child, exited, 'SIGTERM'),
    kill: () => endWith(child, exited, 'SIGKILL'),
  };
  running.add(program);
  program.ready = await waitUntilReady(child, spec, logs).catch(async (error: unknown) => {
    await program.kill();
    throw error;
  });
  return program;
}

const mainProgram = (role: 'api' | 'worker' | 'all', env: ProgramEnvironment, checkout?: string): Promise<Program> =>
  startProgram({ name: role, script: 'src/main.js', args: [role], env: { PORT: '0', ...env }, checkout });

/** `ready.port` is where it listens (PORT=0 takes a free one). */
export const startApi = (env: ProgramEnvironment, checkout?: string): Promise<Program> =>
  mainProgram('api', env, checkout);
export const startWorker = (env: ProgramEnvironment, checkout?: string): Promise<Program> =>
  mainProgram('worker', env, checkout);
export const startAll = (env: ProgramEnvironment): Promise<Program> => mainProgram('all', env);

/** `ready.port` is the gateway, `ready.controlPort` the control plane; give it a SIM_DIR of its own. */
export const startSimulator = (env: ProgramEnvironment): Promise<Program> =>
  startProgram({
    name: 'simulator',
    script: 'src/simulator/main.js',
    env: { SIM_PORT: '0', SIM_CONTROL_PORT: '0', ...env },
  });
