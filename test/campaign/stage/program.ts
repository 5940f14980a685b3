import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CHECKOUT, forgetProcess, rememberProcess } from '../../harness/run.js';

const LEAVE_WITH_PARENT = join(CHECKOUT, 'scripts', 'launch', 'leave-with-parent.cjs');
const FAIL_POINT_HOOK = join(CHECKOUT, 'test', 'campaign', 'build', 'fail-point-hook.cjs');
/** Faults of the database may be under way while a program starts, and the machine may be busy. */
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 15_000;

export interface ProgramPlan {
  readonly name: string;
  /** Absolute path of the compiled program. */
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Everything the program says is added here. */
  readonly logFile: string;
}

/** One program of the stage: started, killed, frozen and started again in its place. Needs no test runner. */
export class StageProgram {
  private child: ChildProcess | null = null;
  private ended: Promise<unknown> = Promise.resolve();
  ready: Readonly<Record<string, unknown>> = {};
  starts = 0;

  constructor(readonly plan: ProgramPlan) {}

  get pid(): number | null {
    return this.isRunning ? (this.child?.pid ?? null) : null;
  }

  get isRunning(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  async start(): Promise<void> {
    const { script, args, env, logFile, name } = this.plan;
    const child = spawn(
      process.execPath,
      ['--require', LEAVE_WITH_PARENT, '--require', FAIL_POINT_HOOK, script, ...args],
      { env: { ...shellEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    );
    const { pid } = child;
    if (pid === undefined) throw new Error(`cannot start ${name}`);
    this.child = child;
    this.starts += 1;
    rememberProcess({ pid, mark: script, signals: ['SIGCONT', 'SIGKILL'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => appendFileSync(logFile, chunk));
    }
    this.ended = once(child, 'exit').then(() => forgetProcess(pid));
    this.ready = await waitUntilReady(child, name);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.child?.kill(signal);
  }

  /** Resolves when the program is gone, however it went. */
  async gone(): Promise<void> {
    await this.ended;
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  async stop(): Promise<void> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const last = setTimeout(() => this.signal('SIGKILL'), STOP_WITHIN_MS);
    await this.ended;
    clearTimeout(last);
  }
}

function shellEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(kept);
}

/** Our programs tell over IPC; the simulator, which knows nothing of us, prints a line. */
function waitUntilReady(child: ChildProcess, name: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} was not ready in time`)), READY_WITHIN_MS);
    const tell = (said: Record<string, unknown>): void => {
      if (said.ready !== true) return;
      clearTimeout(timer);
      resolve(said);
    };
    child.on('message', (message: Record<string, unknown>) => tell(message));
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('{"ready":true')) tell(JSON.parse(line) as Record<string, unknown>);
      });
    }
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`${name} ended (${signal ?? code}) before it was ready`));
    });
  });
}
