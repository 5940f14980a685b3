import { execFile } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../platform/config/index.js';
import { beijingDate } from '../records/index.js';
import type { Prefecture } from './prefecture.js';
import { CallRefusedError, StationClient, type Credentials } from './station-client.js';

/** Far above what the demonstration does: its own speed should show, not the door's limits. */
const RATE = '1000';
const PARALLEL = '32';

/** What one start leaves to the next. */
export interface Keepsake {
  /** Day of the first start; all dates of the world hang on it, so that a later start pushes the same contents. */
  readonly anchor: string;
  /** Most people that were ever pushed. */
  readonly people: number;
  /** County → key of its source system. */
  readonly systems: Readonly<Record<string, Credentials>>;
}

const fileOf = (): string => join(projectRoot(), 'var', 'demo-source-systems.json');

function readKeepsake(): Keepsake | null {
  try {
    return JSON.parse(readFileSync(fileOf(), 'utf8')) as Keepsake;
  } catch {
    return null;
  }
}

export function writeKeepsake(keepsake: Keepsake): void {
  const draft = `${fileOf()}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(keepsake), { mode: 0o600 });
  renameSync(draft, fileOf());
}

/** The database may be a new one while the file is old. */
async function isKnown(apiUrl: string, credentials: Credentials): Promise<boolean> {
  try {
    await new StationClient(apiUrl, credentials).summary();
    return true;
  } catch (error) {
    if (error instanceof CallRefusedError && error.status === 401) return false;
    throw error;
  }
}

/** As an operator does it: by the command line. */
async function createByCli(county: { readonly code: string; readonly name: string }): Promise<Credentials> {
  const script = join(projectRoot(), 'dist', 'src', 'cli', 'main.js');
  const named = ['--name', `演示：${county.name}`, '--area', county.code, '--rate', RATE, '--parallel', PARALLEL];
  const args = [script, 'source-systems', 'create', ...named, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Credentials;
}

/** One source system for each county: those of an earlier start, else new ones. */
export async function openSourceSystems(apiUrl: string, prefecture: Prefecture): Promise<Keepsake> {
  const kept = readKeepsake();
  const known = Object.values(kept?.systems ?? {});
  const isWhole = kept !== null && prefecture.counties.every(({ code }) => kept.systems[code] !== undefined);
  if (isWhole && (await Promise.all(known.map((one) => isKnown(apiUrl, one)))).every(Boolean)) return kept;
  const systems: Record<string, Credentials> = {};
  for (const county of prefecture.counties) systems[county.code] = await createByCli(county);
  const keepsake = { anchor: beijingDate(Date.now()), people: 0, systems };
  writeKeepsake(keepsake);
  return keepsake;
}
