import { createHash } from 'node:crypto';
import { contentHash, recordsHash, sha256Hex } from './canonical-form.js';
import { createFieldCipher } from './field-cipher.js';
import type { RowState } from './model.js';
import { bucketsOf } from './recon-snapshots.js';
import { canonicalQuery, sign, type SignedParts } from './signing.js';

/** Published vectors of §1.13. */
const BODY = Buffer.from('{"items":[{"bizNo":"YN-DQ-SR-000123","version":1,"op":"UPSERT","data":{"minutes":90}}]}');
const POST: SignedParts = {
  method: 'POST',
  path: '/gw/v1/service-records/batch',
  rawQuery: '',
  appKey: 'vgw-demo-530000',
  timestamp: '1795420800000',
  nonce: '0f8fad5bd9cb469fa16570867728950e',
  token: 't-demo-1',
  body: BODY,
};
const SECRET = 'vgw-demo-secret-0001';
const RECORD_HASH = 'b4fb6fb8db7162de49b8029761c5a668ebefff576ea05e807ecbea9a0503c84e';

describe('vectors of §1.13', () => {
  it('hashes the body', () => {
    expect(BODY).toHaveLength(87);
    expect(sha256Hex(BODY)).toBe('c2e39f7ed4e7235dd00a7eae5c94066932ae133bf7b5c800cfd8f967eeb5f1a9');
    const sm3 = createHash('sm3').update(BODY).digest('hex');
    expect(sm3).toBe('6e68e8b950f5b691324645f04138725c50917d186c18517dbd3e8b6dc702472d');
  });

  it('signs with both HMAC methods', () => {
    expect(sign(POST, 'HMAC-SHA256', SECRET)).toBe('Jb6MmJfr7U1qTYiLHE2+qnN6hIobyKT733n4jiuG9Ro=');
    expect(sign(POST, 'HMAC-SM3', SECRET)).toBe('RS6hglFtHmQj6soB+a97D74oV3WIXv4Lc1pmbPjQqZo=');
  });

  it('signs a GET with a query, however its keys were ordered and encoded', () => {
    const rawQuery = 'limit=200&cursor=abc%3d&entities=service-records,volunteers';
    const parts = { ...POST, method: 'GET', path: '/gw/v1/changes', rawQuery, body: Buffer.alloc(0) };
    expect(sign(parts, 'HMAC-SHA256', SECRET)).toBe('Q6k9XH3nXvXXI3KBGa8YYWSOBNe8nrfmY0BGVEGpt0o=');
  });

  it('keeps + literal and completes a key without = (§1.16 A6)', () => {
    expect(canonicalQuery('b=1+2&a&c=%e4%b8%ad*')).toBe('a=&b=1%2B2&c=%E4%B8%AD%2A');
  });

  it('encrypts and decrypts a field', () => {
    const cipher = createFieldCipher('0123456789abcdeffedcba9876543210');
    const sealed = 'sm4:AAECAwQFBgcICQoLDA0OD44Sb/qcHb2uBTeXGvCR/7oiUnWeIaFLkhZzRbkryiFi';
    const iv = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
    expect(cipher.seal('53340119900101001X', iv)).toBe(sealed);
    expect(cipher.open(sealed)).toBe('53340119900101001X');
    expect(cipher.open(`${sealed.slice(0, -4)}AAAA`)).toBeNull();
    expect(cipher.open('sm4:13800000000')).toBeNull();
  });

  it('hashes content whatever the key order, with null keys dropped', () => {
    const data = {
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
    expect(contentHash({ ...data, rating: null })).toBe(RECORD_HASH);
    const person = { name: '测试丙', mobile: '13800000000', idType: '01', idNo: '53340119900101001X' };
    expect(contentHash(person)).toBe('ceb1b4abb7acbeee89458170ee2b63409ca8b48cc7947222ad200cfe8ec9f10c');
  });

  it('normalises to NFC and keeps null inside lists', () => {
    expect(contentHash({ name: 'e\u0301', list: [null, ''] })).toBe(sha256Hex('{"list":[null,""],"name":"é"}'));
  });

  it('puts a record into its bucket and digests it', () => {
    const hash = sha256Hex('YN-DQ-SR-000123');
    expect(hash.slice(0, 8)).toBe('33835688');
    const state = { bizNo: 'YN-DQ-SR-000123', version: 1, contentHash: RECORD_HASH, status: 'ACTIVE' } as RowState;
    const rows = [{ hash, state }];
    const digest = 'e4b087bf31b118a333aa2fbde87c6fb1528de00c112377221ecf73db06e6b905';
    expect(bucketsOf(rows, '')[0x33]).toEqual({ b: '33', count: 1, digest });
    expect(bucketsOf(rows, '33')[0x83]).toEqual({ b: '83', count: 1, digest });
    expect(bucketsOf(rows, '')[0]).toEqual({ b: '00', count: 0, digest: sha256Hex('') });
  });

  it('hashes the records of a certificate in any order', () => {
    const lines = ['YN-DQ-SR-000125|2|60\n', 'YN-DQ-SR-000123|1|90\n'];
    expect(recordsHash(lines)).toBe('4b62d0b63377a925c77b6470e73fe0ff4e5dd302ac480580750add7269cb50cf');
  });
});
