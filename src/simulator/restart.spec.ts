import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWorld, until, type SpecWorld } from './spec-client.js';
import { project, record, settle, volunteer } from './spec-records.js';

describe('journal and restart', () => {
  let world: SpecWorld;
  const NONCE = 'r'.repeat(32);
  const everything = async () => {
    const { client } = world;
    const feed = (await client.get('changes?limit=1000')).data.events;
    const { rows } = await client.control<{ rows: unknown[] }>('GET', 'ledger');
    return { feed, rows, summary: await client.control('GET', 'ledger/summary') };
  };

  beforeEach(async () => {
    world = await openWorld();
    await settle(world.client);
    await world.client.upsert('service-records', 'SR-1', record('09:00', '10:00'));
  });
  afterEach(() => world.close());

  it('gives back rows, feed, receipts, tokens, nonces and running numbers', async () => {
    const { client } = world;
    const item = { bizNo: 'SR-2', version: 1, op: 'UPSERT', data: record('10:00', '11:00') };
    const accepted = await client.post('service-records/batch', { clientBatchNo: 'CB-1', items: [item] });
    const receipt = (await client.get('batches?clientBatchNo=CB-1')).data;
    await client.get('dicts/genders', { nonce: NONCE });
    const before = await everything();
    const again = await world.restart();
    expect(await everything()).toEqual(before);
    expect((await again.get(`batches/${String(accepted.data.batchNo)}`)).data).toEqual(receipt);
    expect((await again.get('dicts/genders', { nonce: NONCE })).code).toBe('1004');
    expect(await again.upsert('service-records', 'SR-3', record('10:30', '11:30'))).toMatchObject({
      code: '2211',
      detail: { bizNo: 'SR-2' },
    });
    const next = await again.upsert('service-records', 'SR-4', record('11:00', '11:30'));
    expect(String(next.data.nationalId)).toMatch(/000000003$/);
    expect((await again.post('projects', { bizNo: 'PJ-1', version: 2, op: 'VOID', reason: 'r' })).code).toBe('2014');
  });

  it('finishes waiting batches and reviews after the restart', async () => {
    const { client } = world;
    await client.control('POST', 'settings', { receiptMs: 300, reviewMs: 300 });
    const items = [{ bizNo: 'SR-2', version: 1, op: 'UPSERT', data: record('10:00', '11:00') }];
    const accepted = await client.post('service-records/batch', { items });
    expect((await client.upsert('projects', 'PJ-2', project({ name: '二' }))).data.auditStatus).toBe('REVIEWING');
    const again = await world.restart();
    await until(async () => (await again.get(`batches/${String(accepted.data.batchNo)}`)).data.status === 'DONE');
    await until(async () => (await again.lookup('projects', 'PJ-2'))[0]?.auditStatus === 'PASSED');
    const { events } = (await again.get('changes?entities=projects')).data as { events: { type: string }[] };
    expect(events.map(({ type }) => type)).toEqual(['UPSERTED', 'UPSERTED', 'AUDIT_RESULT']);
  });

  it('survives a line torn by a kill and goes on writing after it', async () => {
    const before = await everything();
    await world.client.simulator.close();
    appendFileSync(join(world.directory, 'journal.ndjson'), '{"k":"row","state":{"entity":"stat');
    world.client.simulator.close = () => Promise.resolve();
    const again = await world.restart();
    expect(await everything()).toEqual(before);
    await again.upsert('service-records', 'SR-2', record('10:00', '11:00'));
    await world.restart();
    expect(await world.client.lookup('service-records', 'SR-2')).toHaveLength(1);
  });

  it('keeps personal values encrypted on disk', async () => {
    await world.client.control(
      'POST',
      'bulk-load',
      JSON.stringify({ entity: 'volunteers', data: { ...volunteer(), idNo: '533401199001010099' } }),
    );
    await world.restart();
    const journal = readFileSync(join(world.directory, 'journal.ndjson'), 'utf8');
    expect(journal).toContain('"VO-1"');
    expect(journal).not.toMatch(/53340119900101001X|533401199001010099|13800000000/);
  });

  it('goes back to a snapshot, and to nothing', async () => {
    const { client } = world;
    const before = await everything();
    await client.control('POST', 'snapshot', { name: 'a' });
    await client.upsert('service-records', 'SR-2', record('10:00', '11:00'));
    await client.control('POST', 'restore', { name: 'a' });
    expect(await everything()).toEqual(before);
    await client.control('POST', 'reset');
    await client.logIn();
    expect((await everything()).rows).toEqual([]);
  });

  it('keeps merges over a restart and streams rows', async () => {
    const { client } = world;
    await client.control(
      'POST',
      'bulk-load',
      JSON.stringify({ entity: 'volunteers', nationalId: 'VO530000000000801', data: { ...volunteer(), idNo: 'X1' } }),
    );
    await client.control('POST', 'merge', { fromBizNo: 'VO-1', to: 'VO530000000000801' });
    const again = await world.restart();
    expect((await again.upsert('service-records', 'SR-5', record('09:30', '10:30'))).code).toBe('2211');
    const rows = await again.control<{ bizNo: string; minutes: number }[]>('GET', 'ledger/rows?entity=service-records');
    expect(rows).toMatchObject([{ bizNo: 'SR-1', minutes: 60, version: 1, status: 'ACTIVE' }]);
  });
});
