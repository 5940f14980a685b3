import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ensureBuilt, ensureInstalled, ROOT } from './prepare.mjs';

/** `npm run docs` writes the pages that are made from code; `--check` only compares (part of `npm run check`). */
const PAGES = [
  { page: 'config/example.env', module: 'dist/src/platform/config/index.js', render: 'renderExampleEnv' },
  { page: 'docs/errors.md', module: 'dist/src/records/catalogue/render.js', render: 'renderErrorCatalogue' },
];

ensureInstalled();
ensureBuilt();

const isCheck = process.argv.includes('--check');
const require = createRequire(import.meta.url);
let stale = 0;

for (const { page, module, render } of PAGES) {
  const path = join(ROOT, page);
  const wanted = require(join(ROOT, module))[render]();
  if (existsSync(path) && readFileSync(path, 'utf8') === wanted) continue;
  if (isCheck) {
    stale += 1;
    process.stderr.write(`${page} differs from what the code says: run npm run docs\n`);
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, wanted);
    process.stdout.write(`wrote ${page}\n`);
  }
}
process.exitCode = stale > 0 ? 1 : 0;
