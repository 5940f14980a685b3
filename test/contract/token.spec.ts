import type { GatewayOutcome, NationalGateway } from '../../src/national/index.js';
import { NationDouble, gatewayTo, say, trainingItem, type Script } from './nation-double.js';

// One token for everybody, and no loop when there is none (F23–F25).

let nation: NationDouble;
let gateway: NationalGateway;
beforeEach(async () => {
  nation = new NationDouble();
  gateway = gatewayTo(await nation.start());
});
afterEach(() => nation.stop());

const DONE = { code: '0000', payload: { outcome: 'CREATED' } } as const;

async function writeOne(nth = 0): Promise<GatewayOutcome | undefined> {
  const answer = await gateway.write(gateway.prepare([trainingItem(`YN-TR-${nth}`)], null));
  return answer.level === 'call' ? answer.outcome : [...answer.items.values()][0];
}

it('is asked for once and then used', async () => {
  nation.on('trainings', (seen, reply) => say(seen, reply, DONE));
  await Promise.all([writeOne(1), writeOne(2), writeOne(3)]);
  await writeOne(4);
  expect(nation.count('auth/token')).toBe(1);
});

it('100 calls see 1005 at once: one token call, each sent once more', async () => {
  const good: Script = (seen, reply) =>
    say(seen, reply, seen.headers['x-access-token'] === 't-2' ? DONE : { code: '1005' });
  nation.on('trainings', (seen, reply) => say(seen, reply, DONE));
  await writeOne();
  nation.on('trainings', good);
  const before = nation.count('trainings');
  const outcomes = await Promise.all(Array.from({ length: 100 }, (_, nth) => writeOne(nth)));
  expect(new Set(outcomes.map((outcome) => outcome?.class))).toEqual(new Set(['DONE']));
  expect(nation.count('auth/token')).toBe(2);
  expect(nation.count('trainings') - before).toBe(200);
  const ids = nation.seen.map((one) => one.headers['x-request-id']);
  const nonces = nation.seen.map((one) => one.headers['x-nonce']);
  expect([new Set(ids).size, new Set(nonces).size]).toEqual([ids.length, nonces.length]);
});

it('1005 again after a fresh token: RETRY, not a third send', async () => {
  nation.on('trainings', (seen, reply) => say(seen, reply, { code: '1005' }));
  expect(await writeOne()).toMatchObject({ class: 'RETRY', code: '1005' });
  expect(nation.count('trainings')).toBe(2);
});

it.each(['1005', '1006'])('%s for ever: token calls stop, calls wait', async (code) => {
  nation.on('trainings', (seen, reply) => say(seen, reply, { code }));
  for (let nth = 0; nth < 20; nth += 1) await writeOne(nth);
  expect(nation.count('auth/token')).toBeLessThanOrEqual(5);
  const last = await writeOne(21);
  expect(last).toMatchObject({ class: 'RETRY', code: 'NO_TOKEN' });
  expect(last?.class === 'RETRY' && last.retryAfterMs).toBeGreaterThan(0);
});

it('a token endpoint that fails is not hammered (F24)', async () => {
  nation.token = (_seen, reply) => void reply.writeHead(502).end();
  const outcomes = await Promise.all(Array.from({ length: 50 }, (_, nth) => writeOne(nth)));
  for (let nth = 0; nth < 20; nth += 1) outcomes.push(await writeOne(nth));
  expect(new Set(outcomes.map((outcome) => outcome?.class))).toEqual(new Set(['RETRY']));
  expect(nation.count('auth/token')).toBe(1);
  expect(nation.count('trainings')).toBe(0);
});

it('an already expired token counts as none', async () => {
  nation.token = (seen, reply) => say(seen, reply, { code: '0000', payload: { accessToken: 't-x', expiresInSec: 0 } });
  expect(await writeOne()).toMatchObject({ class: 'RETRY', code: 'NO_TOKEN' });
  expect(nation.count('trainings')).toBe(0);
});

it('a halt at the token endpoint is a halt of the call', async () => {
  nation.token = (seen, reply) => say(seen, reply, { code: '1007', secret: null });
  expect(await writeOne()).toMatchObject({ class: 'HALT', scope: 'profile', code: '1007' });
});
