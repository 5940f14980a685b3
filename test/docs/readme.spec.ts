import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { VARIABLES } from '../../src/platform/config/index.js';
import { RECORD_STATES, STATE_NAMES_ZH } from '../../src/records/index.js';
import { CHECKOUT } from '../harness/run.js';

/** A page that nobody checks is wrong in a month (house §4.20). */
const READMES = ['README.md', 'README.zh-CN.md'];
const { walls } = createRequire(__filename)(join(CHECKOUT, 'config', 'dependency-rules.cjs')) as {
  walls: Record<string, readonly string[]>;
};
const read = (path: string): string => readFileSync(join(CHECKOUT, path), 'utf8');

function git(...args: string[]): string[] {
  const run = spawnSync('git', args, { cwd: CHECKOUT, encoding: 'utf8' });
  if (run.error ?? (run.status !== 0 && run.status !== 1)) throw new Error(`git ${args[0]}: ${run.stderr}`);
  return run.stdout.split('\n').filter((line) => line !== '');
}

const tracked = git('ls-files', '-z').flatMap((line) => line.split('\0').filter((path) => path !== ''));
const pages = [...new Set([...tracked, ...READMES])].filter(
  (path) => path.endsWith('.md') && existsSync(join(CHECKOUT, path)),
);

/** First cell → all cells of every table row that has as many cells as wanted. */
function rows(page: string, cells: number): Map<string, string[]> {
  const found = read(page)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter((row) => row.length === cells);
  return new Map(found.map((row) => [row[0] ?? '', row]));
}

describe.each(READMES)('%s', (readme) => {
  it('names only commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const text = read(readme);
    const named = [...text.matchAll(/npm run (?:--?[a-z]+ )*([a-z:]+)/g)].map(([, name]) => name ?? '');
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
    for (const name of ['start', 'test']) expect(text).toContain(`npm ${name}`);
  });

  it('shows the rooms and their walls as the rule file has them', () => {
    const table = rows(readme, 3);
    const shown = Object.keys(walls).map((room) => {
      const allowed = table.get(room)?.[2] ?? 'not in the table';
      return [room, allowed === '–' ? [] : allowed.split(', ')];
    });
    expect(Object.fromEntries(shown)).toEqual(walls);
  });

  it('says of each room whether it is built', () => {
    const table = rows(readme, 3);
    const planned = Object.keys(walls).filter((room) => /not built yet|尚未实现/.test(table.get(room)?.[1] ?? ''));
    expect(planned).toEqual(Object.keys(walls).filter((room) => !existsSync(join(CHECKOUT, 'src', room))));
  });

  it('names only variables that the settings know', () => {
    const known = new Set<string>(Object.values(VARIABLES).map(({ name }) => name));
    const text = read(readme);
    const table = text.slice(text.indexOf('DATABASE_URL` |'));
    const named = [...table.slice(0, table.indexOf('docker-compose')).matchAll(/`([A-Z][A-Z_]+)`/g)].map(
      ([, name]) => name ?? '',
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('has the nine states with their names', () => {
    const table = rows(readme, 3);
    const [first, second] = readme === 'README.md' ? ['state', '中文'] : ['状态', '代码'];
    expect(table.get(first)?.[1]).toBe(second);
    for (const state of RECORD_STATES) {
      const [key, other] =
        readme === 'README.md' ? [`\`${state}\``, STATE_NAMES_ZH[state]] : [STATE_NAMES_ZH[state], `\`${state}\``];
      expect(table.get(key)?.[1]).toBe(other);
    }
  });
});

describe('pages', () => {
  it('link to what is there', () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, target]) => target ?? '')
        .filter((target) => !existsSync(join(CHECKOUT, dirname(page), target)))
        .map((target) => `${page} → ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('decide in at most 60 lines: situation, choice, what we gave up, what would change our mind', () => {
    const folder = join('docs', 'adr');
    const decisions = readdirSync(join(CHECKOUT, folder)).sort();
    expect(decisions.map((name) => name.slice(0, 4))).toEqual(
      decisions.map((_, at) => String(at + 1).padStart(4, '0')),
    );
    for (const name of decisions) {
      const lines = read(join(folder, name)).trimEnd().split('\n');
      expect(lines.length).toBeLessThanOrEqual(60);
      expect(lines.filter((line) => line.startsWith('## '))).toEqual([
        '## Situation',
        '## Choice',
        '## What we gave up',
        '## What would change our mind',
      ]);
    }
  });

  it('name only source files and specs that are there, in the decisions and the way of one record', () => {
    const rooms = readdirSync(join(CHECKOUT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const pattern = new RegExp(`\`((?:${rooms.map(({ name }) => name).join('|')})/[a-z0-9/.-]+\\.ts)\``, 'g');
    const missing = pages
      .filter((page) => page.startsWith('docs/adr/') || page === 'docs/architecture.md')
      .flatMap((page) => [...read(page).matchAll(pattern)].map(([, path]) => path ?? ''))
      .filter((path) => !existsSync(join(CHECKOUT, 'src', path)));
    expect(missing).toEqual([]);
  });

  it('keep the changelog open', () => {
    expect(read('CHANGELOG.md')).toContain('\n## Pending\n');
  });
});

describe('the sign of a room', () => {
  const LABELS = ['Owns', 'Promises', 'Never', 'Start at'];
  const folders = (path: string): string[] =>
    readdirSync(join(CHECKOUT, 'src', path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  // Each folder of platform/ is a door of its own; a program may do without one.
  const built = folders('').filter((name) => name in walls && name !== 'platform');
  const programs = folders('').filter(
    (name) => !(name in walls) && existsSync(join(CHECKOUT, 'src', name, 'index.ts')),
  );
  const rooms = [...built, ...programs, ...folders('platform').map((name) => `platform/${name}`)];

  it.each(rooms)('%s opens with it', (room) => {
    const [what, ...labelled] = read(join('src', room, 'index.ts'))
      .split('\n')
      .slice(0, 5);
    expect(what).toMatch(new RegExp(`^// ${room}/? .+\\.$`));
    expect(labelled.map((line) => LABELS.find((label) => line.startsWith(`// ${label} `)) ?? line)).toEqual(LABELS);
  });
});

describe('tracked files', () => {
  // Written in pieces, so that this file does not find itself.
  const OURS_ALONE = [['', 'work', ''].join('/'), ['fa', 'rm-'].join('')];

  it.each(OURS_ALONE)('do not say “%s”, a place or tool of one machine', (text) => {
    expect(git('grep', '-I', '-n', '--fixed-strings', '-e', text)).toEqual([]);
  });

  it('pin no registry host', () => {
    expect(read('package-lock.json')).not.toContain('"resolved": "http');
    expect(git('grep', '-I', '-n', '-E', '-e', '^ *(registry|@[a-z-]+:registry) *=')).toEqual([]);
    const hosts = ['registry.npmjs', 'npmmirror', 'taobao', 'verdaccio', 'artifactory', 'nexus'].map(
      (name) => `//[a-z0-9.-]*${name}`,
    );
    expect(git('grep', '-I', '-n', '-i', '-E', '-e', hosts.join('|'))).toEqual([]);
  });

  it('have names that say something', () => {
    const run = spawnSync(process.execPath, [join('scripts', 'check-names.mjs')], { cwd: CHECKOUT, encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
  });

  it('do not bring along what is made at run time', () => {
    expect(tracked.filter((path) => /^(var|dist|coverage|node_modules)\//.test(path))).toEqual([]);
  });
});
