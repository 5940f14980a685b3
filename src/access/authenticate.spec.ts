import fc from 'fast-check';
import { CallRefusal } from '../platform/http/index.js';
import { Authenticator, type SignedRequest } from './authenticate.js';
import { hashSecret, newAppKey, newSecret } from './credentials.js';
import { SIGN_METHODS, signatureOf, type SignMethod } from './request-signature.js';
import type { SourceSystem } from './source-directory.js';

const NOW = 1_795_334_400_000;
const appKey = newAppKey();
const secret = newSecret();
const system: SourceSystem = {
  id: 'x',
  appKey,
  areaCode: '5334',
  ratePerSecond: 50,
  maxParallel: 8,
  isSignatureRequired: false,
  secrets: [{ hash: hashSecret(secret), plain: () => secret }],
};

function door(): { authenticator: Authenticator; used: Set<string> } {
  const used = new Set<string>();
  const use = (key: string, nonce: string): Promise<boolean> => {
    const isNew = !used.has(`${key} ${nonce}`);
    used.add(`${key} ${nonce}`);
    return Promise.resolve(isNew);
  };
  const find = (key: string): Promise<SourceSystem | null> => Promise.resolve(key === appKey ? system : null);
  return { authenticator: new Authenticator({ find }, { use }, { nowMs: () => NOW }), used };
}

interface Draft {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly nonce: string;
  readonly skewMs: number;
  readonly signMethod: SignMethod;
}

function signedRequest(draft: Draft): SignedRequest {
  const timestamp = String(NOW + draft.skewMs);
  const { method, path, query, nonce, signMethod } = draft;
  const body = Buffer.from(draft.body);
  const sign = signatureOf(signMethod, secret, { method, path, query, appKey, timestamp, nonce, body }).toString('hex');
  return {
    method,
    target: query === '' ? path : `${path}?${query}`,
    body,
    headers: {
      'x-app-key': appKey,
      'x-timestamp': timestamp,
      'x-nonce': nonce,
      'x-sign-method': signMethod,
      'x-sign': sign,
    },
  };
}

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const drafts = fc.record({
  method: fc.constantFrom('POST', 'PUT', 'DELETE', 'GET'),
  path: fc.webPath().map((path) => `/api/v1${path}`),
  query: fc.constantFrom('', 'mode=validate', 'reason=%E9%87%8D%E5%A4%8D&revision=4', 'cursor=&limit=10'),
  body: fc.constantFrom('', '{"items":[]}', '{"items":[{"name":"扎西·次仁"}]}'),
  nonce: hex(32),
  skewMs: fc.integer({ min: -300_000, max: 300_000 }),
  signMethod: fc.constantFrom(...SIGN_METHODS),
});

/** Another text of the same length or one longer: flips one character. */
function spoil(text: string, at: number): string {
  const place = text.length === 0 ? 0 : at % text.length;
  const other = text[place] === '1' ? '2' : '1';
  return `${text.slice(0, place)}${other}${text.slice(place + 1)}`;
}

const MUTATIONS: readonly ((request: SignedRequest, at: number) => SignedRequest)[] = [
  (request) => ({ ...request, method: request.method === 'POST' ? 'PUT' : 'POST' }),
  (request, at) => ({ ...request, target: spoil(request.target, at) }),
  (request) => ({
    ...request,
    target: request.target.includes('?') ? `${request.target}&x=1` : `${request.target}?x=1`,
  }),
  (request, at) => ({ ...request, body: Buffer.from(spoil(request.body.toString(), at)) }),
  (request) => ({ ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) }),
  ...['x-app-key', 'x-timestamp', 'x-nonce', 'x-sign'].flatMap((name) => [
    (request: SignedRequest, at: number) => ({
      ...request,
      headers: { ...request.headers, [name]: spoil(String(request.headers[name]), at) },
    }),
    (request: SignedRequest) => {
      const { [name]: _dropped, ...headers } = request.headers;
      return { ...request, headers };
    },
  ]),
  (request) => ({
    ...request,
    headers: {
      ...request.headers,
      'x-sign-method': request.headers['x-sign-method'] === 'HMAC-SM3' ? 'HMAC-SHA256' : 'HMAC-SM3',
    },
  }),
  (request) => ({ ...request, headers: { ...request.headers, 'x-sign-method': 'none' } }),
  (request) => ({ ...request, headers: { ...request.headers, authorization: `Bearer ${appKey}.${secret}` } }),
];

const refusalOf = async (work: Promise<unknown>): Promise<CallRefusal> => {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof CallRefusal) return thrown;
  throw new Error('was let in');
};

describe('who calls', () => {
  it('lets every rightly signed request in, once', async () => {
    await fc.assert(
      fc.asyncProperty(drafts, async (draft) => {
        const { authenticator } = door();
        const request = signedRequest(draft);
        await expect(authenticator.authenticate(request)).resolves.toBe(system);
        expect((await refusalOf(authenticator.authenticate(request))).code).toBe('NONCE_REUSED');
      }),
      { numRuns: 200 },
    );
  });

  it('refuses 2,000 mutations of a signed request and uses up no nonce (S02, S04)', async () => {
    const codes = new Set(['UNAUTHENTICATED', 'SIGNATURE_INVALID', 'TIMESTAMP_SKEWED', 'AUTH_AMBIGUOUS']);
    await fc.assert(
      fc.asyncProperty(drafts, fc.nat(), fc.constantFrom(...MUTATIONS), async (draft, at, mutate) => {
        const { authenticator, used } = door();
        const refusal = await refusalOf(authenticator.authenticate(mutate(signedRequest(draft), at)));
        expect(codes).toContain(refusal.code);
        expect(used.size).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([-300_001, 300_001])('refuses a clock that is off by %i ms and says our time', async (skewMs) => {
    const { authenticator } = door();
    const draft = {
      method: 'GET',
      path: '/api/v1/summary',
      query: '',
      body: '',
      nonce: 'n'.repeat(16),
      skewMs,
    } as const;
    const refusal = await refusalOf(authenticator.authenticate(signedRequest({ ...draft, signMethod: 'HMAC-SHA256' })));
    expect(refusal.code).toBe('TIMESTAMP_SKEWED');
    expect(refusal.members).toEqual({ serverTime: new Date(NOW).toISOString(), serverTimeMs: NOW });
  });

  it.each([15, 65])('refuses a nonce of %i characters', async (length) => {
    const { authenticator } = door();
    const draft = { method: 'GET', path: '/', query: '', body: '', nonce: 'n'.repeat(length), skewMs: 0 } as const;
    expect(
      (await refusalOf(authenticator.authenticate(signedRequest({ ...draft, signMethod: 'HMAC-SM3' })))).code,
    ).toBe('SIGNATURE_INVALID');
  });
});
