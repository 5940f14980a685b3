import { request as httpRequest } from 'node:http';
import { RECORD_KINDS } from '../../../src/records/index.js';
import { bearer, openStationHouse, stationItem, type StationApi, type StationHouse } from '../access/station-api.js';
import type { ShownSecret } from '../../../src/access/index.js';

type Body = Record<string, unknown> & { items?: Record<string, unknown>[]; errors?: Record<string, unknown>[] };

describe('the push on the wire', () => {
  let house: StationHouse;
  let api: StationApi;
  let system: ShownSecret;

  beforeAll(async () => {
    house = await openStationHouse();
    api = await house.openApi();
    system = await house.createSystem();
  });
  afterAll(() => house.close());

  const call = async (
    method: string,
    target: string,
    init: { body?: string | Buffer; headers?: Record<string, string> } = {},
  ) => {
    const headers = {
      ...bearer(system),
      ...(init.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...init.headers,
    };
    const answer = await fetch(`${api.origin}${target}`, {
      method,
      headers,
      ...(init.body === undefined ? {} : { body: init.body as string }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: (text === '' ? {} : JSON.parse(text)) as Body };
  };
  const push = (body: string | Buffer, headers: Record<string, string> = {}, query = '') =>
    call('POST', `/api/v1/batches${query}`, { body, headers });
  const NDJSON = { 'Content-Type': 'application/x-ndjson' };

  it('takes good items, refuses bad ones each with its reasons, in the caller language', async () => {
    const body = JSON.stringify({
      items: [stationItem('w1'), stationItem('w2', { colour: 'red', name: '' }), 7, stationItem('w1')],
    });
    const zh = await push(body);
    expect(zh.status).toBe(200);
    expect(zh.body.counts).toEqual({ accepted: 1, duplicate: 1, superseded: 0, rejected: 2 });
    expect(zh.body.items?.[1]).toMatchObject({ index: 1, kind: 'station', sourceId: 'w2', outcome: 'rejected' });
    const errors = zh.body.items?.[1]?.errors as Record<string, string>[];
    expect(errors.map(({ code, pointer }) => `${code} ${pointer}`).sort()).toEqual([
      'FIELD_RANGE /data/name',
      'FIELD_UNKNOWN /data/colour',
    ]);
    expect(errors[0]?.message).toMatch(/\p{Script=Han}/u);
    expect(errors[0]?.hint).toMatch(/\p{Script=Han}/u);
    const en = await push(body, { 'Accept-Language': 'en-GB,en;q=0.9' });
    expect((en.body.items?.[1]?.errors as Record<string, string>[])[0]?.message).not.toMatch(/\p{Script=Han}/u);
    expect(zh.body.receipt).toMatchObject({ batchId: zh.body.batchId });
  });

  it.each([
    ['{"items":[', 400, 'MALFORMED_JSON'],
    ['', 400, 'MALFORMED_JSON'],
    ['{"items":[],"items":[]}', 400, 'MALFORMED_JSON'],
    ['[]', 422, 'FIELD_TYPE'],
    ['{}', 422, 'FIELD_REQUIRED'],
    ['{"items":{}}', 422, 'FIELD_TYPE'],
    ['{"items":[]}', 422, 'FIELD_RANGE'],
    ['{"items":[1],"more":1}', 422, 'FIELD_UNKNOWN'],
  ])('refuses the call %s with %i %s', async (text, status, code) => {
    const answer = await push(text);
    expect(answer.body).toMatchObject({ status, code, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    if (status === 422) expect(answer.body.errors?.length).toBeGreaterThan(0);
  });

  it('refuses what is not UTF-8, unknown parameters, too many and too large', async () => {
    expect(await push(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toMatchObject({ status: 400 });
    const ok = JSON.stringify({ items: [stationItem('w1')] });
    expect(await push(ok, {}, '?colour=red')).toMatchObject({ status: 422, body: { code: 'FIELD_UNKNOWN' } });
    expect(await push(ok, {}, '?mode=dry')).toMatchObject({ status: 422, body: { code: 'CODE_UNKNOWN' } });
    expect(await push(ok, {}, '?mode=validate&mode=validate')).toMatchObject({ status: 422 });
    const many = JSON.stringify({ items: Array.from({ length: 1_001 }, () => 1) });
    expect(await push(many)).toMatchObject({ status: 413, body: { code: 'TOO_LARGE' } });
    expect(await push('1\n'.repeat(1_001), NDJSON)).toMatchObject({ status: 413, body: { code: 'TOO_LARGE' } });
    expect(await push(' '.repeat(5_242_881))).toMatchObject({ status: 413, body: { code: 'TOO_LARGE' } });
    const full = Buffer.concat([Buffer.from(ok), Buffer.alloc(5_242_880 - Buffer.byteLength(ok), 0x20)]);
    expect(await push(full)).toMatchObject({ status: 200 });
  });

  it('refuses other content types and compression with 415', async () => {
    const ok = JSON.stringify({ items: [stationItem('w1')] });
    const others: Record<string, string>[] = [
      { 'Content-Type': 'text/plain' },
      { 'Content-Type': 'application/json; charset=gb18030' },
      { 'Content-Encoding': 'gzip' },
    ];
    for (const headers of others) {
      expect(await push(ok, headers)).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
    }
    expect(await push(ok, { 'Content-Type': 'application/json; charset=UTF-8' })).toMatchObject({ status: 200 });
  });

  it('reads NDJSON with CR LF, blank lines, BOM and one broken line', async () => {
    const text = `\ufeff${JSON.stringify(stationItem('n1'))}\r\n\r\n{"kind":"station",\n   \n${JSON.stringify(stationItem('n2'))}\n`;
    const answer = await push(text, NDJSON);
    expect(answer.status).toBe(200);
    expect(answer.body.items).toMatchObject([
      { index: 0, outcome: 'accepted' },
      { index: 1, kind: null, sourceId: null, outcome: 'rejected', errors: [{ code: 'MALFORMED_JSON', pointer: '' }] },
      { index: 2, outcome: 'accepted' },
    ]);
    expect(await push('\n\n', NDJSON)).toMatchObject({ status: 422 });
  });

  it('keeps faults of strict parsing with their item', async () => {
    const twice = JSON.stringify(stationItem('f1')).replace('"data":{', '"data":{"name":"x",');
    const proto = JSON.stringify(stationItem('f2')).replace('"data":{', '"data":{"__proto__":1,');
    const answer = await push(`{"items":[${JSON.stringify(stationItem('f0'))},${twice},${proto}]}`);
    expect(answer.body.items?.map(({ outcome }) => outcome)).toEqual(['accepted', 'rejected', 'rejected']);
  });

  it('validates without writing', async () => {
    const answer = await push(JSON.stringify({ items: [stationItem('v1')] }), {}, '?mode=validate');
    expect(answer.body.items).toEqual([expect.objectContaining({ index: 0, outcome: 'accepted' })]);
    expect(answer.body.items?.[0]).not.toHaveProperty('recordId');
    expect(answer.body).not.toHaveProperty('receipt');
    expect(await call('GET', '/api/v1/records/station/v1')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  it('puts, conflicts, deletes and reopens one record', async () => {
    const target = '/api/v1/records/station/p1';
    const data = RECORD_KINDS.find(({ name }) => name === 'station')?.examples[0];
    const put = (body: object) => call('PUT', target, { body: JSON.stringify(body) });
    const first = await put({ revision: 3, data });
    expect(first).toMatchObject({ status: 200, body: { outcome: 'accepted', version: 1 } });
    expect(Object.keys(first.body).sort()).toEqual(['batchId', 'outcome', 'receipt', 'recordId', 'version']);
    expect(await put({ revision: 3, data: { ...data, name: '另一个名字' } })).toMatchObject({
      status: 409,
      body: {
        code: 'REVISION_CONFLICT',
        errors: expect.arrayContaining([expect.objectContaining({ code: 'REVISION_CONFLICT' })]) as object[],
      },
    });
    expect(await put({ data: { ...data, name: 5 } })).toMatchObject({
      status: 422,
      body: { code: 'FIELD_TYPE', errors: [{ pointer: '/data/name' }] },
    });
    expect(await put({ data, op: 'void' })).toMatchObject({ status: 422, body: { code: 'FIELD_UNKNOWN' } });
    expect(await put({ revision: -1, data })).toMatchObject({ status: 422, body: { code: 'REVISION_INVALID' } });
    expect(await call('DELETE', target)).toMatchObject({ status: 422, body: { code: 'VOID_REASON_REQUIRED' } });
    expect(await call('DELETE', `${target}?reason=${encodeURIComponent('登记重复')}&revision=4`)).toMatchObject({
      status: 200,
      body: { outcome: 'accepted', version: 2 },
    });
    expect(await call('DELETE', `${target}?reason=x&revision=1e2`)).toMatchObject({
      status: 422,
      body: { code: 'REVISION_INVALID' },
    });
    expect(await put({ data })).toMatchObject({
      status: 422,
      body: { code: 'FIELD_REQUIRED', errors: [{ pointer: '/reason' }] },
    });
    expect(await put({ data, reason: '误撤销' })).toMatchObject({
      status: 200,
      body: { outcome: 'accepted', version: 3 },
    });
  });

  it('answers 404 to unknown paths and 405 with Allow to unknown methods', async () => {
    expect(await call('GET', '/api/v1/nothing')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await call('GET', '/api/v1/records/planet/x')).toMatchObject({ status: 404 });
    const answer = await call('GET', '/api/v1/batches');
    expect(answer).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    expect(answer.headers.get('allow')).toBe('POST');
    expect((await call('POST', '/api/v1/records/station/x', { body: '{}' })).headers.get('allow')).toContain('PUT');
    expect((await call('PATCH', '/api/v1/summary', { body: '{}' })).status).toBe(405);
  });

  it('shows nothing of another source system', async () => {
    await push(JSON.stringify({ items: [stationItem('mine')] }));
    const other = bearer(await house.createSystem());
    for (const target of ['/api/v1/records/station/mine', '/api/v1/records/certificate-request/mine/file']) {
      expect((await call('GET', target, { headers: other })).status).toBe(404);
    }
    expect((await call('GET', '/api/v1/summary', { headers: other })).body.kinds).toEqual({});
    expect((await call('GET', '/api/v1/changes', { headers: other })).body.events).toEqual([]);
  });

  it('publishes keys, health and its document without authentication', async () => {
    const open = async (target: string) =>
      (await fetch(`${api.origin}${target}`)).json() as Promise<Record<string, unknown>>;
    expect(await open('/api/v1/keys')).toMatchObject({
      keys: [{ alg: 'Ed25519', notAfter: null, publicKey: expect.stringMatching(/^[\w+/]{43}=$/) as string }],
    });
    expect(await open('/health/live')).toEqual({ status: 'ok' });
    expect(await open('/health/ready')).toEqual({ status: 'ok' });
    expect(await open('/api/openapi.json')).toMatchObject({ openapi: '3.1.0' });
    const page = await fetch(`${api.origin}/api/docs`);
    expect(page.status).toBe(200);
    const html = await page.text();
    for (const [, asset] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const url = new URL(asset ?? '', `${api.origin}/api/docs`);
      expect(url.origin).toBe(api.origin);
      expect((await fetch(url)).status).toBe(200);
    }
  });

  it('traces, hides errors and logs no query', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const answer = await call('GET', '/api/v1/nothing?idNo=533401199001011234', { headers: { traceparent } });
    expect(answer.body.traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(JSON.stringify(api.lines)).not.toContain('533401199001011234');
    expect(api.lines).toContainEqual(
      expect.objectContaining({ route: '/api/v1/batches', method: 'POST', status: 200 }),
    );
  });

  it('refuses two framings of one request', async () => {
    const { port } = new URL(api.origin);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        ...bearer(system),
        'Content-Type': 'application/json',
        'Content-Length': '5',
        'Transfer-Encoding': 'chunked',
      };
      const sent = httpRequest({ port, method: 'POST', path: '/api/v1/batches', headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.on('error', reject);
      sent.end('hello');
    });
    expect(status).toBe(400);
  });
});
