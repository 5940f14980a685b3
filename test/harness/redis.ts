import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { freePort } from '../../src/platform/embedded-postgres/index.js';
import { eventually } from './eventually.js';
import { findProgram } from './programs.js';
import { forgetProcess, rememberProcess, runFolder } from './run.js';

export interface TestRedis {
  url: string;
  pid: number;
  /** Loses everything it held, as a Redis without persistence does. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 5_000;

/** Spoken by hand: a client library would keep timers of its own beyond the look. */
function isAnswering(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const done = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('data', (chunk) => done(chunk.toString() === '+PONG\r\n'));
    socket.once('error', () => done(false));
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
  if (child.pid !== undefined) forgetProcess(child.pid);
}

/** An empty Redis of the caller's own, on `port` (the same again after a `kill()`) or a free one. */
export async function startRedis(port?: number): Promise<TestRedis> {
  const program = findProgram('redis-server');
  if (program === null) throw new Error('needs redis-server: wrap the suite in describeNeeding("redis-server", …)');
  const chosen = port ?? (await freePort());
  const settings = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
  const child = spawn(program, ['--port', String(chosen), ...settings], { cwd: runFolder(), stdio: 'ignore' });
  if (child.pid === undefined) throw new Error(`cannot run ${program}`);
  rememberProcess({ pid: child.pid, mark: 'redis-server', signals: ['SIGKILL'] });
  await eventually(() => isAnswering(chosen), { timeoutMs: READY_WITHIN_MS, what: `redis-server on port ${chosen}` });
  return {
    url: `redis://127.0.0.1:${chosen}/0`,
    pid: child.pid,
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
  };
}
