import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, ROOT } from './prepare.mjs';

/** `npm run bench -- …`: installs and builds what is missing, then hands over to src/bench. */
ensureInstalled();
ensureBuilt();
const script = join(ROOT, 'dist', 'src', 'bench', 'main.js');
if (!existsSync(script)) {
  process.stderr.write(`${script} is missing: the build is not whole\n`);
  process.exit(1);
}
const bench = spawn(process.execPath, [script, ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => bench.kill(signal));
bench.once('exit', (code) => process.exit(code ?? 1));
