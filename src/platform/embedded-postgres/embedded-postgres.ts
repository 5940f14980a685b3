import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { checkoutKey, serverBinaries } from './binaries.js';
import { canConnect, createDatabaseIfMissing, initialise, serverUrl, start, type ClusterSpec } from './cluster.js';
import { dropReusedPidFile, livePostmaster, stopServer } from './server-process.js';
import { canEnter, makePrivateFolder, outsideFolder, serverUser, type ServerUser } from './server-user.js';

const DATABASE = 'zhiqiao';
const RECORD_FILE = 'embedded-postgres.json';

/** What `var/embedded-postgres.json` (0600) remembers between starts. */
interface ClusterRecord {
  /** Whose record this is: a copied checkout must not adopt the original's server. */
  checkout: string;
  dataFolder: string;
  password: string;
  port: number | null;
}

export interface EmbeddedPostgres {
  url: string;
  pid: number;
  dataFolder: string;
  /** true = a server that an earlier, killed start had left behind. */
  wasAdopted: boolean;
  /** `fastStopMs`: how long open transactions may take to roll back before it is stopped the hard way. */
  stop(fastStopMs?: number): Promise<void>;
}

export interface DurableOptions {
  /** Folder of the checkout, symbolic links resolved. */
  checkout: string;
  /** Usually `<checkout>/var`. */
  varFolder: string;
}

function readRecord(file: string): ClusterRecord | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ClusterRecord) : null;
}

/** Moved checkouts keep their data; copies (the original is still there) start with their own. */
const isOfAnother = (record: ClusterRecord, checkout: string): boolean =>
  record.checkout !== checkout && existsSync(record.checkout);

function writeRecord(file: string, record: ClusterRecord): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}

/** The random part keeps a copy away from what it brought along, and a new clone from what an old one left behind. */
const freshName = (name: string): string => `${name}-${randomBytes(4).toString('hex')}`;

function newRecord(user: ServerUser | null, options: DurableOptions, isCopy: boolean): ClusterRecord {
  let dataFolder = join(options.varFolder, isCopy ? freshName('postgres') : 'postgres');
  if (user && !canEnter(user, options.varFolder)) {
    dataFolder = join(outsideFolder(user, checkoutKey(options.checkout)), freshName('data'));
  }
  if (existsSync(dataFolder)) {
    throw new Error(
      `${dataFolder} holds a database but ${RECORD_FILE} with its password is missing: restore that file, or move the folder away to start empty`,
    );
  }
  return { checkout: options.checkout, dataFolder, password: randomBytes(24).toString('base64url'), port: null };
}

/** A moved checkout takes its data along: the part of the path above var/ is the new one. */
function recordFor(user: ServerUser | null, options: DurableOptions, file: string): ClusterRecord {
  const found = readRecord(file);
  if (found === null) return newRecord(user, options, false);
  if (isOfAnother(found, options.checkout)) return newRecord(user, options, true);
  const isInside = found.dataFolder.startsWith(`${found.checkout}/`);
  const dataFolder = isInside ? join(options.varFolder, basename(found.dataFolder)) : found.dataFolder;
  return { ...found, checkout: options.checkout, dataFolder };
}

function checkVersion(spec: ClusterSpec): void {
  const found = readFileSync(join(spec.dataFolder, 'PG_VERSION'), 'utf8').trim();
  if (found === spec.binaries.major) return;
  throw new Error(
    `${spec.dataFolder} was made by PostgreSQL ${found}, the bundled one is ${spec.binaries.major}: dump it with PostgreSQL ${found} and load it anew, or set DATABASE_URL`,
  );
}

function prepareVar(user: ServerUser | null, varFolder: string): void {
  mkdirSync(varFolder, { recursive: true, mode: 0o700 });
  // The server account has to pass through to its data; it still cannot list what else is there.
  chmodSync(varFolder, user ? 0o711 : 0o700);
}

/** Adopts the server that a killed start left behind, or stops it when it does not answer to our password. */
async function adopt(record: ClusterRecord): Promise<number | null> {
  const pid = livePostmaster(record.dataFolder);
  if (pid === null) {
    dropReusedPidFile(record.dataFolder);
    return null;
  }
  if (record.port !== null && (await canConnect(serverUrl(record.port, record.password, 'postgres')))) return pid;
  await stopServer(pid);
  return null;
}

/**
 * The database of `npm start` without DATABASE_URL: data kept between starts, fsync on.
 *
 * Promise  as root and as an ordinary user, wherever the checkout lies; nothing that others can read
 * Needs    one caller per checkout at a time (scripts/start.mjs holds the lock)
 */
export async function startEmbeddedPostgres(options: DurableOptions): Promise<EmbeddedPostgres> {
  const user = serverUser();
  prepareVar(user, options.varFolder);
  const recordFile = join(options.varFolder, RECORD_FILE);
  const record = recordFor(user, options, recordFile);
  const spec: ClusterSpec = {
    user,
    binaries: serverBinaries(user, options.checkout),
    dataFolder: record.dataFolder,
    password: record.password,
    logFile: join(options.varFolder, 'postgres.log'),
    isDurable: true,
  };
  if (!existsSync(record.dataFolder)) initialise(spec);
  writeRecord(recordFile, record);
  checkVersion(spec);
  const adopted = await adopt(record);
  const server = adopted === null ? await start(spec, record.port) : { pid: adopted, port: record.port ?? 0 };
  writeRecord(recordFile, { ...record, port: server.port });
  await createDatabaseIfMissing(server.port, record.password, DATABASE);
  return {
    url: serverUrl(server.port, record.password, DATABASE),
    pid: server.pid,
    dataFolder: record.dataFolder,
    wasAdopted: adopted !== null,
    stop: (fastStopMs) => stopServer(server.pid, fastStopMs),
  };
}

/**
 * A cluster for one test or benchmark run: fast, not durable, gone after `stop()`. It outlives the process that
 * started it (jest's workers come and go), so whoever ends the run stops it by pid.
 */
export async function startThrowawayPostgres(checkout: string): Promise<EmbeddedPostgres> {
  const user = serverUser();
  let folder = mkdtempSync(join(tmpdir(), 'zhiqiao-pg-'));
  if (user) {
    makePrivateFolder(user, folder);
    if (!canEnter(user, folder)) {
      rmSync(folder, { recursive: true });
      folder = mkdtempSync(join(outsideFolder(user, checkoutKey(checkout)), 'run-'));
      makePrivateFolder(user, folder);
    }
  }
  const password = randomBytes(12).toString('base64url');
  const dataFolder = join(folder, 'data');
  const binaries = serverBinaries(user, checkout);
  const spec = { user, binaries, dataFolder, password, logFile: join(folder, 'log'), isDurable: false };
  initialise(spec);
  const server = await start(spec, null);
  return {
    url: serverUrl(server.port, password, 'postgres'),
    pid: server.pid,
    dataFolder,
    wasAdopted: false,
    stop: async (fastStopMs) => {
      await stopServer(server.pid, fastStopMs);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
