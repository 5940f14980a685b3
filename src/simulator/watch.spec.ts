import { patchSettings, namedSettings } from './settings.js';
import { announcedLimits } from './limits.js';
import { until, type Envelope } from './spec-client.js';
import { FaultWorld } from './spec-faults.js';
import { record, station } from './spec-records.js';

describe('the nation asserts its own limits', () => {
  let w: FaultWorld;

  beforeEach(async () => (w = await FaultWorld.open()));
  afterEach(() => w.world.close());

  const dict = (): Promise<Envelope> => w.client.get('dicts/genders');

  it('keeps a breach for every call that was too much, however kindly it answered', async () => {
    const { client } = w;
    await client.control('POST', 'limits', { batchItems: 1, concurrency: 1 });
    expect((await w.batch(['SR-1', 'SR-2'])).code).toBe('1306');
    await client.control('POST', 'faults', {
      point: 'before-validate',
      match: { op: 'dict' },
      effect: { type: 'delay', ms: 5_000 },
    });
    void w.came(client.get('dicts/genders', { timeoutMs: 10_000 }));
    await until(async () => (await client.control('GET', 'journal')).inFlight === 1);
    expect((await client.get('changes')).code).toBe('1305');
    const found = await w.breaches();
    expect(found).toMatchObject([
      { limit: 'batchItems', allowed: 1, seen: 2, op: 'batch', announced: true },
      { limit: 'concurrency', allowed: 1, seen: 2, op: 'changes' },
    ]);
    expect(w.journal('breach').map(({ requestId }) => requestId)).toEqual(found.map(({ requestId }) => requestId));
    const later = Number(found[1]?.atMs) + 1;
    expect(await client.control('GET', `breaches?sinceMs=${later}`)).toMatchObject({ total: 0 });
  });

  it('counts token calls per minute though it never refuses one', async () => {
    await w.client.control('POST', 'limits', { tokensPerMinute: 2, qps: null });
    await w.client.logIn();
    expect((await w.counters()).breaches).toEqual({});
    await w.client.logIn();
    expect(await w.breaches()).toMatchObject([{ limit: 'tokensPerMinute', allowed: 2, seen: 3, op: 'token' }]);
  });

  it('changes limits without notice, and tells later', async () => {
    const status = async (): Promise<unknown> => (await w.client.get('sys/status')).data.limits;
    await w.client.control('POST', 'limits', { qps: 100, burst: 100, concurrency: 8 });
    await w.client.control('POST', 'limits', { qps: 2, burst: 2, concurrency: 1, announce: false });
    expect(await status()).toMatchObject({ qps: 100, concurrency: 8 });
    expect(await w.client.control('GET', 'limits')).toMatchObject({
      inForce: { qps: 2, concurrency: 1 },
      announcedIsTrue: false,
    });
    await w.client.control('POST', 'limits', { announce: true });
    expect(await status()).toMatchObject({ qps: 2, concurrency: 1 });
    await expect(w.client.control('POST', 'limits', { qqs: 1 })).rejects.toThrow('qqs');
  });

  it('turns quota windows faster by timeScale and announces what is in force', async () => {
    const settings = namedSettings('faithful', { timeScale: 60 });
    expect(announcedLimits(settings)).toMatchObject({ qps: 600, concurrency: 4, quotaPerDay: 50_000 });
    patchSettings(settings, { limits: { callsPerMinute: 300 } });
    expect(announcedLimits(settings).qps).toBe(300);
    expect(() => patchSettings(settings, { timeScale: 0 })).toThrow('timeScale');
    // A minute that takes longer than any run of this test, then a quota day of one hour.
    await w.client.control('POST', 'settings', { timeScale: 0.001, limits: { callsPerMinute: 3 } });
    expect([await dict(), await dict(), await dict()].map(({ code }) => code)).toEqual(['0000', '0000', '0000']);
    expect((await dict()).code).toBe('1301');
    expect(await w.breaches()).toMatchObject([{ limit: 'callsPerMinute', allowed: 3, seen: 4 }]);
    await w.client.control('POST', 'settings', { timeScale: 24, limits: { callsPerMinute: null } });
    await w.client.control('POST', 'quota', { limit: 100, used: 40 });
    const { resetAt } = (await w.client.get('sys/status')).data.quota as { resetAt: string };
    expect(resetAt).toMatch(/:00:00\.000\+08:00$/);
    await w.client.control('POST', 'clock', { at: Date.parse(resetAt) });
    expect(await w.client.control('GET', 'quota')).toEqual({ limit: 100, used: 0 });
  });
});

describe('the nation counts requests and resends', () => {
  let w: FaultWorld;

  beforeEach(async () => (w = await FaultWorld.open()));
  afterEach(() => w.world.close());

  const resends = async (): Promise<unknown> => (await w.counters()).writes.resends;
  const lost = async (): Promise<void> => {
    await w.name('F03', { how: 'reset', times: 1 });
    await w.write();
  };
  const none = { blind: 0, afterAsking: 0, afterRefusal: 0, afterSuccess: 0 };

  it('counts every request but the time, since the start or since a mark', async () => {
    const before = await w.counters();
    expect(before).toMatchObject({ requests: 7, byOperation: { token: 1, write: 6 } });
    await w.client.control('POST', 'counters', { mark: 'outage' });
    await w.client.get('sys/time');
    await w.client.send('GET', '/gw/v1/nothing/here');
    await w.write();
    const since = await w.client.control('GET', 'counters?since=outage');
    expect(since).toMatchObject({ requests: 2, unrouted: 1, byOperation: { write: 1 }, byCode: { 'write 0000': 1 } });
    await expect(w.client.control('GET', 'counters?since=never')).rejects.toThrow('since');
  });

  it('calls a second write blind when nobody asked in between', async () => {
    await lost();
    await w.write();
    expect(await resends()).toEqual({ ...none, blind: 1 });
    expect((await w.counters()).blindResends).toMatchObject([{ entity: 'service-records', bizNo: 'SR-1', version: 1 }]);
  });

  it('does not when a lookup came between, by number or by natural key', async () => {
    await lost();
    await w.client.lookup('service-records', 'SR-1');
    await w.write();
    await w.name('F02', { times: 1 });
    await w.write('SR-2');
    const { volunteerBizNo, activityBizNo, startAt } = record('10:00', '10:30');
    const key = { volunteerBizNo, activityBizNo, startAt };
    await w.client.post('service-records/lookup', { by: 'naturalKey', keys: [key] });
    await w.write('SR-2');
    expect(await resends()).toEqual({ ...none, afterAsking: 2 });
  });

  it('does when the answer to the lookup was lost too', async () => {
    await lost();
    await w.client.control('POST', 'faults', {
      point: 'during-reply',
      match: { op: 'lookup' },
      effect: { type: 'cut' },
    });
    await expect(w.client.lookup('service-records', 'SR-1')).rejects.toThrow();
    await w.write();
    expect(await resends()).toEqual({ ...none, blind: 1 });
  });

  it('takes a receipt poll by either number for asking', async () => {
    await w.name('F02', { times: 1, match: { op: 'batch' } });
    await w.came(w.batch(['SR-1'], 'CB-1'));
    expect((await w.receipt('CB-1')).code).toBe('3001');
    await w.batch(['SR-1'], 'CB-1');
    expect(await resends()).toEqual({ ...none, afterAsking: 1 });
    // Taken in is not an outcome: whoever writes again before the receipt writes blindly.
    await w.write();
    expect(await resends()).toEqual({ ...none, afterAsking: 1, blind: 1 });
    const { data } = await w.batch(['SR-2'], 'CB-2');
    await w.client.get(`batches/${String(data.batchNo)}`);
    await w.write('SR-2');
    expect(await resends()).toEqual({ ...none, afterAsking: 1, blind: 1, afterSuccess: 1 });
  });

  it('tells resends after a refusal from those after success, and another version over an open one', async () => {
    await w.name('F31', { times: 1 });
    await w.write();
    await w.write();
    await w.write();
    expect(await resends()).toEqual({ ...none, afterRefusal: 1, afterSuccess: 1 });
    await w.name('F03', { how: 'reset', times: 1 });
    const correct = { bizNo: 'SR-1', op: 'CORRECT', reason: '更正', data: record('09:00', '09:30') };
    await w.came(w.client.post('service-records', { ...correct, version: 2 }));
    await w.client.post('service-records', { ...correct, version: 3 });
    expect((await w.counters()).writes).toMatchObject({ overOpen: 1, resends: { blind: 0 } });
  });

  it('shows live rows that share a natural key without a word of what the key holds', async () => {
    const twin = { entity: 'stations', data: station() };
    await w.client.control('POST', 'bulk-load', JSON.stringify(twin));
    const text = JSON.stringify((await w.counters()).live);
    expect(JSON.parse(text)).toMatchObject({ crowdedKeys: [{ entity: 'stations', rows: [{ bizNo: 'ST-1' }, {}] }] });
    expect(text).not.toContain('北门');
  });
});
