import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './prepare.mjs';

/** `npm run db:new -- add-something`: an empty migration, named as its neighbours are. */
const name = process.argv[2] ?? '';
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
  process.stderr.write('usage: npm run db:new -- what-it-does   (kebab-case)\n');
  process.exit(2);
}

const stamp = Date.now();
const className = name.replace(/(^|-)([a-z0-9])/g, (_match, _dash, letter) => letter.toUpperCase()) + stamp;
const path = join('src', 'app', 'migrations', `${stamp}-${name}.ts`);

writeFileSync(
  join(ROOT, path),
  `import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = \`\`;

const DOWN = \`\`;

export class ${className} implements MigrationInterface {
  name = '${className}';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
`,
  { flag: 'wx' },
);
process.stdout.write(`${path}\nname it in the list of migrations in src/app/data-source.ts: ${className}\n`);
