import { gunzipSync } from 'node:zlib';
import { sha256Hex } from './canonical-form.js';
import { openWorld, seal, until, type SpecWorld } from './spec-client.js';
import { activity, day, record, settle, volunteer } from './spec-records.js';

interface Event {
  seq: number;
  eventId: string;
  type: string;
  origin: string;
  bizNo: string | null;
  snapshot: { data: Record<string, unknown>; status: string };
  toNationalId?: string;
  nationalId: string;
}

describe('lookup, feed, reconciliation, export', () => {
  let world: SpecWorld;
  const client = () => world.client;

  beforeEach(async () => {
    world = await openWorld();
    await settle(client());
    await client().upsert('service-records', 'SR-1', record('09:00', '10:00'));
    await client().upsert('service-records', 'SR-2', record('10:00', '10:30'));
  });
  afterEach(() => world.close());

  it('finds by number, id and natural key, in the order of the keys (E1, E2)', async () => {
    const [row] = await client().lookup('volunteers', 'VO-1');
    expect(row).toMatchObject({ status: 'ACTIVE', realNameStatus: 'PASSED', origin: 'self', version: 1 });
    const byId = await client().post('volunteers/lookup', { by: 'nationalId', keys: ['none', row?.nationalId] });
    expect(byId.data.items).toMatchObject([
      { key: 'none', found: false, rows: [] },
      { found: true, rows: [{ bizNo: 'VO-1' }] },
    ]);
    const key = { idType: '01', idNo: seal('53340119900101001X') };
    expect((await client().post('volunteers/lookup', { by: 'naturalKey', keys: [key] })).data.items).toMatchObject([
      { found: true },
    ]);
    const startAt = `${day(1)}T01:00:00.000+08:00`;
    const record1 = {
      volunteerNationalId: row?.nationalId,
      activityBizNo: 'AC-1',
      startAt: startAt.replace('T01', 'T09'),
    };
    const found = await client().post('service-records/lookup', { by: 'naturalKey', keys: [record1] });
    expect(found.data.items).toMatchObject([{ found: true, rows: [{ bizNo: 'SR-1' }] }]);
    expect(
      (await client().post('volunteers/lookup', { by: 'naturalKey', keys: [{ ...key, surplus: 'x' }] })).code,
    ).toBe('2201');
    expect((await client().post('memberships/lookup', { by: 'naturalKey', keys: [{}] })).code).toBe('2201');
  });

  it('shows the state of asOf while reads lag (E5)', async () => {
    await client().control('POST', 'settings', { readLagMs: 60_000 });
    expect(await client().lookup('service-records', 'SR-1')).toEqual([]);
    await client().control('POST', 'clock', { advanceMs: 61_000 });
    const timestamp = Date.now() + 61_000;
    const update = { bizNo: 'SR-1', version: 2, op: 'UPSERT', data: record('09:00', '09:30') };
    await client().post('service-records', update, { timestamp });
    const reply = await client().post('service-records/lookup', { by: 'bizNo', keys: ['SR-1'] }, { timestamp });
    expect(reply.data.items).toMatchObject([{ rows: [{ version: 1 }] }]);
  });

  it('never gives an asOf that a later commit could contradict', async () => {
    const before = await client().post('activities/lookup', { by: 'bizNo', keys: ['AC-2'] });
    await client().upsert('activities', 'AC-2', activity({ name: '二' }));
    const [row] = await client().lookup('activities', 'AC-2');
    expect(String(row?.updatedAt) > String(before.data.asOf)).toBe(true);
  });

  it('still shows what was committed before the clock went back', async () => {
    await client().control('POST', 'clock', { advanceMs: 60_000 });
    await client().upsert('activities', 'AC-2', activity({ name: '二' }));
    await client().control('POST', 'clock', { offsetMs: 0 });
    expect(await client().lookup('activities', 'AC-2')).toHaveLength(1);
  });

  it('tells every change once in order, with cursor, filter and snapshot (E6, E7)', async () => {
    const all = await client().get('changes?limit=3');
    const events = all.data.events as Event[];
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(all.data).toMatchObject({ hasMore: true, safeUpTo: 8 });
    expect(String(events[2]?.snapshot.data.idNo)).toMatch(/^sm4:/);
    const rest = await client().get(`changes?cursor=${String(all.data.nextCursor)}&entities=service-records`);
    expect((rest.data.events as Event[]).map(({ bizNo }) => bizNo)).toEqual(['SR-1', 'SR-2']);
    const end = await client().get(`changes?cursor=${String(rest.data.nextCursor)}`);
    expect(end.data).toMatchObject({ events: [], hasMore: false });
    await client().control('POST', 'settings', { feed: { cursorValidMs: -1 } });
    expect((await client().get(`changes?cursor=${String(end.data.nextCursor)}`)).code).toBe('3101');
  });

  it('changes hash but not version by a national edit (B12), and tells reassignment under the old id', async () => {
    const [before] = await client().lookup('volunteers', 'VO-1');
    await client().control('POST', 'national-edit', {
      entity: 'volunteers',
      bizNo: 'VO-1',
      set: { mobile: '13900000000' },
    });
    const [after] = await client().lookup('volunteers', 'VO-1');
    expect(after).toMatchObject({ version: 1 });
    expect(after?.contentHash).not.toBe(before?.contentHash);
    expect((await client().upsert('volunteers', 'VO-1', volunteer())).code).toBe('2002');
    await client().control('POST', 'reassign', {
      entity: 'volunteers',
      bizNo: 'VO-1',
      toNationalId: 'VO530000777777777',
    });
    const events = (await client().get('changes?entities=volunteers')).data.events as Event[];
    expect(events.map(({ type, origin }) => `${type} ${origin}`)).toEqual([
      'UPSERTED self',
      'UPSERTED portal',
      'REASSIGNED admin',
    ]);
    expect(events[2]).toMatchObject({ nationalId: before?.nationalId, toNationalId: 'VO530000777777777' });
    expect((await client().upsert('service-records', 'SR-3', record('11:00', '12:00'))).code).toBe('0000');
  });

  it('compares totals over the union of both sides (F1)', async () => {
    await client().post('service-records', { bizNo: 'SR-2', version: 2, op: 'VOID', reason: 'r' });
    const key = (teamBizNo: string) => ({ day: day(1), teamBizNo });
    const mine = [
      { key: key('TM-1'), count: 1, minutes: 60, voided: 1 },
      { key: key('TM-9'), count: 0, minutes: 0, voided: 0 },
    ];
    const reply = await client().post('recon/totals', {
      entity: 'service-records',
      groupBy: ['day', 'teamBizNo'],
      mine,
    });
    expect(reply.data.groups).toMatchObject([
      { key: key('TM-1'), match: 'Y', national: { count: 1, minutes: 60, voided: 1 }, foreignCount: 0 },
      { key: key('TM-9'), match: 'Y', national: { count: 0, minutes: 0, voided: 0 } },
    ]);
    const swapped = await client().post('recon/totals', {
      entity: 'service-records',
      groupBy: ['day'],
      mine: [{ key: { day: day(1) }, count: 1, minutes: 61, voided: 1 }],
    });
    expect(swapped.data.groups).toMatchObject([{ match: 'N' }]);
  });

  it('drills down under one snapshot while writes go on (F4), and pages the detail (F6)', async () => {
    const root = await client().post('recon/digest', { entity: 'service-records', prefix: '' });
    const buckets = root.data.buckets as { b: string; count: number; digest: string }[];
    const prefix = sha256Hex('SR-1').slice(0, 2);
    const [row] = await client().lookup('service-records', 'SR-1');
    expect(buckets).toHaveLength(256);
    const digest = sha256Hex(`SR-1|1|${String(row?.contentHash)}|ACTIVE\n`);
    expect(buckets[Number.parseInt(prefix, 16)]).toEqual({ b: prefix, count: 1, digest });
    await client().upsert('service-records', 'SR-1', record('09:00', '09:30'), { version: 2 });
    const { snapshotId } = root.data;
    const child = await client().post('recon/digest', { snapshotId, prefix });
    const next = Number.parseInt(sha256Hex('SR-1').slice(2, 4), 16);
    expect((child.data.buckets as { digest: string }[])[next]?.digest).toBe(digest);
    const page = await client().post('recon/detail', { snapshotId, prefixes: ['', prefix], page: 2, size: 1 });
    expect(page.data).toMatchObject({ total: 2, page: 2, size: 1, rows: [{ version: 1 }] });
    expect((await client().post('recon/detail', { snapshotId: 'S0', prefixes: [''] })).code).toBe('3101');
    expect(
      (await client().post('recon/digest', { entity: 'service-records', scope: { areaCode: '533401000000' } })).code,
    ).toBe('2201');
  });

  it('scopes by day and area (F2, F5)', async () => {
    const count = async (body: object) => {
      const { buckets } = (await client().post('recon/digest', body)).data as { buckets: { count: number }[] };
      return buckets.reduce((sum, bucket) => sum + bucket.count, 0);
    };
    expect(await count({ entity: 'service-records', scope: { from: day(1), to: day(1) } })).toBe(2);
    expect(await count({ entity: 'service-records', scope: { from: day(0) } })).toBe(0);
    expect(await count({ entity: 'stations', scope: { areaCode: '533400000000' } })).toBe(1);
    expect(await count({ entity: 'stations', scope: { areaCode: '530100000000' } })).toBe(0);
  });

  it('exports everything, foreign rows included, with hash and feed position (F8)', async () => {
    await client().control(
      'POST',
      'bulk-load',
      JSON.stringify({ entity: 'volunteers', data: { ...volunteer(), idNo: 'X9' } }),
    );
    const started = await client().post('exports', { entities: ['volunteers', 'stations'] });
    expect(started).toMatchObject({ code: '0100', data: { status: 'ACCEPTED' } });
    const ready = await until(async () => {
      const reply = await client().get(`exports/${String(started.data.exportId)}`);
      return reply.data.status === 'READY' && reply;
    });
    const file = await client().send('GET', `/gw/v1/exports/${String(started.data.exportId)}/file`);
    expect(sha256Hex(file.bytes)).toBe(ready.data.sha256);
    const lines = gunzipSync(file.bytes)
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { entity: string; bizNo: string | null });
    expect(lines.map(({ entity, bizNo }) => [entity, bizNo])).toEqual([
      ['stations', 'ST-1'],
      ['volunteers', 'VO-1'],
      ['volunteers', null],
    ]);
    expect((await client().get(`changes?cursor=${String(ready.data.cursor)}`)).data.events).toEqual([]);
    expect((await client().get('exports/X0')).code).toBe('3001');
  });

  it('publishes dictionaries by version and honours their dates (A16, B5)', async () => {
    expect((await client().get('dicts/id-types')).data).toMatchObject({ name: 'id-types', version: '2026.1' });
    expect((await client().get('dicts/id-types?version=0')).code).toBe('2201');
    const items = [{ code: '2', label: '女', effectiveFrom: '2017-12-01', effectiveTo: day(1) }];
    await client().control('POST', 'dictionary', { name: 'genders', version: '2026.2', items });
    expect((await client().upsert('volunteers', 'VO-2', volunteer({ idNo: seal('X2') }))).code).toBe('2202');
    expect((await client().get('sys/status')).data.dictionaries).toMatchObject({ genders: '2026.2' });
  });
});
