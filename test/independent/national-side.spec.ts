/** The national side against a signed caller: gate, idempotency, rules, certificates, batches. */
import { recordsHash, sha256Hex, type JsonObject } from './canonical.js';
import {
  batchOf,
  closeAll,
  dataOf,
  find,
  populated,
  start,
  worldItems,
  write,
  type Item,
} from './national-fixtures.js';
import { NationalCaller, type Envelope } from './national-caller.js';
import { pause } from './station-client.js';

afterEach(closeAll);

describe('gate (A1–A8)', () => {
  test('codes in order; replies are signed', async () => {
    const { national, caller } = await start();
    const sm3 = new NationalCaller({ baseUrl: national.baseUrl, method: 'HMAC-SM3' });
    await sm3.login();
    expect(await sm3.get('/gw/v1/sys/status')).toMatchObject({ code: '0000', signed: true });
    const path = '/gw/v1/stations/lookup';
    const body = { by: 'bizNo', keys: ['X'] };
    const code = async (overrides: Record<string, string>): Promise<string> =>
      (await caller.post(path, body, overrides)).code;
    expect(await code({ 'X-Nonce': 'short' })).toBe('1001');
    expect(await code({ 'X-Sign-Method': 'SM2' })).toBe('1001');
    expect(await code({ 'X-Contract': 'ref-v0' })).toBe('1011');
    expect(await code({ 'X-App-Key': 'other' })).toBe('1007');
    expect(await code({ 'X-Timestamp': String(Date.now() - 400_000) })).toBe('1003');
    expect(await code({ 'X-Sign': 'AAAA' })).toBe('1002');
    expect(await code({ 'X-Nonce': 'n'.repeat(16) })).toBe('0000');
    expect(await code({ 'X-Nonce': 'n'.repeat(16) })).toBe('1004');
    expect(await code({ 'X-Access-Token': 't-unknown' })).toBe('1005');
    expect((await caller.get('/gw/v1/nothing')).status).toBe(404);
    expect((await fetch(`${national.baseUrl}/gw/v1/sys/time`)).status).toBe(200);
    const rules = new Set(national.violations.map((one) => one.rule));
    expect(rules).toEqual(
      new Set(['HEADER_MALFORMED', 'CONTRACT_WRONG', 'APP_KEY_WRONG', 'SIGNATURE_WRONG', 'NONCE_REUSED']),
    );
  });

  test('limits, quota and window', async () => {
    const { national, caller } = await start({ limits: { quota: 3 }, httpStatusMode: 'mixed' });
    expect((await caller.get('/gw/v1/changes')).code).toBe('0000');
    national.faults.closeWindow(Date.now() + 60_000);
    expect(await caller.post('/gw/v1/stations', {})).toMatchObject({ code: '1303', status: 503 });
    expect((await caller.get('/gw/v1/changes')).code).toBe('0000');
    expect(await caller.get('/gw/v1/changes')).toMatchObject({ code: '1302', status: 429 });
    expect((await caller.get('/gw/v1/sys/status')).code).toBe('0000');
    const fast = await start({ limits: { qps: 1, burst: 2 } });
    const codes = await Promise.all([1, 2, 3].map(() => fast.caller.get('/gw/v1/changes')));
    expect(codes.filter((reply) => reply.code === '1301').length).toBeGreaterThan(0);
  });
});

describe('writes', () => {
  test('the whole small world is taken, and taken again is 2001', async () => {
    const { national, caller, items } = await populated();
    for (const item of items) expect((await write(caller, item)).code).toBe('2001');
    expect(national.totalMinutes()).toBeGreaterThan(0);
    expect(national.violations).toEqual([]);
  });

  test('idempotency table (§1.5, B1–B4)', async () => {
    const { caller, items } = await populated();
    const item = find(items, 'training');
    const changed = { data: { ...dataOf(item), content: '改' } };
    expect(await write(caller, item, changed)).toMatchObject({ code: '2002', detail: { storedVersion: 1 } });
    expect(await write(caller, item, { ...changed, version: 3 })).toMatchObject({
      data: { outcome: 'UPDATED', previousVersion: 1 },
    });
    expect((await write(caller, item, { version: 2 })).code).toBe('2003');
    const gone = { op: 'VOID', reason: '重复登记' };
    expect((await write(caller, item, { ...gone, version: 3 })).code).toBe('2002');
    expect((await write(caller, item, { ...gone, version: 4 })).data.outcome).toBe('VOIDED');
    expect((await write(caller, item, { ...gone, version: 9 })).code).toBe('2001');
    expect((await write(caller, item, { version: 5 })).code).toBe('2013');
    expect((await write(caller, item, { version: 5, reopen: true })).data.outcome).toBe('UPDATED');
    expect((await write(caller, item, { ...gone, bizNo: 'NEVER', version: 1 })).detail).toEqual({
      missing: [{ entity: 'trainings', bizNo: 'NEVER' }],
    });
  });

  test('fields: unknown, plain text, undecipherable, VOID with live children', async () => {
    const { national, caller, items } = await populated();
    const team = find(items, 'team');
    const bad = async (data: JsonObject): Promise<string> =>
      (await write(caller, team, { version: 2, data: { ...dataOf(team), ...data } })).code;
    expect(await bad({ rating: 1 })).toBe('2201');
    expect(await bad({ contactMobile: '13800000000' })).toBe('2201');
    expect(await bad({ contactMobile: 'sm4:AAECAwQ=' })).toBe('1010');
    expect(await bad({ areaCode: '110101001001' })).toBe('2204');
    expect(await bad({ stationBizNo: 'NOPE' })).toBe('2101');
    expect((await write(caller, team, { op: 'VOID', reason: 'x', version: 2 })).code).toBe('2014');
    const rules = national.violations.map((one) => one.rule);
    expect(rules).toEqual(['UNKNOWN_FIELD', 'PLAIN_TEXT_PERSONAL_FIELD', 'FIELD_NOT_DECRYPTABLE']);
  });
});

describe('records, certificates and reviews', () => {
  test('records: overlap, natural key, interval, too old, membership (C9–C12)', async () => {
    const { caller, items } = await populated();
    const record = find(items, 'service-record');
    const data = dataOf(record);
    const code = async (patch: JsonObject): Promise<string> =>
      (await write(caller, record, { bizNo: 'SR-NEW', data: { ...data, ...patch } })).code;
    const shifted = (minutes: number): string =>
      new Date(Date.parse(String(data.startAt)) + minutes * 60_000 + 8 * 3600_000)
        .toISOString()
        .replace(/\.\d+Z/, '+08:00');
    expect(await code({})).toBe('2010');
    expect(await code({ startAt: shifted(1), minutes: 1 })).toBe('2211');
    expect(await code({ startAt: shifted(1), minutes: 900 })).toBe('2205');
    expect(await code({ startAt: shifted(1), endAt: shifted(1) })).toBe('2201');
    expect(await code({ startAt: shifted(1), minutes: 1, serviceDate: '2020-01-01' })).toBe('2206');
    const elsewhere = items.find((one) => one.kind === 'project' && one.body.bizNo !== data.projectBizNo) as Item;
    expect(await code({ startAt: shifted(1), minutes: 1, projectBizNo: elsewhere.body.bizNo })).toBe('2105');
    // Touching ends do not overlap (C10).
    expect(await code({ startAt: shifted(-10), endAt: shifted(0), minutes: 10 })).toBe('0000');
  });
});

describe('certificates and reviews', () => {
  test('certificate: 2301 until the totals agree, then ISSUED; cover is 2014 (G1–G3, B17)', async () => {
    const { national, caller, items } = await populated();
    const record = find(items, 'service-record');
    const volunteer = dataOf(record).volunteerBizNo;
    const rows = national.rows('service-records').filter((row) => row.data.volunteerBizNo === volunteer);
    const data: JsonObject = {
      volunteerBizNo: volunteer,
      periodFrom: '2000-01-01',
      periodTo: '2099-01-01',
      totalMinutes: rows.reduce((sum, row) => sum + Number(row.data.minutes), 0),
      recordCount: rows.length,
      recordsHash: recordsHash(
        rows.map((row) => ({ bizNo: row.bizNo ?? '', version: row.version, minutes: Number(row.data.minutes) })),
      ),
      issuerOrgName: '测试社区居委会',
    };
    const item: Item = { kind: 'certificate-request', body: { bizNo: 'CR-1', version: 1, op: 'UPSERT', data } };
    const wrong = await write(caller, item, { data: { ...data, totalMinutes: 1 } });
    expect(wrong).toMatchObject({ code: '2301', detail: { national: { totalMinutes: data.totalMinutes } } });
    expect(await write(caller, item)).toMatchObject({ code: '0100', data: { status: 'ACCEPTED', outcome: 'CREATED' } });
    const issued = await caller.get('/gw/v1/certificate-requests/CR-1');
    expect(issued.data.status).toBe('ISSUED');
    const file = await fetch(String(issued.data.fileUrl));
    expect(sha256Hex(Buffer.from(await file.arrayBuffer()))).toBe(issued.data.sha256);
    expect((await write(caller, record, { version: 2 })).detail.certNo).toBe(issued.data.certNo);
  });

  /** Long enough for the writes before it on a busy machine. */
  const REVIEW_MS = 1_000;

  test('reviews: REVIEWING holds children back, FAILED closes them off; link (B9, B13–B15)', async () => {
    const { national, caller } = await start({ reviewMs: REVIEW_MS, realNameMs: REVIEW_MS });
    const items = worldItems(11);
    const [station, team, project, volunteer] = ['station', 'team', 'project', 'volunteer'].map((kind) =>
      find(items, kind),
    ) as [Item, Item, Item, Item];
    await write(caller, station);
    const lone = { ...dataOf(team), leaderVolunteerBizNo: null };
    expect((await write(caller, team, { data: lone })).data.auditStatus).toBe('REVIEWING');
    expect((await write(caller, project)).code).toBe('2102');
    await pause(REVIEW_MS + 50);
    expect((await write(caller, project)).code).toBe('0000');
    const training: Item = { kind: 'training', body: { ...find(items, 'training').body } };
    const forVolunteer = { data: { ...dataOf(training), volunteerBizNo: volunteer.body.bizNo } };
    await write(caller, volunteer);
    expect((await write(caller, training, forVolunteer)).code).toBe('2103');
    national.faults.failReview(String(volunteer.body.bizNo));
    await pause(REVIEW_MS + 50);
    expect((await write(caller, training, forVolunteer)).code).toBe('2104');
    const foreign = national.acts.addForeign('stations', {
      ...dataOf(station),
      name: '门户登记站',
      managerMobile: '13900000000',
    });
    const own = { bizNo: 'ST-L', data: { ...dataOf(station), name: '门户登记站' } };
    expect((await write(caller, station, own)).detail.nationalId).toBe(foreign.nationalId);
    expect((await write(caller, station, { ...own, linkTo: foreign.nationalId })).data.outcome).toBe('LINKED');
    expect((await write(caller, station, own)).code).toBe('2001');
  });
});

describe('batches, reads and faults', () => {
  test('receipt by both numbers, same bytes same batch, other bytes 2002 (D1–D5)', async () => {
    const { caller } = await start({ receiptDelayMs: 500 });
    const stations = worldItems(11).filter((one) => one.kind === 'station');
    const first = await caller.post('/gw/v1/stations/batch', batchOf(stations));
    expect(first).toMatchObject({ code: '0100', data: { received: stations.length } });
    const path = `/gw/v1/batches/${String(first.data.batchNo)}`;
    expect((await caller.get(path)).data).toMatchObject({ status: 'PROCESSING', items: [] });
    await pause(600);
    const receipt = await caller.get('/gw/v1/batches?clientBatchNo=C-1');
    expect(receipt.data).toMatchObject({ status: 'DONE', done: stations.length });
    expect((receipt.data.items as JsonObject[])[0]).toMatchObject({ code: '0000', outcome: 'CREATED', version: 1 });
    expect((await caller.post('/gw/v1/stations/batch', batchOf(stations))).data.batchNo).toBe(first.data.batchNo);
    expect((await caller.post('/gw/v1/stations/batch', batchOf(stations.slice(1)))).code).toBe('2002');
    expect((await caller.get('/gw/v1/batches/B0')).code).toBe('3001');
  });

  test('lost reply: the row stands; a resend without a lookup is a violation, one with a lookup is not', async () => {
    const { national, caller } = await start({ readLagMs: 500 });
    const station = find(worldItems(11), 'station');
    const fault = national.faults.loseReply({ nth: 1, after: 'commit' });
    await expect(write(caller, station)).rejects.toThrow();
    expect(fault.hits()).toBe(1);
    expect(national.activeRow(String(station.body.bizNo))?.version).toBe(1);
    const look = (): Promise<Envelope> =>
      caller.post('/gw/v1/stations/lookup', { by: 'bizNo', keys: [String(station.body.bizNo)] });
    // E5, §1.7: a miss with asOf earlier than the attempt proves nothing.
    expect((await look()).data.items).toMatchObject([{ found: false }]);
    expect((await write(caller, station)).code).toBe('2001');
    expect(national.violations.map((one) => one.rule)).toEqual(['RESEND_WITHOUT_LOOKUP']);
    national.faults.loseReply({ times: 1 });
    await expect(write(caller, station, { version: 2 })).rejects.toThrow();
    await pause(600);
    expect((await look()).data.items).toMatchObject([{ found: true, rows: [{ version: 2 }] }]);
    expect((await write(caller, station, { version: 3 })).code).toBe('0000');
    expect(national.violations).toHaveLength(1);
  });

  test('late commit: missed at first, there later; the resend of the same version is then 2001 (F04)', async () => {
    const { national, caller } = await start();
    const station = find(worldItems(11), 'station');
    national.faults.lateCommit(500, { nth: 1 });
    await expect(write(caller, station)).rejects.toThrow();
    const keys = [String(station.body.bizNo)];
    expect((await caller.post('/gw/v1/stations/lookup', { by: 'bizNo', keys })).data.items).toMatchObject([
      { found: false },
    ]);
    await pause(600);
    expect((await write(caller, station)).code).toBe('2001');
    expect(national.violations).toEqual([]);
  });
});
