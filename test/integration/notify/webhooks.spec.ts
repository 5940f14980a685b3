import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { systemClock } from '../../../src/platform/clock/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { WebhookDeliverer, Webhooks } from '../../../src/notify/index.js';
import { systemResolve } from '../../../src/notify/webhook-target.js';
import { eventuallyPasses } from '../../harness/eventually.js';
import { bearer, openStationHouse, stationItem, type StationApi, type StationHouse } from '../access/station-api.js';

interface Heard {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

describe('webhooks (G-71)', () => {
  let house: StationHouse;
  let api: StationApi;
  let receiver: Server;
  let heard: Heard[];
  const failures: unknown[] = [];
  let answer: (path: string) => { status: number; location?: string };
  const running: WebhookDeliverer[] = [];

  beforeAll(async () => {
    house = await openStationHouse();
    api = await house.openApi();
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = request.url ?? '';
        heard.push({
          path,
          headers: request.headers as Record<string, string>,
          body: Buffer.concat(chunks).toString(),
        });
        const { status, location } = answer(path);
        response.writeHead(status, location === undefined ? {} : { Location: location }).end('thanks');
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => {
    heard = [];
    answer = () => ({ status: 204 });
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((deliverer) => deliverer.stop()));
    await house.database.query('UPDATE webhook SET removed_at = now()');
  });
  afterAll(async () => {
    receiver.close();
    expect(failures).toEqual([]);
    await house.close();
  });

  const origin = (): string => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const deliverer = (allowInternal = true): WebhookDeliverer =>
    new WebhookDeliverer({
      database: house.database,
      vault: house.vault,
      clock: systemClock,
      rules: { allowInternal, resolve: systemResolve },
      onFailure: (error) => failures.push(error),
    });
  const start = (): void => {
    const one = deliverer();
    running.push(one);
    one.start();
  };
  const webhooks = (): Webhooks =>
    new Webhooks({
      database: house.database,
      vault: house.vault,
      ids: systemIds,
      allowInternal: true,
      prove: () => Promise.resolve(),
    });
  const pushed = async (system: { appKey: string; secret: string }, sourceIds: string[]): Promise<void> => {
    const headers = { ...bearer(system), 'Content-Type': 'application/json' };
    const body = JSON.stringify({ items: sourceIds.map((id) => stationItem(id)) });
    expect((await fetch(`${api.origin}/api/v1/batches`, { method: 'POST', headers, body })).status).toBe(200);
    while (await house.sequencer.turn());
  };
  const sourceIdsAt = (path: string): string[] =>
    heard.filter((one) => one.path === path).map(({ body }) => (JSON.parse(body) as { sourceId: string }).sourceId);

  it('delivers each event signed, only to its own source system, with several workers', async () => {
    const system = await house.createSystem();
    const other = await house.createSystem();
    await pushed(system, ['before']);
    const { id, secret } = await webhooks().add(system.appKey, `${origin()}/mine`);
    await webhooks().add(other.appKey, `${origin()}/theirs`);
    expect(await webhooks().list(system.appKey)).toEqual([expect.objectContaining({ id, failures: 0 })]);
    start();
    start();
    const names = Array.from({ length: 20 }, (_, i) => `w${i}`);
    await pushed(system, names);
    await eventuallyPasses(() => expect(sourceIdsAt('/mine')).toEqual(names));
    expect(sourceIdsAt('/theirs')).toEqual([]);
    const [first] = heard;
    const event = new Webhook(secret).verify(first?.body ?? '', first?.headers ?? {}) as { eventId: string };
    expect(event).toMatchObject({
      kind: 'station',
      sourceId: 'w0',
      state: 'queued',
      version: 1,
      seq: expect.any(Number) as number,
    });
    expect(first?.headers['webhook-id']).toBe(event.eventId);
    const [row] = await house.database.query<{ dump: string }>('SELECT w::text AS dump FROM webhook w WHERE id = $1', [
      id,
    ]);
    expect(row?.dump).not.toContain(secret.slice(6));
  });

  it('tries again after a failure and a redirect, without skipping an event', async () => {
    const system = await house.createSystem();
    const { id } = await webhooks().add(system.appKey, `${origin()}/shaky`);
    const statuses = [500, 302];
    answer = (path) =>
      path === '/shaky' ? { status: statuses.shift() ?? 200, location: `${origin()}/elsewhere` } : { status: 200 };
    await pushed(system, ['r1', 'r2']);
    const one = deliverer();
    for (const failures of [1, 2]) {
      expect(await one.turn()).toBe(true);
      const [row] = await house.database.query<{ failures: number; wait: number; last_error: string }>(
        'SELECT failures, last_error, extract(epoch FROM next_attempt_at - now())::float AS wait FROM webhook WHERE id = $1',
        [id],
      );
      expect(row).toMatchObject({ failures, last_error: failures === 1 ? 'answered 500' : 'answered 302' });
      expect(row?.wait).toBeGreaterThan(failures * 5 - 1);
      expect(await one.turn()).toBe(false);
      await house.database.query('UPDATE webhook SET next_attempt_at = now() WHERE id = $1', [id]);
    }
    expect(await one.turn()).toBe(true);
    expect(sourceIdsAt('/shaky')).toEqual(['r1', 'r1', 'r1', 'r2']);
    expect(sourceIdsAt('/elsewhere')).toEqual([]);
  });

  it('does not connect to our own network without leave', async () => {
    const system = await house.createSystem();
    const { id } = await webhooks().add(system.appKey, `${origin()}/inside`);
    await pushed(system, ['x1']);
    await deliverer(false).turn();
    expect(heard).toEqual([]);
    const [hook] = await webhooks().list(system.appKey);
    expect(hook?.lastError).toContain('public internet');
    await webhooks().remove(id);
    await expect(webhooks().remove(id)).rejects.toThrow('no webhook');
  });
});
