import type { Fields } from './model.js';
import { openWorld, seal, type Envelope, type SpecWorld } from './spec-client.js';
import { activity, day, membership, project, record, settle, station, team, volunteer } from './spec-records.js';

/** Order of rules (§1.16 B7) and the rules themselves (§1.6, C-clauses). */
describe('content rules', () => {
  let world: SpecWorld;
  const client = () => world.client;
  const put = (entity: string, bizNo: string, data: Fields, more = {}) => client().upsert(entity, bizNo, data, more);
  const paths = (reply: Envelope) =>
    (reply.detail?.fields as { path: string; rule: string }[]).map(({ path, rule }) => `${path} ${rule}`);

  beforeEach(async () => {
    world = await openWorld();
    await settle(client());
  });
  afterEach(() => world.close());

  it('answers in the order of B7 as one fault after the other is mended', async () => {
    const bad = team({
      kind: 'X',
      contactMobile: 'sm4:AAAA',
      serviceFields: ['zz'],
      areaCode: '110101000000',
      stationBizNo: 'ST-0',
    });
    const codes: string[] = [];
    const steps: Fields[] = [
      {},
      { kind: 'COMMUNITY' },
      { contactMobile: seal('1') },
      { serviceFields: ['0001'] },
      { areaCode: '533401101003' },
      { stationBizNo: 'ST-1' },
      { name: '另一队' },
    ];
    let data = bad;
    for (const step of steps) codes.push((await put('teams', 'TM-2', (data = { ...data, ...step }))).code);
    expect(codes).toEqual(['2201', '1010', '2202', '2204', '2101', '2010', '0000']);
  });

  it('names every broken field by its path', async () => {
    const { status, ...rest } = station({
      openedOn: '2026-02-30',
      longitude: 'x',
      managerMobile: '138',
      surplus: 1,
      name: '长'.repeat(201),
    });
    expect(status).toBe('ACTIVE');
    const reply = await put('stations', 'ST-2', rest);
    expect(paths(reply).sort()).toEqual([
      'data.longitude number',
      'data.managerMobile encrypted',
      'data.name length',
      'data.openedOn date',
      'data.status required',
      'data.surplus unknown',
    ]);
  });

  it('counts code points, takes null as absent and wants +08:00', async () => {
    expect((await put('stations', 'ST-2', station({ name: '𠮷'.repeat(200), uscc: null }))).code).toBe('0000');
    expect(paths(await put('activities', 'AC-2', activity({ startAt: '2026-11-20T01:00:00Z' })))).toEqual([
      'data.startAt dateTime',
    ]);
  });

  it('wants guardians under 18 and exactly one of team and project', async () => {
    const minor = volunteer({ birthDate: day(365 * 17), idNo: seal('X2') });
    expect(paths(await put('volunteers', 'VO-2', minor))).toEqual([
      'data.guardianName required',
      'data.guardianMobile required',
    ]);
    expect(
      (await put('volunteers', 'VO-2', { ...minor, guardianName: '监护人', guardianMobile: seal('1') })).code,
    ).toBe('0000');
    expect((await put('memberships', 'MB-2', membership({ teamBizNo: 'TM-1' }))).code).toBe('2201');
  });

  it('lists all missing parents at once', async () => {
    const reply = await put(
      'service-records',
      'SR-1',
      record('09:00', '10:00', { activityBizNo: 'AC-0', teamBizNo: 'TM-0' }),
    );
    expect(reply).toMatchObject({
      code: '2101',
      detail: {
        missing: [
          { entity: 'activities', bizNo: 'AC-0' },
          { entity: 'teams', bizNo: 'TM-0' },
        ],
      },
    });
  });

  it('waits for approvals: 2104 before 2102 before 2103', async () => {
    const rule = (entity: string, bizNo: string, result: string) =>
      client().control('POST', 'audit', { entity, bizNo, result });
    const code = async () => (await put('service-records', 'SR-1', record('09:00', '10:00'))).code;
    await rule('volunteers', 'VO-1', 'REVIEWING');
    expect(await code()).toBe('2103');
    await rule('projects', 'PJ-1', 'REVIEWING');
    expect(await code()).toBe('2102');
    await rule('teams', 'TM-1', 'FAILED');
    expect(await code()).toBe('2104');
    await rule('teams', 'TM-1', 'PASSED');
    await rule('projects', 'PJ-1', 'PASSED');
    await rule('volunteers', 'VO-1', 'PASSED');
    expect(await code()).toBe('0000');
  });

  it('asks for membership in the record’s project; LEFT is enough for an update (C11)', async () => {
    expect((await put('service-records', 'SR-1', record('09:00', '10:00'))).code).toBe('0000');
    await put('memberships', 'MB-1', membership({ status: 'LEFT' }), { version: 2 });
    const refused = await put('service-records', 'SR-2', record('10:00', '11:00'));
    expect(refused).toMatchObject({
      code: '2105',
      detail: { missing: [{ entity: 'memberships', bizNo: null, volunteerBizNo: 'VO-1', projectBizNo: 'PJ-1' }] },
    });
    expect((await put('service-records', 'SR-1', record('09:00', '10:30'), { version: 2 })).code).toBe('0000');
  });

  it('limits minutes by interval and by day, counting a replaced record once', async () => {
    const all = record('00:00', '23:00', { minutes: 1380 });
    expect((await put('service-records', 'SR-1', record('09:00', '10:00', { minutes: 61 }))).code).toBe('2205');
    expect((await put('service-records', 'SR-1', record('10:00', '09:00', { minutes: 1 }))).code).toBe('2201');
    expect((await put('service-records', 'SR-1', all)).code).toBe('0000');
    const next = record('09:00', '11:00', { serviceDate: day(1) }, day(2));
    expect((await put('service-records', 'SR-2', next)).code).toBe('2205');
    expect((await put('service-records', 'SR-2', { ...next, minutes: 60 })).code).toBe('0000');
    expect((await put('service-records', 'SR-1', record('00:00', '22:00'), { version: 2 })).code).toBe('0000');
  });

  it('lets records touch but not overlap, and frees the time of a voided one', async () => {
    const first = await put('service-records', 'SR-1', record('09:00', '10:00'));
    expect((await put('service-records', 'SR-2', record('10:00', '11:00'))).code).toBe('0000');
    const refused = await put('service-records', 'SR-3', record('09:59', '10:00'));
    expect(refused).toMatchObject({ code: '2211', detail: { nationalId: first.data.nationalId, bizNo: 'SR-1' } });
    await client().post('service-records', { bizNo: 'SR-1', version: 2, op: 'VOID', reason: 'r' });
    expect((await put('service-records', 'SR-3', record('09:59', '10:00'))).code).toBe('0000');
  });

  it('takes records up to 365 days old', async () => {
    expect((await put('service-records', 'SR-1', record('09:00', '10:00', {}, day(365)))).code).toBe('0000');
    expect((await put('service-records', 'SR-2', record('09:00', '10:00', {}, day(366)))).code).toBe('2206');
  });

  it('refuses to void a row with live children (B16)', async () => {
    const reply = await client().post('projects', { bizNo: 'PJ-1', version: 2, op: 'VOID', reason: 'r' });
    expect(reply).toMatchObject({ code: '2014', detail: { liveChildren: 2 } });
  });

  it('follows a merge silently by bizNo and answers 2012 by national id (B11)', async () => {
    const other = await put('volunteers', 'VO-2', volunteer({ idNo: seal('X2'), name: '测试丁' }));
    const first = await client().lookup('volunteers', 'VO-1');
    await client().control('POST', 'merge', { fromBizNo: 'VO-1', toBizNo: 'VO-2' });
    const byId = { volunteerBizNo: null, volunteerNationalId: first[0]?.nationalId as string };
    expect(await put('service-records', 'SR-1', record('09:00', '10:00', byId))).toMatchObject({
      code: '2012',
      detail: { mergedTo: other.data.nationalId },
    });
    expect((await put('service-records', 'SR-1', record('09:00', '10:00'))).code).toBe('0000');
    const overlap = record('09:30', '10:00', { volunteerBizNo: 'VO-2' });
    expect((await put('service-records', 'SR-2', overlap)).code).toBe('2211');
  });

  it('keeps PASSED on update and reviews a failed row again (B15)', async () => {
    await client().control('POST', 'settings', { reviews: { projects: { auto: false } } });
    expect((await put('projects', 'PJ-1', project({ intro: '二' }), { version: 2 })).data.auditStatus).toBe('PASSED');
    await client().control('POST', 'audit', { entity: 'projects', bizNo: 'PJ-1', result: 'FAILED' });
    expect((await put('projects', 'PJ-1', project({ intro: '三' }), { version: 3 })).data.auditStatus).toBe(
      'REVIEWING',
    );
  });
});
