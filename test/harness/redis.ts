import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { freePort } from '../../src/platform/embedded-postgres/index.js';
import { eventually } from './eventually.js';
import { findProgram } from './programs.js';
import { forgetProcess, rememberProcess, runFolder } from './run.js';

export interface Listening {
  /** All that was said meanwhile. */
  stop(): Promise<string>;
}

export interface TestRedis {
  url: string;
  pid: number;
  /** Forgets everything that it holds. */
  flushAll(): Promise<void>;
  /** Hears every command that anybody sends from now on. */
  listen(): Listening;
  /** Loses everything it held, as a Redis without persistence does. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 5_000;

/** Spoken by hand: a client library would keep timers of its own beyond the look. */
function say(port: number, command: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    const done = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (chunk) => done(chunk.toString().trimEnd()));
    socket.once('error', () => done(''));
  });
}

async function flushAll(port: number): Promise<void> {
  const answer = await say(port, 'FLUSHALL');
  if (answer !== '+OK') throw new Error(`FLUSHALL was answered ${answer}`);
}

function listen(port: number): Listening {
  const heard: Buffer[] = [];
  const socket = connect(port, '127.0.0.1', () => socket.write('MONITOR\r\n'));
  socket.on('data', (chunk) => heard.push(chunk));
  socket.on('error', () => undefined);
  return {
    stop: () => {
      socket.destroy();
      // Redis writes what is not ASCII as \xe9\xbe\x98.
      const text = Buffer.concat(heard).toString('latin1');
      const plain = text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
      return Promise.resolve(Buffer.from(plain, 'latin1').toString('utf8'));
    },
  };
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
  await eventually(async () => (await say(chosen, 'PING')) === '+PONG', {
    timeoutMs: READY_WITHIN_MS,
    what: `redis-server on port ${chosen}`,
  });
  return {
    url: `redis://127.0.0.1:${chosen}/0`,
    pid: child.pid,
    listen: () => listen(chosen),
    flushAll: () => flushAll(chosen),
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
  };
}
