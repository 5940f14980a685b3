import type { OutgoingItem } from '../../../src/national/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { ledgerChanges, ProblemCollector } from '../../../src/problems/index.js';
import { serviceRecord, evaluation, voided } from '../ledger/station-world.js';
import { forgetProblems, isRecord, openProblemsKit, refused, type ProblemsKit } from './problems-kit.js';

interface ProblemRow extends Record<string, unknown> {
  id: string;
  code: string;
  state: string;
  hits: number;
  regressions: number;
  open: number;
  moving: number;
  healed: number;
}

/** Real database, ledger and delivery; only the nation is in memory. */
describe('the collector', () => {
  let kit: ProblemsKit;
  beforeAll(async () => {
    kit = await openProblemsKit();
  });
  afterEach(() => forgetProblems(kit));
  afterAll(() => kit.close());

  const problems = (): Promise<ProblemRow[]> =>
    kit.rows<ProblemRow>(
      `SELECT p.id, p.code, p.state, p.hits::int AS hits, p.regressions, count(*) FILTER (WHERE i.state = 'open')::int AS open,
         count(*) FILTER (WHERE i.state = 'moving')::int AS moving, count(*) FILTER (WHERE i.state = 'healed')::int AS healed
       FROM problem p LEFT JOIN problem_item i ON i.problem_id = p.id GROUP BY p.id ORDER BY p.code`,
    );
  const refuseRecords = (code: string): void => {
    const usual = kit.nation.outcomeOf;
    kit.nation.outcomeOf = (item) => (isRecord(item) ? refused(code) : usual(item));
  };

  it('makes one problem of many records of one cause, and counts whom it concerns', async () => {
    const source = await kit.world();
    await kit.records(source, 30);
    refuseRecords('2206');
    await kit.settle();
    await kit.collect();
    expect(await problems()).toMatchObject([{ code: '2206', state: 'open', hits: 30, open: 30 }]);
    const [item] = await kit.rows(
      `SELECT min(person_key) AS person, count(DISTINCT person_key)::int AS people, sum(minutes)::int AS minutes,
         min(station_key) AS station, count(DISTINCT station_key)::int AS stations, min(county_code) AS county FROM problem_item`,
    );
    const volunteer = await kit.record(source, 'volunteer', 'V1');
    expect(item).toEqual({
      person: volunteer.biz_no, people: 1, minutes: 450, station: `${source.id}|station/S1`, stations: 1, county: '533401',
    }); // prettier-ignore
  });

  it('counts nothing twice, whoever looks how often', async () => {
    const source = await kit.world();
    await kit.records(source, 3);
    refuseRecords('2206');
    await kit.settle();
    await kit.collect();
    await kit.rows(`UPDATE problem_collection SET is_scanning = true, scanned_through = NULL`);
    await kit.collect();
    await kit.rows(`UPDATE problem_collection SET after_seq = 0`);
    await kit.collect();
    expect(await problems()).toMatchObject([{ hits: 3, open: 3 }]);
  });

  it('follows a record out of its problem, into another one, and back', async () => {
    const source = await kit.world();
    await kit.records(source, 1);
    refuseRecords('2206');
    await kit.settle();
    await kit.collect();
    const pushAgain = (place: string): Promise<unknown> =>
      kit.accept(source, serviceRecord('R0', { volunteer: 'V1', activity: 'A1' }, { data: { place } }));
    await pushAgain('广场一');
    await kit.collect();
    expect(await problems()).toMatchObject([{ code: '2206', state: 'open', open: 0, moving: 1 }]);
    refuseRecords('2211');
    await kit.settle();
    await kit.collect();
    expect(await problems()).toMatchObject([
      { code: '2206', state: 'resolved-watching', healed: 1 },
      { code: '2211', state: 'open', open: 1 },
    ]);
    await pushAgain('广场二');
    refuseRecords('2206');
    await kit.settle();
    await kit.collect();
    expect(await problems()).toMatchObject([
      { code: '2206', state: 'regressed', regressions: 1, hits: 2, open: 1 },
      { code: '2211', state: 'resolved-watching', healed: 1 },
    ]);
  });

  it('resolves a problem by itself with its last record, closes it after a quiet week, and proves both', async () => {
    const source = await kit.world();
    await kit.records(source, 2);
    refuseRecords('2206');
    await kit.settle();
    await kit.collect();
    await kit.accept(source, voided('service-record', 'R0'));
    await kit.settle();
    await kit.collect();
    expect(await problems()).toMatchObject([{ state: 'open', open: 1, healed: 1 }]);
    await kit.accept(source, voided('service-record', 'R1'));
    await kit.settle();
    await kit.collect();
    const [solved] = await problems();
    expect(solved).toMatchObject({ state: 'resolved-watching', open: 0, healed: 2 });
    await kit.rows(`UPDATE problem SET resolved_at = now() - interval '8 days'`);
    // Looks for quiet problems come with the first turn of a collector, and now and then.
    await new ProblemCollector({ database: kit.database, ids: systemIds, changes: ledgerChanges }).turn();
    expect(await problems()).toMatchObject([{ state: 'closed' }]);
    const acts = await kit.rows(`SELECT act, from_state, to_state FROM problem_act ORDER BY at`);
    expect(acts).toEqual([
      { act: 'resolve', from_state: 'open', to_state: 'resolved-watching' },
      { act: 'close', from_state: 'resolved-watching', to_state: 'closed' },
    ]);
  });

  it('takes in judgement warnings of records that the nation took', async () => {
    const source = await kit.world();
    const late = (sourceId: string, from: string, to: string): ReturnType<typeof serviceRecord> =>
      serviceRecord(sourceId, { volunteer: 'V1', activity: 'A1', from, to });
    await kit.push(source, [late('W1', '09:00', '10:00'), late('W2', '09:30', '10:30')]);
    await kit.settle();
    await kit.makeDue();
    await kit.settle();
    await kit.collect();
    expect(await problems()).toMatchObject([{ code: 'R67-10', state: 'open' }]);
    const [item] = await kit.rows<{ aspect: string }>(`SELECT aspect FROM problem`);
    expect(item?.aspect).toBe('warning');
  });

  it('finds what was refused before it existed, and what a purged feed no longer tells', async () => {
    const source = await kit.world();
    await kit.records(source, 4);
    refuseRecords('2206');
    await kit.settle();
    await kit.collect();
    await kit.rows('TRUNCATE problem, problem_item, problem_act, replay, replay_item');
    await kit.rows(`UPDATE problem_collection SET after_seq = 0`);
    await kit.rows(`UPDATE change_sequence SET purged_through = last_seq`);
    await kit.collect();
    await kit.rows(`UPDATE change_sequence SET purged_through = 0`);
    expect(await problems()).toMatchObject([{ code: '2206', open: 4 }]);
  });

  it('follows a record into the county that it learns late', async () => {
    const source = await kit.world();
    await kit.records(source, 1);
    refuseRecords('2206');
    await kit.settle();
    await kit.collect();
    await kit.rows(`UPDATE record SET county_code = '533423' WHERE kind = 'service-record'`);
    await new ProblemCollector({ database: kit.database, ids: systemIds, changes: ledgerChanges }).turn();
    expect(await kit.rows(`SELECT county_code FROM problem_item`)).toEqual([{ county_code: '533423' }]);
  });

  it('tells causes apart by what settlement keeps of fields and words', async () => {
    const source = await kit.world();
    await kit.records(source, 4);
    refuseRecords('2201');
    await kit.settle();
    await kit.rows(
      `UPDATE record SET outcome_fields = CASE WHEN source_id IN ('R0', 'R1') THEN '{data.content|maxLength}'::text[]
         ELSE '{minutes:max}'::text[] END WHERE source_system_id = $1 AND state = 'attention'`,
      [source.id],
    );
    await kit.collect();
    const rows = await kit.rows<{ fields: string[] }>(`SELECT fields FROM problem ORDER BY fields`);
    expect(rows.map(({ fields }) => fields)).toEqual([['content:length'], ['minutes:range']]);
  });

  it('keeps what a refusal complains about, in words of ours alone', async () => {
    const source = await kit.world();
    await kit.records(source, 1);
    const usual = kit.nation.outcomeOf;
    kit.nation.outcomeOf = (item) =>
      isRecord(item)
        ? {
            class: 'REJECT', code: '2201', message: '字段校验不通过', template: 'too-long/content',
            fields: [{ path: 'data.content', rule: 'maxLength' }],
          } // prettier-ignore
        : usual(item);
    await kit.settle();
    await kit.collect();
    const kept = await kit.rows(`SELECT outcome_template, outcome_fields FROM record WHERE state = 'attention'`);
    expect(kept).toEqual([{ outcome_template: 'too-long/content', outcome_fields: ['content:length'] }]);
    expect(await kit.rows(`SELECT fields FROM problem`)).toEqual([{ fields: ['content:length'] }]);
  });

  it('lets waiting records be: what waits behind a failure is no failure', async () => {
    const source = await kit.world();
    await kit.records(source, 1);
    await kit.accept(source, evaluation('E0', 'R0'));
    const seen: OutgoingItem[] = [];
    kit.nation.outcomeOf = (item) => {
      seen.push(item);
      return refused('2206');
    };
    await kit.settle();
    await kit.collect();
    expect(seen.map(({ kind }) => kind)).toEqual(['service-record']);
    expect(await problems()).toMatchObject([{ open: 1 }]);
  });
});
