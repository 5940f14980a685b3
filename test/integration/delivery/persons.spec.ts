import type { SourceIdentity } from '../../../src/ingest/intake.types.js';
import { LedgerReader } from '../../../src/ledger/index.js';
import {
  activity,
  idNumber,
  membership,
  project,
  serviceRecord,
  station,
  team,
  volunteer,
  voided,
} from '../ledger/station-world.js';
import { forgetAll, openDeliveryKit, type DeliveryKit } from './delivery-kit.js';

describe('one person under several sourceIds (G-49)', () => {
  let kit: DeliveryKit;
  let source: SourceIdentity;
  let no = 500;
  beforeAll(async () => {
    kit = await openDeliveryKit();
  });
  beforeEach(async () => {
    await forgetAll(kit);
    source = kit.newSource();
    no += 2;
  });
  afterEach(() => expect(kit.problems).toEqual([]));
  afterAll(() => kit.close());

  const of = (id: string, from = source): ReturnType<DeliveryKit['record']> => kit.record(from, 'volunteer', id);
  const moved = (sourceId: string, mobile: string): ReturnType<typeof volunteer> =>
    volunteer(sourceId, { no }, { data: { mobile } });

  it('binds the second to the first: one number, one counter, a warning', async () => {
    await kit.accept(source, volunteer('V1', { no }));
    await kit.settle();
    const answer = await kit.accept(source, moved('V2', '13900000022'));
    expect(answer.warnings).toContainEqual({ code: 'PERSON_EXISTS', pointer: '/data/idNo' });
    const [one, two] = [await of('V1'), await of('V2')];
    expect(two.biz_no).toBe(one.biz_no);
    expect([one.version, two.version, answer.version]).toEqual([2, 2, 2]);
    expect([one.state, two.state]).toEqual(['queued', 'queued']);
    expect([one.promised, one.promised_record]).toEqual([2, two.id]);
    await kit.settle();
    for (const id of ['V1', 'V2'])
      expect(await of(id)).toMatchObject({ state: 'mirrored', version: 2, national_version: 2 });
    expect(kit.nation.sentOf(one.biz_no).map(({ version, data }) => [version, data.mobile])).toEqual([
      [1, '13900000021'], [2, '13900000022'],
    ]); // prettier-ignore
    const reader = new LedgerReader(kit.database);
    expect((await reader.status(source.id, 'volunteer', 'V1'))?.samePersonAs).toEqual(['V2']);
    const bindings = await kit.rows(`SELECT action FROM person_binding WHERE person_biz_no = $1`, [one.biz_no]);
    expect(bindings).toEqual([{ action: 'bound' }, { action: 'bound' }]);
  });

  it('takes spelling with spaces and other middle dots for the same name', async () => {
    await kit.push(source, [volunteer('V1', { no, name: '扎西·次仁' }), volunteer('V2', { no, name: '扎西•次 仁' })]);
    expect((await of('V2')).biz_no).toBe((await of('V1')).biz_no);
  });

  it('never shows the records of another source system, though they are one person', async () => {
    const other = kit.newSource();
    await kit.accept(source, volunteer('V1', { no }));
    await kit.accept(other, moved('X9', '13900000023'));
    expect((await of('X9', other)).biz_no).toBe((await of('V1')).biz_no);
    expect((await of('V1')).version).toBe(2);
    const reader = new LedgerReader(kit.database);
    expect((await reader.status(source.id, 'volunteer', 'V1'))?.samePersonAs).toEqual([]);
    const events = await kit.rows('SELECT version FROM change_event WHERE source_system_id = $1 ORDER BY ord, place', [
      source.id,
    ]);
    expect(events).toEqual([{ version: 1 }, { version: 2 }]);
  });

  it('holds the same number under another name for a person to decide, and sends nothing of it', async () => {
    await kit.accept(source, volunteer('V1', { no }));
    await kit.accept(source, volunteer('V2', { no, name: '别的名字' }));
    const [one, two] = [await of('V1'), await of('V2')];
    expect(two).toMatchObject({ state: 'attention', outcome_code: 'PERSON_CONFLICT', stage: null });
    expect(two.biz_no).not.toBe(one.biz_no);
    await kit.settle();
    expect(kit.nation.sent.flatMap(({ items }) => items.map(({ bizNo }) => bizNo))).toEqual([one.biz_no]);
    expect(await of('V1')).toMatchObject({ state: 'mirrored', version: 1 });
  });

  it('lets a dispute of one bound record leave the others their promise', async () => {
    await kit.push(source, [volunteer('V1', { no }), moved('V2', '13900000022')]);
    await kit.accept(source, volunteer('V2', { no, name: '别的名字' }));
    expect(await of('V2')).toMatchObject({ state: 'attention', outcome_code: 'PERSON_CONFLICT' });
    expect(await of('V1')).toMatchObject({ state: 'queued', stage: 'ready' });
    await kit.settle();
    expect(await of('V1')).toMatchObject({ state: 'mirrored' });
    expect(await of('V2')).toMatchObject({ state: 'attention', outcome_code: 'PERSON_CONFLICT' });
    expect(kit.nation.sent.flatMap(({ items }) => items.map(({ data }) => data.name))).not.toContain('别的名字');
  });

  it('does not send a dispute that came while the record was in flight', async () => {
    await kit.push(source, [volunteer('V1', { no }), volunteer('V9', { no: no + 400 })]);
    const calls = await kit.plan();
    const disputed = volunteer('V1', { no }, { data: { idNo: idNumber('1990-03-07', no + 400) } });
    await kit.accept(source, disputed);
    await kit.work(...calls);
    await kit.settle();
    expect(await of('V1')).toMatchObject({
      state: 'attention',
      outcome_code: 'PERSON_CONFLICT',
      stage: null,
      national_version: 1,
    });
    expect(kit.nation.sentOf((await of('V1')).biz_no)).toHaveLength(1);
  });

  it('takes a corrected number or name of a person who has one record', async () => {
    await kit.accept(source, volunteer('V1', { no }));
    await kit.accept(source, volunteer('V1', { no: no + 100, name: '改正名' }));
    expect(await of('V1')).toMatchObject({ state: 'queued', version: 2 });
    await kit.accept(source, volunteer('V2', { no: no + 100, name: '改正名' }));
    expect((await of('V2')).biz_no).toBe((await of('V1')).biz_no);
    // The old number is free again.
    await kit.accept(source, volunteer('V3', { no }));
    expect((await of('V3')).biz_no).not.toBe((await of('V1')).biz_no);
  });

  it('binds two in one batch, and answers both with the same number', async () => {
    const { items } = await kit.push(source, [volunteer('V1', { no }), moved('V2', '13900000022')]);
    expect(items.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
    const [one, two] = [await of('V1'), await of('V2')];
    expect([two.biz_no, one.version, two.version]).toEqual([one.biz_no, 2, 2]);
    await kit.settle();
    for (const id of ['V1', 'V2']) expect(await of(id)).toMatchObject({ state: 'mirrored', national_version: 2 });
    expect(kit.nation.sentOf(one.biz_no).map(({ version, data }) => [version, data.mobile])).toEqual([
      [2, '13900000022'],
    ]);
  });

  it('binds one person of two calls at once to one number', async () => {
    const sources = [source, kit.newSource(), kit.newSource()];
    await Promise.all(sources.map((from) => kit.push(from, [volunteer('V1', { no })])));
    const rows = await Promise.all(sources.map((from) => of('V1', from)));
    expect(new Set(rows.map((row) => row.biz_no)).size).toBe(1);
    expect(rows.map((row) => row.version)).toEqual([3, 3, 3]);
    await kit.settle();
    for (const from of sources) expect(await of('V1', from)).toMatchObject({ state: 'mirrored', national_version: 3 });
  });

  it('sends the newest remaining content when one of two is withdrawn, and the void with the last', async () => {
    await kit.accept(source, volunteer('V1', { no }));
    await kit.settle();
    await kit.accept(source, moved('V2', '13900000022'));
    await kit.settle();
    await kit.accept(source, voided('volunteer', 'V2'));
    expect(await of('V2')).toMatchObject({ state: 'voided', version: 3 });
    expect(await of('V1')).toMatchObject({ state: 'queued', version: 3, promised: 3 });
    await kit.settle();
    const { biz_no: bizNo } = await of('V1');
    expect(await of('V1')).toMatchObject({ state: 'mirrored', national_version: 3 });
    await kit.accept(source, voided('volunteer', 'V1'));
    await kit.settle();
    expect(await of('V1')).toMatchObject({ state: 'voided' });
    expect(kit.nation.sentOf(bizNo).map(({ op, version, data }) => [op, version, data.mobile])).toEqual([
      ['UPSERT', 1, '13900000021'], ['UPSERT', 2, '13900000022'], ['UPSERT', 3, '13900000021'], ['VOID', 4, undefined],
    ]); // prettier-ignore
  });

  it('reopens the row whichever record comes back first', async () => {
    await kit.push(source, [volunteer('V1', { no }), moved('V2', '13900000022')]);
    await kit.settle();
    await kit.accept(source, voided('volunteer', 'V1'));
    await kit.settle();
    await kit.accept(source, voided('volunteer', 'V2'));
    await kit.settle();
    await kit.accept(source, { ...volunteer('V1', { no }), reason: '误撤销' });
    await kit.settle();
    const sent = kit.nation.sentOf((await of('V1')).biz_no);
    expect(sent.at(-1)).toMatchObject({ op: 'UPSERT', reopen: true });
    expect(await of('V1')).toMatchObject({ state: 'mirrored' });
    expect(await of('V2')).toMatchObject({ state: 'voided' });
  });

  it('withdraws both in one batch with one void, also when its outcome is not known at first', async () => {
    await kit.push(source, [volunteer('V1', { no }), moved('V2', '13900000022')]);
    await kit.settle();
    await kit.push(source, [voided('volunteer', 'V1'), voided('volunteer', 'V2')]);
    const { biz_no: bizNo } = await of('V1');
    kit.nation.answerWrite = () => ({
      level: 'call',
      outcome: { class: 'AMBIG', code: 'DEADLINE', message: 'x' },
      requestId: 'r',
    });
    await kit.work(...(await kit.plan()));
    expect([(await of('V1')).state, (await of('V2')).state]).toEqual(['unknown', 'unknown']);
    kit.nation.rows.set(bizNo, [
      { nationalId: 'N', bizNo, version: 4, contentHash: null, status: 'VOIDED', review: 'PASSED', mergedTo: null },
    ]);
    await kit.makeDue();
    await kit.settle();
    for (const id of ['V1', 'V2']) expect(await of(id)).toMatchObject({ state: 'voided', stage: null });
    expect(kit.nation.sentOf(bizNo).filter(({ op }) => op === 'VOID')).toHaveLength(1);
  });

  it('lets a membership of one sourceId serve the records of the other (G-50)', async () => {
    await kit.push(source, [
      station('S1'), team('T1', 'S1'), project('P1', { team: 'T1', station: 'S1' }), activity('A1', 'P1'),
      volunteer('V1', { no }), moved('V2', '13900000022'), serviceRecord('R1', { volunteer: 'V1', activity: 'A1' }),
    ]); // prettier-ignore
    const rest = async (): Promise<void> => {
      for (let round = 0; round < 4; round += 1) {
        await kit.settle();
        await kit.sweep();
      }
    };
    await rest();
    const record = (): ReturnType<DeliveryKit['record']> => kit.record(source, 'service-record', 'R1');
    expect(await record()).toMatchObject({ state: 'waiting', waits: ['membership:V1:P1'] });
    const reader = new LedgerReader(kit.database);
    expect((await reader.status(source.id, 'service-record', 'R1'))?.waitingFor).toEqual([
      { kind: 'membership', sourceId: null, reason: expect.stringMatching(/./) as string },
    ]);
    await kit.accept(source, membership('M1', { volunteer: 'V2', project: 'P1' }, { data: { status: 'LEFT' } }));
    await rest();
    expect((await record()).state).toBe('waiting');
    await kit.accept(source, membership('M1', { volunteer: 'V2', project: 'P1' }));
    await rest();
    expect(await record()).toMatchObject({ state: 'mirrored', waits: [] });
  });
});
