import type {
  GatewayOutcome,
  NationalGateway,
  OutgoingItem,
  ReceiptAnswer,
  WriteAnswer,
} from '../../src/national/index.js';
import { forEveryNumber } from '../../src/national/index.js';
import { writesOpenInMs } from '../../src/national/replies/status.js';
import { NationDouble, gatewayTo, quickProfile, say, trainingItem, type Script } from './nation-double.js';

// Batches, receipts, lookups, certificates and status over a real socket.

let nation: NationDouble;
let gateway: NationalGateway;
beforeEach(async () => {
  nation = new NationDouble();
  gateway = gatewayTo(await nation.start());
});
afterEach(() => nation.stop());

const NUMBERS = ['YN-TR-1', 'YN-TR-2', 'YN-TR-3'];
const items = (numbers: readonly string[] = NUMBERS): OutgoingItem[] => numbers.map(trainingItem);
const saying =
  (code: string, payload: object = {}, detail?: object): Script =>
  (seen, reply) =>
    say(seen, reply, detail ? { code, payload, detail } : { code, payload });

async function writeBatch(script: Script): Promise<WriteAnswer> {
  nation.on('trainings/batch', script);
  return gateway.write(gateway.prepare(items(), 'CB-1'));
}
function itemsOf(answer: WriteAnswer | ReceiptAnswer): ReadonlyMap<string, GatewayOutcome> {
  if (!('items' in answer)) throw new Error('no items');
  return answer.items;
}

describe('prepare', () => {
  it('one item makes a single write, several a batch with our number', () => {
    const single = gateway.prepare(items(['YN-TR-1']), 'CB-1');
    expect(single).toMatchObject({ operation: 'write-single', path: '/gw/v1/trainings', clientBatchNo: null });
    const batch = gateway.prepare(items(), 'CB-1');
    expect(batch).toMatchObject({
      operation: 'write-batch',
      path: '/gw/v1/trainings/batch',
      clientBatchNo: 'CB-1',
      bizNos: NUMBERS,
    });
    expect(JSON.parse(batch.body.toString())).toMatchObject({
      clientBatchNo: 'CB-1',
      items: [{ bizNo: 'YN-TR-1' }, {}, {}],
    });
  });

  it('refuses a number twice (B19), two kinds, nothing, and a kind the profile does not carry', () => {
    expect(() => gateway.prepare(items(['A', 'A']), null)).toThrow(/B19/);
    expect(() => gateway.prepare([trainingItem('A'), { ...trainingItem('B'), kind: 'team' }], null)).toThrow(
      /one kind/,
    );
    expect(() => gateway.prepare([], null)).toThrow(/at least one/);
    const kind = { ...trainingItem('A'), kind: 'unheard-of' };
    expect(() => gateway.prepare([kind], null)).toThrow(/does not carry/);
  });

  it('an IV is new per value, the hash is the same whatever the IV', () => {
    const station: OutgoingItem = {
      kind: 'station', bizNo: 'S', version: 1, op: 'UPSERT', reason: null, refs: {},
      data: { name: 'e\u0301', managers: [{ name: '测试甲', mobile: '13800000000' }] },
    }; // prettier-ignore
    const [first, second] = [gateway.prepare([station], null), gateway.prepare([station], null)];
    expect(first.body.equals(second.body)).toBe(false);
    expect(first.contentHashes).toEqual(second.contentHashes);
    expect(JSON.parse(first.body.toString())).toMatchObject({ data: { name: '\u00e9' } });
  });

  it('cuts a reason that is longer than the nation takes', () => {
    const call = gateway.prepare([{ ...trainingItem('A'), op: 'VOID', reason: '长'.repeat(500) }], null);
    expect((JSON.parse(call.body.toString()) as { reason: string }).reason).toHaveLength(200);
  });
});

describe('batch', () => {
  it('accepted: the receipt is named', async () => {
    const answer = await writeBatch(saying('0100', { batchNo: 'B1', received: 3, pollAfterMs: 1500 }));
    expect(answer).toMatchObject({ level: 'call', outcome: { class: 'ACCEPTED', batchNo: 'B1', pollAfterMs: 1500 } });
  });

  it('answered at once: missing items are AMBIG, strangers dropped, order no matter (F22)', async () => {
    const answer = await writeBatch(
      saying('0000', {
        items: [
          { bizNo: 'YN-TR-3', code: '2001' },
          { bizNo: 'X', code: '0000' },
          { bizNo: 'YN-TR-1', code: '0000', outcome: 'CREATED' },
        ],
      }),
    );
    const found = itemsOf(answer);
    expect([...found.keys()]).toEqual(NUMBERS);
    expect([...found.values()].map((outcome) => outcome.class)).toEqual(['DONE', 'AMBIG', 'DONE']);
  });

  it('1306: RETRY at once, and a halved limit from then on, until the nation announces another', async () => {
    const limits = { batchItems: 100, batchBytes: 1048576, qps: null, concurrency: 4 };
    nation.on('sys/status', saying('0000', { mode: 'open', limits }));
    await gateway.status();
    const answer = await writeBatch(saying('1306'));
    expect(answer).toMatchObject({ level: 'call', outcome: { class: 'RETRY', code: '1306', retryAfterMs: 0 } });
    expect(await gateway.status()).toMatchObject({ value: { limits: { batchItems: 1 } } });
    nation.on('sys/status', saying('0000', { mode: 'open', limits: { ...limits, batchItems: 50 } }));
    expect(await gateway.status()).toMatchObject({ value: { limits: { batchItems: 50 } } });
  });

  it("the call's own refusal is the call's, the item's of a single write is the item's", async () => {
    expect(await writeBatch(saying('1301', {}, { retryAfterMs: 5 }))).toMatchObject({
      level: 'call',
      outcome: { class: 'QUOTA' },
    });
    nation.on('trainings', saying('2010', {}, { nationalId: 'TR9' }));
    const single = await gateway.write(gateway.prepare(items(['YN-TR-1']), null));
    expect(itemsOf(single).get('YN-TR-1')).toMatchObject({ class: 'LINK', nationalId: 'TR9' });
  });
});

describe('receipt', () => {
  const receiptItem = (bizNo: string, code: string, more: object = {}): object => ({
    bizNo,
    version: 1,
    code,
    ...more,
  });

  it('mixed items, shuffled, each with its own outcome', async () => {
    const list = [
      receiptItem('YN-SR-124', '2101', {
        message: '活动不存在',
        detail: { missing: [{ entity: 'activities', bizNo: 'YN-AC-46' }] },
      }),
      { bizNo: null, code: '2201' },
      receiptItem('YN-CR-1', '0100', { status: 'ACCEPTED' }),
      receiptItem('YN-TM-1', '0000', { outcome: 'UPDATED', nationalId: 'TM1', auditStatus: 'REVIEWING' }),
      receiptItem('YN-SR-123', '0000', { outcome: 'CREATED', nationalId: 'SR1' }),
      receiptItem('YN-VO-1', '1010'),
    ];
    nation.on('batches/B1', saying('0000', { batchNo: 'B1', status: 'PARTIAL', done: 5, total: 6, items: list }));
    const found = itemsOf(await gateway.receipt('B1'));
    expect(found.size).toBe(5);
    expect(found.get('YN-SR-123')).toMatchObject({
      class: 'DONE',
      result: 'CREATED',
      nationalId: 'SR1',
      review: 'PASSED',
    });
    expect(found.get('YN-TM-1')).toMatchObject({ class: 'DONE', review: 'REVIEWING' });
    expect(found.get('YN-SR-124')).toMatchObject({
      class: 'WAITDEP',
      missing: [{ entity: 'activities', bizNo: 'YN-AC-46' }],
    });
    expect(found.get('YN-CR-1')).toMatchObject({ class: 'ACCEPTED', batchNo: null, pollAfterMs: 60000 });
    expect(found.get('YN-VO-1')).toMatchObject({ class: 'HALT', scope: 'profile' });
    expect(forEveryNumber(found, ['YN-SR-123', 'YN-SR-999']).get('YN-SR-999')).toMatchObject({ class: 'AMBIG' });
  });

  it('a number named twice differently is not believed', async () => {
    const list = [receiptItem('A', '0000'), receiptItem('A', '2201')];
    nation.on('batches/B1', saying('0000', { status: 'PARTIAL', total: 2, items: list }));
    expect(itemsOf(await gateway.receipt('B1')).get('A')).toMatchObject({ class: 'AMBIG' });
  });

  it('reads page after page while total says so (D4)', async () => {
    nation.on('batches', (seen, reply) => {
      const query = new URLSearchParams(seen.query);
      const page = Number(query.get('page'));
      const list = Array.from({ length: page < 3 ? 100 : 7 }, (_, index) => receiptItem(`N-${page}-${index}`, '0000'));
      say(seen, reply, { code: '0000', payload: { status: 'DONE', total: 207, page, size: 100, items: list } });
    });
    expect(itemsOf(await gateway.receiptByClientBatchNo('CB-1')).size).toBe(207);
    expect(nation.seen.at(-1)?.query).toBe('clientBatchNo=CB-1&page=3&size=100');
  });

  it.each([
    ['0000', { status: 'PROCESSING', pollAfterMs: 2000 }, { status: 'processing', pollAfterMs: 2000 }],
    ['0000', { status: 'RECEIVED' }, { status: 'processing', pollAfterMs: null }],
    ['3002', {}, { status: 'processing' }],
    ['3001', {}, { status: 'gone', outcome: { class: 'AMBIG', code: '3001' } }],
    ['3003', {}, { status: 'gone', outcome: { class: 'AMBIG', code: '3003' } }],
    ['0000', { status: 'ODD' }, { status: 'failed', outcome: { class: 'RETRY' } }],
    ['1304', {}, { status: 'failed', outcome: { class: 'QUOTA', scope: 'all' } }],
  ])('%s %j', async (code, payload, expected) => {
    nation.on('batches/B1', saying(code, payload));
    expect(await gateway.receipt('B1')).toMatchObject(expected);
  });
});

describe('lookup', () => {
  const asOf = '2026-11-23T16:00:00.500+08:00';
  const row = {
    nationalId: 'TM1',
    bizNo: 'A',
    version: 2,
    contentHash: 'ab',
    status: 'ACTIVE',
    auditStatus: 'REVIEWING',
    mergedTo: null,
  };

  it('rows by number, a miss as an empty list, both with the moment they are true for', async () => {
    nation.on(
      'teams/lookup',
      saying('0000', {
        asOf,
        items: [
          { key: 'A', found: true, rows: [row] },
          { key: 'B', found: false, rows: [] },
        ],
      }),
    );
    const answer = await gateway.lookup('team', ['A', 'B']);
    if (answer.status !== 'found') throw new Error('not found');
    expect(answer.asOfMs).toBe(Date.parse(asOf));
    expect(answer.rows.get('A')).toEqual(
      [{ ...row, auditStatus: undefined, review: 'REVIEWING' }].map(({ auditStatus: _, ...rest }) => rest),
    );
    expect(answer.rows.get('B')).toEqual([]);
    expect(JSON.parse(nation.seen.at(-1)?.body.toString() ?? '')).toEqual({ by: 'bizNo', keys: ['A', 'B'] });
  });

  it("a volunteer's review is its real name", async () => {
    const rows = [{ ...row, realNameStatus: 'NONE', auditStatus: 'PASSED' }];
    nation.on('volunteers/lookup', saying('0000', { asOf, items: [{ key: 'A', found: true, rows }] }));
    expect(await gateway.lookup('volunteer', ['A'])).toMatchObject({ status: 'found' });
    const answer = await gateway.lookup('volunteer', ['A']);
    expect(answer.status === 'found' && answer.rows.get('A')?.[0]?.review).toBe('NONE');
  });

  it('asks in portions and vouches for the earliest moment', async () => {
    const numbers = Array.from({ length: 150 }, (_, index) => `N${index}`);
    nation.on('trainings/lookup', (seen, reply) => {
      const { keys } = JSON.parse(seen.body.toString()) as { keys: string[] };
      const list = keys.map((key) => ({ key, found: false, rows: [] }));
      say(seen, reply, {
        code: '0000',
        payload: { asOf: keys.length === 100 ? asOf : '2026-11-23T15:00:00+08:00', items: list },
      });
    });
    const answer = await gateway.lookup('training', numbers);
    expect(answer).toMatchObject({ status: 'found', asOfMs: Date.parse('2026-11-23T15:00:00+08:00') });
    expect(answer.status === 'found' && answer.rows.size).toBe(150);
  });

  it.each([
    ['a number left out', { asOf, items: [] }],
    ['no asOf', { items: [{ key: 'A', found: false, rows: [] }] }],
    ['a row of unknown status', { asOf, items: [{ key: 'A', found: true, rows: [{ ...row, status: 'ODD' }] }] }],
    ['found without rows', { asOf, items: [{ key: 'A', found: true, rows: [] }] }],
  ])('%s proves nothing', async (_name, payload) => {
    nation.on('teams/lookup', saying('0000', payload));
    expect(await gateway.lookup('team', ['A'])).toMatchObject({ status: 'failed', outcome: { class: 'RETRY' } });
  });
});

describe('certificate', () => {
  it.each([
    ['0000', { status: 'REVIEWING', pollAfterMs: 90000 }, { status: 'REVIEWING', pollAfterMs: 90000, certNo: null }],
    [
      '0000',
      { status: 'ISSUED', certNo: 'ZM53-2026-000778' },
      { status: 'ISSUED', certNo: 'ZM53-2026-000778', pollAfterMs: null },
    ],
    ['0000', { status: 'REJECTED', reason: '时长不符' }, { status: 'REJECTED', reason: '时长不符' }],
    ['2302', {}, { status: 'REVIEWING' }],
    ['2101', {}, { status: 'failed', outcome: { class: 'WAITDEP' } }],
  ])('%s %j', async (code, payload, expected) => {
    nation.on('certificate-requests/CR-1', saying(code, payload));
    expect(await gateway.certificate('CR-1')).toMatchObject(expected);
  });
});

describe('status', () => {
  const at = (time: string): number => Date.parse(`2026-11-23T${time}+08:00`);
  const window = { writesFrom: '06:00', writesTo: '23:00', timeZone: 'Asia/Shanghai' };

  it('reads limits, quota and window (A16)', async () => {
    const quota = { limit: null, used: 12, resetAt: '2026-11-24T00:00:00+08:00' };
    const limits = { batchItems: 100, batchBytes: 1048576, qps: 10, concurrency: null };
    nation.on(
      'sys/status',
      saying('0000', { mode: 'open', window: null, quota, limits, dictionaries: {}, deprecations: [] }),
    );
    expect(await gateway.status()).toEqual({
      status: 'ok',
      value: {
        mode: 'open',
        limits,
        quota: { limit: null, used: 12, resetAtMs: Date.parse(quota.resetAt) },
        writesOpenInMs: null,
      },
    });
  });

  it.each([
    ['open', '12:00:00', null],
    ['read-only', '23:30:00', 6.5 * 3_600_000],
    ['read-only', '05:59:00', 60_000],
    ['closed', '12:00:00', 300_000],
  ] as const)('%s at %s', (mode, time, expected) => {
    expect(writesOpenInMs({ mode, window }, at(time), 300_000)).toBe(expected);
  });
});

it('facts come from the profile', () => {
  const { facts } = gateway;
  expect(facts).toMatchObject({
    id: quickProfile().spec.id,
    readAfterWriteMs: 60_000,
    maxCommitLatencyMs: 120_000,
    overridesHash: '',
  });
  expect(facts.profileHash).toMatch(/^[0-9a-f]{64}$/);
  expect([gateway.entityOf('service-record'), gateway.kindOf('activities'), gateway.kindOf('odd')]).toEqual([
    'service-records',
    'activity',
    null,
  ]);
});
