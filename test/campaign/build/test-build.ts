import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FAIL_POINT_PATCHES } from './fail-points.js';

/**
 * Test builds are made by patching a copy of the compiled programs, not by switches in src/: what ships has no
 * fail-point, no planted bug and no branch that asks for one, so none can be switched on by mistake or by an attacker,
 * and nobody has to prove that a switch is off. The price is that a patch names a piece of compiled text. It is kept
 * short, and a piece that is not found exactly once ends the run loudly: a canary that silently patches nothing would
 * report a checker that sees nothing.
 */
export interface Patch {
  /** Compiled file below dist/src, without `.js`. */
  readonly file: string;
  /** Found exactly once. */
  readonly find: string | RegExp;
  /** `$&` is what was found. */
  readonly put: string;
}

export interface TestBuild {
  /** Looks like a checkout: dist/, config/, node_modules/, package.json. */
  readonly root: string;
  remove(): void;
}

/** Copies the compiled programs and applies the patches of fail-points and of the given canary. */
export function makeTestBuild(checkout: string, patches: readonly Patch[] = [], withFailPoints = true): TestBuild {
  const root = mkdtempSync(join(tmpdir(), 'zhiqiao-build-'));
  cpSync(join(checkout, 'dist', 'src'), join(root, 'dist', 'src'), {
    recursive: true,
    filter: (source) => !/\.(map|spec\.js)$/.test(source),
  });
  for (const name of ['config', 'node_modules']) symlinkSync(join(checkout, name), join(root, name));
  cpSync(join(checkout, 'package.json'), join(root, 'package.json'));
  try {
    // A canary's anchor is sought in the text as compiled, so it comes first.
    for (const patch of [...patches, ...(withFailPoints ? FAIL_POINT_PATCHES : [])]) applyPatch(root, patch);
  } catch (error) {
    rmSync(root, { recursive: true, force: true });
    throw error;
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

function applyPatch(root: string, { file, find, put }: Patch): void {
  const path = join(root, 'dist', 'src', `${file}.js`);
  const text = readFileSync(path, 'utf8');
  const pattern = typeof find === 'string' ? new RegExp(find.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'g') : find;
  const found = [...text.matchAll(pattern)].length;
  if (found !== 1) throw new Error(`patch of ${file}: found ${found} times, not once: ${String(find)}`);
  writeFileSync(path, text.replace(pattern, put));
}
