import { bearer, openStationHouse, signed, stationItem, type StationApi, type StationHouse } from './station-api.js';

describe('who calls', () => {
  let house: StationHouse;
  let api: StationApi;

  beforeAll(async () => {
    house = await openStationHouse();
    api = await house.openApi();
  });
  afterAll(() => house.close());

  const call = async (
    target: string,
    init: RequestInit = {},
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> => {
    const answer = await fetch(`${api.origin}${target}`, init);
    const text = await answer.text();
    return {
      status: answer.status,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      headers: answer.headers,
    };
  };
  const push = (headers: Record<string, string>, body: string) =>
    call('/api/v1/batches', { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body });

  it('takes a push with a bearer key', async () => {
    const system = await house.createSystem();
    const answer = await push(bearer(system), JSON.stringify({ items: [stationItem('s1')] }));
    expect(answer.body).toMatchObject({ counts: { accepted: 1, duplicate: 0, superseded: 0, rejected: 0 } });
    expect(answer.status).toBe(200);
    const status = await call('/api/v1/records/station/s1', { headers: bearer(system) });
    expect(status.body).toMatchObject({
      state: 'queued',
      version: 1,
      waitingFor: [],
      lastOutcome: null,
      samePersonAs: [],
    });
  });

  it.each(['HMAC-SHA256', 'HMAC-SM3'] as const)('takes a push signed by %s once', async (signMethod) => {
    const system = await house.createSystem();
    const body = JSON.stringify({ items: [stationItem('s1')] });
    const headers = signed(system, { method: 'POST', target: '/api/v1/batches', body, signMethod });
    expect(await push(headers, body)).toMatchObject({ status: 200 });
    expect(await push(headers, body)).toMatchObject({ status: 401, body: { code: 'NONCE_REUSED' } });
    const other = await house.openApi();
    const replay = await fetch(`${other.origin}/api/v1/batches`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body,
    });
    expect(replay.status).toBe(401);
  });

  it('reads with a signature over the query as sent', async () => {
    const system = await house.createSystem();
    const target = '/api/v1/changes?cursor=&limit=%31';
    expect(await call(target, { headers: signed(system, { method: 'GET', target }) })).toMatchObject({ status: 200 });
    const headers = signed(system, { method: 'GET', target });
    expect(await call('/api/v1/changes?cursor=&limit=1', { headers })).toMatchObject({
      status: 401,
      body: { code: 'SIGNATURE_INVALID' },
    });
  });

  it('refuses what is no credential, two at once, and an old clock with our time', async () => {
    const system = await house.createSystem();
    const target = '/api/v1/summary';
    expect(await call(target)).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    expect(await call(target, { headers: { Authorization: 'Basic abc' } })).toMatchObject({ status: 401 });
    expect(
      await call(target, { headers: bearer({ ...system, secret: `${system.secret.slice(0, -1)}!` }) }),
    ).toMatchObject({ status: 401 });
    const both = { ...bearer(system), ...signed(system, { method: 'GET', target }) };
    expect(await call(target, { headers: both })).toMatchObject({ status: 401, body: { code: 'AUTH_AMBIGUOUS' } });
    const old = await call(target, {
      headers: signed(system, { method: 'GET', target, timestamp: String(Date.now() - 301_000) }),
    });
    expect(old).toMatchObject({
      status: 401,
      body: { code: 'TIMESTAMP_SKEWED', serverTime: expect.stringMatching(/Z$/) as string },
    });
    expect(old.body.detail).toContain(String(old.body.serverTime));
  });

  it('obeys require-signature, rotation with overlap and revocation within 5 s in another process', async () => {
    const other = await house.openApi();
    const system = await house.createSystem();
    const summary = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${other.origin}/api/v1/summary`, { headers })).status;
    expect(await summary(bearer(system))).toBe(200);
    const rotated = await house.systems.rotate(system.appKey, 24, 'test');
    await expect(summary(bearer(system))).resolves.toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect(await summary(bearer(rotated))).toBe(200);
    expect(await summary(bearer(system))).toBe(200);
    await house.systems.requireSignature(system.appKey, true, 'test');
    await house.systems.rotate(system.appKey, 0, 'test');
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect(await summary(bearer(rotated))).toBe(401);
    const target = '/api/v1/summary';
    expect(await summary(signed(rotated, { method: 'GET', target }))).toBe(401);
    await house.systems.revoke(system.appKey, 'test');
    await expect(house.systems.revoke(system.appKey, 'test')).rejects.toThrow('no source system');
    const leaves = await house.database.query<{ entry: string }>(
      `SELECT entry FROM evidence_leaf WHERE entry LIKE '%' || $1 || '%'`,
      [system.appKey],
    );
    expect(leaves.map(({ entry }) => (JSON.parse(entry) as { action: string }).action)).toEqual([
      'source-system.created',
      'source-system.rotated',
      'source-system.signature-required',
      'source-system.rotated',
      'source-system.revoked',
    ]);
    const dump = await house.database.query<{ row: string }>('SELECT s::text AS row FROM source_system_secret s');
    expect(
      dump.some(({ row }) => row.includes(system.secret) || row.includes(Buffer.from(system.secret).toString('hex'))),
    ).toBe(false);
  });
});
