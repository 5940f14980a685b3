import { spawn, spawnSync } from 'node:child_process';
import { chownSync, closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { ServerBinaries } from './binaries.js';
import { freePort, isAlive, stopServer } from './server-process.js';
import { makePrivateFolder, type ServerUser } from './server-user.js';

export const SUPERUSER = 'zhiqiao';
const START_LIMIT_MS = 60_000; // recovery after a crash with a full WAL is slow on a small disk
const START_POLL_MS = 40;
const CONNECT_TIMEOUT_MS = 3_000;
const PORT_RETRIES = 4;
const RETRY_PAUSE_MS = 500;
const MAX_CONNECTIONS = 200;

export interface ClusterSpec {
  user: ServerUser | null;
  binaries: ServerBinaries;
  dataFolder: string;
  password: string;
  logFile: string;
  /** false only for tests: no fsync, so a power cut may cost the cluster. */
  isDurable: boolean;
}

export interface RunningServer {
  pid: number;
  port: number;
}

export const serverUrl = (port: number, password: string, database: string): string =>
  `postgres://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;

const runAs = (user: ServerUser | null): { uid?: number; gid?: number; cwd: string } =>
  user ? { uid: user.uid, gid: user.gid, cwd: '/' } : { cwd: '/' };

/** Made under another name and moved: an initdb that was killed leaves nothing that looks like a data folder. */
export function initialise(spec: ClusterSpec): void {
  const draft = `${spec.dataFolder}.new`;
  const passwordFile = `${spec.dataFolder}.pw`;
  rmSync(draft, { recursive: true, force: true });
  makePrivateFolder(spec.user, draft);
  writeFileSync(passwordFile, spec.password, { mode: 0o600 });
  if (spec.user) chownSync(passwordFile, spec.user.uid, spec.user.gid);
  try {
    const flags = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const login = [`--username=${SUPERUSER}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
    const sync = spec.isDurable ? [] : ['--no-sync'];
    const made = spawnSync(spec.binaries.initdb, ['-D', draft, ...flags, ...login, ...sync], {
      ...runAs(spec.user),
      encoding: 'utf8',
    });
    if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(draft, spec.dataFolder);
}

function serverFlags(spec: ClusterSpec, port: number): string[] {
  const options = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `max_connections=${MAX_CONNECTIONS}`,
    // Records hold personal fields: neither a failed statement nor the row it tripped over goes to a log file.
    'log_min_error_statement=panic',
    'log_error_verbosity=terse',
  ];
  if (!spec.isDurable) options.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off');
  return ['-D', spec.dataFolder, ...options.flatMap((option) => ['-c', option])];
}

export async function canConnect(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const logTail = (file: string): string => readFileSync(file, 'utf8').trim().split('\n').slice(-5).join('\n');

async function launch(spec: ClusterSpec, port: number): Promise<RunningServer | null> {
  const log = openSync(spec.logFile, 'a', 0o600);
  // Detached: a Ctrl-C in the terminal must reach the programs that write before it reaches the database.
  const child = spawn(spec.binaries.postgres, serverFlags(spec, port), {
    ...runAs(spec.user),
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot run ${spec.binaries.postgres}`);
  child.unref();
  for (const end = performance.now() + START_LIMIT_MS; performance.now() < end; await sleep(START_POLL_MS)) {
    if (await canConnect(serverUrl(port, spec.password, 'postgres'))) return { pid, port };
    if (child.exitCode !== null || !isAlive(pid)) return null;
  }
  await stopServer(pid);
  throw new Error(`the embedded PostgreSQL did not get ready in ${START_LIMIT_MS} ms:\n${logTail(spec.logFile)}`);
}

/** Tries the wished port first (so that bookmarks of the last start hold), then free ones. */
export async function start(spec: ClusterSpec, wishedPort: number | null): Promise<RunningServer> {
  for (let round = 0; round < PORT_RETRIES; round += 1) {
    const port = round === 0 && wishedPort !== null ? wishedPort : await freePort();
    const server = await launch(spec, port);
    if (server) return server;
    await sleep(RETRY_PAUSE_MS); // children of a killed server need a moment to notice
  }
  throw new Error(`the embedded PostgreSQL ends at once:\n${logTail(spec.logFile)}`);
}

export async function createDatabaseIfMissing(port: number, password: string, name: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl(port, password, 'postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
