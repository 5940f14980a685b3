import { randomUUID } from 'node:crypto';
import { FairShare } from '../../../src/delivery/fair/fair-share.js';
import { findReadyFair } from '../../../src/delivery/fair/find-ready-fair.js';
import { openLedgerKit, type LedgerKit } from '../ledger/ledger-kit.js';
import { forgetStorm } from './storm-kit.js';

/** One county's backlog of years. */
const BACKLOG = 100_000;
/** Rows that a look may touch: far from the backlog, near the queues and the limit. */
const FEW_ROWS = 1_000;

interface Plan {
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

describe('findReadyFair', () => {
  let kit: LedgerKit;
  const sources = { big: randomUUID(), small: randomUUID(), third: randomUUID() };
  beforeAll(async () => {
    kit = await openLedgerKit();
  });
  afterAll(() => kit.close());
  beforeEach(() => forgetStorm(kit));

  const fill = (
    name: string,
    source: string,
    county: string,
    much: { count: number; lane?: number },
  ): Promise<unknown> =>
    kit.rows(
      `INSERT INTO outbox (biz_no, record_id, source_system_id, kind, version, county_code, lane, lane_rank, stage)
       SELECT $1 || '-' || n, gen_random_uuid(), $2, 'service-record', 1, $3, 'normal', $5, 'ready' FROM generate_series(1, $4::int) n`,
      [name, source, county, much.count, much.lane ?? 2],
    );
  const find = (limit: number, pausedCounties: string[] = []): Promise<string[]> =>
    findReadyFair(kit.database, { kind: 'service-record', limit, pausedCounties, share: new FairShare() });
  const countOf = (found: readonly string[], name: string): number =>
    found.filter((one) => one.startsWith(`${name}-`)).length;

  it('finds another county’s few behind a hundred thousand, and reads but a few rows for it', async () => {
    await fill('big', sources.big, '533421000000', { count: BACKLOG });
    await fill('small', sources.small, '533422000000', { count: 20 });
    await kit.rows('ANALYZE outbox');
    const found = await find(100);
    expect(countOf(found, 'small')).toBe(20);
    expect(countOf(found, 'big')).toBe(80);
    expect(found.filter((one) => one.startsWith('big-'))).toEqual(
      Array.from({ length: 80 }, (_, at) => `big-${at + 1}`),
    );
    const touched: number[] = [];
    const query = kit.database.query.bind(kit.database);
    const explained = {
      query: async (sql: string, params: readonly unknown[] = []) => {
        const [row] = await query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, params);
        touched.push(rowsOf(row!['QUERY PLAN'][0].Plan));
        return query(sql, params);
      },
    } as never;
    await findReadyFair(explained, { kind: 'service-record', limit: 100, share: new FairShare() });
    expect(touched.length).toBeGreaterThan(0);
    for (const rows of touched) expect(rows).toBeLessThan(FEW_ROWS);
  });

  it('leaves paused counties out and goes round every queue of the others', async () => {
    await fill('big', sources.big, '533421000000', { count: 500 });
    await fill('small', sources.small, '533422000000', { count: 500 });
    await fill('third', sources.third, '533422000000', { count: 500 });
    const found = await find(90, ['533421']);
    expect([countOf(found, 'big'), countOf(found, 'small'), countOf(found, 'third')]).toEqual([0, 45, 45]);
    expect(await find(10, ['5334'])).toEqual([]);
  });

  it('takes everything when there is less than asked for, whatever the sizes of the queues', async () => {
    await fill('big', sources.big, '533421000000', { count: 70 });
    await fill('small', sources.small, '533422000000', { count: 3 });
    await fill('third', sources.third, '533422000000', { count: 1, lane: 3 });
    expect((await find(100)).length).toBe(74);
    expect((await find(50)).length).toBe(50);
  });

  it('puts lanes in order and waits for what is not due', async () => {
    await fill('old', sources.big, '533421000000', { count: 200, lane: 3 });
    await fill('urgent', sources.small, '533422000000', { count: 5, lane: 1 });
    await fill('late', sources.third, '533423000000', { count: 5, lane: 1 });
    await kit.rows(`UPDATE outbox SET ready_at = now() + interval '1 hour' WHERE biz_no LIKE 'late-%'`);
    const found = await find(20);
    expect(found.slice(0, 5).every((one) => one.startsWith('urgent-'))).toBe(true);
    expect(countOf(found, 'late')).toBe(0);
    expect(found).toHaveLength(20);
  });
});

function rowsOf(plan: Plan): number {
  const own = (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'];
  return (plan.Plans ?? []).reduce((most, child) => Math.max(most, rowsOf(child)), own);
}
