import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * What every launcher does first: install what package-lock.json asks for, build what is newer than the last build.
 * Needs nothing but Node itself, and writes to stderr only: `npm run cli -- … --json` promises one line on stdout.
 */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const VAR = join(ROOT, 'var');
const LOCK = join(VAR, 'prepare.lock');
const LOCK_POLL_MS = 200;
const LOCK_LIMIT_MS = 15 * 60_000; // a cold install on a slow line takes minutes
/** Written after a whole build only; its age is compared with the sources'. */
const STAMP = join(ROOT, 'dist', '.built');
const SOURCES = ['src', 'test', 'tsconfig.json', 'package-lock.json'];

const mtime = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

function tryLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const holder = existsSync(LOCK) ? Number(readFileSync(LOCK, 'utf8')) : 0;
  // A launcher that was killed cannot give its lock back.
  if (holder > 0 && !isAlive(holder)) rmSync(LOCK, { force: true });
  return false;
}

/** Runs `work` while no other launcher of this checkout installs or builds. */
function locked(work) {
  mkdirSync(VAR, { recursive: true, mode: 0o711 });
  const end = Date.now() + LOCK_LIMIT_MS;
  while (!tryLock()) {
    if (Date.now() > end) throw new Error(`${LOCK} is held by another launcher; remove it if none runs`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS);
  }
  const unlock = () => rmSync(LOCK, { force: true });
  // A build that fails ends the process on the spot, past any `finally`.
  process.once('exit', unlock);
  try {
    return work();
  } finally {
    process.off('exit', unlock);
    unlock();
  }
}

function run(program, args, { fatal = true } = {}) {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (error) throw error;
  if (status !== 0 && fatal) {
    process.stderr.write(`${[program, ...args].join(' ')} failed; its own words stand above\n`);
    process.exit(1);
  }
}

const isInstalled = () => {
  const done = mtime(join(ROOT, 'node_modules', '.package-lock.json'));
  return done > 0 && done >= mtime(join(ROOT, 'package-lock.json'));
};

function install() {
  if (isInstalled()) return;
  process.stderr.write('installing packages, once …\n');
  // `npm install`, not `npm ci`: some registries lack packages of other platforms, and `ci` then calls the lock stale.
  run('npm', ['install', '--loglevel=warn', '--no-audit', '--no-fund']);
  // npm leaves its own record untouched when nothing was missing; then the next start would install again.
  const record = join(ROOT, 'node_modules', '.package-lock.json');
  if (!isInstalled()) writeFileSync(record, readFileSync(record));
}

export function ensureInstalled() {
  if (!isInstalled()) locked(install);
}

function newestOf(path) {
  if (!existsSync(path)) return 0;
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  // A folder's own time tells of deleted files.
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestOf(join(path, name))), mtimeMs);
}

const isBuilt = () => {
  const built = mtime(STAMP);
  return built > 0 && SOURCES.every((source) => newestOf(join(ROOT, source)) <= built);
};

/** What was compiled from a source that is gone: an old migration, say, would still be found and run. */
function removeOrphans(output, source) {
  if (!existsSync(output)) return;
  for (const entry of readdirSync(output, { withFileTypes: true })) {
    const path = join(output, entry.name);
    if (entry.isDirectory()) removeOrphans(path, join(source, entry.name));
    else if (!existsSync(join(source, entry.name.replace(/\.js(\.map)?$/, '.ts')))) rmSync(path);
  }
}

function build() {
  if (isBuilt()) return;
  process.stderr.write('building …\n');
  const startedAt = new Date();
  rmSync(STAMP, { force: true });
  // `--incremental` compares its record with the sources only; without the output it would write nothing.
  if (!existsSync(join(ROOT, 'dist', 'src'))) rmSync(join(ROOT, 'dist', '.tsbuildinfo'), { force: true });
  run(process.execPath, [
    join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'),
    '-p',
    'tsconfig.json',
    '--noEmitOnError',
  ]);
  for (const part of ['src', 'test']) removeOrphans(join(ROOT, 'dist', part), join(ROOT, part));
  writeFileSync(STAMP, '');
  // A source that was saved while the compiler ran must count as newer than this build.
  utimesSync(STAMP, startedAt, startedAt);
}

export function ensureBuilt() {
  if (!isBuilt()) locked(build);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  ensureInstalled();
  ensureBuilt();
}
