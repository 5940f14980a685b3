import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { claimRunRecord, liveRunRecord } from './launch/run-record.mjs';
import { ensureBuilt, ensureInstalled, ROOT } from './prepare.mjs';

/**
 * `npm run cli -- …`: what the CLI prints is all that reaches stdout. Without DATABASE_URL it works on the embedded
 * database of this checkout: the one a start is running, else it is started for as long as the command takes.
 */
const require = createRequire(import.meta.url);

async function findDatabase() {
  if (process.env.DATABASE_URL) return { url: process.env.DATABASE_URL, close: () => undefined };
  const running = liveRunRecord();
  if (running?.databaseUrl) return { url: running.databaseUrl, close: () => undefined };
  const record = running ? null : await claimRunRecord();
  if (record === null) throw new Error('npm start is just starting or ending in this checkout: try again in a moment');
  const { startEmbeddedPostgres } = require(join(ROOT, 'dist/src/platform/embedded-postgres/index.js'));
  const checkout = realpathSync(ROOT);
  const server = await startEmbeddedPostgres({ checkout, varFolder: join(checkout, 'var') });
  const close = async () => {
    await server.stop();
    record.remove();
  };
  return { url: server.url, close };
}

function runCli(databaseUrl) {
  const script = join(ROOT, 'dist', 'src', 'cli', 'main.js');
  if (!existsSync(script)) throw new Error(`${script} is missing: the build is not whole`);
  const child = spawn(process.execPath, [script, ...process.argv.slice(2)], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: 'inherit',
  });
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function main() {
  ensureInstalled();
  ensureBuilt();
  const database = await findDatabase();
  try {
    return await runCli(database.url);
  } finally {
    await database.close();
  }
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
