import nock from 'nock';
import type { GatewayOutcome } from '../../src/national/index.js';
import { gatewayTo, trainingItem } from './nation-double.js';

// What intercepted HTTP shows beside the real sockets of wire.spec.ts: pages of filters and errors by their code.
// nock patches http for the whole worker, so it is switched on and off per file (stack 3.3).

const NATION = 'https://nation.test';
beforeAll(() => {
  if (!nock.isActive()) nock.activate();
  nock.disableNetConnect();
});
afterEach(() => nock.cleanAll());
afterAll(() => {
  nock.restore();
  nock.enableNetConnect();
});

const fault = (code: string): Error => Object.assign(new Error(code), { code });
const PAGE = '<!DOCTYPE html><html><head><title>请求被拦截</title></head><body>张三 13800000000</body></html>';

async function write(): Promise<GatewayOutcome | undefined> {
  const gateway = gatewayTo(NATION);
  const answer = await gateway.write(gateway.prepare([trainingItem('YN-TR-1')], null));
  return answer.level === 'call' ? answer.outcome : [...answer.items.values()][0];
}

describe('pages at the token endpoint: the write itself was never sent', () => {
  it.each([403, 405, 468, 200])('%i with HTML: a soft halt of the operation', async (status) => {
    nock(NATION).post('/gw/v1/auth/token').reply(status, PAGE, { 'Content-Type': 'text/html' });
    const outcome = await write();
    expect(outcome).toMatchObject({
      class: 'HALT',
      scope: 'operation',
      isSoft: true,
      message: expect.stringMatching(/拦截|网页/) as string,
    });
    expect(JSON.stringify(outcome)).not.toMatch(/张三|138/);
  });
  it.each([502, 503, 504])('%i with HTML: RETRY', async (status) => {
    nock(NATION).post('/gw/v1/auth/token').reply(status, PAGE, { 'Content-Type': 'text/html' });
    expect(await write()).toMatchObject({ class: 'RETRY', code: 'HTTP_ERROR' });
  });
  it.each(['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ENOTFOUND'])('%s: RETRY', async (code) => {
    nock(NATION).post('/gw/v1/auth/token').replyWithError(fault(code));
    expect(await write()).toMatchObject({ class: 'RETRY', code: 'TRANSPORT' });
  });
  it('no reply in time: RETRY', async () => {
    nock(NATION).post('/gw/v1/auth/token').delay(3000).reply(200, '{}');
    expect(await write()).toMatchObject({ class: 'RETRY', code: 'DEADLINE' });
    nock.abortPendingRequests();
  });
});
