import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import {
  isAlive,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../../src/platform/embedded-postgres/index.js';
import { eventually } from '../../harness/eventually.js';
import { CHECKOUT, forgetProcess, rememberProcess } from '../../harness/run.js';

/** A durable PostgreSQL of the stage's own (fsync on): stopped, frozen and cut off while programs use it. */
export interface StagePostgres {
  readonly url: string;
  readonly port: number;
  /** `pg_ctl stop -m immediate`, then the recovery of the next start. */
  restartImmediately(pauseMs: number): Promise<void>;
  /** Terminates the connections of the programs; answers how many. */
  terminateBackends(share: number): Promise<number>;
  /** `kill -9` of one backend: the server resets all of them. */
  killBackend(): Promise<void>;
  /** Stops postmaster and backends without closing anything. */
  freeze(): void;
  thaw(): void;
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export async function startStagePostgres(): Promise<StagePostgres> {
  const varFolder = mkdtempSync(join(tmpdir(), 'zhiqiao-stage-pg-'));
  const start = async (): Promise<EmbeddedPostgres> => {
    const server = await startEmbeddedPostgres({ checkout: CHECKOUT, varFolder });
    rememberProcess({
      pid: server.pid,
      mark: server.dataFolder,
      signals: ['SIGCONT', 'SIGQUIT', 'SIGKILL'],
      folder: varFolder,
    });
    return server;
  };
  let server = await start();
  const { url } = server;
  const query = async <Row>(sql: string, params: readonly unknown[] = []): Promise<Row[]> => {
    const client = new Client({ connectionString: url, application_name: 'zhiqiao-judge' });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(sql, [...params])).rows as Row[];
    } finally {
      await client.end();
    }
  };
  const family = (): number[] => [server.pid, ...childrenOf(server.pid)];
  const signalAll = (pids: readonly number[], signal: NodeJS.Signals): void => {
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, signal);
  };
  return {
    url,
    port: Number(new URL(url).port),
    query,
    restartImmediately: async (pauseMs) => {
      process.kill(server.pid, 'SIGQUIT');
      await eventually(() => !isAlive(server.pid), { what: 'the server stopped', timeoutMs: 30_000 });
      forgetProcess(server.pid);
      await new Promise((done) => setTimeout(done, pauseMs));
      server = await start();
      if (server.url !== url) throw new Error('the server came back on another port');
    },
    terminateBackends: async (share) => {
      const rows = await query<{ done: boolean }>(
        `SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND random() < $1`,
        [share],
      );
      return rows.length;
    },
    killBackend: async () => {
      const [row] = await query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name LIKE 'zhiqiao-%'
           AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1`,
      );
      if (row && childrenOf(server.pid).includes(row.pid)) process.kill(row.pid, 'SIGKILL');
    },
    freeze: () => signalAll(family(), 'SIGSTOP'),
    thaw: () => signalAll(family(), 'SIGCONT'),
    close: async () => {
      signalAll(family(), 'SIGCONT');
      await server.stop();
      forgetProcess(server.pid);
      rmSync(server.dataFolder, { recursive: true, force: true });
      rmSync(varFolder, { recursive: true, force: true });
    },
  };
}

/** Only children of this very process: nobody else's is ever signalled. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^\d+ \(.*\) /s, '')
        .split(' ');
      return Number(fields[1]) === parent ? [Number(name)] : [];
    } catch {
      return []; // gone meanwhile
    }
  });
}
