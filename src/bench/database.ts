import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { projectRoot } from '../platform/config/index.js';
import { startEmbeddedPostgres } from '../platform/embedded-postgres/index.js';

export interface BenchDatabase {
  readonly url: string;
  /** Of the server, when it is our own. */
  readonly pid: number | null;
  close(): Promise<void>;
}

/**
 * A database of the benchmark's own, with the durability of a real one. On a server that was given, one is made beside
 * the others and dropped afterwards: the benchmark empties tables, and must never do so to anybody's records.
 */
export async function openDatabase(givenUrl: string | null): Promise<BenchDatabase> {
  const database = givenUrl === null ? await bringAlong() : await makeBeside(givenUrl);
  await refuseWithoutDurability(database.url);
  return database;
}

async function bringAlong(): Promise<BenchDatabase> {
  const checkout = realpathSync(projectRoot());
  const varFolder = join(checkout, 'var');
  mkdirSync(varFolder, { recursive: true, mode: 0o711 });
  const folder = mkdtempSync(join(varFolder, 'bench-postgres-'));
  const server = await startEmbeddedPostgres({ checkout, varFolder: folder });
  return {
    url: server.url,
    pid: server.pid,
    close: async () => {
      await server.stop();
      rmSync(server.dataFolder, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function makeBeside(givenUrl: string): Promise<BenchDatabase> {
  const name = `zhiqiao_bench_${randomBytes(4).toString('hex')}`;
  const run = async (sql: string): Promise<void> => {
    const client = new Client({ connectionString: givenUrl });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  await run(`CREATE DATABASE ${name}`);
  const url = new URL(givenUrl);
  url.pathname = `/${name}`;
  return { url: url.href, pid: null, close: () => run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** Figures of a server that may forget would flatter both sides, and the adapter's many commits most. */
async function refuseWithoutDurability(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; setting: string }>(
      `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')`,
    );
    const off = rows.filter((row) => row.setting === 'off').map((row) => row.name);
    if (off.length > 0) throw new Error(`${off.join(', ')} is off: the benchmark measures durable work only`);
  } finally {
    await client.end();
  }
}
