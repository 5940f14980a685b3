import { eventually } from '../../harness/eventually.js';
import type { StationItem } from '../../independent/station-types.js';
import { ReactionStage } from './reaction-stage.js';
import { StationWorld } from './station-world.js';

const LIMIT_MS = 120_000;
const WATCH_MS = 1_500;

/** The nation asks for less, for patience, or refuses a whole kind: the queue slows, no record pays. */
describe('limits of the nation', () => {
  let stage: ReactionStage;
  let world: StationWorld;
  let serial = 0;

  beforeAll(async () => {
    stage = await ReactionStage.open({ nation: { limits: { batchItems: 1 } } });
    world = new StationWorld(stage, 6303);
    await world.settle();
  }, LIMIT_MS);
  afterAll(() => stage?.close(), 60_000);
  beforeEach(async () => {
    await stage.mark('test');
  });
  afterEach(async () => {
    await stage.control('DELETE', 'faults');
    await stage.timePasses();
    await stage.query('DELETE FROM national_speed');
    const { live } = await stage.counters();
    expect(live.doubledNumbers).toEqual([]);
  }, LIMIT_MS);

  const stations = (count: number): StationItem[] =>
    Array.from({ length: count }, () => {
      serial += 1;
      return stage.station('L', serial);
    });

  const mirrored = async (items: readonly StationItem[]): Promise<void> => {
    for (const item of items) await stage.expectMirroredOnce(item);
  };

  it.each(['code', 'http', 'text'])(
    'F34: "too many", said as %s, slows the line and refuses nobody',
    async (as) => {
      await stage.fault('F34', { as, match: { op: 'write' }, times: 2 });
      const items = stations(4);
      await stage.push(items);
      await mirrored(items);
      expect(await stage.fired('F34')).toBe(2);
      // A bare 429 and a 9999 say nothing to the nation's own count; the contract lets both be sent again (§1.12).
      if (as === 'code') await stage.expectClean('test');
    },
    LIMIT_MS,
  );

  it(
    'F34: a lower limit that nobody announced is found and kept',
    async () => {
      await stage.fault('F34', { qps: 5, burst: 5, announce: false });
      const items = stations(20);
      await stage.mark('learning');
      await stage.push(items);
      await eventually(async () => Object.keys((await stage.counters('learning')).breaches).length > 0, {
        timeoutMs: 30_000,
        what: 'the first refusal',
      });
      await mirrored(items);
      // Every breach halves the pace: it is found within a few, not run into with every call.
      expect((await stage.counters('learning')).breaches.qps ?? 0).toBeLessThan(items.length);
    },
    LIMIT_MS,
  );

  it(
    'F36: outside the hours and in maintenance nothing is written, and everything goes when it opens',
    async () => {
      for (const params of [{ mode: 'closed', retryAfterMs: 60_000 }, { mode: 'read-only' }]) {
        await stage.fault('F36', params);
        const items = stations(2);
        await stage.push(items);
        await eventually(async () => (await stage.gates()).length > 0, { timeoutMs: 60_000, what: 'the pause' });
        await stage.mark('closed');
        await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
        expect((await stage.counters('closed')).writes.items).toBe(0);
        await stage.lift('F36');
        await stage.timePasses();
        await mirrored(items);
      }
      await stage.expectClean('test');
    },
    LIMIT_MS,
  );

  it(
    'F35, F37: a used quota stops every call that counts until it is given anew, and each is mirrored then',
    async () => {
      const { used } = await stage.control<{ used: number }>('GET', 'quota');
      await stage.fault('F35', { limit: used + 3 });
      const items = stations(8);
      await stage.push(items);
      await eventually(async () => (await stage.gates()).some(({ code }) => /1302|QUOTA/.test(code)), {
        timeoutMs: 60_000,
        what: 'the pause until midnight',
      });
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      await stage.mark('used');
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      const { writes, byOperation } = await stage.counters('used');
      expect([writes.items, byOperation.lookup ?? 0, byOperation.receipt ?? 0]).toEqual([0, 0, 0]);
      expect((await stage.told()).size).toBeGreaterThan(0);
      await stage.lift('F35');
      await stage.query('TRUNCATE national_quota_day, national_quota_block');
      await stage.timePasses();
      await mirrored(items);
      await stage.expectClean('test');
    },
    LIMIT_MS,
  );

  it(
    'F39: a dictionary that changed overnight stops its kind before it refuses everything',
    async () => {
      await stage.fault('F39', { name: 'service-fields' });
      const model = world.get('team');
      const teams = Array.from({ length: 60 }, (_none, n) => ({
        ...model,
        sourceId: `TM-F39-${n}`,
        data: { ...model.data, name: `字典队${n}` },
      }));
      await stage.push(teams);
      await eventually(async () => (await stage.gates()).some(({ scope }) => scope === 'kind:team'), {
        timeoutMs: 60_000,
        what: 'teams stopped',
      });
      const [refused] = await stage.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM record WHERE state = 'attention' AND outcome_code = '2202'`,
      );
      expect(refused?.count).toBeLessThan(40);
      const [other] = stations(1);
      await stage.push([other as StationItem]);
      await mirrored([other as StationItem]);
      await stage.expectClean('test');
    },
    LIMIT_MS,
  );

  it(
    'F05: while the nation is down nearly nothing is asked, and one probe at a time',
    async () => {
      await stage.fault('F05', { status: 503 });
      const items = stations(10);
      await stage.push(items);
      await eventually(
        async () =>
          (await stage.query(`SELECT 1 FROM national_breaker WHERE state IN ('open', 'half-open')`)).length > 0,
        { timeoutMs: 60_000, what: 'an open breaker' },
      );
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      await stage.mark('down');
      await new Promise((resolve) => setTimeout(resolve, 2 * WATCH_MS));
      expect((await stage.counters('down')).requests).toBeLessThanOrEqual(6);
      await stage.lift('F05');
      await stage.timePasses();
      await mirrored(items);
      await stage.expectClean('test');
    },
    LIMIT_MS,
  );
});
