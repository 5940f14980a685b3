/** The published vectors and the world generator (national §1.13; station §1, §2 G-24, §3). */
import { generateKeyPairSync, sign } from 'node:crypto';
import {
  bodyHash,
  bucketDigest,
  isObject,
  jcs,
  nationalContentHash,
  recordsHash,
  sha256Hex,
  stationContentHash,
  type JsonObject,
} from './canonical.js';
import { age, beijingDate } from './beijing.js';
import { planPushes } from './mutate.js';
import { decryptField, encryptField, canonicalQuery, signRequest } from './national/wire.js';
import { receiptLines, stationSign, verifyEd25519 } from './station-client.js';
import { makeWorld } from './world.js';
import { idCheckDigit, usccCheckDigit } from './world-numbers.js';

const RECORD_123: JsonObject = {
  volunteerBizNo: 'YN-DQ-VO-000901',
  activityBizNo: 'YN-DQ-AC-000045',
  projectBizNo: 'YN-DQ-PJ-000012',
  teamBizNo: 'YN-DQ-TM-000007',
  stationBizNo: 'YN-DQ-ST-000003',
  serviceDate: '2026-11-20',
  startAt: '2026-11-20T09:30:00+08:00',
  endAt: '2026-11-20T11:00:00+08:00',
  minutes: 90,
  content: '社区义诊',
  recordMode: 'SIGN_IN',
  recorderName: '测试记录员',
};

describe('national vectors (§1.13)', () => {
  const body = Buffer.from('{"items":[{"bizNo":"YN-DQ-SR-000123","version":1,"op":"UPSERT","data":{"minutes":90}}]}');
  const base = {
    method: 'POST',
    path: '/gw/v1/service-records/batch',
    query: '',
    appKey: 'vgw-demo-530000',
    timestamp: '1795420800000',
    nonce: '0f8fad5bd9cb469fa16570867728950e',
    token: 't-demo-1',
    body,
  };
  const secret = 'vgw-demo-secret-0001';

  test('body hashes', () => {
    expect(body.length).toBe(87);
    expect(bodyHash('HMAC-SHA256', body)).toBe('c2e39f7ed4e7235dd00a7eae5c94066932ae133bf7b5c800cfd8f967eeb5f1a9');
    expect(bodyHash('HMAC-SM3', body)).toBe('6e68e8b950f5b691324645f04138725c50917d186c18517dbd3e8b6dc702472d');
  });

  test('signatures', () => {
    expect(signRequest('HMAC-SHA256', secret, base)).toBe('Jb6MmJfr7U1qTYiLHE2+qnN6hIobyKT733n4jiuG9Ro=');
    expect(signRequest('HMAC-SM3', secret, base)).toBe('RS6hglFtHmQj6soB+a97D74oV3WIXv4Lc1pmbPjQqZo=');
    const get = {
      ...base,
      method: 'GET',
      path: '/gw/v1/changes',
      query: 'cursor=abc%3D&entities=service-records%2Cvolunteers&limit=200',
      body: Buffer.alloc(0),
    };
    const wanted = 'Q6k9XH3nXvXXI3KBGa8YYWSOBNe8nrfmY0BGVEGpt0o=';
    expect(signRequest('HMAC-SHA256', secret, get)).toBe(wanted);
    // A6: order and spelling of the query as sent do not matter.
    const other = { ...get, query: 'limit=200&entities=service-records,volunteers&cursor=abc%3d' };
    expect(signRequest('HMAC-SHA256', secret, other)).toBe(wanted);
    expect(canonicalQuery('b=1+2&a')).toBe('a=&b=1%2B2');
  });

  test('field encryption', () => {
    const key = '0123456789abcdeffedcba9876543210';
    const cipher = 'sm4:AAECAwQFBgcICQoLDA0OD44Sb/qcHb2uBTeXGvCR/7oiUnWeIaFLkhZzRbkryiFi';
    const iv = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
    expect(encryptField(key, '53340119900101001X', iv)).toBe(cipher);
    expect(decryptField(key, cipher)).toEqual({ ok: true, text: '53340119900101001X' });
    expect(decryptField(key, '53340119900101001X')).toEqual({ ok: false, rule: 'encrypted' });
    expect(decryptField(key, 'sm4:AAECAwQ=')).toEqual({ ok: false, rule: 'decrypt' });
  });

  test('content hash, digest, recordsHash', () => {
    const hash = 'b4fb6fb8db7162de49b8029761c5a668ebefff576ea05e807ecbea9a0503c84e';
    expect(nationalContentHash({ ...RECORD_123, rating: null })).toBe(hash);
    const person = { idNo: '53340119900101001X', idType: '01', mobile: '13800000000', name: '测试丙' };
    expect(nationalContentHash(person)).toBe('ceb1b4abb7acbeee89458170ee2b63409ca8b48cc7947222ad200cfe8ec9f10c');
    expect(sha256Hex('YN-DQ-SR-000123').startsWith('33835688')).toBe(true);
    const row = { bizNo: 'YN-DQ-SR-000123', version: 1, contentHash: hash, status: 'ACTIVE' };
    expect(bucketDigest([row])).toBe('e4b087bf31b118a333aa2fbde87c6fb1528de00c112377221ecf73db06e6b905');
    expect(bucketDigest([])).toBe(sha256Hex(''));
    const records = [
      { bizNo: 'YN-DQ-SR-000125', version: 2, minutes: 60 },
      { bizNo: 'YN-DQ-SR-000123', version: 1, minutes: 90 },
    ];
    expect(recordsHash(records)).toBe('4b62d0b63377a925c77b6470e73fe0ff4e5dd302ac480580750add7269cb50cf');
  });
});

describe('station vectors', () => {
  test('sign-samples/vector.json (§1)', () => {
    const vector = {
      appKey: 'st_5334010001',
      method: 'POST',
      path: '/v1/service-hours/batch',
      query: '',
      timestamp: '1795334400000',
      nonce: '9f1c2b7e4d5a4f60',
      body: '{"items":[{"clientRef":"SH-2026-000123","name":"扎西·次仁","minutes":150}]}',
    };
    const secret = 'test-secret-not-for-production';
    expect(stationSign('HMAC-SHA256', secret, vector)).toBe(
      '651446e685e69e5515ca4103a59e27b06159bd59bf8257b5e2029d7c92c57b51',
    );
    expect(stationSign('HMAC-SM3', secret, vector)).toBe(
      '9b178d09e2aa251a51b43a9991f3d5d4c7c1bd8892e34512c5fe4f1bd7e09253',
    );
  });

  test('content form: order, nulls and NFC do not matter, reason and revision are not content (G-12)', () => {
    const a = stationContentHash({ data: { b: 'e\u0301', a: 1, c: null } });
    expect(stationContentHash({ op: 'upsert', data: { a: 1, b: 'é' } })).toBe(a);
    expect(stationContentHash({ op: 'void' })).toBe(sha256Hex('{"op":"void"}'));
    expect(jcs({ z: 1e21, a: [null, 0.1, -0], '€': '\u0007' })).toBe('{"a":[null,0.1,0],"z":1e+21,"€":"\\u0007"}');
  });

  test('receipt: digest lines and Ed25519 (G-24)', () => {
    const items = [
      { kind: 'training', sourceId: 'T1', data: { a: 1 } },
      { kind: 'training', sourceId: 'T2', op: 'void' as const },
      { kind: 'nonsense', sourceId: '!', data: {} },
    ];
    const lines = receiptLines(items, [
      { index: 2, kind: null, sourceId: null, outcome: 'rejected' },
      { index: 0, kind: 'training', sourceId: 'T1', outcome: 'accepted', version: 1 },
      { index: 1, kind: 'training', sourceId: 'T2', outcome: 'duplicate', version: 2 },
    ]);
    const hash = sha256Hex('{"data":{"a":1},"op":"upsert"}');
    expect(lines).toBe(
      `0|training|T1|accepted|1|${hash}\n1|training|T2|duplicate|2|${sha256Hex('{"op":"void"}')}\n2|||rejected||\n`,
    );
    const pair = generateKeyPairSync('ed25519');
    const raw = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64');
    const signature = sign(null, Buffer.from('b|d|t'), pair.privateKey).toString('base64');
    expect(verifyEd25519(raw, 'b|d|t', signature)).toBe(true);
    expect(verifyEd25519(raw, 'b|d|u', signature)).toBe(false);
  });
});

describe('world', () => {
  const world = makeWorld({ seed: 7, sizes: { volunteers: 40, recordsPerVolunteer: 12 } });
  const of = (kind: string): JsonObject[] =>
    world.records.filter((one) => one.item.kind === kind).map((one) => one.item.data);

  test('is repeatable from its seed', () => {
    expect(makeWorld({ seed: 7, now: world.now, sizes: { volunteers: 40, recordsPerVolunteer: 12 } })).toEqual(world);
  });

  test('numbers of persons agree with themselves and are nobody’s (G-40, G-41)', () => {
    expect(idCheckDigit('11010519491231002')).toBe('X');
    expect(usccCheckDigit('91350100M000100Y4')).toBe('3');
    const volunteers = of('volunteer');
    expect(new Set(volunteers.map((one) => one.idNo)).size).toBe(volunteers.length);
    for (const data of volunteers) {
      const idNo = String(data.idNo);
      expect(idNo).toMatch(/^533499\d{11}[\dX]$/);
      expect(idCheckDigit(idNo.slice(0, 17))).toBe(idNo[17]);
      expect(idNo.slice(6, 14)).toBe(String(data.birthDate).replaceAll('-', ''));
      expect(Number(idNo[16]) % 2 === 1 ? '1' : '2').toBe(data.gender);
      const minor = age(String(data.birthDate), beijingDate(world.now)) < 18;
      if (minor) expect(isObject(data.guardian)).toBe(true);
    }
    expect(volunteers.some((one) => isObject(one.guardian))).toBe(true);
  });

  test('times of records: one Beijing day, past, minutes within, no overlap unless asked (G-43, G-44, G-46)', () => {
    const spans = new Map<string, [number, number][]>();
    for (const { item } of world.records.filter(
      (one) => one.item.kind === 'service-record' && one.fate !== 'clash:1',
    )) {
      const from = Date.parse(String(item.data.startAt));
      const to = Date.parse(String(item.data.endAt));
      expect(beijingDate(from)).toBe(item.data.serviceDate);
      expect(beijingDate(to)).toBe(item.data.serviceDate);
      expect(Number(item.data.minutes)).toBeGreaterThanOrEqual(1);
      expect(Number(item.data.minutes)).toBeLessThanOrEqual((to - from) / 60_000);
      const recorded = Date.parse(String(item.data.recordedAt));
      expect(recorded).toBeGreaterThanOrEqual(to);
      expect(recorded).toBeLessThanOrEqual(world.now);
      const list = spans.get(String(item.data.volunteerId)) ?? [];
      expect(list.some(([a, b]) => a < to && from < b)).toBe(false);
      spans.set(String(item.data.volunteerId), [...list, [from, to]]);
    }
  });

  test('the mutator keeps the last revision highest and every record pushed', () => {
    const plan = planPushes(world, () => true, { seed: 3 });
    const pushed = new Set(plan.batches.flat().map((item) => `${item.kind}/${item.sourceId}`));
    expect(pushed.size).toBe(world.records.length);
    for (const record of plan.records) {
      const revisions = record.revisions.map((item) => item.revision ?? -1);
      expect([...revisions].sort((a, b) => a - b)).toEqual(revisions);
      expect(new Set(revisions).size).toBe(revisions.length);
      expect(record.last.revision).toBe(revisions.at(-1));
    }
    expect(plan.records.some((record) => record.fate === 'voided')).toBe(true);
  });
});
