import { Client } from 'pg';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../../harness/database.js';

async function query(database: TestDatabase, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

describe('test databases', () => {
  it('are separate from each other', async () => {
    const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    await query(one, 'CREATE TABLE only_in_one (id int)');
    expect(await query(two, "SELECT to_regclass('only_in_one')::text AS found")).toEqual([{ found: null }]);
    await Promise.all([one.drop(), two.drop()]);
  });

  it('can be had without tables, and hold Chinese text', async () => {
    const database = await createEmptyDatabase();
    expect(await query(database, "SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'public'")).toEqual([
      { tables: 0 },
    ]);
    expect(await query(database, "SELECT '𠮷香格里拉' AS text, char_length('𠮷香格里拉') AS length")).toEqual([
      { text: '𠮷香格里拉', length: 5 },
    ]);
    await database.drop();
  });
});
