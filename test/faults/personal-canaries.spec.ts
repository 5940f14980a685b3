import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deploy, runCli, type Deployment } from '../flows/deployment.js';
import { eventually } from '../harness/eventually.js';
import { describeNeeding } from '../harness/programs.js';
import { startRedis, type TestRedis } from '../harness/redis.js';
import { stateCounts } from '../independent/contract-run.js';
import { StationClient, type Answer } from '../independent/station-client.js';
import { plantCanaries, refusedItems, type CanaryWorld } from './canary-people.js';
import { dumpDatabase, findLeaks, spellings, type Leak, type Place } from './leaks.js';

const MOVING = ['queued', 'sending', 'unknown', 'pending'];
const JSON_TYPE = 'application/json';

let adapter: Deployment | undefined;
let receiver: Server | undefined;
afterEach(async () => {
  await adapter?.close();
  receiver?.close();
  adapter = undefined;
}, 60_000);

/** A webhook receiver that fails, and says why in words that nobody may keep. */
async function carelessReceiver(words: string): Promise<string> {
  const server = createServer((_, res) => {
    res
      .writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Reason': encodeURIComponent(words) })
      .end(words);
  });
  receiver = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

/** The nation echoes what it was sent: as an envelope of each class, and as pages. */
function echo({ national }: Deployment, words: string): void {
  const { faults } = national;
  const isVolunteer = ({ path, method }: { path: string; method: string }): boolean =>
    method === 'POST' && /\/volunteers(\/batch)?$/.test(path);
  faults.htmlError(502, { nth: 1, match: isVolunteer, text: words });
  faults.codeError('9999', { nth: 1, match: isVolunteer, text: `上游异常：${words}` });
  faults.codeError('5000', { nth: 1, match: isVolunteer, text: words });
  faults.codeError('2201', { nth: 1, text: `字段不合法：${words}`, match: ({ path }) => /evaluations/.test(path) });
  faults.codeError('2203', { nth: 1, text: `姓名 ${words} 与证件不符`, match: ({ path }) => /trainings/.test(path) });
}

/** Calls that are refused as a whole, each with people in it. */
async function provoke(client: StationClient, world: CanaryWorld, words: string): Promise<Answer[]> {
  const volunteer = world.items.find(({ kind }) => kind === 'volunteer');
  if (!volunteer) throw new Error('a world without people');
  const post = (body: string, contentType = JSON_TYPE): Promise<Answer> =>
    client.send('POST', '/api/v1/batches', { body: Buffer.from(body), contentType });
  const other = { ...volunteer, sourceId: 'VO-OTHER', data: { ...volunteer.data, name: words } };
  const asOf = (revision: number, name: unknown): string =>
    JSON.stringify({ items: [{ ...volunteer, sourceId: 'VO-REV', revision, data: { ...volunteer.data, name } }] });
  const target = `/api/v1/records/volunteer/${volunteer.sourceId}?reason=${encodeURIComponent(words)}`;
  const answers = [
    await post(`{"items":[{"kind":"volunteer","data":{"name":"${words}"`),
    await post(`{"kind":"volunteer","data":{"name":"${words}"}\n{`, 'application/x-ndjson'),
    await post(JSON.stringify({ items: [], [words]: words })),
    await post(words, 'text/plain'),
    await post(JSON.stringify({ items: refusedItems(volunteer).items })),
    await post(asOf(3, volunteer.data?.name)),
    await post(asOf(3, words)),
    await post(JSON.stringify({ items: [other] })),
    await client.send('PUT', target.replace('?', `/${encodeURIComponent(words)}?`), { body: Buffer.from('{}') }),
    await client.send('DELETE', `${target}&${encodeURIComponent(words)}=1`),
    await client.send('DELETE', target.replace(volunteer.sourceId, 'VO-OTHER')),
    await client.send('GET', `/api/v1/changes?cursor=${encodeURIComponent(words)}`),
  ];
  return answers;
}

function answersAsPlaces(answers: readonly Answer[]): Place[] {
  return answers.map((answer, at) => ({
    name: `answer ${at} (${answer.status})`,
    bytes: Buffer.concat([Buffer.from(JSON.stringify([...answer.headers])), answer.bytes]),
  }));
}

interface Gathered {
  readonly places: Place[];
  readonly canaries: string[];
}

async function pushPeople(redis?: TestRedis): Promise<Gathered> {
  const world = plantCanaries(7_301);
  const words = '龘靐回声';
  const running = await deploy({
    env: { LOG_LEVEL: 'debug', WEBHOOK_ALLOW_INTERNAL: 'true' },
    ...(redis ? { redisUrl: redis.url } : {}),
  });
  adapter = running;
  echo(running, `${words} ${world.canaries.slice(0, 6).join(' ')}`);
  const { apiBase, credentials, national, env } = running;
  const url = await carelessReceiver(words);
  const hook = runCli(['webhooks', 'add', '--app-key', credentials.appKey, '--url', url, '--json'], env);
  const client = new StationClient({ apiBase, ...credentials });
  const listening = redis?.listen();
  const pushed = await client.pushBatch(world.items);
  expect(pushed.counts.accepted).toBe(world.items.length);
  const answers = await provoke(client, world, words);
  expect(answers.filter(({ status }) => status >= 400).length).toBeGreaterThan(5);
  const inFlight = await dumpDatabase(running.database.url);
  await eventually(async () => isAtRest(stateCounts(await client.summary())), { timeoutMs: 60_000, what: 'rest' });
  const statuses = await Promise.all(
    world.items.map(async ({ kind, sourceId }) => client.send('GET', `/api/v1/records/${kind}/${sourceId}`)),
  );
  answers.push(...statuses, await client.send('GET', '/api/v1/changes'));
  client.close();
  const places = [
    { name: 'logs', bytes: Buffer.from(running.logs()) },
    { name: 'webhook as told by the command line', bytes: Buffer.from(JSON.stringify(hook)) },
    {
      name: 'national URLs',
      bytes: Buffer.from(national.requests.map(({ path, query }) => `${path}?${query}`).join('\n')),
    },
    { name: 'Redis', bytes: Buffer.from((await listening?.stop()) ?? '') },
    ...answersAsPlaces(answers),
    ...inFlight,
    ...(await dumpDatabase(running.database.url)),
  ];
  return { places, canaries: [...world.canaries, words, ...refusedItems(world.items[0] as never).canaries] };
}

/** Each once, without the canary: that is what one has to know to mend it. */
const told = (leaks: readonly Leak[]): string[] => [
  ...new Set(leaks.map(({ place, spelling }) => `${place} (${spelling})`)),
];

const isAtRest = (counts: Record<string, number>): boolean => MOVING.every((state) => (counts[state] ?? 0) === 0);

describe('the scan itself', () => {
  const canary = '龘靐一';
  it.each(spellings(canary).map(({ name, bytes }, at) => [`${name} (${at})`, bytes] as const))(
    'finds %s',
    (_, bytes) => {
      const place = { name: 'planted', bytes: Buffer.concat([Buffer.from('{"x":"'), bytes, Buffer.from('"}')]) };
      expect(findLeaks([place], [canary])).toContainEqual(expect.objectContaining({ place: 'planted', canary }));
    },
  );

  it.each([0, 1, 2])('finds it inside the base64 of a longer text, %i bytes in', (offset) => {
    const encoded = Buffer.from(`${'x'.repeat(offset)}${canary} and more`).toString('base64');
    const found = findLeaks([{ name: 'planted', bytes: Buffer.from(encoded) }], [canary]);
    expect(found.map(({ spelling }) => spelling)).toContain('base64');
  });

  it('finds nothing in another name', () => {
    expect(findLeaks([{ name: 'clean', bytes: Buffer.from('{"x":"龘靐二"}') }], [canary])).toEqual([]);
  });
});

/** Real: all processes at log level debug. People are pushed, refused, echoed by the nation and by a webhook receiver. */
describe('personal data is in no log, queue, error or URL', () => {
  it('with the queue in PostgreSQL', async () => {
    const { places, canaries } = await pushPeople();
    expect(places.some(({ name }) => name.startsWith('bullmq.'))).toBe(true);
    expect(told(findLeaks(places, canaries))).toEqual([]);
  }, 120_000);
});

describeNeeding('redis-server', 'personal data is not in Redis either', () => {
  it('with the queue in Redis', async () => {
    const redis = await startRedis();
    try {
      const { places, canaries } = await pushPeople(redis);
      expect(places.find(({ name }) => name === 'Redis')?.bytes.toString()).toContain('deliver-call');
      expect(told(findLeaks(places, canaries))).toEqual([]);
    } finally {
      await adapter?.close();
      adapter = undefined;
      await redis.stop();
    }
  }, 120_000);
});
