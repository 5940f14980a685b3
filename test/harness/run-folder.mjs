import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * One folder per jest run under var/test-runs, named by jest's pid. What the run starts and must outlive a jest
 * worker is written down there, so that the end of the run, or the next run after a killed one, can stop it.
 */
const RUNS = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', 'var', 'test-runs');

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** The pid alone may have been given to somebody else since: the command line must name the folder we started it with. */
function isOurs(pid, mark) {
  if (!isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark);
  } catch {
    return process.platform !== 'linux';
  }
}

async function stopProcess({ pid, mark, signals, folder }) {
  for (const signal of signals) {
    if (!isOurs(pid, mark)) break;
    process.kill(pid, signal);
    for (let round = 0; round < 100 && isOurs(pid, mark); round += 1) {
      await new Promise((done) => setTimeout(done, 30));
    }
  }
  if (folder) rmSync(folder, { recursive: true, force: true });
}

export function openRunFolder() {
  const folder = join(RUNS, String(process.pid));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'started'), { recursive: true, mode: 0o700 });
  return folder;
}

export async function closeRunFolder(folder) {
  const started = join(folder, 'started');
  for (const file of readdirSync(started)) {
    await stopProcess(JSON.parse(readFileSync(join(started, file), 'utf8')));
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Ends what runs that were killed have left behind. */
export async function sweepDeadRuns() {
  mkdirSync(RUNS, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(RUNS)) {
    if (Number(name) === process.pid || isAlive(Number(name))) continue;
    try {
      await closeRunFolder(join(RUNS, name));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error; // two runs swept at once
    }
  }
}
