import { createCallbackCheck, type CallbackRequest } from '../../src/national/index.js';
import { stringToSign } from '../../src/national/call/canonical-query.js';
import { signerFactory } from '../../src/national/plugins/plugin-registry.js';
import { quickProfile } from './nation-double.js';

const NOW = 1_795_420_800_000;
const check = createCallbackCheck({
  profile: quickProfile(),
  appKey: 'key',
  appSecret: 'current,next',
  nationalNowMs: () => NOW,
});

interface Forging {
  readonly appKey?: string;
  readonly secret?: string;
  readonly timestampMs?: number;
  readonly text?: string;
}

function callback({ appKey = 'key', secret = 'current', timestampMs = NOW, text }: Forging = {}): CallbackRequest {
  const signer = signerFactory('HMAC-SHA256')(secret);
  const event = {
    eventId: 'e-1',
    type: 'CERT_STATUS',
    bizNo: 'YN-CR-1',
    status: 'ISSUED',
    certNo: 'Z',
    occurredAt: 'x',
  };
  const body = Buffer.from(text ?? JSON.stringify(event), 'utf8');
  const line = { method: 'POST', path: '/national/callback', query: 'b=2&a=1' };
  const signed = { ...line, appKey, timestamp: String(timestampMs), nonce: 'nonce-0123456789', token: '' };
  const headers = {
    'x-app-key': appKey,
    'x-timestamp': signed.timestamp,
    'x-nonce': signed.nonce,
    'x-sign': signer.sign(stringToSign({ ...signed, bodyDigest: signer.digest(body) })),
  };
  return { ...line, headers, body };
}

describe('callbacks (F52, G5)', () => {
  it.each(['current', 'next'])('signed with the %s secret: genuine, with its nonce', (secret) => {
    expect(check(callback({ secret }))).toEqual({
      status: 'genuine',
      nonce: 'nonce-0123456789',
      nonceLifeMs: 600_000,
      callback: {
        eventId: 'e-1',
        type: 'CERT_STATUS',
        entity: null,
        bizNo: 'YN-CR-1',
        batchNo: null,
        clientBatchNo: null,
      },
    });
  });

  it.each([
    ['HEADERS', { ...callback(), headers: {} }],
    ['APP-KEY', callback({ appKey: 'other' })],
    ['TIMESTAMP', callback({ timestampMs: NOW - 300_001 })],
    ['SIGNATURE', callback({ secret: 'forger' })],
    ['SIGNATURE', { ...callback(), body: Buffer.from('{}') }],
    ['SIGNATURE', { ...callback(), path: '/other' }],
    ['BODY', callback({ text: '[]' })],
    ['BODY', callback({ text: '{"type":"BATCH_DONE"}' })],
  ])('%s: refused', (reason, request) => {
    expect(check(request)).toEqual({ status: 'refused', reason });
  });
});
