import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CHECKOUT } from '../harness/run.js';

/** A copy of the checkout's sources that a test may add to, compiled for real. */
export interface ExtendedCheckout {
  readonly root: string;
  write(path: string, text: string): void;
  /** Must change something, else the test would try nothing. */
  edit(path: string, change: (text: string) => string): void;
  copy(from: string, to: string): void;
  /** With types: what does not fit the house does not compile. */
  build(): void;
  remove(): void;
}

const COPIED = ['src', 'config', 'package.json', 'tsconfig.json'];

export function copyCheckout(): ExtendedCheckout {
  const root = mkdtempSync(join(tmpdir(), 'zhiqiao-extended-'));
  for (const name of COPIED) cpSync(join(CHECKOUT, name), join(root, name), { recursive: true });
  symlinkSync(join(CHECKOUT, 'node_modules'), join(root, 'node_modules'));
  const own = { extends: './tsconfig.json', include: ['src'], exclude: ['src/**/*.spec.ts', 'src/bench', 'src/demo'] };
  writeFileSync(join(root, 'tsconfig.test.json'), JSON.stringify(own));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  return {
    root,
    write,
    edit: (path, change) => {
      const before = readFileSync(join(root, path), 'utf8');
      const after = change(before);
      if (after === before) throw new Error(`${path} is as it was`);
      write(path, after);
    },
    copy: (from, to) => cpSync(join(root, from), join(root, to), { recursive: true }),
    build: () => {
      const tsc = join(CHECKOUT, 'node_modules', 'typescript', 'bin', 'tsc');
      const built = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.test.json'], { cwd: root, encoding: 'utf8' });
      if (built.status !== 0) throw new Error(`the extended checkout does not compile:\n${built.stdout}`);
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
