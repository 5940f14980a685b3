import { isSignedBy, signatureOf, signMethodOf, stringToSign } from './request-signature.js';

/** sign-samples/vector.json of the station contract. */
const VECTOR = {
  method: 'POST',
  path: '/v1/service-hours/batch',
  query: '',
  appKey: 'st_5334010001',
  timestamp: '1795334400000',
  nonce: '9f1c2b7e4d5a4f60',
  body: Buffer.from('{"items":[{"clientRef":"SH-2026-000123","name":"扎西·次仁","minutes":150}]}'),
};
const SECRET = 'test-secret-not-for-production';
const SHA256 = '651446e685e69e5515ca4103a59e27b06159bd59bf8257b5e2029d7c92c57b51';
const SM3 = '9b178d09e2aa251a51b43a9991f3d5d4c7c1bd8892e34512c5fe4f1bd7e09253';

describe('request signature (station-contract §1)', () => {
  it('computes the published vector with SHA-256 and SM3', () => {
    expect(signatureOf('HMAC-SHA256', SECRET, VECTOR).toString('hex')).toBe(SHA256);
    expect(signatureOf('HMAC-SM3', SECRET, VECTOR).toString('hex')).toBe(SM3);
  });

  it('takes hex of either case and nothing else', () => {
    expect(isSignedBy('HMAC-SHA256', SECRET, VECTOR, SHA256.toUpperCase())).toBe(true);
    expect(isSignedBy('HMAC-SM3', SECRET, VECTOR, SM3)).toBe(true);
    expect(isSignedBy('HMAC-SM3', SECRET, VECTOR, SHA256)).toBe(false);
    for (const wrong of ['', SHA256.slice(1), `${SHA256}0`, `g${SHA256.slice(1)}`]) {
      expect(isSignedBy('HMAC-SHA256', SECRET, VECTOR, wrong)).toBe(false);
    }
  });

  it('signs the hash of the empty string when there is no body (G-04)', () => {
    expect(stringToSign('HMAC-SHA256', { ...VECTOR, body: Buffer.alloc(0) })).toMatch(
      /\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855$/,
    );
  });

  it('knows its methods', () => {
    expect(signMethodOf(undefined)).toBe('HMAC-SHA256');
    expect(signMethodOf('HMAC-SM3')).toBe('HMAC-SM3');
    expect(signMethodOf('HMAC-MD5')).toBeNull();
  });
});
