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
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isAlive } from '../../../src/platform/embedded-postgres/index.js';
import { eventually } from '../../harness/eventually.js';
import { CHECKOUT } from '../../harness/run.js';

/** The launchers are real, and so is the embedded database; the programs that they start are stand-ins. */
const PROGRAMS: Record<string, string> = {
  'main.js': `
    const { createServer } = require('node:http');
    process.once('SIGTERM', () => process.exit(0));
    if (process.argv[2] === 'worker') { setInterval(() => undefined, 1e6); process.send({ ready: true }); }
    else createServer((_q, r) => r.end(String(process.pid))).listen(process.env.PORT, '127.0.0.1', () => process.send({ ready: true }));`,
  'simulator/main.js': `
    process.once('SIGTERM', () => process.exit(0));
    setInterval(() => undefined, 1e6);
    console.log('{"ready":true,"port":' + process.env.SIM_PORT + '}');`,
  'demo/main.js': `
    console.log('demo ' + process.argv.slice(2).join(' '));
    process.exit(process.argv.includes('7') ? 7 : 0);`,
  'cli/main.js': `console.log(JSON.stringify({ hasUrl: process.env.DATABASE_URL.startsWith('postgres://'), args: process.argv.slice(2) }));`,
};

interface RunRecord {
  pid: number;
  apiUrl: string;
  databaseUrl: string;
  children: { name: string; pid: number }[];
}

const above = mkdtempSync(join(realpathSync(tmpdir()), 'zhiqiao-start-'));
const toy = join(above, 'toy');
const started = new Set<ChildProcess>();

function compile(folder: string): void {
  for (const entry of readdirSync(join(CHECKOUT, 'src', folder), { withFileTypes: true })) {
    const name = join(folder, entry.name);
    if (entry.isDirectory()) compile(name);
    if (!entry.isFile() || !/(?<!\.spec)\.ts$/.test(name)) continue;
    const options = {
      swcrc: false,
      module: { type: 'commonjs' },
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    } as const;
    write(`dist/src/${name.replace(/\.ts$/, '.js')}`, transformFileSync(join(CHECKOUT, 'src', name), options).code);
  }
}

function write(name: string, text: string): void {
  mkdirSync(dirname(join(toy, name)), { recursive: true });
  writeFileSync(join(toy, name), text);
}

function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: process.env.HOME, ...more };
}

function start(args: string[] = [], more: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['scripts/start.mjs', ...args], { cwd: toy, env: environment(more) });
  started.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    exited,
    text: () => text,
    isUp: () => eventually(() => text.includes('Ctrl-C'), { timeoutMs: 25_000, what: `a start (${text})` }),
  };
}

const runRecord = (): RunRecord => JSON.parse(readFileSync(join(toy, 'var', 'run.json'), 'utf8')) as RunRecord;
const apiPid = async (): Promise<number> => Number(await (await fetch(runRecord().apiUrl)).text());

beforeAll(() => {
  for (const name of ['scripts', 'config', 'package.json'])
    cpSync(join(CHECKOUT, name), join(toy, name), { recursive: true });
  symlinkSync(join(CHECKOUT, 'node_modules'), join(toy, 'node_modules'));
  compile(join('platform', 'config'));
  compile(join('platform', 'embedded-postgres'));
  for (const [name, text] of Object.entries(PROGRAMS)) write(`dist/src/${name}`, text);
  write('dist/.built', '');
});

afterAll(async () => {
  for (const child of [...started].filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  // Whatever a failed test left running is adopted and ended by one more start.
  spawnSync(process.execPath, ['scripts/start.mjs', '--exit'], { cwd: toy, env: environment({ PORT: '0' }) });
  rmSync(above, { recursive: true, force: true });
});

describe('npm start', () => {
  it('with --people and --exit hands both on, stops everything and ends with the code of the demonstration', async () => {
    const { exited, text } = start(['--people', '7', '--exit'], { PORT: '0' });
    expect(await exited).toBe(7);
    expect(text()).toContain('demo --people 7 --exit');
    expect(existsSync(join(toy, 'var', 'run.json'))).toBe(false);
  });

  it.each([
    ['DATABASE_URL', ['--people', '1'], { DATABASE_URL: 'postgres://a/b' }],
    ['NATIONAL_BASE_URL', ['--people', '1'], { NATIONAL_BASE_URL: 'https://nation.example' }],
    ['--people takes', ['--people', 'many'], {}],
    ['unknown option', ['--persons', '1'], {}],
    ['PORT must', [], { PORT: 'x' }],
  ] as const)('refuses with code 2 and names %s', async (words, args, more) => {
    const { exited, text } = start([...args], more);
    expect(await exited).toBe(2);
    expect(text()).toContain(words);
  });

  it('runs api and worker, refuses a second start, lends its database to the CLI, and ends on TERM', async () => {
    const { child, exited, isUp } = start([], { PORT: '0' });
    await isUp();
    expect(runRecord().children.map(({ name }) => name)).toEqual(['simulator', 'api', 'worker']);
    expect(statSync(join(toy, 'var', 'run.json')).mode & 0o777).toBe(0o600);
    const second = start();
    expect(await second.exited).toBe(1);
    expect(second.text()).toContain('already runs in this checkout');
    const cli = spawnSync(process.execPath, ['scripts/cli.mjs', 'x', '--json'], {
      cwd: toy,
      env: environment(),
      encoding: 'utf8',
    });
    expect(cli.stdout).toBe('{"hasUrl":true,"args":["x","--json"]}\n');
    const { children } = runRecord();
    const began = performance.now();
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it('starts a program that was killed again, on the same port', async () => {
    const { child, exited, isUp } = start([], { PORT: '0' });
    await isUp();
    const { apiUrl } = runRecord();
    const before = await apiPid();
    process.kill(before, 'SIGKILL');
    const after = await eventually(async () => ((await apiPid()) === before ? 0 : await apiPid()));
    expect(after).not.toBe(before);
    expect(runRecord().apiUrl).toBe(apiUrl);
    child.kill('SIGTERM');
    await exited;
  });

  it('killed itself, leaves no program behind, and the next start adopts its database', async () => {
    const first = start([], { PORT: '0' });
    await first.isUp();
    const { children } = runRecord();
    first.child.kill('SIGKILL');
    await eventually(() => children.every(({ pid }) => !isAlive(pid)), { what: 'the end of the programs' });
    const next = start(['--exit'], { PORT: '0' });
    expect(await next.exited).toBe(0);
    expect(next.text()).toContain('adopted the embedded PostgreSQL');
  });

  it('says which port is taken when one was asked for', async () => {
    const { child, exited, isUp } = start([], { PORT: '0' });
    await isUp();
    const { port } = new URL(runRecord().apiUrl);
    const given = {
      DATABASE_URL: 'postgres://a@127.0.0.1:1/b',
      NATIONAL_BASE_URL: 'https://nation.example',
      PORT: port,
    };
    const keys = { NATIONAL_APP_KEY: 'k', NATIONAL_APP_SECRET: 's', NATIONAL_FIELD_KEY: '0'.repeat(32) };
    const second = start([], { ...given, ...keys });
    expect(await second.exited).toBe(1);
    expect(second.text()).toContain(`PORT ${port} on 127.0.0.1 is taken`);
    child.kill('SIGTERM');
    await exited;
  });
});
