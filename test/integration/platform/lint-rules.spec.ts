import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CHECKOUT } from '../../harness/run.js';

/** The rule that keeps the machine's clock and chance out of the domain, tried on planted lines. */

const PLANTED: readonly [line: string, port: string][] = [
  ['export const a = Date.now();', 'Clock'],
  ['export const a = [1].map(Date.now);', 'Clock'],
  ['const { now } = Date; export const a = now();', 'Clock'],
  ['export const a = new Date();', 'Clock'],
  ['export const a = Date();', 'Clock'],
  ['export const a = performance.now();', 'Clock'],
  ['export const a = process.hrtime.bigint();', 'Clock'],
  ["import { setTimeout as sleep } from 'node:timers/promises'; export const a = sleep;", 'platform/clock'],
  ['export const a = setTimeout(() => undefined, 1);', 'platform/clock'],
  ['export const a = setInterval(() => undefined, 1);', 'platform/clock'],
  ['export const a = globalThis.setTimeout(() => undefined, 1);', 'platform/clock'],
  ['export const a = Math.random();', 'Random'],
  ["import { randomUUID } from 'node:crypto'; export const a = randomUUID;", 'Ids'],
  ['export const a = crypto.randomUUID();', 'Ids'],
  ["import { randomBytes as take } from 'crypto'; export const a = take(8);", 'Random'],
  ["import { randomFillSync } from 'node:crypto'; export const a = randomFillSync;", 'Random'],
  ["import * as crypto from 'node:crypto'; export const a = crypto.randomInt(7);", 'Random'],
];

const ALLOWED = [
  'export const a = (clock: { nowMs(): number }): Date => new Date(clock.nowMs());',
  "export const a = Date.parse('2026-11-25');",
  "import { createHash } from 'node:crypto'; export const a = createHash;",
];

interface Tried {
  readonly messages: readonly string[][];
  readonly debts: readonly { file: string; found: number }[];
}

/** ESLint and its configuration are ES modules, which Jest does not load: they run in a process of their own. */
const SCRIPT = `
import { readFileSync } from 'node:fs';
const [eslintAt, rulesAt, parserAt, root, given] = process.argv.slice(1);
const { Linter } = (await import(eslintAt)).default;
const parser = (await import(parserAt)).default;
const rules = await import(rulesAt);
const config = [{
  files: ['**/*.ts'],
  languageOptions: { parser: parser.parser ?? parser },
  rules: { 'no-restricted-syntax': ['error', ...rules.NO_TIME_OR_CHANCE] },
}];
const lint = (text) => new Linter().verify(text, config, 'a.ts').map(({ message }) => message);
process.stdout.write(JSON.stringify({
  messages: JSON.parse(given).map(lint),
  debts: [...rules.OWE_A_PORT, ...rules.ADAPTERS_OF_TIME_AND_CHANCE].map((file) => ({
    file, found: lint(readFileSync(root + '/' + file, 'utf8')).length,
  })),
}));`;

function tryOut(lines: readonly string[]): Tried {
  const at = (...path: string[]): string => pathToFileURL(join(CHECKOUT, ...path)).href;
  const files = [
    at('node_modules', 'eslint', 'lib', 'api.js'),
    at('config', 'eslint-house-rules.mjs'),
    at('node_modules', 'typescript-eslint', 'dist', 'index.js'),
  ];
  const args = ['--input-type=module', '--eval', SCRIPT, ...files, CHECKOUT, JSON.stringify(lines)];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout) as Tried;
}

describe('the rule against time and chance of the machine', () => {
  const lines = PLANTED.map(([line]) => line);
  const tried = tryOut([...lines, ...ALLOWED]);

  it.each(PLANTED.map(([line, port], index) => ({ line, port, index })))('refuses $line', ({ port, index }) => {
    expect(tried.messages[index]?.join()).toContain(port);
  });

  it('lets what is handed in through', () => {
    expect(tried.messages.slice(lines.length)).toEqual(ALLOWED.map(() => []));
  });

  it('excuses only files that still need it', () => {
    expect(tried.debts.filter(({ found }) => found === 0)).toEqual([]);
  });
});
