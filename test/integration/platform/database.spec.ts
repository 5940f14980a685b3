import { Pool, type PoolClient } from 'pg';
import {
  CommitUnknownError,
  Database,
  DatabaseUnavailableError,
  isConnectionError,
} from '../../../src/platform/database/index.js';
import { createEmptyDatabase, type TestDatabase } from '../../harness/database.js';
import { eventually } from '../../harness/eventually.js';

describe('Database over a real PostgreSQL', () => {
  let server: TestDatabase;
  let pool: Pool;
  let database: Database;

  beforeAll(async () => {
    server = await createEmptyDatabase();
    pool = new Pool({ connectionString: server.url, max: 4, connectionTimeoutMillis: 2_000 });
    pool.on('error', () => undefined);
    database = new Database(pool);
    await database.query('CREATE TABLE thing (id integer PRIMARY KEY, n integer NOT NULL)');
  });
  beforeEach(async () => {
    await database.query('TRUNCATE thing');
    await database.query('INSERT INTO thing VALUES (1, 0), (2, 0)');
  });
  afterAll(async () => {
    await pool.end();
    await server.drop();
  });

  const n = async (id: number): Promise<number | undefined> =>
    (await database.query<{ n: number }>('SELECT n FROM thing WHERE id = $1', [id]))[0]?.n;

  const terminate = (pid: number): Promise<unknown> => database.query('SELECT pg_terminate_backend($1)', [pid]);

  it('commits what the work did, and answers with its result', async () => {
    const answer = await database.transaction(async (tx) => {
      await tx.query('UPDATE thing SET n = 7 WHERE id = 1');
      return 'done';
    });
    expect(answer).toBe('done');
    expect(await n(1)).toBe(7);
  });

  it('rolls back when the work throws, and the connection is usable again', async () => {
    const single = new Database(new Pool({ connectionString: server.url, max: 1 }));
    await expect(
      single.transaction(async (tx) => {
        await tx.query('UPDATE thing SET n = 9 WHERE id = 1');
        throw new Error('of ours');
      }),
    ).rejects.toThrow('of ours');
    expect(await single.query('SELECT n FROM thing WHERE id = 1')).toEqual([{ n: 0 }]);
    await single.pool.end();
  });

  it('never calls a transaction done that PostgreSQL rolled back because a statement inside it had failed', async () => {
    const work = database.transaction(async (tx) => {
      await tx.query('UPDATE thing SET n = 5 WHERE id = 1');
      await tx.query('SELECT no_such_column FROM thing').catch(() => undefined);
      return 'accepted';
    });
    await expect(work).rejects.toThrow(/rolled back/i);
    expect(await n(1)).toBe(0);
  });

  it('runs the work again after a deadlock, so that both callers succeed', async () => {
    let met = 0;
    let open: (() => void) | undefined;
    const both = new Promise<void>((resolve) => (open = resolve));
    const runs: number[] = [];
    const swap = (first: number, second: number): Promise<void> =>
      database.transaction(async (tx) => {
        runs.push(first);
        await tx.query('UPDATE thing SET n = n + 1 WHERE id = $1', [first]);
        if ((met += 1) === 2) open?.();
        await both;
        await tx.query('UPDATE thing SET n = n + 1 WHERE id = $1', [second]);
      });
    await Promise.all([swap(1, 2), swap(2, 1)]);
    expect([await n(1), await n(2)]).toEqual([2, 2]);
    expect(runs).toHaveLength(3);
  });

  it('gives up on what collides every time', async () => {
    let runs = 0;
    const collide = database.transaction(async () => {
      runs += 1;
      throw Object.assign(new Error('again'), { code: '40001' });
    });
    await expect(collide).rejects.toThrow('again');
    expect(runs).toBe(5);
  });

  it('does not run the work again for any other fault', async () => {
    let runs = 0;
    const twice = database.transaction(async (tx) => {
      runs += 1;
      await tx.query('INSERT INTO thing VALUES (1, 1)');
    });
    await expect(twice).rejects.toMatchObject({ code: '23505' });
    expect(runs).toBe(1);
  });

  it('survives the loss of a connection in the middle of a transaction, between two statements', async () => {
    const lost = database.transaction(async (tx) => {
      const [row] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await tx.query('UPDATE thing SET n = 3 WHERE id = 1');
      await terminate(row?.pid ?? 0);
      // The wire's end arrives while nobody is asking anything.
      await eventually(async () => {
        const seen = await database.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [row?.pid]);
        return seen.length === 0;
      });
      await new Promise((resolve) => setTimeout(resolve, 100));
      await tx.query('UPDATE thing SET n = 4 WHERE id = 1');
    });
    const error: unknown = await lost.catch((caught: unknown) => caught);
    expect(isConnectionError(error)).toBe(true);
    expect(await n(1)).toBe(0);
  });

  it('recovers all by itself after every connection was terminated', async () => {
    await Promise.all([1, 2, 3, 4].map(() => database.query('SELECT pg_sleep(0.05)')));
    await database.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await eventually(async () => (await database.query('SELECT 1 AS one').catch(() => [])).length === 1);
    await database.transaction((tx) => tx.query('UPDATE thing SET n = 8 WHERE id = 2'));
    expect(await n(2)).toBe(8);
    expect(pool.totalCount).toBeLessThanOrEqual(4);
  });

  it('says that it does not know when the reply to COMMIT is lost', async () => {
    const own = new Pool({ connectionString: server.url, max: 1 });
    own.on('error', () => undefined);
    // The statement arrives; the wire breaks before the reply does.
    own.on('connect', (client: PoolClient) => {
      const send = client.query.bind(client) as (text: unknown) => Promise<unknown>;
      Object.assign(client, {
        query: (text: unknown) => {
          if (text !== 'COMMIT') return send(text);
          (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
          return send(text);
        },
      });
    });
    const work = new Database(own).transaction((tx) => tx.query('UPDATE thing SET n = 6 WHERE id = 1'));
    await expect(work).rejects.toBeInstanceOf(CommitUnknownError);
    await own.end();
  });

  it('says that nothing was begun when no connection is to be had', async () => {
    const nobody = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none', connectionTimeoutMillis: 500 });
    let runs = 0;
    const work = new Database(nobody).transaction(async () => (runs += 1));
    await expect(work).rejects.toBeInstanceOf(DatabaseUnavailableError);
    expect(runs).toBe(0);
    await nobody.end();
  });

  it('waits for a free connection no longer than the pool allows', async () => {
    const own = new Pool({ connectionString: server.url, max: 1, connectionTimeoutMillis: 200 });
    const holder = await own.connect();
    await expect(new Database(own).transaction(async () => 1)).rejects.toBeInstanceOf(DatabaseUnavailableError);
    holder.release();
    await own.end();
  });
});
