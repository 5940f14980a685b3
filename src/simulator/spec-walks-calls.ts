// The walks of the fault catalogue that strike calls: connection, HTTP layer, bytes, identity.
import { gunzipSync } from 'node:zlib';
import type { Envelope, WireReply } from './spec-client.js';
import { LOST, raw, standsOnce, twiceOnOneConnection, type Walk } from './spec-faults.js';
import { team } from './spec-records.js';

const transport: Record<string, Walk> = {
  async F01(w) {
    const { port } = w.client.simulator;
    await w.name('F01');
    expect(await w.write()).toBe('ECONNREFUSED');
    expect(await w.name('F01', { off: true })).toMatchObject({ lifted: 1 });
    expect(await w.client.control('GET', 'line')).toMatchObject({ state: 'open', port });
    await w.name('F01', { how: 'reset' });
    expect(await w.write()).toMatch(LOST);
    expect((await w.counters()).resetConnections).toBe(1);
    expect(w.journal('try').filter(({ entity }) => entity === 'service-records')).toEqual([]);
    await w.client.control('DELETE', 'faults');
    expect(await w.write()).toMatchObject({ code: '0000' });
  },
  async F02(w) {
    await w.name('F02', { times: 1 });
    expect(await w.write()).toMatch(LOST);
    expect(await w.rows()).toEqual([]);
    expect(w.replies('write').at(-1)).toBe('reset');
    expect((await w.counters()).openWrites).toBe(1);
  },
  async F03(w) {
    await w.name('F03', { times: 1 });
    expect(await w.write('SR-1', { timeoutMs: 100 })).toBe('timeout');
    expect(await w.rows()).toHaveLength(1);
    expect(w.replies('write').at(-1)).toBe('hang');
    expect(await w.client.lookup('service-records', 'SR-1')).toHaveLength(1);
    expect((await w.counters()).writes.resends.blind).toBe(0);
    await standsOnce(w);
    expect((await w.counters()).writes.resends).toMatchObject({ blind: 0, afterAsking: 1 });
  },
  async F04(w) {
    await w.client.control('POST', 'settings', { maxCommitLatencyMs: 3_000 });
    await w.name('F04', { then: 'reset', times: 1 });
    expect(await w.write()).toMatch(LOST);
    expect(await w.client.lookup('service-records', 'SR-1')).toEqual([]);
    await w.advance(2_250);
    expect(await w.rows()).toHaveLength(1);
    await standsOnce(w);
  },
  async F05(w) {
    await w.name('F05', { status: 502, retryAfterSec: 3, times: 1 });
    const reply = await raw(w);
    expect([reply.status, reply.headers['content-type'], reply.headers['retry-after']]).toEqual([
      502,
      'text/html',
      '3',
    ]);
    expect(await w.rows()).toEqual([]);
    await w.name('F05', { status: 504, committed: true, match: { op: 'write' } });
    expect((await raw(w)).status).toBe(504);
    await standsOnce(w);
  },
  async F06(w) {
    await w.name('F06', { times: 1 });
    const reply = await w.write();
    expect(reply).toMatchObject({ code: '2201', message: expect.stringContaining('502') as string });
    expect(await w.rows()).toEqual([]);
    // Its code looks like a refusal, its text does not: the sender has not been told what became of the write.
    expect((await w.counters()).openWrites).toBe(1);
  },
  async F07(w) {
    for (const status of [200, 403, 405, 468]) {
      await w.name('F07', { status, times: 1 });
      const reply = await raw(w);
      expect([reply.status, reply.bytes.toString('utf8').startsWith('<html')]).toEqual([status, true]);
    }
    expect(await w.rows()).toEqual([]);
    await w.name('F07', { committed: true });
    expect((await raw(w)).status).toBe(403);
    await standsOnce(w);
  },
  async F57(w) {
    await w.name('F57', { location: 'http://elsewhere.example/login' });
    const reply = await raw(w);
    expect([reply.status, reply.headers.location]).toEqual([302, 'http://elsewhere.example/login']);
    expect(await w.rows()).toEqual([]);
  },
  async F58(w) {
    const { port } = w.client.simulator;
    expect(await twiceOnOneConnection(port)).toBe('answered on a reused socket');
    await w.name('F58', { match: { op: 'time' }, times: 1 });
    expect(await twiceOnOneConnection(port)).toMatch(LOST);
    expect(w.replies('time').at(-1)).toBe('reset');
  },
};

const bytes: Record<string, Walk> = {
  async F08(w) {
    await w.name('F08', { bytes: 20, times: 1 });
    expect((await raw(w)).bytes).toHaveLength(20);
    for (const [how, seen] of [
      ['malformed', /^\{"code":"0000","data":\{$/],
      ['bom', /^\ufeff\{/],
      ['trailing', /<!-- ok -->$/],
    ] as const) {
      await w.name('F08', { how, times: 1 });
      expect((await raw(w)).bytes.toString('utf8')).toMatch(seen);
    }
    await standsOnce(w);
  },
  async F09(w) {
    await w.name('F09', { times: 1 });
    const reply = await raw(w);
    expect(reply.headers['content-type']).toBe('text/html');
    expect(JSON.parse(reply.bytes.toString('utf8'))).toMatchObject({ code: '0000' });
    await standsOnce(w);
  },
  async F10(w) {
    const seen: unknown[] = [];
    for (const declared of ['utf-8', 'nothing', 'gbk']) {
      await w.name('F10', { declared, times: 1 });
      const reply = await raw(w);
      seen.push(reply.headers['content-type']);
      expect(reply.bytes.toString('utf8')).toContain('\ufffd');
      expect(new TextDecoder('gbk').decode(reply.bytes)).toMatch(/"message":"(成功|重复提交，内容一致)"/);
    }
    expect(seen).toEqual(['application/json; charset=utf-8', 'application/json', 'application/json; charset=gbk']);
    await standsOnce(w);
  },
  async F11(w) {
    const packed = async (how: string, more = {}): Promise<WireReply> => {
      await w.name('F11', { how, ...more, times: 1 });
      return raw(w);
    };
    const twice = await packed('twice');
    expect(JSON.parse(gunzipSync(gunzipSync(twice.bytes)).toString('utf8'))).toMatchObject({ code: '0000' });
    const plain = await packed('false');
    expect([plain.headers['content-encoding'], plain.bytes[0]]).toEqual(['gzip', 0x7b]);
    const broken = await packed('broken');
    expect(() => gunzipSync(broken.bytes)).toThrow();
    const bomb = await packed('bomb', { mib: 16 });
    expect([bomb.bytes.length < 100_000, gunzipSync(bomb.bytes).length > 16_000_000]).toEqual([true, true]);
    expect((await packed('huge', { mib: 2 })).bytes.length).toBeGreaterThan(2_000_000);
    expect(gunzipSync((await packed('unasked')).bytes).toString('utf8')).toContain('2001');
    await standsOnce(w);
  },
  async F12(w) {
    await w.name('F12', { everyMs: 60_000, chunkBytes: 1, times: 1 });
    expect(await w.write('SR-1', { timeoutMs: 100 })).toBe('timeout');
    await w.name('F12', { everyMs: 1, chunkBytes: 64, chunked: true, times: 1 });
    const reply = await raw(w);
    expect([reply.headers['transfer-encoding'], reply.headers['content-length']]).toEqual(['chunked', undefined]);
    await standsOnce(w);
  },
  async F13(w) {
    for (const chunked of [true, false]) {
      await w.name('F13', { chunked, times: 1 });
      expect(await w.write()).toMatch(LOST);
    }
    expect(await w.rows()).toHaveLength(1);
    expect(w.journal('unread')).toHaveLength(2);
  },
  async F41(w) {
    const seen: unknown[] = [];
    for (const how of ['int-code', 'null-data', 'sentinel', 'json-string']) {
      await w.name('F41', { how, times: 1 });
      const { code, data } = await w.client.upsert('teams', `TM-${how}`, team({ name: how }));
      seen.push([code, typeof data === 'string' ? `text ${String(data).slice(0, 1)}` : data]);
    }
    expect(seen).toEqual([
      [0, expect.objectContaining({ outcome: 'CREATED' })],
      ['0000', null],
      ['0000', 'text S'],
      ['0000', 'text {'],
    ]);
    expect(await w.rows('TM-sentinel', 'teams')).toHaveLength(1);
  },
};

const identity: Record<string, Walk> = {
  async F23(w) {
    await w.name('F23', { nth: 2 });
    expect([await w.write('SR-1'), await w.write('SR-2')]).toMatchObject([{ code: '0000' }, { code: '1005' }]);
    expect(await w.rows('SR-2')).toEqual([]);
    expect((await w.counters()).tokens.valid).toBe(0);
  },
  async F24(w) {
    await w.name('F24', { times: 1 });
    const reply = await w.client.post('auth/token', { grant: 'app' }, { token: '' });
    expect(reply).toMatchObject({ code: '0000', data: { expiresInSec: 1_800 } });
    expect(await w.write('SR-1', { token: String(reply.data.accessToken) })).toMatchObject({ code: '1005' });
    await w.name('F24', { how: 'fails', times: 1 });
    expect((await w.client.post('auth/token', { grant: 'app' }, { token: '' })).code).toBe('5000');
    expect((await w.counters()).tokens).toMatchObject({ requests: 3, issued: 2, valid: 1 });
  },
  async F25(w) {
    await w.name('F25', { times: 1 });
    expect(await w.write()).toMatchObject({ code: '1006' });
    await w.client.logIn();
    expect(await w.write()).toMatchObject({ code: '0000' });
  },
  async F26(w) {
    expect(await w.name('F26', { secret: 'next', overlapMs: 0 })).toMatchObject({ result: { keyVersion: 4 } });
    expect(await w.write()).toMatchObject({ code: '1002' });
    expect(await w.write('SR-1', { secret: 'next' })).toMatchObject({ code: '0000' });
    expect(w.journal('secret')).toHaveLength(1);
  },
  async F27(w) {
    await w.name('F27');
    expect(await w.write()).toMatchObject({ code: '1002' });
    expect((await w.client.get('sys/time')).code).toBe('0000');
    expect(await w.rows()).toEqual([]);
  },
  async F28(w) {
    await w.name('F28');
    expect(await w.write()).toMatchObject({ code: '1008' });
    await w.name('F28', { off: true });
    expect(await w.write()).toMatchObject({ code: '0000' });
  },
  async F29(w) {
    for (const byMs of [600_000, -600_000]) {
      await w.name('F29', { byMs });
      const refused = (await w.write()) as Envelope & { serverTime: string };
      expect([refused.code, Math.round((Date.parse(refused.serverTime) - Date.now()) / 60_000)]).toEqual([
        '1003',
        byMs / 60_000,
      ]);
      await w.name('F29', { off: true });
    }
    expect(await w.write()).toMatchObject({ code: '0000' });
  },
  async F30(w) {
    await w.name('F30', { first: 'lost', times: 1 });
    expect(await w.write('SR-2')).toMatchObject({ code: '1004' });
    expect(await w.rows('SR-2')).toEqual([]);
    await w.name('F30', { times: 1 });
    expect(await w.write()).toMatchObject({ code: '1004' });
    expect((await w.counters()).openWrites).toBe(2);
    await standsOnce(w);
  },
};

export const callWalks: Readonly<Record<string, Walk>> = { ...transport, ...bytes, ...identity };
