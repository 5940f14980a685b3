import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import type { KeyStore } from './key-store.js';
import { createVault, VaultError } from './vault.js';

const signing = generateKeyPairSync('ed25519');
const dataKey = (id: string): KeyStore['dataKeys'][number] => ({ id, key: randomBytes(32) });
const keys = (...dataKeys: KeyStore['dataKeys'][number][]): KeyStore => ({
  dataKeys,
  blindIndexKey: randomBytes(32),
  receiptKeys: [
    {
      id: 'r1',
      privateKey: signing.privateKey,
      publicKey: signing.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: null,
    },
  ],
});

const PLACE = 'record_version|sealed|r1';

describe('vault (S30, S32)', () => {
  const vault = createVault(keys(dataKey('d1')));

  it.each(['', '测试甲', '{"f":{"idNo":"53340119900307003X"}}', 'x'.repeat(100_000)])(
    'opens what it sealed',
    (text) => {
      expect(vault.open(vault.seal(text, PLACE), PLACE)).toBe(text);
    },
  );

  it('never seals the same text to the same bytes, and shows nothing of it', () => {
    const sealed = Array.from({ length: 200 }, () => vault.seal('测试甲 13900000001', PLACE));
    expect(new Set(sealed.map((bytes) => bytes.toString('hex'))).size).toBe(200);
    // 1 + id, then 12 bytes of nonce that must all differ.
    expect(new Set(sealed.map((bytes) => bytes.subarray(3, 15).toString('hex'))).size).toBe(200);
    expect(sealed[0]?.toString('latin1')).not.toContain('13900000001');
  });

  it.each([
    ['another row', 'record_version|sealed|r2'],
    ['another column', 'record_version|reason|r1'],
    ['another table', 'webhook|sealed|r1'],
  ])('does not open at %s', (_, place) => {
    expect(() => vault.open(vault.seal('测试甲', PLACE), place)).toThrow(VaultError);
  });

  it('does not open with any one bit changed', () => {
    const sealed = vault.seal('测试甲', PLACE);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => vault.open(changed, PLACE)).toThrow(VaultError);
    }
  });

  it('does not open what was cut, down to nothing: a short tag is no tag', () => {
    const sealed = vault.seal('', PLACE);
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => vault.open(sealed.subarray(0, length), PLACE)).toThrow(VaultError);
    }
  });

  it('opens old values after a rotation and seals with the newest key', () => {
    const [old, fresh] = [dataKey('d1'), dataKey('d2')];
    const before = createVault(keys(old));
    const after = createVault(keys(fresh, old));
    const sealed = before.seal('测试甲', PLACE);
    expect(after.open(sealed, PLACE)).toBe('测试甲');
    const resealed = after.seal('测试甲', PLACE);
    expect(resealed.subarray(0, 3).toString('latin1')).toBe('\u0002d2');
    expect(() => before.open(resealed, PLACE)).toThrow(/unknown data key/);
    expect(() => createVault(keys(fresh)).open(sealed, PLACE)).toThrow(/unknown data key/);
  });

  it('asks for a key that another process has added meanwhile', () => {
    const [old, fresh] = [dataKey('d1'), dataKey('d2')];
    const running = createVault(keys(old), () => keys(fresh, old));
    expect(running.open(createVault(keys(fresh, old)).seal('测试甲', PLACE), PLACE)).toBe('测试甲');
  });

  it('indexes blindly: the same value is found again, per purpose, and only with the key', () => {
    const number = '53340119900307003X';
    const other = createVault(keys(dataKey('d1')));
    expect(vault.blindIndex('person-id', number)).toEqual(vault.blindIndex('person-id', number));
    expect(vault.blindIndex('person-id', number)).toHaveLength(32);
    expect(vault.blindIndex('person-name', number)).not.toEqual(vault.blindIndex('person-id', number));
    expect(other.blindIndex('person-id', number)).not.toEqual(vault.blindIndex('person-id', number));
  });

  it('signs receipts with Ed25519 over the exact text', () => {
    const { keyId, signature } = vault.signReceipt('batch|digest|at');
    const [key] = vault.receiptKeys;
    expect(keyId).toBe(key?.id);
    const publicKey = createPublicKey(key?.privateKey ?? '');
    const bytes = Buffer.from(signature, 'base64');
    expect(verify(null, Buffer.from('batch|digest|at'), publicKey, bytes)).toBe(true);
    expect(verify(null, Buffer.from('batch|digest|at '), publicKey, bytes)).toBe(false);
  });

  it('is not made without keys', () => {
    expect(() => createVault(keys())).toThrow(VaultError);
  });
});
