import { createHash, createHmac } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { Pool } from 'pg';
import { CallbackIntake, type CallbackReply } from '../../../src/answers/index.js';
import { createCallbackCheck, loadProfile, profileIds, type CallbackRequest } from '../../../src/national/index.js';
import { Database } from '../../../src/platform/database/index.js';
import { createTestDatabase, type TestDatabase } from '../../harness/database.js';
import { CHECKOUT } from '../../harness/run.js';

const APP_KEY = 'demo-key';
const SECRET = 'demo-secret-0123456789';
const NOW_MS = 1_795_420_800_000;
const PATH = '/national/callback';
const profilesDir = join(CHECKOUT, 'config', 'national');

/** Signed by hand from the contract's words (§1.2, §1.16 G5), not with the product's own signer. */
function callback(event: object, nonce: string, secret = SECRET): CallbackRequest {
  const body = Buffer.from(JSON.stringify(event), 'utf8');
  const digest = createHash('sha256').update(body).digest('hex');
  const text = ['POST', PATH, '', APP_KEY, String(NOW_MS), nonce, '', digest].join('\n');
  const sign = createHmac('sha256', secret).update(text, 'utf8').digest('base64');
  const headers = { 'x-app-key': APP_KEY, 'x-timestamp': String(NOW_MS), 'x-nonce': nonce, 'x-sign': sign };
  return { method: 'POST', path: PATH, query: '', headers, body };
}

const EVENT = {
  eventId: 'e-1',
  type: 'CERT_STATUS',
  bizNo: 'ZQ-cr-1',
  status: 'ISSUED',
  occurredAt: '2026-11-24T08:00:00+08:00',
};

/** Real: PostgreSQL. */
describe('national callbacks', () => {
  let test: TestDatabase;
  let pool: Pool;
  let intake: CallbackIntake;
  const refused: string[] = [];

  beforeAll(async () => {
    test = await createTestDatabase();
    pool = new Pool({ connectionString: test.url, max: 4 });
    const profile = loadProfile({ profilesDir, id: profileIds(profilesDir)[0] ?? '' });
    intake = new CallbackIntake({
      database: new Database(pool),
      check: createCallbackCheck({ profile, appKey: APP_KEY, appSecret: SECRET, nationalNowMs: () => NOW_MS }),
      onRefused: (reason) => refused.push(reason),
    });
  }, 60_000);

  afterAll(async () => {
    await pool.end();
    await test.drop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE national_watch, national_callback');
    await pool.query(
      `INSERT INTO national_watch (biz_no, kind, purpose, due_at)
       VALUES ('ZQ-cr-1', 'certificate-request', 'certificate', now() + interval '1 hour')`,
    );
  });

  const isDue = async (): Promise<boolean> => {
    const { rows } = await pool.query<{ due: boolean }>('SELECT due_at <= now() AS due FROM national_watch');
    return rows[0]?.due === true;
  };
  const take = (request: CallbackRequest): Promise<CallbackReply> => intake.take(request);

  it('a genuine one makes the question due at once and is answered as the nation expects', async () => {
    expect(await take(callback(EVENT, 'nonce-0000000000000001'))).toEqual({ httpStatus: 200, body: { code: '0000' } });
    expect(await isDue()).toBe(true);
  });

  it('a replayed one is refused; the same event under a new nonce is taken again', async () => {
    const first = callback(EVENT, 'nonce-0000000000000002');
    await take(first);
    await pool.query(`UPDATE national_watch SET due_at = now() + interval '1 hour'`);
    expect((await take(first)).httpStatus).toBe(401);
    expect(await isDue()).toBe(false);
    expect((await take(callback(EVENT, 'nonce-0000000000000003'))).httpStatus).toBe(200);
    expect(await isDue()).toBe(true);
  });

  it('forged and mutated ones change nothing', async () => {
    let serial = 0;
    const mutation = fc.constantFrom(
      'body',
      'x-sign',
      'x-nonce',
      'x-timestamp',
      'x-app-key',
      'path',
      'query',
      'secret',
    );
    await fc.assert(
      fc.asyncProperty(mutation, fc.nat(40), async (part, at) => {
        const nonce = `nonce-forged-${String((serial += 1)).padStart(8, '0')}`;
        const genuine = callback(EVENT, nonce, part === 'secret' ? `${SECRET}x` : SECRET);
        expect((await take(mutate(genuine, part, at))).httpStatus).toBe(401);
      }),
      { numRuns: 300 },
    );
    expect(await isDue()).toBe(false);
    expect(refused.length).toBeGreaterThanOrEqual(300);
    const { rows } = await pool.query('SELECT 1 FROM national_callback');
    expect(rows).toHaveLength(0);
  });
});

function mutate(request: CallbackRequest, part: string, at: number): CallbackRequest {
  if (part === 'secret') return request;
  if (part === 'path') return { ...request, path: `${request.path}/` };
  if (part === 'query') return { ...request, query: 'a=1' };
  if (part === 'body') {
    const body = Buffer.from(request.body);
    const place = at % body.length;
    body[place] = (body[place] ?? 0) ^ 1;
    return { ...request, body };
  }
  const value = String(request.headers[part]);
  const place = at % value.length;
  const changed = `${value.slice(0, place)}${value[place] === '1' ? '2' : '1'}${value.slice(place + 1)}`;
  return { ...request, headers: { ...request.headers, [part]: changed } };
}
