import { mkdirSync, readFileSync, rmSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '../../src/platform/config/project-root.js';

const LOCK_POLL_MS = 50;
const LOCK_LIMIT_MS = 180_000;

export const CHECKOUT = projectRoot(__dirname);

/** The folder of this jest run, made by test/global-setup.mjs. */
export function runFolder(): string {
  const folder = process.env.ZHIQIAO_TEST_RUN;
  if (!folder) throw new Error('no run folder: start jest with --config config/jest.config.cjs');
  return folder;
}

export interface StartedProcess {
  pid: number;
  /** Must occur in the command line, else the pid belongs to somebody else by now. */
  mark: string;
  signals: NodeJS.Signals[];
  /** Removed once the process is gone. */
  folder?: string;
}

const startedFile = (pid: number): string => join(runFolder(), 'started', `${pid}.json`);

/** What is written down here is stopped at the end of the run, or by the next run when this one is killed. */
export function rememberProcess(entry: StartedProcess): void {
  writeFileSync(startedFile(entry.pid), JSON.stringify(entry), { mode: 0o600 });
}

export function forgetProcess(pid: number): void {
  rmSync(startedFile(pid), { force: true });
}

async function takeLock(path: string): Promise<void> {
  for (const end = performance.now() + LOCK_LIMIT_MS; performance.now() < end; await sleep(LOCK_POLL_MS)) {
    try {
      mkdirSync(path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  throw new Error(`${path} is held since ${statSync(path).mtime.toISOString()}`);
}

/** Makes a thing once per run, whichever of jest's workers asks first; the others wait and read its description. */
export async function oncePerRun<T>(name: string, make: () => Promise<T>): Promise<T> {
  const file = join(runFolder(), `${name}.json`);
  const lock = `${file}.lock`;
  await takeLock(lock);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const made = await make();
    writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
    return made;
  } finally {
    rmdirSync(lock);
  }
}
