import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { recordsHash, sha256Hex } from './canonical-form.js';
import { sign } from './signing.js';
import { APP_KEY, openWorld, rawRequest, SECRET, until, type SpecWorld } from './spec-client.js';
import { day, record, settle } from './spec-records.js';

describe('certificates', () => {
  let world: SpecWorld;
  const client = () => world.client;
  const hash = recordsHash(['SR-1|1|60\n', 'SR-2|1|30\n']);
  const claim = (more = {}) => ({
    volunteerBizNo: 'VO-1',
    periodFrom: day(10),
    periodTo: day(0),
    totalMinutes: 90,
    recordCount: 2,
    recordsHash: hash,
    issuerOrgName: '北门社区居委会',
    ...more,
  });
  const status = () => client().get('certificate-requests/CR-1');
  const issued = () => until(async () => ((await status()).data.status === 'ISSUED' ? status() : null));

  beforeEach(async () => {
    world = await openWorld();
    await settle(client());
    await client().upsert('service-records', 'SR-1', record('09:00', '10:00'));
    await client().upsert('service-records', 'SR-2', record('10:00', '10:30'));
  });
  afterEach(() => world.close());

  it('goes from ACCEPTED to ISSUED and serves the very file it hashed', async () => {
    expect(await client().upsert('certificate-requests', 'CR-1', claim())).toMatchObject({
      code: '0100',
      data: { bizNo: 'CR-1', version: 1, outcome: 'CREATED', status: 'ACCEPTED', pollAfterMs: 50 },
    });
    const { data } = await issued();
    expect(data).toMatchObject({ certNo: expect.stringMatching(/^ZM53-\d{4}-\d{6}$/) as string, recordsHash: hash });
    const url = new URL(String(data.fileUrl));
    const file = await rawRequest({ port: Number(url.port), method: 'GET', target: url.pathname + url.search });
    expect(file.headers['content-type']).toBe('application/pdf');
    expect(file.bytes.subarray(0, 5).toString()).toBe('%PDF-');
    expect(sha256Hex(file.bytes)).toBe(data.sha256);
    const unsigned = await rawRequest({ port: Number(url.port), method: 'GET', target: `${url.pathname}?ticket=1.x` });
    expect(unsigned.bytes.toString()).toContain('"code":"1001"');
    expect((await client().send('GET', url.pathname)).bytes).toEqual(file.bytes);
  });

  it('recomputes: any disagreement is 2301 with the national figures (G1)', async () => {
    const national = { totalMinutes: 90, recordCount: 2, recordsHash: hash };
    expect(await client().upsert('certificate-requests', 'CR-1', claim({ totalMinutes: 91 }))).toMatchObject({
      code: '2301',
      detail: { national },
    });
    const some = claim({ recordBizNos: ['SR-1', 'SR-9'] });
    expect(await client().upsert('certificate-requests', 'CR-1', some)).toMatchObject({
      code: '2301',
      detail: { missing: [{ entity: 'service-records', bizNo: 'SR-9' }] },
    });
    const one = claim({
      recordBizNos: ['SR-1'],
      totalMinutes: 60,
      recordCount: 1,
      recordsHash: recordsHash(['SR-1|1|60\n']),
    });
    expect((await client().upsert('certificate-requests', 'CR-1', one)).code).toBe('0100');
  });

  it('locks covered records only while a certificate is in force (B17)', async () => {
    const voidRecord = (version: number) =>
      client().post('service-records', { bizNo: 'SR-1', version, op: 'VOID', reason: 'r' });
    await client().upsert('certificate-requests', 'CR-1', claim());
    const { data } = await issued();
    expect(await voidRecord(2)).toMatchObject({ code: '2014', detail: { certNo: data.certNo } });
    expect(
      (await client().upsert('certificate-requests', 'CR-1', claim({ purpose: '升学' }), { version: 2 })).code,
    ).toBe('2014');
    await client().control('POST', 'audit', { entity: 'certificate-requests', bizNo: 'CR-1', result: 'REVOKED' });
    expect((await status()).data.status).toBe('REVOKED');
    expect((await voidRecord(2)).data.outcome).toBe('VOIDED');
  });

  it('waits while reviews are held, can be cancelled, rejected with a reason and started over (G3)', async () => {
    await client().control('POST', 'audit', { entity: 'certificate-requests', auto: false });
    await client().upsert('certificate-requests', 'CR-1', claim());
    expect((await status()).data).toMatchObject({ status: 'ACCEPTED', pollAfterMs: 50 });
    await client().control('POST', 'audit', {
      entity: 'certificate-requests',
      bizNo: 'CR-1',
      result: 'FAILED',
      reason: '材料不全',
    });
    expect((await status()).data).toMatchObject({ status: 'REJECTED', reason: '材料不全' });
    expect(
      (await client().upsert('certificate-requests', 'CR-1', claim({ purpose: '升学' }), { version: 2 })).data.status,
    ).toBe('ACCEPTED');
    const cancelled = await client().post('certificate-requests', {
      bizNo: 'CR-1',
      version: 3,
      op: 'VOID',
      reason: 'r',
    });
    expect(cancelled).toMatchObject({ code: '0000', data: { outcome: 'VOIDED', status: 'CANCELLED' } });
    expect((await client().get('certificate-requests/CR-0')).code).toBe('2101');
  });

  it('answers 2302 only from the file endpoint', async () => {
    await client().control('POST', 'settings', { certificateFileMs: 60_000 });
    await client().upsert('certificate-requests', 'CR-1', claim());
    const { data } = await issued();
    expect((await client().get(`certificates/${String(data.certNo)}/file`)).code).toBe('2302');
  });

  it('calls back signed by the app secret, and again when the answer was not 0000 (G5)', async () => {
    const seen: { request: IncomingMessage; body: Buffer }[] = [];
    const receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push({ request, body: Buffer.concat(chunks) });
        response.end(JSON.stringify({ code: seen.length === 1 ? '5000' : '0000' }));
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    await client().control('POST', 'settings', {
      callbackUrl: `http://127.0.0.1:${port}/national/callback?x=1`,
      callbackRetryMs: [0],
    });
    await client().upsert('certificate-requests', 'CR-1', claim());
    await until(() => Promise.resolve(seen.length === 2));
    const [first, second] = seen;
    const text = (name: string): string => String(first?.request.headers[name]);
    const body = first?.body ?? Buffer.alloc(0);
    const parts = {
      method: 'POST',
      path: '/national/callback',
      rawQuery: 'x=1',
      appKey: APP_KEY,
      timestamp: text('x-timestamp'),
      nonce: text('x-nonce'),
      token: '',
      body,
    };
    expect(text('x-sign')).toBe(sign(parts, 'HMAC-SHA256', SECRET));
    expect(JSON.parse(body.toString())).toMatchObject({ type: 'CERT_STATUS', bizNo: 'CR-1', status: 'ISSUED' });
    expect(second?.body).toEqual(body);
    receiver.closeAllConnections();
    receiver.close();
  });
});
