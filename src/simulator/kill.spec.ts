// What kill -9 leaves behind: a copy of the directory taken while the nation runs, and another nation started on it.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from './main.js';
import { SpecClient, until, type Envelope } from './spec-client.js';
import { CallbackTaker, FaultWorld } from './spec-faults.js';
import { record, team } from './spec-records.js';

/** flushMs would leave lines in memory for an hour; fsync does not wait for it. */
const OVERRIDES = { journal: { flushMs: 3_600_000, fsync: true } };

describe('a journal that is fsynced', () => {
  let w: FaultWorld;
  const left: { client: SpecClient; directory: string }[] = [];

  /** The nation as it comes back from what lies on disk now. */
  async function afterKill(overrides: Record<string, unknown> = OVERRIDES): Promise<SpecClient> {
    const directory = mkdtempSync(join(tmpdir(), 'killed-'));
    cpSync(w.world.directory, directory, { recursive: true });
    const client = new SpecClient(await startSimulator({ setting: 'bench', seed: 7, directory, overrides }));
    client.token = w.client.token;
    left.push({ client, directory });
    return client;
  }

  beforeEach(async () => (w = await FaultWorld.open(OVERRIDES)));
  afterEach(async () => {
    for (const { client, directory } of left.splice(0)) {
      await client.simulator.close();
      rmSync(directory, { recursive: true, force: true });
    }
    await w.world.close();
  });

  it('has every answer on disk before it is given', async () => {
    const nonce = 'k'.repeat(32);
    const item = w.item();
    expect((await w.client.post('service-records', item, { nonce })).code).toBe('0000');
    const again = await afterKill();
    expect(await again.lookup('service-records', 'SR-1')).toHaveLength(1);
    expect((await again.post('service-records', item)).code).toBe('2001');
    expect((await again.post('service-records', item, { nonce })).code).toBe('1004');
  });

  it('brings back quota, tokens, breaches, counters and open writes exactly', async () => {
    await w.client.control('POST', 'limits', { batchItems: 1 });
    await w.batch(['SR-1', 'SR-2']);
    await w.client.get('sys/status', { token: 'nobody' });
    await w.name('F03', { how: 'reset', every: 2 });
    for (const bizNo of ['SR-1', 'SR-1', 'SR-1', 'SR-2']) await w.write(bizNo);
    await w.client.control('POST', 'quota', { limit: 500, used: 300 });
    await w.client.get('dicts/genders');
    const books = async (client: SpecClient) => {
      const { peaks: _peaks, ...counters } = await client.control<Record<string, unknown>>('GET', 'counters');
      const { breaches } = await client.control<{ breaches: unknown[] }>('GET', 'breaches');
      return { counters, breaches, quota: await client.control('GET', 'quota') };
    };
    const before = await books(w.client);
    expect(before.counters).toMatchObject({
      openWrites: 1,
      writes: { resends: { blind: 1, afterSuccess: 1 } },
      breaches: { batchItems: 1 },
    });
    const again = await afterKill();
    expect(await books(again)).toEqual(before);
    expect((await again.control<{ faults: unknown[] }>('GET', 'faults')).faults).toEqual([]);
    await again.post('service-records', w.item('SR-2'));
    expect((await books(again)).counters).toMatchObject({ writes: { resends: { blind: 2 } } });
  });

  it('keeps settings and dictionaries that were changed for good, but not in another world', async () => {
    await w.client.control('POST', 'limits', { qps: 7, burst: 9, announce: false });
    await w.client.control('POST', 'dictionary', {
      name: 'service-fields',
      version: '2027.1',
      items: [{ code: '0001', label: '社区服务', effectiveFrom: '2017-12-01', effectiveTo: null }],
    });
    await w.name('F56');
    const again = await afterKill();
    expect(await again.control('GET', 'limits')).toMatchObject({
      inForce: { qps: 7, burst: 9 },
      announcedIsTrue: false,
    });
    expect(await again.control('GET', 'settings')).toMatchObject({ totals: { refresh: 'live' } });
    expect((await again.upsert('teams', 'TM-2', team({ name: '新队' }))).code).toBe('2202');
    const elsewhere = await afterKill({ ...OVERRIDES, pollAfterMs: 33 });
    expect(await elsewhere.control('GET', 'limits')).toMatchObject({ inForce: { qps: null }, announcedIsTrue: true });
  });

  it('has moved still: both doors, new ids, the old address as it was left', async () => {
    await w.write();
    const { result } = (await w.name('F63')) as { result: { port: number } };
    const [row] = await w.rows();
    await w.client.post('service-records', w.item('SR-2'));
    // The moved door has its port back only when the killed one is gone.
    await w.world.client.simulator.close();
    const again = await afterKill();
    expect(await again.control('GET', 'migration')).toMatchObject({
      moved: true,
      port: result.port,
      oldHost: 'read-only',
    });
    expect((await again.post('service-records', w.item('SR-2'))).code).toBe('1304');
    again.simulator.port = result.port;
    expect(await again.lookup('service-records', 'SR-1')).toMatchObject([{ nationalId: row?.nationalId }]);
    expect((await again.post('service-records', w.item('SR-2'))).code).toBe('0000');
    w.world.client.simulator.close = () => Promise.resolve();
  });

  it('goes on calling back where it was stopped', async () => {
    let answer = '{"code":"1"}';
    const taker = await CallbackTaker.open(() => answer);
    await w.client.control('POST', 'settings', { callbackUrl: taker.url, callbackRetryMs: [3_600_000] });
    await w.batch(['SR-1'], 'CB-1');
    await taker.arrived(1);
    await until(async () => w.journal('called-back').length === 1);
    answer = '{"code":"0000"}';
    await afterKill();
    const [first, second] = await taker.arrived(2);
    expect(second?.body).toEqual(first?.body);
    taker.close();
  });

  it('gives a late answer the benefit of the doubt, a lost one none', async () => {
    await w.name('F02', { times: 1 });
    await w.write('SR-2');
    expect(((await w.write()) as Envelope).code).toBe('0000');
    const again = await afterKill();
    await again.post('service-records', w.item('SR-1'));
    const rewritten = { bizNo: 'SR-2', version: 1, op: 'UPSERT', data: record('10:00', '10:30') };
    await again.post('service-records', rewritten);
    expect(await again.control('GET', 'counters')).toMatchObject({
      writes: { resends: { afterSuccess: 1, blind: 1 } },
    });
  });
});
