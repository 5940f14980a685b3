import { reopenRefused, withdrawReopened } from '../../../src/ledger/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { volunteer, voided } from '../ledger/station-world.js';
import { openProblemsKit, refused, type ProblemsKit } from './problems-kit.js';

/** Real database, ledger and delivery; only the nation is in memory. */
describe('promises opened again', () => {
  let kit: ProblemsKit;
  let no = 300;
  beforeAll(async () => {
    kit = await openProblemsKit();
  });
  afterAll(() => kit.close());

  const reopen = (recordId: string, version: number): Promise<ReadonlyMap<string, number>> =>
    kit.database.transaction((tx) => reopenRefused(tx, systemIds, [{ recordId, version }]));
  const person = (sourceId: string, address: string): ReturnType<typeof volunteer> =>
    volunteer(sourceId, { no }, { data: { residenceAreaCode: `5301020010${address}` } });
  const refuseAll = (code: string): void => {
    kit.nation.outcomeOf = () => refused(code);
  };

  /** Two entries of one person, the second with newer content; both refused. */
  async function twoOfOne(code: string) {
    no += 2;
    const [first, second] = [kit.newSource(), kit.newSource()];
    refuseAll(code);
    await kit.accept(first, person('VA', '10'));
    await kit.settle();
    await kit.accept(second, person('VB', '20'));
    await kit.settle();
    const read = () => Promise.all([kit.record(first, 'volunteer', 'VA'), kit.record(second, 'volunteer', 'VB')]);
    const [a, b] = await read();
    expect([a.biz_no, a.version, a.state, b.state]).toEqual([b.biz_no, b.version, 'attention', 'attention']);
    return { a, read };
  }

  it('send the newest content of a person, whichever of the entries was chosen (G-49)', async () => {
    const { a, read } = await twoOfOne('2203');
    expect(await reopen(a.id, a.version)).toEqual(new Map([[a.id, a.version]]));
    expect((await read()).map(({ state }) => state)).toEqual(['queued', 'queued']);
    kit.nation.sent.length = 0;
    kit.nation.outcomeOf = ({ bizNo }) => ({
      class: 'DONE', code: '0000', message: '成功', result: 'CREATED', nationalId: `N-${bizNo}`, storedVersion: null, review: 'PASSED',
    }); // prettier-ignore
    await kit.settle();
    expect(kit.nation.sentOf(a.biz_no).map(({ data }) => data.residenceAreaCode)).toEqual(['530102001020']);
    expect((await read()).map(({ state }) => state)).toEqual(['mirrored', 'mirrored']);
  });

  it('rise for all entries of the person together where the nation holds the version (G-13)', async () => {
    const { a, read } = await twoOfOne('2002');
    expect(await reopen(a.id, a.version)).toEqual(new Map([[a.id, a.version + 1]]));
    const [one, other] = await read();
    expect([one.version, other.version]).toEqual([a.version + 1, a.version + 1]);
    const [row] = await kit.rows<{ version: number }>(`SELECT version FROM person WHERE biz_no = $1`, [a.biz_no]);
    expect(row?.version).toBe(a.version + 1);
  });

  it('are taken back with the refusal that stood before, but for what a newer push has taken over', async () => {
    no += 2;
    const source = kit.newSource();
    refuseAll('2203');
    await kit.accept(source, person('VC', '10'));
    await kit.settle();
    const record = await kit.record(source, 'volunteer', 'VC');
    const back = (): Promise<ReadonlySet<string>> =>
      kit.database.transaction((tx) =>
        withdrawReopened(tx, systemIds, [{ recordId: record.id, version: record.version, outcomeCode: '2203' }]),
      );
    await reopen(record.id, record.version);
    expect(await back()).toEqual(new Set([record.id]));
    expect(await kit.record(source, 'volunteer', 'VC')).toMatchObject({
      state: 'attention',
      stage: null,
      outcome_code: '2203',
    });
    await reopen(record.id, record.version);
    await kit.accept(source, person('VC', '20'));
    expect(await back()).toEqual(new Set());
    expect(await kit.record(source, 'volunteer', 'VC')).toMatchObject({ state: 'queued', version: record.version + 1 });
    await kit.settle();
  });

  it.each([
    ['UNMAPPABLE', 'adapter'],
    ['R67-20', 'adapter'],
    ['2203', 'national'],
  ])('taken back with %s, name %s as the one who said it (G-66)', async (outcomeCode, actor) => {
    no += 2;
    const source = kit.newSource();
    refuseAll('2203');
    await kit.accept(source, person('VD', '10'));
    await kit.settle();
    const { id, version } = await kit.record(source, 'volunteer', 'VD');
    await reopen(id, version);
    await kit.rows(`UPDATE record SET outcome_code = '5000' WHERE id = $1`, [id]);
    await kit.database.transaction((tx) => withdrawReopened(tx, systemIds, [{ recordId: id, version, outcomeCode }]));
    expect(await kit.record(source, 'volunteer', 'VD')).toMatchObject({
      state: 'attention',
      outcome_code: outcomeCode,
      outcome_actor: actor,
    });
  });

  it('are not opened for what changed, is under way, waits for a person’s decision, or was withdrawn', async () => {
    no += 2;
    const source = kit.newSource();
    refuseAll('2203');
    await kit.accept(source, person('VD', '10'));
    await kit.settle();
    const record = await kit.record(source, 'volunteer', 'VD');
    expect((await reopen(record.id, record.version + 1)).size).toBe(0);
    await kit.rows(`UPDATE record SET outcome_code = 'PERSON_CONFLICT' WHERE id = $1`, [record.id]);
    expect((await reopen(record.id, record.version)).size).toBe(0);
    await kit.rows(`UPDATE record SET outcome_code = '2203' WHERE id = $1`, [record.id]);
    expect((await reopen(record.id, record.version)).size).toBe(1);
    expect((await reopen(record.id, record.version)).size).toBe(0);
    await kit.accept(source, voided('volunteer', 'VD'));
    const gone = await kit.record(source, 'volunteer', 'VD');
    expect((await reopen(gone.id, gone.version)).size).toBe(0);
  });
});
