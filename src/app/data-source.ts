import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { Foundation1764000000000 } from './migrations/1764000000000-foundation.js';
import { Admission1764000100000 } from './migrations/1764000100000-admission.js';
import { NationalCallbacks1764000200000 } from './migrations/1764000200000-national-callbacks.js';
import { StormControl1764000400000 } from './migrations/1764000400000-storm-control.js';
import { Problems1764000500000 } from './migrations/1764000500000-problems.js';
import { PagesAndFlights1764000300000 } from './migrations/1764000300000-pages-and-flights.js';

/** Serialises migration runs of api, worker and CLI that start together; any constant does. */
const MIGRATION_LOCK = 5334;
const CONNECT_TIMEOUT_MS = 5_000;
/** A transaction left open and idle this long is ended by the server: it could hold locks for ever. */
const IDLE_TRANSACTION_TIMEOUT_MS = 15_000;
const STATEMENT_TIMEOUT_MS = 60_000;
/**
 * PostgreSQL's own 4 is that of turning disks: by it a batch of 200 is joined by reading a whole table of thousands. As on
 * any solid disk it is told 1.1; measured, acceptance takes 10 % and delivery 12 % less of the server's processor.
 */
const RANDOM_PAGE_COST = 1.1;

export interface DataSourceOptionsOfOurs {
  readonly url: string;
  readonly poolSize: number;
  readonly applicationName: string;
}

export function createDataSource(options: DataSourceOptionsOfOurs): DataSource {
  return new DataSource({
    type: 'postgres',
    url: options.url,
    poolSize: options.poolSize,
    applicationName: options.applicationName,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    synchronize: false,
    migrations: [
      Foundation1764000000000,
      Admission1764000100000,
      NationalCallbacks1764000200000,
      PagesAndFlights1764000300000,
      StormControl1764000400000,
      Problems1764000500000,
    ],
    migrationsTransactionMode: 'each',
    extra: {
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
      options: `-c random_page_cost=${RANDOM_PAGE_COST}`,
    },
  });
}

/** Brings the database at `url` to the newest schema; several processes may call it at once. */
export async function runMigrations(url: string): Promise<void> {
  const lock = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  await lock.connect();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const source = createDataSource({ url, poolSize: 2, applicationName: 'zhiqiao-migrations' });
    await source.initialize();
    try {
      await source.runMigrations();
    } finally {
      await source.destroy();
    }
  } finally {
    await lock.end();
  }
}
