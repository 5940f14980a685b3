import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 25;
const FAST_STOP_MS = 6_000;
const IMMEDIATE_STOP_MS = 1_000;

/** A zombie counts as gone: in a container nobody may ever collect it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}

/** The number in the pid file when some process has it, whoever that is. */
function livePidIn(dataFolder: string): number | null {
  try {
    const pid = Number(readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 1 && isAlive(pid) ? pid : null;
  } catch {
    return null;
  }
}

/** The pid of a live server over this data folder; null when the pid file is stale or its number was reused. */
export function livePostmaster(dataFolder: string): number | null {
  const pid = livePidIn(dataFolder);
  if (pid === null) return null;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(dataFolder) ? pid : null;
  } catch {
    return process.platform === 'linux' ? null : pid;
  }
}

/**
 * PostgreSQL refuses to start while the number in its pid file is alive, though it is somebody else's by now. A file
 * whose process is gone stays: by it PostgreSQL finds out whether children of a killed server still run.
 */
export function dropReusedPidFile(dataFolder: string): void {
  if (livePidIn(dataFolder) !== null && livePostmaster(dataFolder) === null) {
    rmSync(join(dataFolder, 'postmaster.pid'), { force: true });
  }
}

async function isGoneWithin(pid: number, limitMs: number): Promise<boolean> {
  for (const end = performance.now() + limitMs; performance.now() < end; await sleep(POLL_MS)) {
    if (!isAlive(pid)) return true;
  }
  return !isAlive(pid);
}

/** PostgreSQL's own three stops: fast (rolls back, checkpoints), immediate (recovers at the next start), kill. */
export async function stopServer(pid: number, fastStopMs = FAST_STOP_MS): Promise<void> {
  for (const [signal, limitMs] of [
    ['SIGINT', fastStopMs],
    ['SIGQUIT', IMMEDIATE_STOP_MS],
    ['SIGKILL', IMMEDIATE_STOP_MS],
  ] as const) {
    if (!isAlive(pid)) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    if (await isGoneWithin(pid, limitMs)) return;
  }
}

/** A port that was free a moment ago; whoever uses it must be ready to lose the race. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
