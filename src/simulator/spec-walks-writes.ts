// The walks of the fault catalogue that strike written items: duplicates, receipts, rules, silent changes.
import { beijingMidnight } from './clock.js';
import { until, type Envelope } from './spec-client.js';
import { raw, standsOnce, type Walk } from './spec-faults.js';
import { team, volunteer } from './spec-records.js';

const HAN = '社区义诊';

const duplicates: Record<string, Walk> = {
  async F14(w) {
    await w.name('F14', { times: 1 });
    const reply = (await w.write()) as Envelope;
    const [row] = await w.rows();
    expect(reply).toMatchObject({ code: '2001', detail: { nationalId: row?.nationalId } });
    expect(await w.rows()).toHaveLength(1);
  },
  async F15(w) {
    await w.name('F15');
    const missing = (await w.write()) as Envelope;
    expect([missing.code, missing.detail]).toEqual(['2001', { storedVersion: 1 }]);
    await w.client.control('DELETE', 'faults');
    await w.name('F15', { where: 'text', provoke: false });
    const [row] = await w.rows();
    const inText = (await w.write()) as Envelope;
    expect([inText.detail, inText.message.includes(row?.nationalId ?? '?')]).toEqual([{ storedVersion: 1 }, true]);
    await w.batch(['SR-1']);
    const [line] = (await w.receipt()).data.items as { message: string; detail: object }[];
    expect(line).toMatchObject({ code: '2001', message: inText.message, detail: { storedVersion: 1 } });
    expect(line?.detail).not.toHaveProperty('nationalId');
  },
  async F16(w) {
    await w.name('F16', { times: 1 });
    expect(await w.write()).toMatchObject({ code: '2002', detail: { storedVersion: 1 } });
    expect((await w.rows()).map(({ data }) => data.content)).toEqual([`${HAN}-另`]);
  },
  async F17(w) {
    await w.name('F17', { times: 1 });
    const reply = (await w.write()) as Envelope;
    expect(reply).toMatchObject({ code: '2010', detail: { bizNo: null, origin: 'portal' } });
    expect(await w.rows()).toEqual([]);
    await w.name('F17', { copies: 2, times: 1 });
    const other = volunteer({ name: '测试丁' });
    const person = { bizNo: 'VO-2', version: 1, op: 'UPSERT', data: { ...other, idType: '05' } };
    expect((await w.client.post('volunteers', person)).code).toBe('2011');
    expect((await w.counters()).live.crowdedKeys).toMatchObject([{ entity: 'volunteers', rows: [{}, {}] }]);
  },
  async F18(w) {
    await w.write();
    await w.name('F18');
    expect(await w.write()).toMatchObject({ code: '0000', data: { outcome: 'CREATED' } });
    expect(await w.rows()).toHaveLength(2);
    expect((await w.counters()).live.doubledNumbers).toMatchObject([{ bizNo: 'SR-1', rows: 2 }]);
    await w.name('F18', { off: true });
    expect(await w.write()).toMatchObject({ code: '2001' });
  },
  async F44(w) {
    await w.write();
    await w.name('F44', { times: 1 });
    const [first, second] = await w.client.lookup('service-records', 'SR-1');
    expect([first?.nationalId === second?.nationalId, first?.bizNo]).toEqual([false, 'SR-1']);
    expect(await w.rows()).toHaveLength(1);
  },
};

const batches: Record<string, Walk> = {
  async F19(w) {
    await w.name('F19');
    await w.batch(['SR-1', 'SR-2']);
    const { status, items } = (await w.receipt()).data as { status: string; items: { code: string }[] };
    expect([status, items.map(({ code }) => code)]).toEqual(['PARTIAL', ['0000', '2201']]);
    expect([await w.rows('SR-1'), await w.rows('SR-2')].map((rows) => rows.length)).toEqual([1, 0]);
  },
  async F20(w) {
    await w.name('F20', { times: 1 });
    expect((await w.batch(['SR-1'])).code).toBe('0100');
    await until(async () => (await w.receipt()).data.status === 'PROCESSING');
    expect(await w.rows()).toEqual([]);
    for (const how of ['3001', '3002']) {
      await w.name('F20', { how, times: 1 });
      expect((await w.receipt()).code).toBe(how);
    }
  },
  async F21(w) {
    await w.batch(['SR-1']);
    await w.name('F21', { times: 1 });
    expect((await w.receipt()).code).toBe('3003');
    expect(await w.rows()).toHaveLength(1);
    expect(w.replies('receipt-by-client')).toEqual(['3003']);
  },
  async F22(w) {
    await w.batch(['SR-1', 'SR-2']);
    const seen: unknown[] = [];
    for (const params of [{}, { missing: 1 }, { extra: 1 }, { duplicate: 1 }, { indexKeyed: true }]) {
      await w.name('F22', { ...params, times: 1 });
      const items = (await w.receipt()).data.items as { bizNo?: string; index?: number }[];
      seen.push(items.map(({ bizNo, index }) => bizNo ?? index));
    }
    expect(seen).toEqual([
      ['SR-2', 'SR-1'],
      ['SR-2'],
      ['SR-1', 'SR-2', 'SIM-EXTRA-1'],
      ['SR-1', 'SR-2', 'SR-1'],
      [0, 1],
    ]);
    expect(w.journal('receipt')).toMatchObject([{ receipt: [{ bizNo: 'SR-1' }, { bizNo: 'SR-2' }] }]);
  },
};

const rules: Record<string, Walk> = {
  async F31(w) {
    await w.name('F31', { parent: 'activities', times: 1 });
    expect(await w.write()).toMatchObject({
      code: '2101',
      detail: { missing: [{ entity: 'activities', bizNo: 'AC-1' }] },
    });
    expect(await w.write()).toMatchObject({ code: '0000' });
    expect((await w.counters()).writes.resends).toMatchObject({ afterRefusal: 1, blind: 0 });
  },
  async F32(w) {
    await w.name('F32', { item: '2103', times: 1 });
    expect(await w.write()).toMatchObject({ code: '2103' });
    await w.name('F32', { entity: 'teams' });
    expect((await w.client.upsert('teams', 'TM-2', team({ name: '新队' }))).data.auditStatus).toBe('REVIEWING');
    await w.advance(30 * 86_400_000);
    expect(await w.rows('TM-2', 'teams')).toMatchObject([{ auditStatus: 'REVIEWING' }]);
    await w.name('F32', { off: true });
    await until(async () => (await w.rows('TM-2', 'teams'))[0]?.auditStatus === 'PASSED');
  },
  async F33(w) {
    await w.name('F33', { entity: 'activities', bizNo: 'AC-1' });
    const reply = (await w.write()) as Envelope;
    expect(reply).toMatchObject({ code: '2104', detail: { missing: [{ entity: 'activities', bizNo: 'AC-1' }] } });
    expect(await w.rows('AC-1', 'activities')).toMatchObject([{ status: 'DELETED' }]);
    await w.name('F33', { off: true });
    expect(await w.write()).toMatchObject({ code: '0000' });
    await w.name('F33');
    expect(await w.write('SR-2')).toMatchObject({ code: '2104' });
  },
  async F38(w) {
    await w.name('F38', { path: 'data.content', rule: 'length', match: { bodyIncludes: 'SR-1' } });
    expect(await w.write()).toMatchObject({
      code: '2201',
      detail: { fields: [{ path: 'data.content', rule: 'length' }] },
    });
    expect(await w.write('SR-2')).toMatchObject({ code: '0000' });
  },
  async F39(w) {
    await w.name('F39', { withdraw: ['0001'], from: 'midnight' });
    const { dictionaries } = (await w.client.get('sys/status')).data as { dictionaries: Record<string, string> };
    expect(dictionaries['service-fields']).toBe('2026.2');
    expect((await w.client.upsert('teams', 'TM-2', team({ name: '昨天' }))).code).toBe('0000');
    await w.client.control('POST', 'clock', { at: beijingMidnight(Date.now()) + 86_400_000 + 1_000 });
    const { epochMs: timestamp } = await w.client.control<{ epochMs: number }>('GET', 'clock');
    const { data } = await w.client.post('auth/token', { grant: 'app' }, { token: '', timestamp });
    const options = { timestamp, token: String(data.accessToken) };
    const item = { bizNo: 'TM-3', version: 1, op: 'UPSERT', data: team({ name: '今天' }) };
    expect((await w.client.post('teams', item, options)).code).toBe('2202');
    await w.name('F39', { off: true });
    expect((await w.client.post('teams', item, options)).code).toBe('0000');
    expect(w.journal('dictionary').map(({ version }) => version)).toEqual(['2026.2', '2026.3']);
  },
  async F40(w) {
    await w.name('F40', { times: 1 });
    expect(await w.write()).toMatchObject({ code: '7777' });
    expect(await w.rows()).toEqual([]);
    await w.name('F40', { committed: true });
    expect(await w.write()).toMatchObject({ code: '7777' });
    expect((await w.counters()).writes.resends.blind).toBe(1);
    await standsOnce(w);
  },
  async F42(w) {
    await w.name('F42');
    const reply = await raw(w);
    const [row] = await w.rows();
    expect(row?.nationalId).toMatch(/^\d{19}$/);
    expect(reply.bytes.toString('utf8')).toContain(`"nationalId":${row?.nationalId},`);
    expect(Number.isSafeInteger((JSON.parse(reply.bytes.toString('utf8')) as Envelope).data.nationalId)).toBe(false);
  },
  async F50(w) {
    await w.write();
    await w.name('F50', { certNo: 'ZM53-1' });
    const item = { bizNo: 'SR-1', version: 2, op: 'VOID', reason: '重复登记' };
    expect(await w.client.post('service-records', item)).toMatchObject({ code: '2014', detail: { certNo: 'ZM53-1' } });
    expect(await w.rows()).toMatchObject([{ status: 'ACTIVE', version: 1 }]);
  },
  async F59(w) {
    const content = '慰问\u{20BB7}老人🙂一共十二个字不止';
    await w.name('F59', { times: 1 });
    expect(await w.write('SR-1', {}, { content })).toMatchObject({ code: '0000', data: { outcome: 'CREATED' } });
    expect((await w.rows())[0]?.data.content).toBe('慰问老人一共十二个字不止');
    await w.name('F59', { how: 'truncate', maxChars: 3, times: 1 });
    await w.write('SR-2', {}, { content });
    expect((await w.rows('SR-2'))[0]?.data.content).toBe('慰问\u{20BB7}');
    const [shown] = await w.client.lookup('service-records', 'SR-1');
    expect(shown?.contentHash).toBe((await w.rows())[0]?.contentHash);
    expect(await w.write('SR-1', {}, { content })).toMatchObject({ code: '2002' });
  },
};

export const writeWalks: Readonly<Record<string, Walk>> = { ...duplicates, ...batches, ...rules };
