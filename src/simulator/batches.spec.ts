import { recordsHash } from './canonical-form.js';
import { openWorld, until, type SpecWorld } from './spec-client.js';
import { record, settle, station } from './spec-records.js';

describe('batches and receipts', () => {
  let world: SpecWorld;
  const client = () => world.client;
  const item = (bizNo: string, from: string, to: string) => ({
    bizNo,
    version: 1,
    op: 'UPSERT',
    data: record(from, to),
  });
  const batch = (body: object) => client().post('service-records/batch', body);
  const receipt = (batchNo: unknown) => client().get(`batches/${String(batchNo)}`);

  beforeEach(async () => {
    world = await openWorld();
    await settle(client());
  });
  afterEach(() => world.close());

  it('takes a batch in, works on each item alone and gives one receipt by both forms', async () => {
    const items = [item('SR-1', '09:00', '10:00'), item('SR-2', '09:30', '10:30'), { version: 1 }];
    const accepted = await batch({ clientBatchNo: 'CB-1', items });
    expect(accepted).toMatchObject({ code: '0100', data: { received: 3, pollAfterMs: 20 } });
    expect(accepted.data.batchNo).toMatch(/^B\d{20}$/);
    const first = await receipt(accepted.data.batchNo);
    expect(first.data).toMatchObject({
      clientBatchNo: 'CB-1',
      status: 'PARTIAL',
      done: 3,
      total: 3,
      page: 1,
      size: 100,
    });
    expect(first.data.items).toMatchObject([
      { bizNo: 'SR-1', version: 1, code: '0000', outcome: 'CREATED', auditStatus: 'PASSED' },
      { bizNo: 'SR-2', version: 1, code: '2211', detail: { bizNo: 'SR-1' } },
      { bizNo: null, code: '2201' },
    ]);
    expect((await client().get('batches?clientBatchNo=CB-1')).data).toEqual(first.data);
    const second = await client().get(`batches/${String(accepted.data.batchNo)}?page=2&size=2`);
    expect(second.data.items).toHaveLength(1);
  });

  it('gives the same batchNo for the same bytes and 2002 for others (D1)', async () => {
    const body = { clientBatchNo: 'CB-1', items: [item('SR-1', '09:00', '10:00')] };
    const first = await batch(body);
    expect((await batch(body)).data.batchNo).toBe(first.data.batchNo);
    expect((await batch({ ...body, items: [item('SR-2', '10:00', '11:00')] })).code).toBe('2002');
    expect((await client().post('stations/batch', body)).code).toBe('2002');
  });

  it('refuses only by the envelope: 1306 for too many, 2201 for a wrong shape', async () => {
    const many = Array.from({ length: 101 }, (_, i) => item(`SR-${i}`, '09:00', '10:00'));
    expect((await batch({ items: many })).code).toBe('1306');
    expect((await batch({ items: [], surplus: 1 })).code).toBe('2201');
    await client().control('POST', 'settings', { limits: { batchBytes: 100 } });
    expect((await batch({ items: [item('SR-1', '09:00', '10:00')] })).code).toBe('1306');
  });

  it('counts 2001 and 2003 as done (D2)', async () => {
    await client().upsert('service-records', 'SR-1', record('09:00', '10:00'));
    const accepted = await batch({ items: [item('SR-1', '09:00', '10:00')] });
    expect((await receipt(accepted.data.batchNo)).data).toMatchObject({ status: 'DONE', items: [{ code: '2001' }] });
  });

  it('shows no items until the receipt is due, then all', async () => {
    await client().control('POST', 'settings', { receiptMs: 3_600_000 });
    const accepted = await batch({ items: [item('SR-1', '09:00', '10:00')] });
    const early = await until(async () => {
      const reply = await receipt(accepted.data.batchNo);
      return reply.data.status === 'PROCESSING' && reply;
    });
    expect(early.data).toMatchObject({ done: 0, total: 1, items: [] });
    expect(await client().lookup('service-records', 'SR-1')).toEqual([]);
    await client().control('POST', 'clock', { advanceMs: 3_600_000 });
    await client().control('POST', 'clock', { offsetMs: 0 });
    expect((await receipt(accepted.data.batchNo)).data).toMatchObject({ status: 'DONE', done: 1 });
  });

  it('answers 3001 for an unknown and 3003 for an old receipt', async () => {
    expect((await receipt('B0')).code).toBe('3001');
    expect((await client().get('batches?clientBatchNo=none')).code).toBe('3001');
    const accepted = await batch({ items: [item('SR-1', '09:00', '10:00')] });
    await client().control('POST', 'settings', { receiptsKeptMs: -1 });
    expect((await receipt(accepted.data.batchNo)).code).toBe('3003');
  });

  it('answers 0100 for certificate requests inside a batch and counts it as done (B18)', async () => {
    await client().upsert('service-records', 'SR-1', record('09:00', '10:00'));
    const period = {
      volunteerBizNo: 'VO-1',
      periodFrom: '2026-01-01',
      periodTo: '2099-12-31',
      issuerOrgName: '北门社区居委会',
    };
    const right = { ...period, totalMinutes: 60, recordCount: 1, recordsHash: recordsHash(['SR-1|1|60\n']) };
    const items = [right, { ...right, totalMinutes: 61, purpose: '升学' }].map((data, i) => ({
      bizNo: `CR-${i + 1}`,
      version: 1,
      op: 'UPSERT',
      data: { ...data, language: i === 0 ? 'zh' : 'en', periodFrom: `2026-01-0${i + 1}` },
    }));
    const accepted = await client().post('certificate-requests/batch', { items });
    expect((await receipt(accepted.data.batchNo)).data).toMatchObject({
      status: 'PARTIAL',
      items: [
        { bizNo: 'CR-1', code: '0100', status: 'ACCEPTED', outcome: 'CREATED', pollAfterMs: 50 },
        {
          bizNo: 'CR-2',
          code: '2301',
          message: '证明数据不一致',
          detail: { national: { totalMinutes: 60, recordCount: 1 } },
        },
      ],
    });
  });

  it('lets 1010 be the code of one item, not of the batch (B20)', async () => {
    const broken = {
      bizNo: 'ST-2',
      version: 1,
      op: 'UPSERT',
      data: station({ name: '二站', managerMobile: 'sm4:AAAA' }),
    };
    const good = { bizNo: 'ST-3', version: 1, op: 'UPSERT', data: station({ name: '三站' }) };
    const accepted = await client().post('stations/batch', { items: [broken, good] });
    expect((await receipt(accepted.data.batchNo)).data).toMatchObject({
      status: 'PARTIAL',
      items: [{ code: '1010' }, { code: '0000' }],
    });
  });
});
