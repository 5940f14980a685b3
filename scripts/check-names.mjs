import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { ROOT } from './prepare.mjs';

/** House §2.7: kebab-case, and no word that says nothing about what is inside. */
const FORBIDDEN = 'manager helper helpers util utils common misc data info base core handler processor'.split(' ');
/** Names that a tool prescribes. */
const PRESCRIBED = new Set(['data-source.ts', 'Dockerfile', 'LICENSE', 'README.md', 'CHANGELOG.md', 'SOURCES.md']);
const KEBAB = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
const CHECKED = /^(src|test|scripts|config)\//;

const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
});
if (listed.status !== 0) {
  process.stderr.write('no git checkout: file names are not checked\n');
  process.exit(0);
}

const problems = listed.stdout
  .split('\n')
  .filter((path) => CHECKED.test(path) && !PRESCRIBED.has(basename(path)))
  .flatMap((path) => {
    const parts = path.split('/');
    const words = parts.flatMap((part) => part.split(/[.-]/));
    const empty = words.filter((word) => FORBIDDEN.includes(word));
    const shape = parts.some((part) => !KEBAB.test(part)) ? ['is not kebab-case'] : [];
    return [...empty.map((word) => `says "${word}", which says nothing`), ...shape].map((why) => `${path} ${why}`);
  });

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
