import { createConnection, type Server } from 'node:net';
import { eventuallyPasses } from '../../harness/eventually.js';
import { bearer, openStationHouse, signed, stationItem, type StationHouse } from './station-api.js';

describe('the frame around the routes', () => {
  let house: StationHouse;

  beforeAll(async () => {
    house = await openStationHouse();
  });
  afterAll(() => house.close());

  it('refuses plain HTTP from another machine unless a trusted proxy vouches or the network is closed (G-01)', async () => {
    const api = await house.openApi({ trustedProxies: ['10.0.0.0/8'] });
    const from = async (remoteAddress: string, headers: Record<string, string> = {}): Promise<[number, unknown]> => {
      const answer = await api.app.inject({ method: 'GET', url: '/api/v1/keys', remoteAddress, headers });
      return [answer.statusCode, answer.json<{ code?: string }>().code];
    };
    expect(await from('192.168.1.9')).toEqual([403, 'TLS_REQUIRED']);
    expect(await from('192.168.1.9', { 'X-Forwarded-Proto': 'https' })).toEqual([403, 'TLS_REQUIRED']);
    expect(await from('10.0.0.7')).toEqual([403, 'TLS_REQUIRED']);
    expect(await from('10.0.0.7', { 'X-Forwarded-Proto': 'https' })).toEqual([200, undefined]);
    expect(await from('127.0.0.1')).toEqual([200, undefined]);
    const closed = await house.openApi({ allowPlainHttp: true });
    expect((await closed.app.inject({ url: '/api/v1/keys', remoteAddress: '192.168.1.9' })).statusCode).toBe(200);
  });

  it('forgets no nonce in a restart (G-03)', async () => {
    const system = await house.createSystem();
    const target = '/api/v1/summary';
    const headers = signed(system, { method: 'GET', target });
    const first = await house.openApi();
    expect((await fetch(`${first.origin}${target}`, { headers })).status).toBe(200);
    await first.close();
    const second = await house.openApi();
    const replayed = await fetch(`${second.origin}${target}`, { headers });
    expect(replayed.status).toBe(401);
    expect(await replayed.json()).toMatchObject({ code: 'NONCE_REUSED' });
  });

  it('answers 503 with Retry-After while the database is away, and shows nothing of it', async () => {
    const nowhere = new URL(house.url);
    nowhere.port = '1';
    const api = await house.openApi({ databaseUrl: nowhere.href });
    const system = await house.createSystem();
    for (const target of ['/health/ready', '/api/v1/summary']) {
      const answer = await fetch(`${api.origin}${target}`, { headers: bearer(system) });
      const text = await answer.text();
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
      expect(JSON.parse(text)).toMatchObject({ code: 'UNAVAILABLE' });
      expect(text).not.toMatch(/ECONN|127\.0\.0\.1|at .+:\d+:\d+|SELECT |pg_/);
    }
    expect((await fetch(`${api.origin}/health/live`)).status).toBe(200);
  });

  it('comes back by itself when its connections were cut', async () => {
    const api = await house.openApi();
    const headers = bearer(await house.createSystem());
    const summary = async (): Promise<number> => (await fetch(`${api.origin}/api/v1/summary`, { headers })).status;
    expect(await summary()).toBe(200);
    await house.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    expect([200, 503]).toContain(await summary());
    await eventuallyPasses(async () => expect(await summary()).toBe(200));
  });

  it('keeps source systems apart in 1,000 random calls (S08)', async () => {
    const api = await house.openApi();
    const mine = await house.createSystem();
    const theirs = await house.createSystem();
    const ids = Array.from({ length: 20 }, (_, i) => `x${i}`);
    const body = JSON.stringify({ items: ids.map((id) => stationItem(id)) });
    const headers = { ...bearer(mine), 'Content-Type': 'application/json' };
    expect((await fetch(`${api.origin}/api/v1/batches`, { method: 'POST', headers, body })).status).toBe(200);
    let leaks = 0;
    for (let round = 0; round < 1_000; round += 1) {
      const url = `/api/v1/records/station/${ids[round % ids.length]}${round % 3 === 0 ? '/file' : ''}`;
      const answer = await api.app.inject({ method: 'GET', url, headers: bearer(theirs) });
      if (answer.statusCode !== 404 || answer.body.includes(mine.appKey)) leaks += 1;
    }
    expect(leaks).toBe(0);
    // The same names are theirs to use: another record with another number.
    const theirPush = await fetch(`${api.origin}/api/v1/batches`, {
      method: 'POST',
      headers: { ...headers, ...bearer(theirs) },
      body,
    });
    expect(await theirPush.json()).toMatchObject({ counts: { accepted: 20 } });
  }, 60_000);

  it('gives slow clients a limit (S61)', async () => {
    const { app } = await house.openApi();
    const server = app.getHttpServer() as { headersTimeout: number; requestTimeout: number };
    expect([server.headersTimeout, server.requestTimeout]).toEqual([15_000, 60_000]);
  });

  it('stops within 10 s although a client never ends its request (G-80)', async () => {
    const api = await house.openApi();
    const socket = createConnection(Number(new URL(api.origin).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    socket.write(
      'POST /api/v1/batches HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{',
    );
    await eventuallyPasses(async () => {
      const open = await new Promise((resolve) =>
        (api.app.getHttpServer() as Server).getConnections((_error, count) => resolve(count)),
      );
      expect(open).toBe(1);
    });
    const begun = performance.now();
    await api.close();
    expect(performance.now() - begun).toBeLessThan(8_000);
  });

  it('answers bytes that are no HTTP with a problem', async () => {
    const api = await house.openApi();
    const text = await new Promise<string>((resolve, reject) => {
      const socket = createConnection(Number(new URL(api.origin).port), '127.0.0.1');
      let received = '';
      socket.on('data', (chunk) => (received += chunk.toString()));
      socket.on('end', () => resolve(received));
      socket.on('error', reject);
      socket.write('NONSENSE\r\n\r\n');
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('application/problem+json');
    expect((await fetch(`${api.origin}/api/v1/records/station/%E0%A4%A`)).status).toBe(400);
  });
});
