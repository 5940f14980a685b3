import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { addDataKey, hasKeys, openKeyStore, SecretsMissingError } from '../../../src/platform/vault/index.js';
import { CHECKOUT } from '../../harness/run.js';

const FIRST = { mayCreate: true, nowIso: '2026-01-01T00:00:00.000Z' };

/** A process of its own that opens the keys at an agreed moment and tells which it got. */
const STARTER = `
require('@swc/core');
const { transformSync } = require('@swc/core');
const { readFileSync } = require('fs');
const Module = require('module');
const path = process.argv[1];
const { code } = transformSync(readFileSync(path, 'utf8'), { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } });
const loaded = new Module(path);
loaded.paths = module.paths;
loaded._compile(code, path);
while (Date.now() < Number(process.argv[3]));
const keys = loaded.exports.openKeyStore(process.argv[2], { mayCreate: true, nowIso: '2026-01-01T00:00:00.000Z' });
process.stdout.write(keys.dataKeys[0].key.toString('hex') + keys.blindIndexKey.toString('hex') + keys.receiptKeys[0].publicKey.toString('hex'));
`;

async function startProcess(dir: string, atMs: number): Promise<string> {
  const source = join(CHECKOUT, 'src', 'platform', 'vault', 'key-store.ts');
  const child = spawn(process.execPath, ['-e', STARTER, source, dir, String(atMs)], { cwd: CHECKOUT });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(err);
  return out;
}

describe('key store (G-81)', () => {
  let dir: string;
  beforeEach(() => {
    dir = join(mkdtempSync(join(tmpdir(), 'zhiqiao-keys-')), 'secrets');
  });
  afterEach(() => rmSync(join(dir, '..'), { recursive: true, force: true }));

  it('makes the keys once, in a folder and a file for the owner alone, and reads the same again', () => {
    expect(hasKeys(dir)).toBe(false);
    const made = openKeyStore(dir, FIRST);
    expect(hasKeys(dir)).toBe(true);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, 'keys.json')).mode & 0o777).toBe(0o600);
    const again = openKeyStore(dir, { mayCreate: false, nowIso: '2027-01-01T00:00:00.000Z' });
    expect(again.blindIndexKey).toEqual(made.blindIndexKey);
    expect(again.dataKeys).toEqual(made.dataKeys);
    expect(again.receiptKeys[0]?.publicKey).toEqual(made.receiptKeys[0]?.publicKey);
    expect(again.receiptKeys[0]?.notBefore).toBe(FIRST.nowIso);
    expect(readdirSync(dir)).toEqual(['keys.json']);
  });

  it('refuses to make new keys beside a database that holds records, and makes nothing', () => {
    expect(() => openKeyStore(dir, { ...FIRST, mayCreate: false })).toThrow(SecretsMissingError);
    expect(() => openKeyStore(dir, { ...FIRST, mayCreate: false })).toThrow(/restore/);
    expect(existsSync(dir)).toBe(false);
  });

  it('gives two processes that start for the first time together the same keys', async () => {
    for (let round = 0; round < 2; round += 1) {
      const own = join(dir, String(round));
      const atMs = Date.now() + 1_500;
      const [one, two] = await Promise.all([startProcess(own, atMs), startProcess(own, atMs)]);
      expect(one).toMatch(/^[0-9a-f]{192}$/);
      expect(two).toBe(one);
      expect(readdirSync(own)).toEqual(['keys.json']);
    }
  });

  it('takes over the lock that a killed first start left behind', () => {
    mkdirSync(join(dir, '.lock'), { recursive: true });
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(join(dir, '.lock'), longAgo, longAgo);
    expect(openKeyStore(dir, FIRST).dataKeys).toHaveLength(1);
    expect(readdirSync(dir)).toEqual(['keys.json']);
  });

  it('adds a data key in front and keeps the old ones', () => {
    const [first] = openKeyStore(dir, FIRST).dataKeys;
    const id = addDataKey(dir);
    const { dataKeys } = openKeyStore(dir, { ...FIRST, mayCreate: false });
    expect(dataKeys.map((key) => key.id)).toEqual([id, first?.id]);
    expect(dataKeys[1]).toEqual(first);
    expect(JSON.parse(readFileSync(join(dir, 'keys.json'), 'utf8'))).toMatchObject({ version: 1 });
  });
});
