import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../harness/eventually.js';
import { CHECKOUT, oncePerRun } from '../harness/run.js';

/** `npm start` as a newcomer runs it, with nothing replaced: database, simulator, api, worker and demonstration. */
jest.setTimeout(240_000);

const PEOPLE = 40;
const above = mkdtempSync(join(realpathSync(tmpdir()), 'zhiqiao-npm-start-'));
/** A checkout of its own: `var/` of this one may belong to a start that runs. */
const checkout = join(above, 'checkout');
const started = new Set<ChildProcess>();

interface RunRecord {
  readonly apiUrl: string;
  readonly databaseUrl: string;
  readonly simulator: { readonly controlUrl: string };
}

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

const environment = (more: Record<string, string> = {}): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  PORT: '0',
  ...more,
});

function run(script: string, args: readonly string[], more: Record<string, string> = {}) {
  const child = spawn(process.execPath, [script, ...args], { cwd: checkout, env: environment(more) });
  started.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, text }));
  return { child, ended, text: () => text };
}

const start = (...args: string[]) => run('scripts/start.mjs', args);
const runRecord = (): RunRecord => JSON.parse(readFileSync(join(checkout, 'var/run.json'), 'utf8')) as RunRecord;

/** What the last screen says of this push: accepted, duplicate, superseded, refused. */
function pushOutcomes(text: string): number[] {
  const line = /本次推送.*/.exec(text)?.[0] ?? '';
  return [...line.matchAll(/(?:accepted|duplicate|superseded|refused) ([\d,]+)/g)].map(([, count]) =>
    Number(count?.replaceAll(',', '')),
  );
}

beforeAll(async () => {
  await oncePerRun('build', () => {
    const built = spawnSync(process.execPath, [join(CHECKOUT, 'scripts/prepare.mjs')], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`the programs under test do not compile:\n${built.stdout}${built.stderr}`);
    return Promise.resolve(true);
  });
  mkdirSync(join(checkout, 'dist'), { recursive: true });
  for (const name of ['scripts', 'config', 'package.json', 'dist/src'])
    cpSync(join(CHECKOUT, name), join(checkout, name), { recursive: true });
  symlinkSync(join(CHECKOUT, 'node_modules'), join(checkout, 'node_modules'));
  writeFileSync(join(checkout, 'dist/.built'), '');
});

afterAll(async () => {
  for (const child of [...started].filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(above, { recursive: true, force: true });
});

describe('npm start on a fresh machine', () => {
  let first: Ended;
  let second: Ended;

  beforeAll(async () => {
    first = await start('--people', String(PEOPLE), '--exit').ended;
    second = await start('--people', String(PEOPLE), '--exit').ended;
  });

  it('pushes the prefecture, shows that nothing was lost or doubled, and ends with code 0', () => {
    const { code, text } = first;
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(text).toContain('3 县市 counties · 29 乡镇 townships · 1 经开区 zone · 197 村和社区 villages');
    expect(text).toMatch(/志愿服务站点 station +227 +227 /);
    const [, here, there] = /丢失 lost 0 · 重复 doubled 0 · 时长 minutes ([\d,]+) = ([\d,]+)/.exec(text) ?? [];
    expect(here).toBe(there);
    expect(Number(here?.replaceAll(',', ''))).toBeGreaterThan(PEOPLE * 4 * 45);
    for (const why of ['R67-07', 'R67-06', 'R67-09', 'FIELD_UNKNOWN', 'AREA_OUTSIDE_HOME', 'PERSON_CONFLICT', '2206'])
      expect(text).toContain(why);
  });

  it('fits the last screen into 24 lines and shows nobody', () => {
    for (const { text } of [first, second]) {
      const screen = text.slice(text.indexOf('迪庆藏族自治州 ·')).trimEnd().split('\n');
      expect(screen.length).toBeLessThanOrEqual(24);
      expect(screen.at(-1)).toContain('✔');
      expect(text).not.toMatch(/533499|1390000|测试|扎西/);
    }
  });

  it('knows a repeated push as one, and keeps its keys to itself', () => {
    expect(second.code).toBe(0);
    const [accepted, duplicate, superseded, refused] = pushOutcomes(second.text);
    expect({ accepted, superseded, refused }).toEqual({ accepted: 0, superseded: 2, refused: 5 });
    expect(duplicate).toBeGreaterThan(1_800);
    expect(statSync(join(checkout, 'var/demo-source-systems.json')).mode & 0o777).toBe(0o600);
  });

  it('stays up without --exit, says what to open, and does not call it agreement when the nation lacks a row', async () => {
    const { child, ended, text } = start('--people', String(PEOPLE));
    await eventually(() => text().includes('Ctrl-C'), { timeoutMs: 120_000, what: 'a start' });
    const { apiUrl, databaseUrl, simulator } = runRecord();
    expect(text()).toContain(apiUrl);
    const rows = await (await fetch(`${simulator.controlUrl}/sim/ledger/rows?entity=evaluations`)).text();
    const { bizNo } = JSON.parse(rows.slice(0, rows.indexOf('\n'))) as { bizNo: string };
    const lose = { method: 'POST', body: JSON.stringify({ entity: 'evaluations', bizNo }) };
    expect((await fetch(`${simulator.controlUrl}/sim/delete`, lose)).status).toBe(200);
    const surroundings = {
      ZHIQIAO_API_URL: apiUrl,
      ZHIQIAO_SIMULATOR_CONTROL_URL: simulator.controlUrl,
      DATABASE_URL: databaseUrl,
    };
    const again = await run('dist/src/demo/main.js', ['--people', String(PEOPLE)], surroundings).ended;
    expect(again.code).toBe(1);
    expect(again.text).toContain('✘');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });
});
