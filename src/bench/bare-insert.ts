import type { Client } from 'pg';

/** Rows of one statement (the issue's measure); a page holds the leaves of as many. */
const ROWS = 500;
const ROWS_OF: Readonly<Record<string, number>> = { evidence_page: 1 };
/** What acceptance leaves of a record, in the order in which it writes. */
const TABLES = ['record', 'record_version', 'outbox', 'evidence_page'] as const;
const WORLD_TABLES = new Set<string>(['record', 'record_version']);

interface Column extends Record<string, unknown> {
  name: string;
  type: string;
}

/** One table's statement, and its parameters for each portion of rows: the columns as arrays of values, as any client has them. */
interface Load {
  readonly name: string;
  readonly sql: string;
  readonly portions: readonly (readonly (readonly (string | null)[])[])[];
}

/** Identity and generated columns are given by the database, as they are when the adapter writes. */
async function columnsOf(client: Client, table: string): Promise<Column[]> {
  const { rows } = await client.query<Column>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = '' ORDER BY attnum`,
    [table],
  );
  return rows;
}

async function loadOf(client: Client, table: string): Promise<Load> {
  const columns = await columnsOf(client, table);
  const names = columns.map(({ name }) => name);
  const isNew = WORLD_TABLES.has(table) ? `WHERE t.id NOT IN (SELECT id FROM bench_world.${table})` : '';
  const rowsAtOnce = ROWS_OF[table] ?? ROWS;
  const { rows } = await client.query<(string | null)[][]>({
    text: `SELECT ${names.map((name) => `array_agg(${name}::text ORDER BY place)`).join(', ')}
       FROM (SELECT t.*, row_number() OVER (ORDER BY t.ctid) - 1 AS place FROM ${table} t ${isNew}) AS numbered
       GROUP BY place / ${rowsAtOnce} ORDER BY place / ${rowsAtOnce}`,
    rowMode: 'array',
  });
  // An array of arrays would be taken apart whole: columns that are arrays travel as text.
  const arrays = columns.map(({ type }, at) => `$${at + 1}::${type.endsWith('[]') ? 'text' : type}[]`).join(', ');
  const values = columns.map(({ name, type }) => `x.${name}::${type}`).join(', ');
  return {
    name: `bare-${table}`,
    sql: `INSERT INTO bench_bare.${table} (${names.join(', ')}) SELECT ${values} FROM unnest(${arrays}) AS x(${names.join(', ')})`,
    portions: rows,
  };
}

/** The same tables with every index, constraint and fill factor, holding the same prepared world. */
async function makeTables(client: Client): Promise<void> {
  await client.query('DROP SCHEMA IF EXISTS bench_bare CASCADE');
  await client.query('CREATE SCHEMA bench_bare');
  for (const table of TABLES) {
    await client.query(`CREATE TABLE bench_bare.${table} (LIKE ${table} INCLUDING ALL)`);
    const { rows } = await client.query<{ options: string[] | null }>(
      'SELECT reloptions AS options FROM pg_class WHERE oid = $1::regclass',
      [table],
    );
    // LIKE leaves a table's own storage options behind.
    const options = rows[0]?.options ?? [];
    if (options.length > 0) await client.query(`ALTER TABLE bench_bare.${table} SET (${options.join(', ')})`);
    if (WORLD_TABLES.has(table))
      await client.query(`INSERT INTO bench_bare.${table} SELECT * FROM bench_world.${table}`);
  }
}

/**
 * What a bare client needs for the rows that acceptance left in the tables, encrypted and hashed: one connection, one
 * statement a table and 500 rows. A portion is committed as the adapter commits a batch, which is less than a commit
 * a statement. Returns milliseconds.
 */
export async function bareInsert(client: Client, settle: () => Promise<void>): Promise<number> {
  const loads: Load[] = [];
  for (const table of TABLES) loads.push(await loadOf(client, table));
  await makeTables(client);
  await settle();
  const portions = loads[0]?.portions.length ?? 0;
  const startedAt = performance.now();
  for (let at = 0; at < portions; at += 1) {
    await client.query('BEGIN');
    for (const { name, sql, portions: values } of loads) {
      await client.query({ name, text: sql, values: [...(values[at] ?? [])] });
    }
    await client.query('COMMIT');
  }
  return performance.now() - startedAt;
}
