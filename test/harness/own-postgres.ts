import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres/index.js';
import type { TestDatabase } from './database.js';
import { eventually } from './eventually.js';
import { CHECKOUT, forgetProcess, rememberProcess } from './run.js';

/** A PostgreSQL server of the caller's own, durable, that may be stopped and started again in its place. */
export interface OwnPostgres extends TestDatabase {
  /** `pg_ctl stop -m immediate`: every connection is cut, the next start recovers from the log. */
  stopImmediately(): Promise<void>;
  startAgain(): Promise<void>;
}

export async function startOwnPostgres(): Promise<OwnPostgres> {
  const varFolder = mkdtempSync(join(tmpdir(), 'zhiqiao-own-pg-'));
  const start = async (): Promise<EmbeddedPostgres> => {
    const server = await startEmbeddedPostgres({ checkout: CHECKOUT, varFolder });
    rememberProcess({ pid: server.pid, mark: server.dataFolder, signals: ['SIGQUIT', 'SIGKILL'], folder: varFolder });
    return server;
  };
  let server = await start();
  const { url } = server;
  return {
    url,
    stopImmediately: async () => {
      process.kill(server.pid, 'SIGQUIT');
      await eventually(() => !isAlive(server.pid), { what: 'the server stopped' });
      forgetProcess(server.pid);
    },
    startAgain: async () => {
      server = await start();
      if (server.url !== url) throw new Error('the server came back on another port');
    },
    drop: async () => {
      await server.stop();
      forgetProcess(server.pid);
      rmSync(server.dataFolder, { recursive: true, force: true });
      rmSync(varFolder, { recursive: true, force: true });
    },
  };
}
