// The walks of the fault catalogue that are states of the nation: limits, acts of others, callbacks, the great move.
import { recordsHash } from './canonical-form.js';
import { beijingMidnight } from './clock.js';
import { CallbackTaker, raw, type FaultWorld, type Walk } from './spec-faults.js';
import { day, volunteer } from './spec-records.js';

const limits: Record<string, Walk> = {
  async F34(w) {
    await w.name('F34', { qps: 1, announce: false });
    expect((await w.client.get('sys/status')).data.limits).toMatchObject({ qps: null });
    expect(await w.write()).toMatchObject({ code: '1301', detail: { retryAfterMs: expect.any(Number) as number } });
    expect(await w.breaches()).toMatchObject([{ limit: 'qps', allowed: 1, op: 'write', announced: false }]);
    await w.name('F34', { off: true });
    expect(await w.write()).toMatchObject({ code: '0000' });
    await w.name('F34', { as: 'http', retryAfterMs: 2_500, times: 1 });
    const reply = await raw(w);
    expect([reply.status, reply.headers['retry-after']]).toEqual([429, '3']);
    await w.name('F34', { as: 'text', times: 1 });
    expect(await w.write()).toMatchObject({ message: expect.stringContaining('频繁') as string });
    await w.name('F34', { as: 'code', times: 1 });
    expect(await w.write()).toMatchObject({ code: '1301' });
  },
  async F35(w) {
    await w.name('F35', { limit: 50, used: 50 });
    expect(await w.write()).toMatchObject({ code: '1302', detail: { limit: 50, used: 51 } });
    expect((await w.client.get('sys/status')).data.quota).toMatchObject({ limit: 50, used: 51 });
    expect(await w.breaches()).toMatchObject([{ limit: 'quotaPerDay', allowed: 50, seen: 51 }]);
    expect(await w.rows()).toEqual([]);
  },
  async F36(w) {
    await w.name('F36', { retryAfterMs: 5_000 });
    expect(await w.write()).toMatchObject({ code: '1304', detail: { retryAfterMs: 5_000 } });
    await w.name('F36', { off: true });
    await w.name('F36', { writesFrom: '06:00', writesTo: '06:00' });
    expect(await w.write()).toMatchObject({
      code: '1303',
      detail: { opensAt: expect.stringContaining('T06:00') as string },
    });
    expect((await w.breaches()).map(({ limit }) => limit)).toEqual(['maintenance', 'window']);
    await w.name('F36', { off: true });
    expect(await w.write()).toMatchObject({ code: '0000' });
  },
  async F37(w) {
    const before = (await w.client.control<{ used: number }>('GET', 'quota')).used;
    await w.name('F37', { limit: before + 1 });
    expect((await w.client.get('dicts/none')).code).toBe('2201');
    expect((await w.client.get('dicts/none')).code).toBe('1302');
    expect((await w.client.control<{ used: number }>('GET', 'quota')).used).toBe(before + 2);
  },
};

const others: Record<string, Walk> = {
  async F43(w) {
    await w.write();
    await w.name('F43', { times: 1 });
    const sought = { by: 'bizNo', keys: ['SR-1'] };
    const miss = await w.client.post('service-records/lookup', sought);
    expect(miss.data.items).toMatchObject([{ found: false }]);
    expect(Date.parse(String(miss.data.asOf))).toBeLessThan(
      Date.parse((miss as unknown as { serverTime: string }).serverTime) - 59_000,
    );
    expect(await w.client.lookup('service-records', 'SR-1')).toHaveLength(1);
  },
  async F45(w) {
    const { result } = (await w.name('F45', { bizNo: 'VO-1' })) as { result: Record<string, string> };
    const item = { bizNo: 'VO-1', version: 2, op: 'UPSERT', data: volunteer() };
    expect(await w.client.post('volunteers', item)).toMatchObject({
      code: '2012',
      detail: { mergedTo: result.mergedTo },
    });
    expect(await w.rows('VO-1', 'volunteers')).toMatchObject([{ status: 'MERGED' }]);
    const { events } = (await w.client.get('changes?entities=volunteers')).data as { events: { type: string }[] };
    expect(events.at(-1)).toMatchObject({ type: 'MERGED', toNationalId: result.mergedTo });
  },
  async F46(w) {
    await w.name('F45', { bizNo: 'VO-1' });
    await w.name('F46');
    const { events } = (await w.client.get('changes?entities=volunteers')).data as { events: { type: string }[] };
    expect(events.at(-1)?.type).toBe('SPLIT');
    expect(await w.rows('VO-1', 'volunteers')).toMatchObject([{ status: 'ACTIVE' }]);
  },
  async F47(w) {
    await w.write();
    await w.name('F47', { set: { content: '门户改过' } });
    const { events } = (await w.client.get('changes?entities=service-records')).data as { events: object[] };
    expect(events.at(-1)).toMatchObject({ type: 'UPSERTED', origin: 'portal', version: 1 });
    expect(await w.rows()).toMatchObject([{ version: 1, data: { content: '门户改过' } }]);
  },
  async F48(w) {
    await w.write();
    await w.name('F48', { bizNo: 'SR-1' });
    expect(await w.client.lookup('service-records', 'SR-1')).toMatchObject([{ status: 'DELETED' }]);
    await w.name('F48', { off: true });
    expect(await w.rows()).toMatchObject([{ status: 'ACTIVE' }]);
  },
  async F51(w) {
    await w.write();
    await w.name('F51');
    const [row] = await w.rows();
    const claim = {
      volunteerBizNo: 'VO-1',
      periodFrom: day(10),
      periodTo: day(0),
      totalMinutes: 60,
      recordCount: 1,
      recordsHash: recordsHash([`SR-1|${String(row?.version)}|60\n`]),
      issuerOrgName: '北门社区居委会',
    };
    expect((await w.client.upsert('certificate-requests', 'CR-1', claim)).data.status).toBe('ACCEPTED');
    await w.advance(30 * 86_400_000);
    const seen: unknown[] = [];
    for (const step of ['reject', 'issue', 'revoke', 'reissue'])
      seen.push(((await w.name('F51', { step, bizNo: 'CR-1' })).result as { status: string }).status);
    expect(seen).toEqual(['REJECTED', 'ISSUED', 'REVOKED', 'REISSUED']);
    expect(w.journal('row').filter(({ type }) => String(type).startsWith('CERT_'))).toHaveLength(4);
  },
  async F53(w) {
    const { nextCursor } = (await w.client.get('changes?limit=1')).data as { nextCursor: string };
    await w.name('F53');
    expect((await w.client.get(`changes?cursor=${nextCursor}`)).code).toBe('3101');
    expect((await w.client.get('changes')).code).toBe('0000');
    await w.name('F53', { off: true });
    expect((await w.client.get(`changes?cursor=${nextCursor}`)).code).toBe('0000');
  },
  async F54(w) {
    await w.name('F54');
    const { events } = (await w.client.get('changes')).data as { events: { seq: number; eventId: string }[] };
    const seqs = events.map(({ seq }) => seq);
    expect(new Set(seqs).size).toBeLessThan(seqs.length);
    expect(new Set(seqs).size).toBe(w.journal('row').length);
  },
  async F55(w) {
    await w.write('SR-1');
    await w.write('SR-2');
    const mine = [{ key: { day: day(1) }, count: 2, minutes: 90, voided: 0 }];
    await w.name('F55');
    const totals = await w.client.post('recon/totals', { entity: 'service-records', groupBy: ['day'], mine });
    expect(totals.data.groups).toMatchObject([{ match: 'Y' }]);
    expect([(await w.rows('SR-1'))[0]?.data.minutes, (await w.rows('SR-2'))[0]?.data.minutes]).toEqual([30, 60]);
  },
  async F56(w) {
    await w.write();
    await w.name('F56');
    const ask = async (): Promise<unknown[]> =>
      (await w.client.post('recon/totals', { entity: 'service-records', groupBy: ['day'] }, await today(w))).data
        .groups as unknown[];
    expect(await ask()).toEqual([]);
    await w.client.control('POST', 'clock', { at: beijingMidnight(Date.now()) + 86_400_000 + 1_000 });
    expect(await ask()).toMatchObject([
      { national: { count: 1, minutes: 60 }, asOf: expect.stringContaining('T00:00:00') as string },
    ]);
  },
  async F60(w) {
    const [before] = await w.rows('VO-1', 'volunteers');
    await w.name('F60', { toNationalId: 'VO110000000000001' });
    const { events } = (await w.client.get('changes?entities=volunteers')).data as { events: object[] };
    expect(events.at(-1)).toMatchObject({
      type: 'REASSIGNED',
      nationalId: before?.nationalId,
      toNationalId: 'VO110000000000001',
    });
    expect(await w.client.lookup('volunteers', 'VO-1')).toMatchObject([{ nationalId: 'VO110000000000001' }]);
  },
  async F63(w) {
    await w.write();
    const [before] = await w.rows();
    const old = w.client.simulator.port;
    const { result } = (await w.name('F63')) as { result: { port: number; map: { rows: number } } };
    const { port } = result;
    const map = await w.client.control<Record<string, string>[]>('GET', 'migration/map').catch(() => []);
    const line = map.find(({ bizNo }) => bizNo === 'SR-1');
    const [after] = await w.rows();
    expect(line).toMatchObject({ fromNationalId: before?.nationalId, toNationalId: after?.nationalId });
    expect([map.length, after?.nationalId === before?.nationalId]).toEqual([result.map.rows, false]);
    // The old address reads under the old ids, writes no more, and says so.
    expect(await w.client.lookup('service-records', 'SR-1')).toMatchObject([{ nationalId: before?.nationalId }]);
    expect(await w.write('SR-2')).toMatchObject({ code: '1304' });
    expect((await w.client.get('sys/status')).data).toMatchObject({ mode: 'read-only' });
    w.client.simulator.port = port;
    const moved = { by: 'nationalId', keys: [before?.nationalId, after?.nationalId] };
    expect((await w.client.post('service-records/lookup', moved)).data.items).toMatchObject([
      { found: false },
      { found: true },
    ]);
    expect(await w.write('SR-2')).toMatchObject({ code: '0000' });
    expect(await w.write()).toMatchObject({ code: '2001', detail: { nationalId: after?.nationalId } });
    w.client.simulator.port = old;
    const answers: unknown[] = [];
    for (const oldHost of ['closed', 'redirect', 'gone', 'off']) {
      await w.client.control('POST', 'migration', { oldHost });
      answers.push(
        await raw(w).then(
          ({ status, bytes: said }) => [status, /"code":"(\d+)"/.exec(said.toString())?.[1]],
          (error: NodeJS.ErrnoException) => error.code,
        ),
      );
    }
    expect(answers).toEqual([[200, '1011'], [302, undefined], [404, undefined], 'ECONNREFUSED']);
  },
};

const callbacks: Record<string, Walk> = {
  async F52(w) {
    const taker = await CallbackTaker.open();
    await w.client.control('POST', 'settings', { callbackUrl: taker.url });
    const told = async (params: object, count: number, bizNo: string) => {
      await w.name('F52', { ...params, times: 1 });
      const from = taker.received.length;
      await w.batch([bizNo], `CB-${taker.received.length}`);
      return (await taker.arrived(from + count)).slice(from);
    };
    const [forged, genuine] = await told({ forgery: 'signature' }, 2, 'SR-1');
    expect(forged?.text).toBe(genuine?.text);
    expect(forged?.headers['x-sign']).not.toBe(genuine?.headers['x-sign']);
    const [first, again] = await told({ how: 'replayed' }, 2, 'SR-1');
    expect(first?.headers['x-nonce']).toBe(again?.headers['x-nonce']);
    const [one, copy] = await told({ how: 'duplicated' }, 2, 'SR-1');
    expect([one?.body.eventId === copy?.body.eventId, one?.headers['x-nonce'] === copy?.headers['x-nonce']]).toEqual([
      true,
      false,
    ]);
    await w.name('F52', { how: 'out-of-order', times: 1 });
    const from = taker.received.length;
    for (const no of ['A', 'B']) await w.batch(['SR-1'], `CB-${no}`);
    const order = (await taker.arrived(from + 2)).slice(from).map(({ body }) => body.clientBatchNo);
    expect(order).toEqual(['CB-B', 'CB-A']);
    // The reply to our own POST is still on its way when the callback has been taken.
    await w.name('F52', { how: 'before-reply', times: 1 });
    await w.client.control('POST', 'settings', { receiptMs: 3_600_000 });
    const before = taker.received.length;
    await w.batch(['SR-2'], 'CB-EARLY');
    expect(taker.received.slice(before).map(({ body }) => body.clientBatchNo)).toEqual(['CB-EARLY']);
    const log = (await w.client.control<{ log: { as: string }[] }>('GET', 'callbacks')).log.map((line) => line.as);
    expect(new Set(log)).toEqual(new Set(['genuine', 'forged:signature', 'replay', 'duplicate']));
    taker.close();
  },
};

/** A timestamp and token that fit the nation's clock, wherever it has been moved. */
async function today(w: FaultWorld): Promise<{ timestamp: number; token: string }> {
  const { epochMs: timestamp } = await w.client.control<{ epochMs: number }>('GET', 'clock');
  const { data } = await w.client.post('auth/token', { grant: 'app' }, { token: '', timestamp });
  return { timestamp, token: String(data.accessToken) };
}

export const stateWalks: Readonly<Record<string, Walk>> = { ...limits, ...others, ...callbacks };
