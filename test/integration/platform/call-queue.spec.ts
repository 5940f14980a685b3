import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { createCallQueue, type CallQueue } from '../../../src/platform/queue/index.js';
import { createEmptyDatabase, type TestDatabase } from '../../harness/database.js';
import { eventually } from '../../harness/eventually.js';
import { describeNeeding } from '../../harness/programs.js';
import { startRedis, type TestRedis } from '../../harness/redis.js';

interface Backend {
  readonly redisUrl: string | null;
  /** Everything that the backend holds, as text. */
  contents(): Promise<string>;
}

function theSame(open: () => Promise<Backend>, urlOf: () => string): void {
  let backend: Backend;
  const queues: CallQueue[] = [];
  const errors: Error[] = [];
  const create = async (): Promise<CallQueue> => {
    const options = {
      databaseUrl: urlOf(),
      redisUrl: backend.redisUrl,
      onError: (error: Error) => void errors.push(error),
    };
    const queue = await createCallQueue(options);
    queues.push(queue);
    return queue;
  };

  beforeAll(async () => {
    backend = await open();
  });
  afterEach(async () => {
    await Promise.all(queues.splice(0).map((queue) => queue.close()));
    errors.length = 0;
  });

  it('runs the work once for each ring, ids only', async () => {
    const heard: string[] = [];
    const queue = await create();
    await queue.listen(2, async (job) => {
      expect(Object.keys(job).sort()).toEqual(['callId', 'v']);
      heard.push(job.callId);
    });
    const ids = Array.from({ length: 20 }, () => randomUUID());
    await queue.ring(ids.map((callId) => ({ callId, ring: 0 })));
    await eventually(() => heard.length >= 20);
    expect([...heard].sort()).toEqual([...ids].sort());
  });

  it('hears a bell that rang before anybody listened', async () => {
    const callId = randomUUID();
    await (await create()).ring([{ callId, ring: 0 }]);
    const heard: string[] = [];
    await (await create()).listen(1, async (job) => void heard.push(job.callId));
    await eventually(() => heard.includes(callId));
  });

  it('lets a finished ring never swallow the next one of the same call', async () => {
    const heard: string[] = [];
    const queue = await create();
    await queue.listen(1, async (job) => void heard.push(job.callId));
    const callId = randomUUID();
    for (let ring = 0; ring < 4; ring += 1) {
      await queue.ring([{ callId, ring }]);
      await eventually(() => heard.filter((id) => id === callId).length === ring + 1);
    }
  });

  it('completes a job whose work fails, says so, and goes on', async () => {
    const heard: string[] = [];
    const queue = await create();
    await queue.listen(1, async (job) => {
      heard.push(job.callId);
      if (heard.length === 1) throw new Error('of ours');
    });
    const [one, two] = [randomUUID(), randomUUID()];
    await queue.ring([{ callId: one, ring: 0 }]);
    await eventually(() => errors.some(({ message }) => message === 'of ours'));
    await queue.ring([{ callId: two, ring: 0 }]);
    await eventually(() => heard.includes(two));
    expect(heard).toEqual([one, two]);
  });

  it('shares the rings among two workers, each ring once, never more at a time than allowed', async () => {
    const heard: string[] = [];
    let most = 0;
    const listen = async (): Promise<void> => {
      let running = 0;
      await (
        await create()
      ).listen(2, async (job) => {
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setTimeout(resolve, 5));
        heard.push(job.callId);
        running -= 1;
      });
    };
    await Promise.all([listen(), listen()]);
    const bell = await create();
    const ids = Array.from({ length: 40 }, () => randomUUID());
    await bell.ring(ids.map((callId) => ({ callId, ring: 0 })));
    await eventually(() => heard.length >= 40);
    expect([...heard].sort()).toEqual([...ids].sort());
    expect(most).toBeLessThanOrEqual(2);
  });

  it('ends only after the work in hand', async () => {
    const done: string[] = [];
    const queue = await create();
    let hasBegun = false;
    await queue.listen(1, async (job) => {
      hasBegun = true;
      await new Promise((resolve) => setTimeout(resolve, 200));
      done.push(job.callId);
    });
    await queue.ring([{ callId: randomUUID(), ring: 0 }]);
    await eventually(() => hasBegun);
    await queues.splice(queues.indexOf(queue), 1)[0]?.close();
    expect(done).toHaveLength(1);
  });

  it('holds a ring until it is heard, and nothing of it afterwards', async () => {
    const heard: string[] = [];
    const queue = await create();
    const callId = randomUUID();
    const isHeld = async (): Promise<boolean> => (await backend.contents()).includes(`"callId":"${callId}"`);
    await queue.ring([{ callId, ring: 7 }]);
    expect(await isHeld()).toBe(true);
    await queue.listen(1, async (job) => void heard.push(job.callId));
    await eventually(() => heard.length === 1);
    await eventually(async () => !(await isHeld()));
  });
}

describe('queue wall on PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(() => database.drop());

  const contents = async (): Promise<string> => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const tables = await client.query<{ name: string }>(
      `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'bullmq' AND tablename LIKE '%job%'`,
    );
    const found: string[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`SELECT row_to_json(t)::text AS row FROM ${name} t`);
      found.push(...rows.map(({ row }) => row));
    }
    await client.end();
    return found.join('\n').replaceAll('\\"', '"').replaceAll('": "', '":"');
  };
  theSame(
    async () => ({ redisUrl: null, contents }),
    () => database.url,
  );
});

async function contentsOf(redisUrl: string): Promise<string> {
  const client = new Redis(redisUrl);
  const found: string[] = [];
  for (const key of await client.keys('zhiqiao:*')) {
    if ((await client.type(key)) === 'hash') found.push(...Object.values(await client.hgetall(key)));
  }
  client.disconnect();
  return found.join('\n');
}

describeNeeding('redis-server', 'queue wall on Redis', () => {
  let redis: TestRedis;
  afterAll(() => redis.stop());

  theSame(
    async () => {
      redis = await startRedis();
      return { redisUrl: redis.url, contents: () => contentsOf(redis.url) };
    },
    () => 'postgres://nobody@127.0.0.1:1/none',
  );

  it('rejects a ring within seconds while Redis is away, and rings again when it is back', async () => {
    const own = await startRedis();
    const queue = await createCallQueue({ databaseUrl: '', redisUrl: own.url, onError: () => undefined });
    const heard: string[] = [];
    await queue.listen(1, async (job) => void heard.push(job.callId));
    await own.kill();
    await expect(queue.ring([{ callId: randomUUID(), ring: 0 }])).rejects.toThrow(
      /did not answer|closed|ECONNREFUSED/i,
    );
    const again = await startRedis(Number(new URL(own.url).port));
    const callId = randomUUID();
    let ring = 0;
    await eventually(
      async () => {
        await queue.ring([{ callId, ring: (ring += 1) }]);
        return eventually(() => heard.includes(callId), { timeoutMs: 500 });
      },
      { timeoutMs: 20_000 },
    );
    await queue.close();
    await again.stop();
  });

  it('refuses a Redis that may forget rings to save memory', async () => {
    const own = await startRedis();
    const client = new Redis(own.url);
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const queue = createCallQueue({ databaseUrl: '', redisUrl: own.url, onError: () => undefined });
    await expect(queue).rejects.toThrow(/noeviction/);
    client.disconnect();
    await own.stop();
  });
});
