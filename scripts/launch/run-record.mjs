import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../prepare.mjs';
import { identify, isStillThere } from './alive.mjs';

/**
 * `var/run.json` (0600): what a start of this checkout runs at the moment. It is the lock against a second start
 * over the same embedded database, and how the CLI finds that database (station-contract G-78).
 *
 *   { pid, startTick, databaseUrl, apiUrl, simulator: { baseUrl, controlUrl } | null, children: [{ name, pid, startTick }] }
 */
const FILE = join(ROOT, 'var', 'run.json');
const POLL_MS = 50;

function readRunRecord() {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The record of a start that is alive now; a killed start leaves a record, but no process. */
export function liveRunRecord() {
  const record = readRunRecord();
  return record && isStillThere(record) ? record : null;
}

/** Programs that outlived a killed start: they leave by themselves, except when they hang. */
async function endLeftovers(children) {
  for (const child of children.filter(isStillThere)) {
    process.kill(child.pid, 'SIGKILL');
    while (isStillThere(child)) await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

/** Returns null when another launcher of this checkout is at work. */
export async function claimRunRecord() {
  const old = readRunRecord();
  if (old && isStillThere(old)) return null;
  await endLeftovers(old?.children ?? []);
  rmSync(FILE, { force: true });
  const record = { ...identify(process.pid), databaseUrl: null, apiUrl: null, simulator: null, children: [] };
  mkdirSync(dirname(FILE), { recursive: true, mode: 0o711 });
  try {
    writeFileSync(FILE, JSON.stringify(record), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (error.code === 'EEXIST') return null; // two starts at once: the other was faster
    throw error;
  }
  return {
    update(change) {
      const draft = `${FILE}.${process.pid}`;
      writeFileSync(draft, JSON.stringify(Object.assign(record, change)), { mode: 0o600 });
      renameSync(draft, FILE);
    },
    remove: () => rmSync(FILE, { force: true }),
  };
}

/** For a start that shares nothing: its database and its nation are somebody else's. */
export const noRunRecord = { update: () => undefined, remove: () => undefined };
