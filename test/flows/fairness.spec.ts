import { Client } from 'pg';
import { prepareBatches, StationClient } from '../../src/bench/station-client.js';
import { preparedWorld, ServiceRecords, type StationItem } from '../../src/bench/world.js';
import { eventuallyPasses } from '../harness/eventually.js';
import { runCli, startAdapter, type Adapter } from './deployment.js';
import { simulateNation, type SimulatedNation } from './simulated-nation.js';

/** What one county files at once; FAIRNESS_BACKLOG=100000 is the measure, by hand. */
const BACKLOG = Number(process.env.FAIRNESS_BACKLOG ?? '4000');
const CERTIFICATES = 20;
/** 60 s at 600 calls a minute. */
const CALLS_WITHIN = 600;
/** Calls after which the limits are judged. */
const CALLS_WATCHED = 200;
/** Entries of a call: small, so that the backlog outlasts the filing on any machine. */
const BATCH_ITEMS = 20;
const HANGS_AFTER_MS = 180_000;
/** The backfilling county's people; those after them are the other county's. */
const PEOPLE = 1_000;
const LIMITS = { qps: 10, burst: 20, concurrency: 4, batchItems: BATCH_ITEMS };
const PROFILE = {
  consistency: { readAfterWriteMs: 1_000, maxCommitLatencyMs: 3_000 },
  polling: { reviewPollMs: 300, reviewPollMaxMs: 2_000 },
};
/** Underway or beyond: a certificate that waits for its turn is `queued`, one that is not frozen yet `waiting`. */
const ON_THEIR_WAY = ['sending', 'unknown', 'pending', 'mirrored'];

const personOf = (item: StationItem): number | null => {
  const name = item.kind === 'volunteer' ? item.sourceId : item.data.volunteerId;
  return typeof name === 'string' ? Number(name.slice('volunteer-'.length)) : null;
};

const isOf = (from: number, count: number) => (item: StationItem): boolean => {
  const person = personOf(item);
  return person === null || (person >= from && person < from + count);
}; // prettier-ignore

/** The same places and people in the next county. */
const moved = (items: readonly StationItem[]): StationItem[] =>
  JSON.parse(JSON.stringify(items).replaceAll('"533401', '"533422')) as StationItem[];

const certificateFor = (person: number): StationItem => ({
  kind: 'certificate-request',
  sourceId: `certificate-${person}`,
  data: {
    volunteerId: `volunteer-${person}`,
    serviceRecordIds: [`other-${person}`],
    periodFrom: '2026-01-01',
    periodTo: '2026-11-20',
    purpose: '升学',
    issuerOrgName: '测试社区居民委员会',
    responsiblePerson: '测试乙',
    handler: '测试丁',
    contact: '13900000041',
  },
});

describe('one county backfills while another files certificates', () => {
  let nation: SimulatedNation;
  let adapter: Adapter;
  let admin: Client;
  const clients: StationClient[] = [];
  const now = Date.now();
  const records = new ServiceRecords(now);

  const clientOf = (credentials: { appKey: string; secret: string }): StationClient => {
    const client = new StationClient(adapter.apiBase.replace('/api/v1', ''), credentials);
    clients.push(client);
    return client;
  };
  const push = async (client: StationClient, items: readonly StationItem[]): Promise<void> => {
    await client.pushAll(prepareBatches(items));
  };
  const count = async (sql: string, params: unknown[] = []): Promise<number> =>
    (await admin.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`, params)).rows[0]?.n ?? 0;
  /** Parents first: what refers to them must find them at the door or in the same call. */
  const untilMirrored = (expected: number): Promise<void> =>
    eventuallyPasses(async () => expect(await count(`record WHERE state = 'mirrored'`)).toBe(expected), {
      timeoutMs: HANGS_AFTER_MS,
    });
  const backlogOf = (from: number, people: number, most: number): StationItem[] => {
    const taken: StationItem[] = [];
    while (taken.length < most) taken.push(...records.take(2_000).filter(isOf(from, people)));
    return taken.slice(0, most);
  };

  beforeAll(async () => {
    nation = await simulateNation({ reviewMs: 100, limits: { tokensPerMinute: null } });
    adapter = await startAdapter(nation.door, { profile: PROFILE });
    admin = new Client({ connectionString: adapter.database.url });
    await admin.connect();
  }, HANGS_AFTER_MS);
  afterAll(async () => {
    for (const client of clients) client.close();
    await admin.end();
    await adapter.close();
    await nation.close();
  }, HANGS_AFTER_MS);

  it('keeps every limit, and the certificates are on their way within a minute of calls', async () => {
    const backfilling = clientOf(adapter.credentials);
    const args = ['source-systems', 'create', '--name', '邻县', '--area', '533422', '--json'];
    const other = clientOf(runCli(args, adapter.env) as { appKey: string; secret: string });
    const world = preparedWorld(now);
    const own = world.filter(isOf(0, PEOPLE));
    const others = moved(world.filter(isOf(PEOPLE, CERTIFICATES)));
    const served = moved(backlogOf(PEOPLE, CERTIFICATES, CERTIFICATES)).map((item) => ({
      ...item,
      sourceId: `other-${personOf(item)}`,
    }));
    await push(backfilling, own);
    await push(other, others);
    await untilMirrored(own.length + others.length);
    await push(other, served);
    await untilMirrored(own.length + others.length + served.length);

    await nation.control('POST', 'limits', LIMITS);
    await adapter.killAndRestart('worker');
    await push(backfilling, backlogOf(0, PEOPLE, BACKLOG));
    await nation.control('POST', 'counters', { mark: 'filed' });
    await push(
      other,
      Array.from({ length: CERTIFICATES }, (_, n) => certificateFor(PEOPLE + n)),
    );
    const certificates = `record WHERE kind = 'certificate-request'`;
    await eventuallyPasses(
      async () =>
        expect(await count(`${certificates} AND state = ANY ($1::text[])`, [ON_THEIR_WAY])).toBe(CERTIFICATES),
      { timeoutMs: HANGS_AFTER_MS },
    );
    const sinceFiling = async (): Promise<number> =>
      (await nation.control<{ requests: number }>('GET', 'counters?since=filed')).requests;
    const requests = await sinceFiling();
    const left = await count(`outbox WHERE kind = 'service-record' AND stage = 'ready'`);
    process.stdout.write(`${requests} calls after the filing; ${left} of ${BACKLOG} of the backlog still wait\n`);
    expect(requests).toBeLessThanOrEqual(CALLS_WITHIN);
    expect(left).toBeGreaterThan(0);
    // The line goes on at full pace: a limit that only a while of it would break is broken by now.
    await eventuallyPasses(async () => expect(await sinceFiling()).toBeGreaterThanOrEqual(CALLS_WATCHED), {
      timeoutMs: HANGS_AFTER_MS,
    });
    const { total, byLimit } = await nation.control<{ total: number; byLimit: object }>('GET', 'breaches');
    expect({ total, byLimit }).toEqual({ total: 0, byLimit: {} });
  }, 900_000);
});
