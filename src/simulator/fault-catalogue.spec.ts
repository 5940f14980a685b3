// F01 to F63, one by one: named at the control port, struck by a real call, seen on the wire and in the books.
import { CATALOGUE } from './catalogue.js';
import type { Envelope } from './spec-client.js';
import { FaultWorld, type Walk } from './spec-faults.js';
import { record } from './spec-records.js';
import { callWalks } from './spec-walks-calls.js';
import { stateWalks } from './spec-walks-states.js';
import { writeWalks } from './spec-walks-writes.js';

const ALL = Array.from({ length: 63 }, (_none, i) => `F${String(i + 1).padStart(2, '0')}`);
const WALKS: Readonly<Record<string, Walk>> = { ...callWalks, ...writeWalks, ...stateWalks };

describe('fault catalogue', () => {
  it('names every fault of the contract, and walks or explains each', () => {
    expect(Object.keys(CATALOGUE)).toEqual(ALL);
    const unwalked = ALL.filter((id) => WALKS[id] === undefined);
    expect(unwalked).toEqual(['F49', 'F61', 'F62']);
    for (const id of unwalked)
      expect(CATALOGUE[id]).toMatchObject({ kind: 'adapter', why: expect.any(String) as string });
  });

  it.each(Object.keys(WALKS).sort())('%s', async (id) => {
    const w = await FaultWorld.open();
    try {
      await WALKS[id]?.(w);
    } finally {
      await w.world.close();
    }
  });

  it('refuses an unknown name, an unknown parameter and a state with a timing, each with the way out', async () => {
    const w = await FaultWorld.open();
    const refused = async (body: object): Promise<unknown> =>
      w.client.control('POST', 'faults', body).then(
        () => 'taken',
        (error: Error) => JSON.parse(error.message) as object,
      );
    expect(await refused({ catalogue: 'F99' })).toEqual({
      error: 'catalogue: no fault F99; F01 to F63, listed by GET /sim/catalogue',
      field: 'catalogue',
    });
    expect(await refused({ catalogue: 'F03', hwo: 'reset' })).toMatchObject({ field: 'hwo' });
    expect(await refused({ catalogue: 'F03', how: 'explode' })).toMatchObject({
      field: 'how',
      error: 'how: one of hang, reset',
    });
    expect(await refused({ catalogue: 'F35', nth: 2 })).toMatchObject({ field: 'nth' });
    expect(await refused({ catalogue: 'F62' })).toMatchObject({ field: 'catalogue' });
    expect(await refused({ catalogue: 'F03', probability: 2 })).toMatchObject({ field: 'probability' });
    const { faults } = await w.client.control<{ faults: object[] }>('GET', 'catalogue');
    expect(faults).toHaveLength(63);
    await w.world.close();
  });

  it('draws the same chances for the same seed, however the calls of other faults lie between', async () => {
    const pattern = async (noise: boolean): Promise<string> => {
      const w = await FaultWorld.open();
      await w.name('F40', { probability: 0.5 });
      if (noise) await w.name('F05', { probability: 0.5, match: { op: 'dict' } });
      const codes: string[] = [];
      for (let i = 0; i < 12; i += 1) {
        if (noise) await w.client.send('GET', '/gw/v1/dicts/genders');
        codes.push(((await w.write()) as Envelope).code === '7777' ? 'x' : '-');
      }
      await w.world.close();
      return codes.join('');
    };
    const quiet = await pattern(false);
    expect(quiet).toMatch(/x.*-|-.*x/);
    expect(await pattern(true)).toBe(quiet);
  });

  it('strikes by nth, every and match', async () => {
    const w = await FaultWorld.open();
    await w.name('F40', { every: 3 });
    const codes: string[] = [];
    for (let i = 0; i < 6; i += 1) codes.push(((await w.write()) as Envelope).code);
    expect(codes).toEqual(['0000', '2001', '7777', '2001', '2001', '7777']);
    await w.name('F40', { off: true });
    await w.name('F38', { match: { bodyIncludes: '12:00' } });
    const other = { bizNo: 'SR-9', version: 1, op: 'UPSERT', data: record('11:30', '12:00') };
    expect((await w.client.post('service-records', other)).code).toBe('2201');
    expect(((await w.write()) as Envelope).code).toBe('2001');
    await w.world.close();
  });
});
