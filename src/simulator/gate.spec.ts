import { gunzipSync } from 'node:zlib';
import { signReply } from './signing.js';
import { openWorld, rawRequest, SECRET, until, type SpecWorld } from './spec-client.js';
import { station } from './spec-records.js';

describe('gate', () => {
  let world: SpecWorld;
  const client = () => world.client;
  const NONCE = 'n'.repeat(32);

  beforeEach(async () => (world = await openWorld()));
  afterEach(() => world.close());

  it('answers 404 in plain text before any other check (A8)', async () => {
    const none = await rawRequest({ port: client().simulator.port, method: 'GET', target: '/gw/v1/nothing/here' });
    expect([none.status, none.headers['content-type']]).toEqual([404, 'text/plain']);
    const wrongMethod = await rawRequest({ port: client().simulator.port, method: 'PUT', target: '/gw/v1/stations' });
    expect(wrongMethod.status).toBe(404);
  });

  it('gives the time without any header and without a signature (A3)', async () => {
    const reply = await rawRequest({ port: client().simulator.port, method: 'GET', target: '/gw/v1/sys/time' });
    const { data } = JSON.parse(reply.bytes.toString()) as { data: { epochMs: number; serverTime: string } };
    expect(Math.abs(data.epochMs - Date.now())).toBeLessThan(5_000);
    expect(data.serverTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00$/);
    expect(reply.headers).not.toHaveProperty('x-resp-sign');
    expect(reply.headers['x-server-time']).toMatch(/^\d{13}$/);
  });

  it('checks in the order of A1: each broken thing hides the ones behind it', async () => {
    const old = { timestamp: 1, secret: 'wrong', token: 'bad' };
    const code = async (options: object) => (await client().get('sys/status', options)).code;
    const headers = { 'X-Contract': 'ref-v0', 'X-App-Key': 'nobody' };
    expect(await code({ ...old, headers: { ...headers, 'X-Nonce': 'short' } })).toBe('1001');
    expect(await code({ ...old, headers: { ...headers, 'X-Sign-Method': 'SM2' } })).toBe('1001');
    expect(await code({ ...old, headers })).toBe('1011');
    expect(await code({ ...old, headers: { 'X-App-Key': 'nobody' } })).toBe('1007');
    await client().control('POST', 'settings', { allowIps: ['10.0.0.1'] });
    expect(await code(old)).toBe('1008');
    await client().control('POST', 'settings', { allowIps: ['127.0.0.1'] });
    expect(await code(old)).toBe('1003');
    expect(await code({ secret: 'wrong', token: 'bad' })).toBe('1002');
    expect(await code({ token: 'bad' })).toBe('1005');
  });

  it('burns a nonce only once the signature is good, and whatever follows', async () => {
    expect((await client().get('sys/status', { nonce: NONCE, secret: 'wrong' })).code).toBe('1002');
    expect((await client().get('sys/status', { nonce: NONCE, token: 'bad' })).code).toBe('1005');
    expect((await client().get('sys/status', { nonce: NONCE })).code).toBe('1004');
  });

  it('refuses a token on the token call and displaces the former session', async () => {
    expect((await client().post('auth/token', { grant: 'app' })).code).toBe('1001');
    await client().control('POST', 'settings', { singleSession: true });
    const former = client().token;
    await client().logIn();
    expect((await client().get('sys/status', { token: former })).code).toBe('1006');
    expect((await client().get('sys/status')).code).toBe('0000');
  });

  it('lets a token live for 1800 s of the virtual clock', async () => {
    await client().control('POST', 'clock', { advanceMs: 1_799_000 });
    const now = async () => (await client().control<{ epochMs: number }>('GET', 'clock')).epochMs;
    expect((await client().get('sys/status', { timestamp: await now() })).code).toBe('0000');
    await client().control('POST', 'clock', { advanceMs: 2_000 });
    expect((await client().get('sys/status', { timestamp: await now() })).code).toBe('1005');
  });

  it('signs replies by the method of the request, over the decoded body (A4, H6)', async () => {
    for (const method of ['HMAC-SHA256', 'HMAC-SM3'] as const) {
      const reply = await client().send('GET', '/gw/v1/sys/status', undefined, {
        method,
        headers: { 'Accept-Encoding': 'gzip' },
      });
      const body = reply.headers['content-encoding'] === 'gzip' ? gunzipSync(reply.bytes) : reply.bytes;
      expect(reply.headers['x-resp-sign']).toBe(
        signReply({ requestId: reply.requestId, code: '0000', body }, method, SECRET),
      );
    }
  });

  it('accepts the former secret until the overlap ends', async () => {
    await client().control('POST', 'secret', { secret: 'next-secret', overlapMs: 60_000 });
    expect((await client().get('sys/status')).code).toBe('0000');
    expect((await client().get('sys/status', { secret: 'next-secret' })).code).toBe('0000');
    await client().control('POST', 'clock', { advanceMs: 61_000 });
    expect((await client().get('sys/status', { timestamp: Date.now() + 61_000 })).code).toBe('1002');
  });

  it('counts refused calls against the quota and names the reset (A15)', async () => {
    await client().control('POST', 'quota', { limit: 2 });
    expect((await client().get('sys/status')).data.quota).toMatchObject({ limit: 2, used: 0 });
    expect((await client().get('dicts/genders')).code).toBe('0000');
    expect((await client().get('dicts/none')).code).toBe('2201');
    const refused = await client().get('dicts/genders');
    expect(refused).toMatchObject({ code: '1302', detail: { limit: 2, used: 3 } });
    expect(refused.detail?.resetAt).toMatch(/T00:00:00\.000\+08:00$/);
  });

  it('limits the rate with retryAfterMs, and as HTTP 429 in mixed mode (A7)', async () => {
    await client().control('POST', 'settings', { httpStatusMode: 'mixed', limits: { qps: 1, burst: 1 } });
    expect((await client().get('dicts/genders')).code).toBe('0000');
    const refused = await client().send('GET', '/gw/v1/dicts/genders');
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
    expect(refused.bytes.toString()).toContain('"code":"1301"');
  });

  it('limits parallel calls with 1305', async () => {
    await client().control('POST', 'settings', { limits: { concurrency: 1 } });
    const slow = { point: 'before-validate', match: { op: 'dict' }, effect: { type: 'delay', ms: 200 } };
    await client().control('POST', 'faults', slow);
    const first = client().get('dicts/genders');
    await until(async () => (await client().control('GET', 'journal')).inFlight === 1);
    expect(await client().get('changes')).toMatchObject({ code: '1305', detail: { retryAfterMs: 200 } });
    expect((await first).code).toBe('0000');
    expect((await client().get('changes')).code).toBe('0000');
  });

  it('closes writes outside the window and everything in maintenance, but not the status', async () => {
    await client().control('POST', 'clock', { at: '2026-11-24T23:30:00+08:00' });
    const { epochMs: timestamp } = await client().control<{ epochMs: number }>('GET', 'clock');
    const token = String(
      (await client().post('auth/token', { grant: 'app' }, { token: '', timestamp })).data.accessToken,
    );
    await client().control('POST', 'window', { writesFrom: '06:00', writesTo: '23:00' });
    const write = { bizNo: 'ST-1', version: 1, op: 'UPSERT', data: station() };
    const closed = await client().post('stations', write, { timestamp, token });
    expect(closed).toMatchObject({ code: '1303', detail: { opensAt: '2026-11-25T06:00:00.000+08:00' } });
    expect((await client().get('changes', { timestamp, token })).code).toBe('0000');
    await client().control('POST', 'window', { mode: 'closed' });
    expect((await client().get('changes', { timestamp, token })).code).toBe('1304');
    expect((await client().get('sys/status', { timestamp, token })).data.mode).toBe('closed');
  });

  it('answers 2201 rule json for a body that is not UTF-8 JSON, and HTTP 413 above the cap', async () => {
    const reply = await client().post('stations', Buffer.from([0x7b, 0xff]));
    expect(reply).toMatchObject({ code: '2201', detail: { fields: [{ path: '', rule: 'json' }] } });
    await client().control('POST', 'settings', { limits: { bodyBytes: 10 } });
    expect((await client().send('POST', '/gw/v1/stations', Buffer.alloc(11))).status).toBe(413);
  });
});
