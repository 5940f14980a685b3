/** The national side: faults, what it sees in flight, callbacks, feed and reconciliation. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isObject, type JsonObject } from './canonical.js';
import { signRequest } from './national/wire.js';
import { batchOf, closeAll, find, populated, start, worldItems, write } from './national-fixtures.js';
import type { Row } from './national-side.js';
import { pause } from './station-client.js';

afterEach(closeAll);

describe('faults, flights and reconciliation', () => {
  test('html, reset, tokens, dropped receipt items', async () => {
    const { national, caller } = await start();
    const station = find(worldItems(11), 'station');
    national.faults.htmlError(502, { times: 1 });
    expect((await write(caller, station)).status).toBe(502);
    national.faults.clear();
    national.faults.resetBeforeCommit({ times: 1 });
    await expect(write(caller, station)).rejects.toThrow();
    expect(national.rows('stations')).toEqual([]);
    national.faults.expireTokens();
    expect((await write(caller, station)).code).toBe('1005');
    await caller.login();
    national.faults.dropReceiptItems({ times: 1 });
    await caller.post('/gw/v1/stations/batch', batchOf([station]));
    expect((await caller.get('/gw/v1/batches?clientBatchNo=C-1')).data.items).toEqual([]);
    expect((await caller.get('/gw/v1/batches?clientBatchNo=C-1')).data.items).toHaveLength(1);
  });

  test('overlapping records and one number twice in flight are seen', async () => {
    const { national, caller, items } = await populated({ receiptDelayMs: 20, batchItems: 3 });
    const record = find(items, 'service-record');
    const pair = [record.body, { ...record.body, bizNo: 'SR-OTHER' }];
    await caller.post('/gw/v1/service-records/batch', { items: pair });
    await caller.post('/gw/v1/service-records', { ...record.body, version: 2 });
    await caller.post('/gw/v1/service-records/batch', { items: [...pair, ...pair] });
    const rules = new Set(national.violations.map((one) => one.rule));
    expect(rules).toEqual(new Set(['OVERLAP_IN_FLIGHT', 'TWO_IN_FLIGHT', 'NUMBER_TWICE_IN_BATCH', 'BATCH_TOO_LARGE']));
  });
});

test('a write before opensAt is seen once the grace is over (F36)', async () => {
  const { national, caller } = await start({ pauseGraceMs: 20 });
  const station = find(worldItems(11), 'station');
  national.faults.closeWindow(Date.now() + 60_000);
  expect((await write(caller, station)).code).toBe('1303');
  await pause(40);
  expect((await write(caller, station)).code).toBe('1303');
  national.faults.clear();
  expect((await write(caller, station)).code).toBe('0000');
  expect(national.violations.map((one) => one.rule)).toEqual(['WRITE_OUTSIDE_WINDOW']);
});

describe('callbacks, feed and reconciliation', () => {
  test('callbacks are signed with the national key and retried until the answer is 0000 (§1.11, G5, G6)', async () => {
    const seen: { signed: boolean; body: JsonObject }[] = [];
    const adapter = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const body = Buffer.concat(chunks);
        const header = (name: string): string => String(req.headers[name] ?? '');
        const [timestamp, nonce] = [header('x-timestamp'), header('x-nonce')];
        const base = { method: 'POST', path: '/national/callback', query: '', appKey: header('x-app-key'), token: '' };
        const wanted = signRequest('HMAC-SHA256', 'vgw-demo-secret-0001', { ...base, timestamp, nonce, body });
        seen.push({ signed: header('x-sign') === wanted, body: JSON.parse(body.toString('utf8')) as JsonObject });
        res.end(JSON.stringify({ code: seen.length === 1 ? '9999' : '0000' }));
      });
    });
    await new Promise<void>((resolve) => adapter.listen(0, '127.0.0.1', resolve));
    const port = (adapter.address() as AddressInfo).port;
    const callbackUrl = `http://127.0.0.1:${port}/national/callback`;
    const { national, caller } = await start({ callbackUrl, callbackRetryMs: [20] });
    await caller.post('/gw/v1/stations/batch', batchOf([find(worldItems(11), 'station')]));
    for (let tries = 0; tries < 50 && national.callbacks[0]?.delivered !== true; tries += 1) await pause(20);
    adapter.closeAllConnections();
    adapter.close();
    expect(national.callbacks).toMatchObject([
      { attempts: 2, delivered: true, body: { type: 'BATCH_DONE', status: 'DONE' } },
    ]);
    expect(seen.map((one) => one.signed)).toEqual([true, true]);
  });

  test('feed, totals, digest, detail and export agree with the rows', async () => {
    const { national, caller, items } = await populated();
    const events: JsonObject[] = [];
    let cursor = '';
    for (;;) {
      const page = await caller.get(`/gw/v1/changes?cursor=${encodeURIComponent(cursor)}&limit=20`);
      events.push(...(page.data.events as JsonObject[]));
      cursor = String(page.data.nextCursor);
      if (page.data.hasMore !== true) break;
    }
    expect(events.map((event) => event.bizNo)).toEqual(items.map((item) => item.body.bizNo));
    const rows: Row[] = national.rows('service-records');
    const minutes = national.totalMinutes();
    const ask = { entity: 'service-records', groupBy: ['day'], mine: [] };
    const groups = (await caller.post('/gw/v1/recon/totals', ask)).data.groups as JsonObject[];
    const total = groups.reduce((sum, group) => sum + Number(isObject(group.national) ? group.national.minutes : 0), 0);
    expect(total).toBe(minutes);
    const digest = await caller.post('/gw/v1/recon/digest', { entity: 'service-records', scope: {}, prefix: '' });
    const buckets = digest.data.buckets as JsonObject[];
    expect(buckets).toHaveLength(256);
    expect(buckets.reduce((sum, bucket) => sum + Number(bucket.count), 0)).toBe(rows.length);
    const detail = { snapshotId: String(digest.data.snapshotId), prefixes: [''], page: 1, size: 500 };
    expect((await caller.post('/gw/v1/recon/detail', detail)).data.total).toBe(rows.length);
    const started = await caller.post('/gw/v1/exports', { entities: ['service-records'] });
    expect((await caller.get(`/gw/v1/exports/${String(started.data.exportId)}`)).data.count).toBe(rows.length);
  });
});
