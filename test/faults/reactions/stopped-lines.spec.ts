import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StationItem } from '../../independent/station-types.js';
import { eventually, eventuallyPasses } from '../../harness/eventually.js';
import { ReactionStage, type Counters } from './reaction-stage.js';

const LIMIT_MS = 120_000;
/** What is watched for staying as it is; long enough for dozens of rounds of the line. */
const WATCH_MS = 1_500;
const TEN_MINUTES_MS = 600_000;

/** The nation turns us away as a whole: the line stops or repairs itself, and no record pays for it. */
describe('when the nation turns us away', () => {
  let stage: ReactionStage;
  let serial = 0;

  beforeAll(async () => {
    stage = await ReactionStage.open({
      nation: { limits: { batchItems: 1 } },
      door: { secret: 'vgw-demo-secret-0001,vgw-next-secret' },
    });
  }, LIMIT_MS);
  afterAll(() => stage?.close(), 60_000);
  afterEach(async () => {
    await stage.control('DELETE', 'faults');
    await stage.timePasses();
    await expectNobodyRefused();
    await stage.expectClean();
  }, LIMIT_MS);

  const fresh = (): StationItem & { data: object } => {
    serial += 1;
    return stage.station('S', serial);
  };

  const expectNobodyRefused = async (): Promise<void> => {
    const refused = [...(await stage.told())].filter(([, events]) => events.some(({ state }) => state === 'attention'));
    expect(refused).toEqual([]);
  };

  const pushed = async (count = 1): Promise<StationItem[]> => {
    const items = Array.from({ length: count }, fresh);
    await stage.push(items);
    return items;
  };

  /** The line stands: nothing more comes in at the nation but the one call that asks how it is. */
  const expectStanding = async (): Promise<void> => {
    const { byOperation } = await expectNoWrites();
    expect(byOperation.lookup ?? 0).toBe(0);
  };

  const expectNoWrites = async (): Promise<Counters> => {
    await quiet();
    await stage.mark('standing');
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    const counted = await stage.counters('standing');
    expect(counted.writes.items).toBe(0);
    return counted;
  };

  /** What was planned before the line stopped has run out. */
  const quiet = async (): Promise<void> => {
    let before = -1;
    const look = async (): Promise<boolean> => {
      const { items } = (await stage.counters()).writes;
      const isQuiet = items === before;
      before = items;
      return isQuiet;
    };
    await eventually(look, { timeoutMs: 30_000, intervalMs: 700, what: 'the last planned call' });
  };

  const healed = async (items: readonly StationItem[], fault: string): Promise<void> => {
    await stage.lift(fault);
    await stage.timePasses();
    for (const item of items) await stage.expectMirroredOnce(item);
  };

  it.each([403, 405, 468, 200])(
    'F07: a block page with status %s pauses the operation, the record stays',
    async (status) => {
      await stage.fault('F07', { status, times: 1 });
      const [item] = await pushed();
      await eventually(async () => (await stage.gates()).some(({ scope }) => scope === 'kind:station'), {
        timeoutMs: 30_000,
      });
      const gate = (await stage.gates()).find(({ scope }) => scope === 'kind:station');
      // A soft halt: two minutes, not the quarter of an hour that waits for a person.
      expect(gate?.remaining_ms).toBeLessThan(125_000);
      await healed([item as StationItem], 'F07');
      expect(stage.adapter.logs()).not.toContain('您的访问被阻断');
    },
    LIMIT_MS,
  );

  it(
    'F07: stored behind the block page, it is found and not written again',
    async () => {
      await stage.fault('F07', { committed: true, times: 1 });
      const [item] = await pushed();
      const { bizNo } = await stage.expectMirroredOnce(item as StationItem);
      expect(stage.writesOf(bizNo)).toBe(1);
    },
    LIMIT_MS,
  );

  it(
    'F57: a redirect is never followed to another host',
    async () => {
      const { server, port, calls } = await listening();
      await stage.fault('F57', { location: `http://127.0.0.1:${port}/login`, match: { op: 'write' } });
      const [item] = await pushed();
      await eventually(async () => (await stage.gates()).some(({ scope }) => scope === 'kind:station'), {
        timeoutMs: 30_000,
      });
      await expectNoWrites();
      await healed([item as StationItem], 'F57');
      expect(calls()).toBe(0);
      await new Promise((resolve) => server.close(resolve));
    },
    LIMIT_MS,
  );

  it(
    'F01: nobody listens; then a connection that is reset before a byte',
    async () => {
      for (const how of ['refuse', 'reset']) {
        await stage.fault('F01', { how });
        const [item] = await pushed();
        await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
        expect((await stage.rows('stations')).some(({ data }) => data.name === nameOf(item))).toBe(false);
        await healed([item as StationItem], 'F01');
      }
    },
    LIMIT_MS,
  );

  it(
    'F05: reads that meet 503 are asked again',
    async () => {
      await stage.fault('F02', { times: 1 });
      await stage.fault('F05', { status: 503, match: { op: 'lookup' }, times: 3 });
      const [item] = await pushed();
      await stage.expectMirroredOnce(item as StationItem);
      expect(await stage.fired('F05')).toBe(3);
    },
    LIMIT_MS,
  );

  it(
    'F58: a kept-alive connection found dead is no loss',
    async () => {
      await stage.fault('F58', { times: 4 });
      const items = await pushed(4);
      for (const item of items) await stage.expectMirroredOnce(item);
      expect(await stage.fired('F58')).toBe(4);
    },
    LIMIT_MS,
  );

  it(
    'F12: a trickle ends at the deadline, and the slots are free again',
    async () => {
      await stage.fault('F12', { everyMs: 60_000, match: { op: 'write' }, times: 4 });
      const items = await pushed(5);
      for (const item of items) await stage.expectMirroredOnce(item);
      const slots = await stage.query(`SELECT 1 FROM national_slot WHERE held_until > now() + interval '30 seconds'`);
      expect(slots).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'F23: expired tokens cost one token call, and each write goes once more',
    async () => {
      await stage.mark('F23');
      await stage.fault('F23', { nth: 3 });
      const items = await pushed(12);
      for (const item of items) await stage.expectMirroredOnce(item);
      const { tokens, byCode } = await stage.counters('F23');
      expect(tokens.requests).toBe(1);
      expect(Object.entries(byCode).filter(([key]) => key.endsWith(' 1005')).length).toBe(1);
    },
    LIMIT_MS,
  );

  it(
    'F25: a session that kicks ours costs a token each, no more',
    async () => {
      await stage.mark('F25');
      await stage.fault('F25', { times: 2 });
      const items = await pushed(3);
      for (const item of items) await stage.expectMirroredOnce(item);
      expect((await stage.counters('F25')).tokens.requests).toBeLessThanOrEqual(2);
    },
    LIMIT_MS,
  );

  it.each(['expired', 'fails'])(
    'F24: tokens that are %s make no loop',
    async (how) => {
      await stage.mark('F24');
      await stage.fault('F24', { how });
      await stage.fault('F23', { times: 1 });
      const items = await pushed(2);
      await new Promise((resolve) => setTimeout(resolve, 3 * WATCH_MS));
      // 300 ms, 600 ms, 1.2 s, 2 s, 2 s …: never more than the back-off allows, whoever asks.
      expect((await stage.counters('F24')).tokens.requests).toBeLessThanOrEqual(12);
      await healed(items, 'F24');
    },
    LIMIT_MS,
  );

  it.each([TEN_MINUTES_MS, -TEN_MINUTES_MS])(
    'F29: the nation’s clock is off by %s ms',
    async (byMs) => {
      await stage.mark('F29');
      await stage.fault('F29', { byMs });
      const [item] = await pushed();
      await stage.expectMirroredOnce(item as StationItem);
      expect(stage.adapter.logs()).toMatch(/national clock differs from ours/);
      await stage.lift('F29');
      const [later] = await pushed();
      await stage.expectMirroredOnce(later as StationItem);
    },
    LIMIT_MS,
  );

  it(
    'F28: an address that is not allowed stops everything until somebody acts',
    async () => {
      await stage.fault('F28');
      const items = await pushed(2);
      await eventuallyPasses(async () => expect(await stage.gates()).toMatchObject([{ scope: 'all', code: '1008' }]), {
        timeoutMs: 30_000,
      });
      await expectStanding();
      expect((await stage.statusOf(items[0] as StationItem)).state).toMatch(/^(queued|waiting)$/);
      expect(stage.adapter.logs()).toMatch(/"code":"1008".*needs attention/);
      await healed(items, 'F28');
    },
    LIMIT_MS,
  );

  it(
    'F27: a signature that is wrong for real halts the whole profile, nobody is refused',
    async () => {
      await stage.fault('F27');
      const items = await pushed(3);
      await eventuallyPasses(async () => expect(await stage.gates()).toMatchObject([{ scope: 'all', code: '1002' }]), {
        timeoutMs: 30_000,
      });
      await expectStanding();
      const states = await Promise.all(items.map((item) => stage.statusOf(item)));
      for (const { state } of states) expect(state).toMatch(/^(queued|waiting)$/);
      await healed(items, 'F27');
    },
    LIMIT_MS,
  );

  it(
    'F26: the next secret is taken once it is the one; after that the door is shut for good',
    async () => {
      await stage.fault('F26', { secret: 'vgw-next-secret' });
      const [item] = await pushed();
      await stage.expectMirroredOnce(item as StationItem);
      expect(await stage.gates()).toEqual([]);
      expect(stage.adapter.logs()).toMatch(/trying the next secret/);
      await stage.fault('F26', { secret: 'vgw-nobody-knows' });
      const [locked] = await pushed();
      await eventuallyPasses(async () => expect(await stage.gates()).toMatchObject([{ scope: 'all', code: '1002' }]), {
        timeoutMs: 30_000,
      });
      await expectStanding();
      await stage.fault('F26', { secret: 'vgw-next-secret' });
      await stage.timePasses();
      await stage.expectMirroredOnce(locked as StationItem);
    },
    LIMIT_MS,
  );

  it('F26: no secret stands in the log', () => {
    expect(stage.adapter.logs()).not.toMatch(/vgw-next-secret|vgw-demo-secret/);
    expect(readFileSync(`${stage.folder}/journal.ndjson`, 'utf8')).toContain('"k":"secret"');
  });
});

const nameOf = (item: StationItem | undefined): unknown => (item?.data as { name?: unknown } | undefined)?.name;

/** A stranger's server that counts who comes. */
async function listening(): Promise<{ server: Server; port: number; calls: () => number }> {
  let count = 0;
  const server = createServer((_request, response) => {
    count += 1;
    response.end('{"code":"0000"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, calls: () => count };
}
