import type { SourceIdentity } from '../../../src/ingest/intake.types.js';
import { PreparedCalls } from '../../../src/delivery/prepared-calls.js';
import { Planner } from '../../../src/delivery/planner.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import {
  activity,
  membership,
  project,
  serviceRecord,
  station,
  team,
  volunteer,
  voided,
} from '../ledger/station-world.js';
import { forgetAll, openDeliveryKit, type DeliveryKit } from './delivery-kit.js';

describe('planning: what may go now', () => {
  let kit: DeliveryKit;
  let source: SourceIdentity;
  beforeAll(async () => {
    kit = await openDeliveryKit();
  });
  beforeEach(async () => {
    await forgetAll(kit);
    source = kit.newSource();
  });
  afterEach(() => expect(kit.problems).toEqual([]));
  afterAll(() => kit.close());

  const P1 = { team: 'T1', station: 'S1' };
  async function standing(): Promise<void> {
    await kit.push(source, [
      station('S1'), team('T1', 'S1'), project('P1', P1), activity('A1', 'P1'), volunteer('V1', { no: 201 }),
      membership('M1', { volunteer: 'V1', project: 'P1' }),
    ]); // prettier-ignore
    await kit.settle();
    await kit.sweep();
    await kit.settle();
    for (const [kind, id] of [
      ['activity', 'A1'],
      ['membership', 'M1'],
    ] as const) {
      expect(await kit.record(source, kind, id)).toMatchObject({ state: 'mirrored' });
    }
    kit.nation.sent.length = 0;
  }
  const served = (id: string, from: string, to: string, who = 'V1'): ReturnType<typeof serviceRecord> =>
    serviceRecord(id, { volunteer: who, activity: 'A1', from, to });
  const attempts = (): Promise<{ biz_no: string; call_id: string; op: string; version: number }[]> =>
    kit.rows(
      `SELECT biz_no, call_id, op, flight_version AS version FROM outbox WHERE call_id IS NOT NULL ORDER BY biz_no`,
    );

  it('writes call and attempts down before anybody is told, and moves the record to sending', async () => {
    await kit.accept(source, station('S1'));
    const [callId] = await kit.plan();
    const row = await kit.record(source, 'station', 'S1');
    expect(row).toMatchObject({ state: 'sending', stage: 'flying' });
    expect(await attempts()).toEqual([{ biz_no: row.biz_no, call_id: callId, op: 'UPSERT', version: 1 }]);
    expect(kit.nation.sent).toHaveLength(0);
    expect(await kit.plan()).toEqual([]);
  });

  it('fills calls up to the announced number and no further', async () => {
    await kit.push(
      source,
      Array.from({ length: 25 }, (_, index) => station(`S${index}`)),
    );
    const { value } = kit.nation.status_ as { value: { limits: object } };
    Object.assign(kit.nation, {
      status_: { status: 'ok', value: { ...value, limits: { ...value.limits, batchItems: 10 } } },
    });
    await kit.plan();
    const sizes = await kit.rows('SELECT item_count AS n, operation FROM national_call ORDER BY item_count DESC');
    expect(sizes).toEqual([
      { n: 10, operation: 'write-batch' },
      { n: 10, operation: 'write-batch' },
      { n: 5, operation: 'write-batch' },
    ]);
  });

  it('fills calls up to the announced bytes, and sends alone what is larger than that', async () => {
    const facilities = Array.from({ length: 40 }, (_, index) => `设施设施设施${index}`);
    await kit.push(
      source,
      [1, 2, 3].map((n) => station(`S${n}`, { data: { facilities } })),
    );
    const { value } = kit.nation.status_ as { value: { limits: object } };
    Object.assign(kit.nation, {
      status_: { status: 'ok', value: { ...value, limits: { ...value.limits, batchBytes: 1_500 } } },
    });
    expect(await kit.plan()).toHaveLength(3);
    expect(await kit.rows('SELECT DISTINCT operation FROM national_call')).toEqual([{ operation: 'write-single' }]);
  });

  it('never has two overlapping records of one volunteer in flight, touching ones yes (G-48)', async () => {
    await standing();
    await kit.push(source, [
      served('R1', '09:00', '10:00'),
      served('R2', '10:00', '11:00'),
      served('R3', '09:30', '10:30'),
    ]);
    await kit.plan();
    const numbers = async (...ids: string[]): Promise<string[]> =>
      (await Promise.all(ids.map((id) => kit.record(source, 'service-record', id)))).map((row) => row.biz_no).sort();
    expect((await attempts()).map(({ biz_no: bizNo }) => bizNo)).toEqual(await numbers('R1', 'R2'));
    expect(await kit.record(source, 'service-record', 'R3')).toMatchObject({ state: 'queued', stage: 'ready' });
    await kit.makeDue();
    expect(await kit.plan()).toEqual([]);
    const open = await kit.rows<{ id: string }>(`SELECT id FROM national_call WHERE stage = 'planned'`);
    await kit.work(...open.map(({ id }) => id));
    await kit.makeDue();
    await kit.plan();
    expect((await attempts()).map(({ biz_no: bizNo }) => bizNo)).toEqual(await numbers('R3'));
  });

  it('knows the overlap across the sourceIds of one person', async () => {
    await standing();
    await kit.push(source, [volunteer('V1b', { no: 201 })]);
    await kit.settle();
    await kit.push(source, [served('R1', '09:00', '10:00'), served('R2', '09:00', '10:00', 'V1b')]);
    await kit.plan();
    expect(await attempts()).toHaveLength(1);
  });

  it('does not send a record together with the withdrawal of the one whose time it takes', async () => {
    await standing();
    await kit.accept(source, served('R1', '09:00', '10:00'));
    await kit.settle();
    await kit.push(source, [voided('service-record', 'R1'), served('R2', '09:30', '10:30')]);
    await kit.plan();
    expect(await attempts()).toEqual([expect.objectContaining({ op: 'VOID' })]);
    const open = await kit.rows<{ id: string }>(`SELECT id FROM national_call WHERE stage = 'planned'`);
    await kit.work(...open.map(({ id }) => id));
    await kit.makeDue();
    await kit.settle();
    expect(kit.nation.sent.map(({ items }) => items.map(({ op }) => op))).toEqual([['UPSERT'], ['VOID'], ['UPSERT']]);
  });

  it('never opens two attempts of one number, with two planners at once', async () => {
    await kit.push(
      source,
      Array.from({ length: 60 }, (_, index) => station(`S${index}`)),
    );
    const { value } = kit.nation.status_ as { value: Parameters<Planner['planWrites']>[0] };
    const limits = { ...value.limits, batchItems: 7 };
    const { database, nation: gateway, vault, storm } = kit;
    const planners = [1, 2, 3].map(
      () => new Planner({ database, gateway, ids: systemIds, vault, prepared: new PreparedCalls(), storm }),
    );
    const planned = await Promise.all(
      planners.map((planner) => planner.planWrites({ ...value, limits }, new Map(), 50)),
    );
    const open = await attempts();
    expect(open).toHaveLength(60);
    expect(new Set(open.map(({ biz_no: bizNo }) => bizNo)).size).toBe(60);
    expect(new Set(planned.flat().map(({ callId }) => callId)).size).toBe(planned.flat().length);
    await expect(
      kit.rows(`INSERT INTO outbox (biz_no, record_id, source_system_id, kind, version, county_code, lane, lane_rank, stage)
        SELECT biz_no, record_id, source_system_id, kind, 9, county_code, lane, lane_rank, 'ready' FROM outbox LIMIT 1`),
    ).rejects.toMatchObject({ code: '23505' });
  });

  it('plans nothing for what a gate holds, and everything else', async () => {
    await kit.push(source, [station('S1'), volunteer('V9', { no: 207 })]);
    await kit.rows(`INSERT INTO national_gate VALUES ('kind:station', now() + interval '1 minute', '1009', 'x')`);
    expect(await kit.plan()).toHaveLength(1);
    expect(await kit.record(source, 'station', 'S1')).toMatchObject({ state: 'queued' });
    await kit.rows(`UPDATE national_gate SET closed_until = now() - interval '1 second'`);
    expect(await kit.plan()).toHaveLength(1);
  });

  it('corrects a live service-record with a reason, and writes anything else anew (G-75)', async () => {
    await standing();
    await kit.accept(source, served('R1', '09:00', '10:00'));
    await kit.settle();
    await kit.accept(source, { ...served('R1', '09:00', '10:30'), reason: '时间录错' });
    await kit.settle();
    await kit.accept(source, served('R1', '09:00', '10:40'));
    await kit.settle();
    await kit.accept(source, station('S1', { data: { address: '测试路2号' } }));
    await kit.settle();
    const items = kit.nation.sent.flatMap(({ items: sent }) =>
      sent.map(({ kind, op, reason, version }) => [kind, op, reason, version]),
    );
    expect(items).toEqual([
      ['service-record', 'UPSERT', null, 1],
      ['service-record', 'CORRECT', '时间录错', 2],
      ['service-record', 'CORRECT', '站点更正', 3],
      ['station', 'UPSERT', null, 2],
    ]);
  });

  it('still corrects a record after its volunteer has left the project (C11)', async () => {
    await standing();
    await kit.accept(source, served('R1', '09:00', '10:00'));
    await kit.settle();
    await kit.accept(source, membership('M1', { volunteer: 'V1', project: 'P1' }, { data: { status: 'LEFT' } }));
    await kit.settle();
    await kit.accept(source, served('R1', '09:00', '10:30'));
    expect(await kit.record(source, 'service-record', 'R1')).toMatchObject({ state: 'queued', waits: [] });
    await kit.settle();
    expect(await kit.record(source, 'service-record', 'R1')).toMatchObject({ state: 'mirrored', national_version: 2 });
    await kit.accept(source, served('R2', '13:00', '14:00'));
    expect(await kit.record(source, 'service-record', 'R2')).toMatchObject({
      state: 'waiting',
      waits: ['membership:V1:P1'],
    });
  });

  it('names project, team and station behind the activity in what it sends (G-14)', async () => {
    await standing();
    await kit.accept(source, served('R1', '09:00', '10:00'));
    await kit.settle();
    await kit.push(source, [project('P2', { team: 'T1', station: 'S1' }), activity('A1', 'P2')]);
    await kit.settle();
    const [first, second] = kit.nation.sentOf((await kit.record(source, 'service-record', 'R1')).biz_no);
    const number = async (kind: string, id: string): Promise<string> => (await kit.record(source, kind, id)).biz_no;
    expect(first?.refs).toMatchObject({
      projectBizNo: await number('project', 'P1'),
      teamBizNo: await number('team', 'T1'),
    });
    expect(second).toMatchObject({ version: 2, op: 'CORRECT' });
    expect(second?.refs).toMatchObject({
      projectBizNo: await number('project', 'P2'),
      stationBizNo: await number('station', 'S1'),
    });
    expect(await kit.record(source, 'service-record', 'R1')).toMatchObject({
      state: 'mirrored',
      version: 2,
      national_version: 2,
    });
  });

  it('tells a record its due day at the claim when it was accepted in the same moment as its activity', async () => {
    await standing();
    await kit.accept(source, served('R1', '09:00', '10:00'));
    await kit.rows(`UPDATE record SET due_by = NULL, county_code = '533400' WHERE source_id = 'R1'`);
    await kit.plan();
    const row = await kit.record(source, 'service-record', 'R1');
    expect(row.due_by).toBeInstanceOf(Date);
    expect(row).toMatchObject({ county_code: '533401', state: 'sending' });
  });
});
