import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CHECKOUT } from '../../harness/run.js';

/** A small tree in which everything is allowed … */
const CLEAN: Record<string, string> = {
  'package.json': '{ "name": "toy", "dependencies": { "canonicalize": "*", "bullmq": "*" } }',
  'tsconfig.json': '{ "compilerOptions": { "module": "nodenext", "moduleResolution": "nodenext" } }',
  'node_modules/canonicalize/package.json': '{ "name": "canonicalize", "main": "index.js" }',
  'node_modules/canonicalize/index.js': '',
  'node_modules/bullmq/package.json': '{ "name": "bullmq", "main": "index.js" }',
  'node_modules/bullmq/index.js': '',
  'test/thing.ts': 'export const thing = 1;',
  'src/platform/clock/index.ts': "export { now } from './now.js';",
  'src/platform/clock/now.ts': 'export const now = 1;',
  'src/platform/config/index.ts': 'export const config = 1;',
  'src/platform/queue/index.ts': "import 'bullmq'; export const queue = 1;",
  'src/records/index.ts': "import { createHash } from 'node:crypto'; export const hash = createHash;",
  'src/ledger/index.ts': "export { entry } from './entry.js';",
  'src/ledger/entry.ts': "import { now } from '../platform/clock/index.js'; export const entry = now;",
  'src/national/index.ts': "import { hash } from '../records/index.js'; export const gateway = hash;",
  'src/delivery/index.ts':
    "import { entry } from '../ledger/index.js'; import { gateway } from '../national/index.js'; export const out = [entry, gateway];",
  'src/simulator/index.ts': "import { config } from '../platform/config/index.js'; export const nation = config;",
  'src/app/index.ts': "import { entry } from '../ledger/index.js'; export const app = entry;",
};

/** … and one planted fault per file, with the rule that has to find it. */
const PLANTED: readonly [rule: string, file: string, text: string][] = [
  ['wall-platform', 'src/platform/clock/a.ts', "import '../../records/index.js';"],
  ['wall-records', 'src/records/a.ts', "import '../platform/clock/index.js';"],
  ['wall-ledger', 'src/ledger/a.ts', "import '../national/index.js';"],
  [
    'wall-national',
    'src/national/a.ts',
    "import type { entry } from '../ledger/index.js'; export type A = typeof entry;",
  ],
  ['wall-simulator', 'src/simulator/a.ts', "import '../records/index.js';"],
  ['front-door-only', 'src/delivery/b.ts', "import '../ledger/entry.js';"],
  ['front-door-of-platform', 'src/platform/config/b.ts', "import '../clock/now.js';"],
  ['simulator-stands-alone', 'src/simulator/b.ts', "import '../platform/queue/index.js';"],
  ['simulator-own-crypto', 'src/simulator/c.ts', "import 'canonicalize';"],
  ['records-are-plain', 'src/records/c.ts', "import 'node:fs';"],
  ['records-read-shipped-tables', 'src/records/calendar-loader.ts', "import 'node:http';"],
  ['queue-behind-its-wall', 'src/delivery/c.ts', "import 'bullmq';"],
  ['programs-are-not-imported', 'src/delivery/d.ts', "import '../app/index.js';"],
  ['no-cycles', 'src/ledger/back.ts', "import { forth } from './cycle.js'; export const back: unknown = forth;"],
  ['src-never-imports-test', 'src/delivery/e.ts', "import '../../test/thing.js';"],
  ['resolvable', 'src/delivery/f.ts', "import './nowhere.js';"],
];

/** A cycle is reported once, at the first of its files. */
const OTHER_HALF = { 'src/ledger/cycle.ts': "import { back } from './back.js'; export const forth = back;" };

interface Violation {
  from: string;
  rule: { name: string };
}

function cruise(files: Record<string, string>): Violation[] {
  const folder = mkdtempSync(join(tmpdir(), 'zhiqiao-walls-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const program = join(CHECKOUT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
    const rules = join(CHECKOUT, 'config', 'dependency-rules.cjs');
    const run = spawnSync(process.execPath, [program, '--config', rules, '--output-type', 'json', 'src', 'test'], {
      cwd: folder,
      encoding: 'utf8',
    });
    return (JSON.parse(run.stdout) as { summary: { violations: Violation[] } }).summary.violations;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const shown = ({ from, rule }: Violation): string => `${rule.name} ${from}`;

describe('the walls between rooms', () => {
  it('let a clean tree pass', () => {
    expect(cruise(CLEAN).map(shown)).toEqual([]);
  });

  it('catch every planted fault', () => {
    const planted = Object.fromEntries(PLANTED.map(([, file, text]) => [file, text]));
    const found = cruise({ ...CLEAN, ...planted, ...OTHER_HALF }).map(shown);
    const expected = PLANTED.map(([rule, file]) => `${rule} ${file}`);
    expect(expected.filter((fault) => !found.includes(fault))).toEqual([]);
  });
});
