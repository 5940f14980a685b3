import type { StationItem } from '../../independent/station-types.js';
import { eventually } from '../../harness/eventually.js';
import { ReactionStage } from './reaction-stage.js';
import { StationWorld } from './station-world.js';

const LIMIT_MS = 120_000;
const RECORDS = 'service-records';

/** What the nation says of single entries, and what others do to its rows: each ends where a person can see it. */
describe('what the nation says of an entry', () => {
  let stage: ReactionStage;
  let world: StationWorld;

  beforeAll(async () => {
    stage = await ReactionStage.open();
    world = new StationWorld(stage, 6301);
    await world.settle();
  }, LIMIT_MS);
  afterAll(() => stage?.close(), 60_000);
  afterEach(async () => {
    await stage.control('DELETE', 'faults');
    await stage.timePasses();
    await stage.expectClean();
  }, LIMIT_MS);

  const struck = (name: string): object => ({ match: { bodyIncludes: name }, times: 1 });

  const writesOf = async (item: StationItem): Promise<number> => stage.writesOf((await stage.statusOf(item)).bizNo);

  const minutesAgree = async (): Promise<void> => {
    const summary = await stage.control<Record<string, { minutes: number }>>('GET', 'ledger/summary');
    const [own] = await stage.query<{ minutes: number }>(`SELECT coalesce(sum(minutes), 0)::int AS minutes FROM record
      WHERE kind = 'service-record' AND NOT is_void AND national_status = 'ACTIVE'`);
    expect(summary[RECORDS]?.minutes).toBe(own?.minutes);
  };

  describe('duplicates and conflicts', () => {
    it(
      'F16: other content under our number is not overwritten; the next version is',
      async () => {
        const item = stage.station('F16');
        await stage.fault('F16', struck('探测F161号'));
        await stage.push([item]);
        const refused = await stage.until(item, 'attention');
        expect(refused.lastOutcome?.code).toBe('2002');
        expect(await stage.rows('stations', refused.bizNo)).toMatchObject([{ version: 1 }]);
        expect(stage.writesOf(refused.bizNo)).toBe(1);
        await stage.push([world.next(item, { address: '新址1号' })]);
        await stage.expectMirroredOnce(item);
      },
      LIMIT_MS,
    );

    it(
      'F17: a row of another channel is adopted; of two a person decides',
      async () => {
        const [one, two] = [stage.station('F17a'), stage.station('F17b')];
        await stage.fault('F17', struck('探测F17a1号'));
        await stage.push([one]);
        const { bizNo } = await stage.expectMirroredOnce(one);
        await stage.fault('F17', { ...struck('探测F17b1号'), copies: 2 });
        await stage.push([two]);
        expect(await stage.rows('stations', bizNo)).toMatchObject([{ origin: 'portal' }]);
        const stuck = await stage.until(two, 'attention');
        expect(stuck.lastOutcome?.code).toBe('2011');
        expect(await stage.rows('stations', stuck.bizNo)).toEqual([]);
      },
      LIMIT_MS,
    );

    it(
      'F18: where a duplicate makes a second row, a lost reply makes none',
      async () => {
        await stage.fault('F18');
        const item = stage.station('F18');
        await stage.fault('F03', { how: 'reset', ...struck('探测F181号') });
        await stage.push([item]);
        await stage.expectMirroredOnce(item);
        expect(await writesOf(item)).toBe(1);
      },
      LIMIT_MS,
    );

    it(
      'F42: a number of nineteen digits keeps its last digit',
      async () => {
        await stage.fault('F42');
        const items = [stage.station('F42'), stage.station('F42', 2)];
        await stage.fault('F03', { how: 'reset', ...struck('探测F422号') });
        await stage.push(items);
        for (const item of items) expect((await stage.expectMirroredOnce(item)).nationalId).toMatch(/^\d{19}$/);
      },
      LIMIT_MS,
    );

    it(
      'F43: look-ups that lag prove nothing',
      async () => {
        const item = stage.station('F43');
        await stage.fault('F03', { how: 'reset', ...struck('探测F431号') });
        await stage.fault('F43', { ms: 60_000, times: 3 });
        await stage.push([item]);
        await stage.expectMirroredOnce(item);
        expect([await writesOf(item), await stage.fired('F43')]).toEqual([1, 3]);
      },
      LIMIT_MS,
    );

    it(
      'F44: two rows under one number are a person’s matter, also while a review is awaited',
      async () => {
        const item = stage.station('F44');
        await stage.fault('F03', { how: 'reset', ...struck('探测F441号') });
        await stage.fault('F44');
        await stage.push([item]);
        expect((await stage.until(item, 'attention')).lastOutcome?.code).toBe('DUPLICATE_NATIONALLY');
        expect(await writesOf(item)).toBe(1);
        const team = { ...world.get('team'), sourceId: 'TM-F44', data: { ...world.get('team').data, name: '双份队' } };
        await stage.fault('F32', { entity: 'teams' });
        await stage.push([team]);
        expect((await stage.until(team, 'attention')).lastOutcome?.code).toBe('DUPLICATE_NATIONALLY');
      },
      LIMIT_MS,
    );
  });

  describe('batches', () => {
    it(
      'F19, F38: of a batch only the refused entries are refused, and an edit heals them',
      async () => {
        const items = world.take('F19', 4);
        await stage.fault('F19');
        await stage.push(items);
        const states = (await stage.untilAll(items, 'mirrored', 'attention')).map((status) => [
          status.state,
          status.lastOutcome?.code,
        ]);
        expect(states.filter(([state]) => state === 'mirrored')).toHaveLength(2);
        expect(states.filter(([state, code]) => state === 'attention' && code === '2201')).toHaveLength(2);
        for (const item of items) expect(await writesOf(item)).toBe(1);
        await stage.lift('F19');
        for (const item of items) {
          if ((await stage.statusOf(item)).state === 'attention')
            await stage.push([world.next(item, { content: '更正后' })]);
          await stage.expectMirroredOnce(item, RECORDS);
        }
        await minutesAgree();
      },
      LIMIT_MS,
    );

    it.each([
      ['F20', { how: '3001', times: 1 }],
      ['F20', { how: '3002', times: 3 }],
      ['F21', { times: 1 }],
      ['F22', { reorder: true, times: 1 }],
      ['F22', { missing: 1, times: 1 }],
      ['F22', { extra: 1, times: 1 }],
      ['F22', { duplicate: 1, times: 1 }],
      ['F22', { indexKeyed: true, times: 1 }],
    ])(
      '%s %j: every entry finds its result, none is sent again',
      async (id, params) => {
        const items = world.take(id, 3);
        await stage.fault(id, params);
        await stage.push(items);
        for (const item of items) {
          await stage.expectMirroredOnce(item, RECORDS);
          expect(await writesOf(item)).toBe(1);
        }
        expect(await stage.fired(id)).toBe(params.times);
      },
      LIMIT_MS,
    );

    it(
      'F20: a receipt that never comes is given up, and the entries are looked up',
      async () => {
        const items = world.take('F20', 3);
        await stage.fault('F20', { times: 1 });
        await stage.push(items);
        await stage.untilAll(items, 'pending');
        // As if the three quarters of an hour for which a receipt is waited for were over.
        await stage.query(`UPDATE national_call SET sent_at = sent_at - interval '46 minutes', due_at = now(), rung_until = NULL
        WHERE stage = 'receipt'`);
        for (const item of items) await stage.expectMirroredOnce(item, RECORDS);
        await minutesAgree();
      },
      LIMIT_MS,
    );
  });

  describe('parents', () => {
    it(
      'F31: a parent called missing is waited for',
      async () => {
        const [item] = world.take('F31');
        await stage.fault('F31', { parent: 'activities', ...struck('F31：') });
        await stage.push([item as StationItem]);
        const waiting = await stage.until(item as StationItem, 'waiting');
        expect(waiting.waitingFor).toMatchObject([{ kind: 'activity' }]);
        await stage.expectMirroredOnce(item as StationItem, RECORDS);
      },
      LIMIT_MS,
    );

    it(
      'F32: what awaits approval is waited for slowly, and goes when it has come',
      async () => {
        const team = { ...world.get('team'), sourceId: 'TM-F32', data: { ...world.get('team').data, name: '待审队' } };
        const child = {
        ...world.get('project'), sourceId: 'PJ-F32',
        data: { ...world.get('project').data, name: '待审项目', teamId: 'TM-F32' },
      }; // prettier-ignore
        await stage.fault('F32', { entity: 'teams' });
        await stage.push([team, child]);
        await stage.until(team, 'pending');
        expect((await stage.until(child, 'waiting')).waitingFor).toMatchObject([{ kind: 'team', sourceId: 'TM-F32' }]);
        expect(await stage.rows('projects', (await stage.statusOf(child)).bizNo)).toEqual([]);
        await stage.lift('F32');
        await stage.expectMirroredOnce(team, 'teams');
        await stage.expectMirroredOnce(child, 'projects');
        const [record] = world.take('F32b');
        await stage.fault('F32', { item: '2103', ...struck('F32b：') });
        await stage.push([record as StationItem]);
        await stage.until(record as StationItem, 'waiting');
        await stage.timePasses();
        await stage.expectMirroredOnce(record as StationItem, RECORDS);
      },
      LIMIT_MS,
    );

    it(
      'F33: children of a deleted parent, and the parent itself, are a person’s matter',
      async () => {
        const [item] = world.take('F33');
        await stage.fault('F33', { parent: 'activities', ...struck('F33：') });
        await stage.push([item as StationItem]);
        expect((await stage.until(item as StationItem, 'attention')).lastOutcome?.code).toBe('2104');
        const station = stage.station('F33');
        await stage.push([station]);
        const { bizNo } = await stage.until(station, 'mirrored');
        await stage.fault('F33', { entity: 'stations', bizNo });
        await stage.push([world.next(station, { address: '新址2号' })]);
        expect((await stage.until(station, 'attention')).lastOutcome?.code).toBe('2013');
        expect((await stage.rows('stations', bizNo)).map(({ status }) => status)).toEqual(['DELETED']);
      },
      LIMIT_MS,
    );
  });

  describe('corrections, withdrawals, certificates', () => {
    it(
      'F49: a correction after success replaces the minutes, a withdrawal takes them away',
      async () => {
        const [one, two] = world.take('F49', 2);
        await stage.push([one as StationItem, two as StationItem]);
        await stage.untilAll([one as StationItem, two as StationItem], 'mirrored');
        const minutes = Number(one?.data.minutes) - 1;
        await stage.push([world.next(one as StationItem, { minutes }), world.withdrawal(two as StationItem)]);
        await eventually(async () => (await stage.statusOf(one as StationItem)).version === 2, { timeoutMs: 30_000 });
        await stage.expectMirroredOnce(one as StationItem, RECORDS);
        await stage.until(two as StationItem, 'voided');
        await minutesAgree();
      },
      LIMIT_MS,
    );

    it(
      'F50: a refused withdrawal stays a record, with the reason',
      async () => {
        const [item] = world.take('F50');
        await stage.push([item as StationItem]);
        const { bizNo } = await stage.until(item as StationItem, 'mirrored');
        await stage.fault('F50');
        await stage.push([world.withdrawal(item as StationItem)]);
        const refused = await stage.until(item as StationItem, 'attention');
        expect(refused.lastOutcome?.code).toBe('2014');
        expect(await stage.rows(RECORDS, bizNo)).toMatchObject([{ status: 'ACTIVE' }]);
      },
      LIMIT_MS,
    );

    it(
      'F51: a certificate pends, is refused or issued',
      async () => {
        await stage.fault('F51');
        const served = world.certified;
        await stage.push(served);
        await stage.untilAll(served, 'mirrored');
        const [one, two] = world.certificates as [StationItem, StationItem];
        await stage.push([one, two]);
        // Pending begins with the batch; the rows stand a moment later.
        await eventually(async () => (await stage.rows('certificate-requests')).length === 2, { timeoutMs: 60_000 });
        const [refused, issued] = await stage.untilAll([one, two], 'pending');
        await stage.fault('F51', { step: 'reject', bizNo: refused?.bizNo });
        await stage.fault('F51', { step: 'issue', bizNo: issued?.bizNo });
        expect((await stage.until(one, 'attention')).lastOutcome?.code).toBe('CERT_REJECTED');
        await stage.until(two, 'mirrored');
      },
      LIMIT_MS,
    );
  });

  describe('what others do, which reconciliation will notice: on the wire nothing breaks', () => {
    it(
      'F45: our number moves to the survivor, and every id leads there',
      async () => {
        const person = world.get('volunteer', 5);
        const before = await stage.statusOf(person);
        const { result } = await stage.fault('F45', { entity: 'volunteers', bizNo: before.bizNo });
        await stage.push([world.next(person, { mobile: '13900000055' })]);
        await eventually(async () => (await stage.statusOf(person)).nationalId === result?.mergedTo, {
          timeoutMs: 60_000,
        });
        const status = await stage.until(person, 'mirrored');
        const live = (await stage.rows('volunteers', status.bizNo)).filter((row) => row.status === 'ACTIVE');
        expect(live.map(({ nationalId }) => nationalId)).toEqual([result?.mergedTo]);
        const [record] = world.take('F45');
        await stage.push([record as StationItem]);
        await stage.expectMirroredOnce(record as StationItem, RECORDS);
      },
      LIMIT_MS,
    );

    it(
      'F45: merged while its review is awaited, it is a person’s matter, and the old id leads to the survivor',
      async () => {
        await stage.fault('F32', { entity: 'volunteers' });
        const person = world.newcomer(77);
        await stage.push([person]);
        const before = await eventually(
          async () => {
            const status = await stage.statusOf(person);
            return status.state === 'pending' && status.nationalId !== null ? status : null;
          },
          { timeoutMs: 60_000 },
        );
        const { result } = await stage.fault('F45', { entity: 'volunteers', bizNo: before.bizNo });
        const merged = await stage.until(person, 'attention');
        expect([merged.lastOutcome?.code, merged.nationalId]).toEqual(['2012', result?.mergedTo]);
        expect(
          await stage.query(`SELECT * FROM national_alias WHERE national_id = $1`, [before.nationalId]),
        ).toMatchObject([{ current_national_id: result?.mergedTo, kind: 'volunteer', cause: 'merged' }]);
        const leaves = await stage.query(`SELECT 1 FROM evidence_leaf WHERE kind = 'alias.added' AND entry LIKE $1`, [
          `%${before.nationalId}%`,
        ]);
        expect(leaves).toHaveLength(1);
      },
      LIMIT_MS,
    );

    it(
      'F46, F60: a merge undone is a person’s matter; a row with another id takes the next version',
      async () => {
        const [split, moved] = [world.get('volunteer', 4), world.get('volunteer', 3)];
        await stage.fault('F45', { entity: 'volunteers', bizNo: (await stage.statusOf(split)).bizNo });
        // Lifting a merge is the act of F46: the row is split off again.
        await stage.lift('F45');
        await stage.fault('F60', { entity: 'volunteers', bizNo: (await stage.statusOf(moved)).bizNo });
        await stage.push([world.next(split, { mobile: '13900000044' }), world.next(moved, { mobile: '13900000033' })]);
        // Two living rows hold the person's key now: which one is ours is decided by people, and nothing is written.
        const undecided = await stage.until(split, 'attention');
        expect(undecided.lastOutcome?.code).toBe('2010');
        expect(await stage.rows('volunteers', undecided.bizNo)).toMatchObject([{ status: 'ACTIVE', version: 1 }]);
        await eventually(async () => (await stage.statusOf(moved)).nationalVersion === 2, { timeoutMs: 60_000 });
        await stage.expectMirroredOnce(moved, 'volunteers');
      },
      LIMIT_MS,
    );

    it(
      'F47: the portal’s edit stands until our next version, without ping-pong',
      async () => {
        const [item] = world.take('F47');
        await stage.push([item as StationItem]);
        const { bizNo } = await stage.until(item as StationItem, 'mirrored');
        await stage.fault('F47', { entity: RECORDS, bizNo, set: { content: '门户改过' } });
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        expect(await stage.rows(RECORDS, bizNo)).toMatchObject([{ data: { content: '门户改过' } }]);
        expect(stage.writesOf(bizNo)).toBe(1);
        await stage.push([world.next(item as StationItem, { content: '站点更正' })]);
        await eventually(async () => stage.writesOf(bizNo) === 2, { timeoutMs: 30_000 });
        await stage.expectMirroredOnce(item as StationItem, RECORDS);
      },
      LIMIT_MS,
    );

    it(
      'F48: what was deleted nationally is never created again by itself',
      async () => {
        const [item] = world.take('F48');
        await stage.push([item as StationItem]);
        const { bizNo } = await stage.until(item as StationItem, 'mirrored');
        await stage.fault('F48', { entity: RECORDS, bizNo });
        await stage.push([world.next(item as StationItem, { content: '删除之后' })]);
        expect((await stage.until(item as StationItem, 'attention')).lastOutcome?.code).toBe('2013');
        expect((await stage.rows(RECORDS, bizNo)).map(({ status }) => status)).toEqual(['DELETED']);
      },
      LIMIT_MS,
    );

    it(
      'F53–F56, F59: feed, totals and silent cuts disturb no write',
      async () => {
        for (const id of ['F53', 'F54', 'F56']) await stage.fault(id);
        const [item] = world.take('F59𠮷');
        await stage.fault('F59', struck('F59'));
        await stage.push([item as StationItem]);
        const status = await stage.expectMirroredOnce(item as StationItem, RECORDS);
        expect((await stage.rows(RECORDS, status.bizNo))[0]?.data.content).not.toBe(item?.data.content);
        expect(await writesOf(item as StationItem)).toBe(1);
      },
      LIMIT_MS,
    );
  });
});
