import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { startThrowawayPostgres } from '../../src/platform/embedded-postgres/index.js';
import { CHECKOUT, oncePerRun, rememberProcess } from './run.js';

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

interface Template {
  serverUrl: string;
  name: string;
}

const withDatabase = (serverUrl: string, name: string): string => {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
};

async function onServer(serverUrl: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** TEST_DATABASE_URL names a server where we may create databases (CI's PostgreSQL 15); else one of our own. */
function testServer(): Promise<string> {
  return oncePerRun('postgres-server', async () => {
    const external = process.env.TEST_DATABASE_URL;
    if (external) return external;
    const server = await startThrowawayPostgres(CHECKOUT);
    rememberProcess({
      pid: server.pid,
      mark: server.dataFolder,
      signals: ['SIGINT', 'SIGQUIT', 'SIGKILL'],
      folder: dirname(server.dataFolder),
    });
    return server.url;
  });
}

async function migrate(url: string): Promise<void> {
  // The rooms' tables are the business of app/; until it stands, a test database is simply empty.
  if (!existsSync(join(CHECKOUT, 'src', 'app', 'data-source.ts'))) return;
  const { runMigrations } = (await import(join(CHECKOUT, 'src', 'app', 'data-source'))) as {
    runMigrations(url: string): Promise<unknown>;
  };
  await runMigrations(url);
}

function template(): Promise<Template> {
  return oncePerRun('postgres-template', async () => {
    const serverUrl = await testServer();
    const name = `zhiqiao_template_${randomBytes(4).toString('hex')}`;
    await onServer(serverUrl, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
    await migrate(withDatabase(serverUrl, name));
    return { serverUrl, name };
  });
}

async function createFrom(serverUrl: string, source: string): Promise<TestDatabase> {
  const name = `zhiqiao_test_${randomBytes(6).toString('hex')}`;
  await onServer(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${source}`);
  return {
    url: withDatabase(serverUrl, name),
    drop: () => onServer(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/**
 * A migrated database of the caller's own: one per spec file, in `beforeAll`, and `drop()` in `afterAll`.
 * Cloned from a template that is migrated once per run (about 50 ms).
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { serverUrl, name } = await template();
  return createFrom(serverUrl, name);
}

/** The same without a single table: for specs that test migrations, or bring their own tables. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return createFrom(await testServer(), 'template0');
}
