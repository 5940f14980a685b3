import type { Fields } from './model.js';
import { openWorld, type SpecWorld } from './spec-client.js';
import { activity, record, settle, station, volunteer } from './spec-records.js';

/** The idempotency table of §1.5 row by row, with §1.16 B1–B4, B9–B11 and B21. */
describe('idempotency table', () => {
  let world: SpecWorld;
  const client = () => world.client;
  const write = (more: Record<string, unknown>, data: Fields = station()) =>
    client().upsert('stations', 'ST-9', data, more);

  beforeEach(async () => (world = await openWorld()));
  afterEach(() => world.close());

  it('creates what is not stored, at any version', async () => {
    const reply = await write({ version: 5 });
    expect(reply).toMatchObject({ code: '0000', data: { outcome: 'CREATED', version: 5, auditStatus: 'PASSED' } });
    expect(String(reply.data.nationalId)).toMatch(/^ST533400\d{9}$/);
    expect(reply.data).not.toHaveProperty('previousVersion');
  });

  it('answers 2001 for the same version and content, whatever IV was used', async () => {
    const first = await write({});
    expect(await write({})).toMatchObject({
      code: '2001',
      data: {},
      detail: { nationalId: first.data.nationalId, storedVersion: 1 },
    });
  });

  it('answers 2002 with the stored hash for the same version and other content', async () => {
    await write({});
    const reply = await write({}, station({ address: '测试路2号' }));
    expect(reply.code).toBe('2002');
    expect(reply.detail).toMatchObject({
      storedVersion: 1,
      storedHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it('answers 2003 for an older version', async () => {
    await write({ version: 3 });
    expect(await write({ version: 2 })).toMatchObject({ code: '2003', detail: { storedVersion: 3 } });
  });

  it('replaces at a higher version and tells the previous one', async () => {
    const first = await write({});
    const reply = await write({ version: 4 }, station({ address: '测试路2号' }));
    expect(reply).toMatchObject({
      code: '0000',
      data: { outcome: 'UPDATED', previousVersion: 1, nationalId: first.data.nationalId },
    });
  });

  it('treats CORRECT of an unknown number as UPSERT and wants a reason', async () => {
    expect((await write({ op: 'CORRECT', reason: '录入错误' })).data.outcome).toBe('CREATED');
    expect((await write({ op: 'CORRECT', version: 2, reason: ' ' })).code).toBe('2201');
  });

  it('never creates by VOID: what is missing is the item itself', async () => {
    const reply = await write({ op: 'VOID', reason: '重复登记' });
    expect(reply).toMatchObject({ code: '2101', detail: { missing: [{ entity: 'stations', bizNo: 'ST-9' }] } });
    expect(await client().lookup('stations', 'ST-9')).toEqual([]);
  });

  it('voids only above the stored version and keeps the hash of the last data', async () => {
    await write({ version: 2 });
    const [before] = await client().lookup('stations', 'ST-9');
    expect((await write({ op: 'VOID', version: 1, reason: 'r' })).code).toBe('2003');
    expect((await write({ op: 'VOID', version: 2, reason: 'r' })).code).toBe('2002');
    expect((await write({ op: 'VOID', version: 3, reason: 'r' })).data.outcome).toBe('VOIDED');
    const [after] = await client().lookup('stations', 'ST-9');
    expect(after).toMatchObject({ status: 'VOIDED', version: 3, contentHash: before?.contentHash });
  });

  it('answers writes to a voided row by version: 2001, 2003, 2002, 2013, reopen', async () => {
    await write({ version: 2 });
    await write({ op: 'VOID', version: 3, reason: 'r' });
    expect((await write({ op: 'VOID', version: 1, reason: 'r' })).code).toBe('2001');
    expect((await write({ version: 2 })).code).toBe('2003');
    expect((await write({ version: 3 })).code).toBe('2002');
    expect((await write({ version: 4 })).code).toBe('2013');
    expect((await write({ version: 4, reopen: true })).data).toMatchObject({ outcome: 'UPDATED', previousVersion: 3 });
    const feed = await client().get('changes?entities=stations');
    expect((feed.data.events as { type: string }[]).map(({ type }) => type)).toEqual([
      'UPSERTED',
      'VOIDED',
      'RESTORED',
    ]);
  });

  it('keeps a nationally deleted row at 2013, and VOID of it is 2001', async () => {
    await write({});
    await client().control('POST', 'delete', { entity: 'stations', bizNo: 'ST-9' });
    expect((await write({ version: 2, reopen: true })).code).toBe('2013');
    expect((await write({ op: 'VOID', version: 2, reason: 'r' })).code).toBe('2001');
  });

  it('answers 2010 with the holder for another number on the same natural key', async () => {
    const first = await write({});
    const reply = await client().upsert('stations', 'ST-10', station());
    expect(reply).toMatchObject({
      code: '2010',
      detail: { nationalId: first.data.nationalId, bizNo: 'ST-9', origin: 'self' },
    });
  });

  it('links to a foreign person, then resends with or without linkTo are 2001', async () => {
    await loadForeignPerson(client(), 'VO530000000088123');
    const refused = await client().upsert('volunteers', 'VO-1', volunteer());
    expect(refused).toMatchObject({
      code: '2010',
      detail: { nationalId: 'VO530000000088123', bizNo: null, origin: 'portal', realNameStatus: 'PASSED' },
    });
    const linkTo = 'VO530000000088123';
    expect((await client().upsert('volunteers', 'VO-1', volunteer({ name: '别人' }), { linkTo })).code).toBe('2203');
    expect((await client().upsert('volunteers', 'VO-1', volunteer(), { linkTo })).data).toMatchObject({
      outcome: 'LINKED',
      nationalId: linkTo,
    });
    expect((await client().upsert('volunteers', 'VO-1', volunteer(), { linkTo })).code).toBe('2001');
    expect((await client().upsert('volunteers', 'VO-1', volunteer())).code).toBe('2001');
    expect((await client().upsert('volunteers', 'VO-2', volunteer(), { linkTo })).code).toBe('2002');
    expect((await client().upsert('volunteers', 'VO-3', volunteer(), { linkTo: 'VO0' })).code).toBe('2201');
    const [row] = await client().lookup('volunteers', 'VO-1');
    expect(row).toMatchObject({ origin: 'portal', version: 1, volunteerNo: expect.stringMatching(/^V53/) as string });
  });

  it('answers 2011 only for two foreign holders', async () => {
    await loadForeignPerson(client(), 'VO530000000000801');
    await loadForeignPerson(client(), 'VO530000000000802');
    expect((await client().upsert('volunteers', 'VO-1', volunteer())).code).toBe('2011');
  });

  it('answers 2012 for a merged number until it moves to the survivor', async () => {
    await client().upsert('volunteers', 'VO-1', volunteer());
    await loadForeignPerson(client(), 'VO530000000000801', '53340119900101002X');
    await client().control('POST', 'merge', { fromBizNo: 'VO-1', to: 'VO530000000000801' });
    const moved = volunteer({ idNo: '53340119900101002X' });
    const refused = await client().upsert('volunteers', 'VO-1', volunteer(), { version: 2 });
    expect(refused).toMatchObject({ code: '2012', detail: { mergedTo: 'VO530000000000801' } });
    expect((await client().upsert('volunteers', 'VO-1', moved, { version: 2, op: 'VOID', reason: 'r' })).code).toBe(
      '2012',
    );
    const sealed = { ...volunteer(), idNo: (await import('./spec-client.js')).seal('53340119900101002X') };
    const linked = await client().upsert('volunteers', 'VO-1', sealed, { version: 2, linkTo: 'VO530000000000801' });
    expect(linked.data).toMatchObject({ outcome: 'LINKED', nationalId: 'VO530000000000801' });
    expect(await client().lookup('volunteers', 'VO-1')).toHaveLength(1);
  });

  it('answers stored content with 2001 even when today it would be refused (B7)', async () => {
    await settle(client());
    await client().upsert('service-records', 'SR-1', record('09:00', '10:00'));
    await client().control('POST', 'delete', { entity: 'activities', bizNo: 'AC-1' });
    expect((await client().upsert('service-records', 'SR-1', record('09:00', '10:00'))).code).toBe('2001');
    expect((await client().upsert('service-records', 'SR-2', record('10:00', '11:00'))).code).toBe('2104');
    expect((await client().upsert('activities', 'AC-1', activity(), { version: 2 })).code).toBe('2013');
  });
});

async function loadForeignPerson(
  client: SpecWorld['client'],
  nationalId: string,
  idNo = '53340119900101001X',
): Promise<void> {
  await client.control(
    'POST',
    'bulk-load',
    JSON.stringify({ entity: 'volunteers', nationalId, data: { ...volunteer(), idNo } }),
  );
}
