import { openWorld, until, type SpecWorld } from './spec-client.js';
import { record, settle } from './spec-records.js';

describe('faults', () => {
  let world: SpecWorld;
  const client = () => world.client;
  const fault = (point: string, effect: object, more: object = { match: { op: 'write' } }) =>
    client().control('POST', 'faults', { point, effect, ...more });
  const write = (timeoutMs = 5_000) =>
    client()
      .upsert('service-records', 'SR-1', record('09:00', '10:00'))
      .catch((error: NodeJS.ErrnoException) => error.code ?? `${error.message} ${timeoutMs}`);
  const item = { bizNo: 'SR-1', version: 1, op: 'UPSERT', data: record('09:00', '10:00') };
  const stored = async () =>
    (await client().control<{ rows: unknown[] }>('GET', 'ledger?entity=service-records&bizNo=SR-1')).rows.length;

  beforeEach(async () => {
    world = await openWorld();
    await settle(client());
  });
  afterEach(() => world.close());

  it('F02 resets before the commit: nothing is stored', async () => {
    await fault('before-commit', { type: 'reset' });
    expect(await write()).toBe('ECONNRESET');
    expect(await stored()).toBe(0);
  });

  it('F03 resets or hangs after the commit: the row stands, a resend is 2001', async () => {
    await fault('after-commit-before-reply', { type: 'reset' }, { match: { op: 'write' }, times: 1 });
    expect(await write()).toBe('ECONNRESET');
    expect(await stored()).toBe(1);
    await fault('after-commit-before-reply', { type: 'hang' }, { match: { op: 'write' }, times: 1 });
    await expect(client().post('service-records', item, { timeoutMs: 100 })).rejects.toThrow('timeout');
    expect(await write()).toMatchObject({ code: '2001' });
  });

  it('F04 commits late by the virtual clock', async () => {
    await fault('before-commit', { type: 'late-commit', afterMs: 90_000, then: 'reset' });
    expect(await write()).toBe('ECONNRESET');
    expect(await stored()).toBe(0);
    await client().control('POST', 'clock', { advanceMs: 90_000 });
    expect(await stored()).toBe(1);
  });

  it('F05 and F07 answer HTML', async () => {
    await fault(
      'before-auth',
      { type: 'status', status: 503 },
      { match: { path: '/gw/v1/service-records' }, times: 1 },
    );
    const gateway = await client().send('POST', '/gw/v1/service-records', item);
    expect([gateway.status, gateway.headers['content-type']]).toEqual([503, 'text/html']);
    await fault('after-commit-before-reply', { type: 'html', status: 405 });
    const waf = await client().send('POST', '/gw/v1/service-records', item);
    expect(waf.status).toBe(405);
    expect(waf.bytes.toString()).toContain('<html');
    expect(await stored()).toBe(1);
  });

  it('F08 truncates the JSON and F13 cuts the connection', async () => {
    await fault('during-reply', { type: 'truncate', bytes: 20 }, { match: { op: 'write' }, times: 1 });
    const reply = await client().send('POST', '/gw/v1/service-records', item);
    expect(reply.bytes).toHaveLength(20);
    await fault('during-reply', { type: 'cut', bytes: 20 });
    await expect(client().post('service-records', item)).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  });

  it('F12 trickles byte by byte until the caller gives up', async () => {
    await fault('during-reply', { type: 'trickle', chunkBytes: 1, everyMs: 5 });
    const started = Date.now();
    const reply = await client().send('POST', '/gw/v1/service-records', item);
    expect(Date.now() - started).toBeGreaterThanOrEqual(reply.bytes.length * 4);
    expect(reply.bytes.toString()).toContain('CREATED');
  });

  it('F15 drops fields of the reply before it is signed', async () => {
    await write();
    await fault('after-commit-before-reply', {
      type: 'patch',
      remove: ['detail.nationalId'],
      set: { message: '重复' },
    });
    const reply = await client().post('service-records', item);
    expect(reply).toMatchObject({ code: '2001', message: '重复', detail: { storedVersion: 1 } });
    expect(reply.detail).not.toHaveProperty('nationalId');
  });

  it('F18 stores a silent second row that lookup and summary show', async () => {
    await client().control('POST', 'settings', { duplicateMode: 'silent-second-row' });
    await write();
    expect(await write()).toMatchObject({ code: '0000', data: { outcome: 'CREATED' } });
    expect(await client().lookup('service-records', 'SR-1')).toHaveLength(2);
    const summary = await client().control<Record<string, object>>('GET', 'ledger/summary');
    expect(summary['service-records']).toMatchObject({ rows: 2, minutes: 120, duplicates: ['SR-1'] });
  });

  it('F20 takes a batch in and never works on it', async () => {
    await fault('before-commit', { type: 'never-process' }, { match: { op: 'batch' } });
    const accepted = await client().post('service-records/batch', { items: [item] });
    await client().control('POST', 'clock', { advanceMs: 86_400_000 });
    await client().control('POST', 'clock', { offsetMs: 0 });
    const receipt = await client().get(`batches/${String(accepted.data.batchNo)}`);
    expect(receipt.data).toMatchObject({ done: 0, total: 1, items: [] });
    expect(await stored()).toBe(0);
  });

  it('F22 reorders, drops and invents receipt lines without touching the stored receipt', async () => {
    const second = { ...item, bizNo: 'SR-2', data: record('10:00', '11:00') };
    const accepted = await client().post('service-records/batch', { items: [item, second] });
    const lines = async () =>
      ((await client().get(`batches/${String(accepted.data.batchNo)}`)).data.items as { bizNo: string }[]).map(
        ({ bizNo }) => bizNo,
      );
    await fault(
      'after-commit-before-reply',
      { type: 'receipt', reorder: true, missing: 1, extra: 1 },
      { match: { op: 'receipt' }, times: 1 },
    );
    expect(await lines()).toEqual(['SR-1', 'SR-EXTRA'.replace('SR', 'SIM') + '-1']);
    expect(await lines()).toEqual(['SR-1', 'SR-2']);
  });

  it('F23 lets all tokens expire in the middle', async () => {
    await fault('before-auth', { type: 'expire-tokens' }, { match: { op: 'write' }, nth: 2 });
    expect(await write()).toMatchObject({ code: '0000' });
    expect(await write()).toMatchObject({ code: '1005' });
  });

  it('F34, F35, F36 and F40 come as codes with their detail, by nth and times', async () => {
    const codes = ['1301', '1302', '1303', '7777'];
    for (const code of codes) {
      await fault(
        'before-validate',
        { type: 'code', code, detail: { retryAfterMs: 5 } },
        { match: { op: 'write' }, times: 1 },
      );
      expect(await write()).toMatchObject({ code, detail: { retryAfterMs: 5 } });
    }
    expect(await stored()).toBe(0);
    expect(await write()).toMatchObject({ code: '0000' });
  });

  it('F43 lets one lookup lag behind', async () => {
    await write();
    await fault('before-validate', { type: 'read-lag', ms: 60_000 }, { match: { op: 'lookup' }, times: 1 });
    expect(await client().lookup('service-records', 'SR-1')).toEqual([]);
    expect(await client().lookup('service-records', 'SR-1')).toHaveLength(1);
  });

  it('repeats chance by its seed', async () => {
    const run = async (seed: number) => {
      const other = await openWorld({ seed });
      await other.client.control('POST', 'faults', {
        point: 'before-auth',
        match: { op: 'dict' },
        effect: { type: 'code', code: '5000' },
        probability: 0.5,
      });
      const codes: string[] = [];
      for (let i = 0; i < 16; i += 1) codes.push((await other.client.get('dicts/genders')).code);
      await other.close();
      return codes.join();
    };
    const first = await run(11);
    expect(first).toContain('5000');
    expect(first).toContain('0000');
    expect(await run(11)).toBe(first);
    expect(await run(12)).not.toBe(first);
  });

  it('refuses a script that could never strike, lists and removes', async () => {
    await expect(fault('before-auth', { type: 'truncate' })).rejects.toThrow('during-reply');
    await expect(fault('nowhere', { type: 'reset' })).rejects.toThrow('point');
    await fault('before-auth', { type: 'reset' }, { id: 'f1', match: { method: 'GET', path: '^/gw/v1/dicts/.*' } });
    await expect(client().get('dicts/genders')).rejects.toThrow();
    expect(await client().control('GET', 'faults')).toMatchObject({ faults: [{ id: 'f1', fired: 1 }] });
    await client().control('DELETE', 'faults/f1');
    expect((await client().get('dicts/genders')).code).toBe('0000');
  });

  it('keeps serving others while a call hangs', async () => {
    await fault('before-validate', { type: 'hang' });
    const hanging = client()
      .post('service-records', item, { timeoutMs: 200 })
      .catch((error: Error) => error.message);
    expect(await until(async () => (await client().get('dicts/genders')).code === '0000')).toBe(true);
    expect(await hanging).toBe('timeout');
  });
});
