import { createRequire } from 'node:module';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../prepare.mjs';
import { isAlive } from './alive.mjs';

const LOOK_EVERY_MS = 1_000;
const RESTART_LIMIT = 5;
const FAST_STOP_MS = 1_200; // TERM ends the whole tree within 10 s (G-80); the programs are gone by then

const require = createRequire(import.meta.url);

const open = () => {
  const { startEmbeddedPostgres } = require(join(ROOT, 'dist/src/platform/embedded-postgres/index.js'));
  return startEmbeddedPostgres({ checkout: realpathSync(ROOT), varFolder: join(realpathSync(ROOT), 'var') });
};

/** The embedded database, watched: a server that dies is started again over the same data and port. */
export async function openEmbeddedDatabase({ onGivenUp }) {
  let server = await open();
  let restarts = 0;
  let isStopping = false;

  const look = async () => {
    if (isAlive(server.pid)) return;
    restarts += 1;
    process.stderr.write('the embedded PostgreSQL ended unexpectedly; starting it again\n');
    if (restarts > RESTART_LIMIT) throw new Error('the embedded PostgreSQL does not stay up: see var/postgres.log');
    server = await open();
  };
  const watch = async () => {
    while (!isStopping) {
      await new Promise((done) => setTimeout(done, LOOK_EVERY_MS).unref());
      if (!isStopping) await look();
    }
  };
  watch().catch((error) => !isStopping && onGivenUp(error));

  return {
    url: server.url,
    wasAdopted: server.wasAdopted,
    stop: () => {
      isStopping = true;
      return server.stop(FAST_STOP_MS);
    },
  };
}
