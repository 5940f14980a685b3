import type { SourceIdentity } from '../../../src/ingest/intake.types.js';
import { raiseFreedByCertificate } from '../../../src/ledger/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { openLedgerKit, type LedgerKit, type RecordView } from './ledger-kit.js';
import {
  activity,
  at,
  daysAgo,
  evaluation,
  membership,
  project,
  serviceRecord,
  station,
  team,
  volunteer,
  voided,
} from './station-world.js';

describe('what a parent changes in its children (G-14, G-45, G-74)', () => {
  let kit: LedgerKit;
  let source: SourceIdentity;
  beforeAll(async () => {
    kit = await openLedgerKit();
  });
  beforeEach(() => {
    source = kit.newSource();
  });
  afterAll(() => kit.close());

  const P1 = { team: 'T1', station: 'S1' };
  const parents = [station('S1'), team('T1', 'S1'), project('P1', P1), activity('A1', 'P1')];

  /** Station, team, project, activity, volunteer and membership that stand nationally. */
  async function standing(...more: Parameters<LedgerKit['push']>[1][number][]): Promise<void> {
    await kit.push(source, [
      ...parents,
      volunteer('V1', { no: 101 }),
      membership('M1', { volunteer: 'V1', project: 'P1' }),
      ...more,
    ]);
    const rows = await kit.rows<{ kind: string; source_id: string }>(
      `SELECT kind, source_id FROM record WHERE source_system_id = $1`, [source.id],
    ); // prettier-ignore
    for (const row of rows) await kit.land(source, row.kind, row.source_id);
    await kit.rows('DELETE FROM record_wait WHERE source_system_id = $1', [source.id]);
  }
  const of = (id: string): Promise<RecordView> => kit.record(source, 'service-record', id);
  const served = (id: string, day?: string): ReturnType<typeof serviceRecord> =>
    serviceRecord(id, { volunteer: 'V1', activity: 'A1', ...(day === undefined ? {} : { day }) });
  const traces = async (id: string): Promise<{ events: unknown[]; leaves: unknown[] }> => ({
    events: await kit.rows('SELECT version, state FROM change_event WHERE record_id = $1 ORDER BY ord, place', [id]),
    leaves: (
      await kit.rows<{ entry: string }>(
        `SELECT entry FROM evidence_leaf WHERE entry::jsonb->>'uid' = $1 ORDER BY ord, place`,
        [id],
      )
    ).map(({ entry }) => {
      const { kind, ver, from, to } = JSON.parse(entry) as Record<string, unknown>;
      return { kind, ver, from, to };
    }),
  });

  it('raises a mirrored record when its activity moves to another project, visibly and once', async () => {
    await standing(served('R1'), project('P2', P1));
    await kit.accept(source, activity('A1', 'P2'));
    const row = await of('R1');
    expect(row).toMatchObject({
      version: 2,
      revision: '0',
      state: 'queued',
      stage: 'ready',
      promised: 2,
      national_version: 1,
    });
    const versions = await kit.rows(
      'SELECT version, cause, op, revision, payload, content_hash FROM record_version WHERE record_id = $1 ORDER BY version',
      [row.id],
    );
    expect(versions).toHaveLength(2);
    expect(versions[1]).toEqual({ ...versions[0], version: 2, cause: 'adapter' });
    const { events, leaves } = await traces(row.id);
    expect(events.at(-1)).toEqual({ version: 2, state: 'queued' });
    expect(events).toHaveLength(2);
    expect(leaves.at(-1)).toEqual({ kind: 'state.changed', ver: 2, from: 'mirrored', to: 'queued' });
    expect(leaves).toHaveLength(2);
    // The same push again is a duplicate and raises nothing.
    await kit.push(source, [activity('A1', 'P2')]);
    expect(await of('R1')).toMatchObject({ version: 2 });
  });

  it.each([
    ['team', { team: 'T2', station: 'S1' }],
    ['station', { team: 'T1', station: 'S2' }],
  ])('raises the records of all activities of a project that changes its %s', async (_, changed) => {
    await standing(
      served('R1'),
      activity('A2', 'P1'),
      serviceRecord('R2', { volunteer: 'V1', activity: 'A2', from: '13:00', to: '14:00' }),
      station('S2'),
      team('T2', 'S2'),
    );
    await kit.accept(source, project('P1', changed));
    expect(await of('R1')).toMatchObject({ version: 2, state: 'queued' });
    expect(await of('R2')).toMatchObject({ version: 2, state: 'queued' });
    expect(await kit.record(source, 'activity', 'A1')).toMatchObject({ version: 1, state: 'mirrored' });
  });

  it('raises nothing when the parent changes in other fields, and nothing of other source systems', async () => {
    await standing(served('R1'), project('P2', P1));
    const other = kit.newSource();
    await kit.push(other, [...parents, served('R1')]);
    await kit.land(other, 'service-record', 'R1');
    await kit.push(source, [
      activity('A1', 'P1', { data: { name: '改名' } }),
      project('P1', P1, { data: { intro: '改写' } }),
    ]);
    expect(await of('R1')).toMatchObject({ version: 1, state: 'mirrored' });
    await kit.accept(source, activity('A1', 'P2'));
    expect(await kit.record(other, 'service-record', 'R1')).toMatchObject({ version: 1, state: 'mirrored' });
  });

  it('waits for a new project that has not landed', async () => {
    await standing(served('R1'));
    await kit.push(source, [project('P2', P1), activity('A1', 'P2')]);
    expect(await of('R1')).toMatchObject({ version: 2, state: 'waiting', stage: 'waiting', waits: ['project/P2'] });
  });

  it('leaves what was never sent to be put together when it is', async () => {
    await standing(project('P2', P1));
    await kit.accept(source, served('R1'));
    await kit.accept(source, activity('A1', 'P2'));
    expect(await of('R1')).toMatchObject({ version: 1, state: 'queued', stage: 'ready', promised: 1 });
  });

  it('promises the newer version behind an open attempt, whose bytes may hold the old project', async () => {
    await standing(project('P2', P1));
    const { recordId } = await kit.accept(source, served('R1'));
    await kit.rows(`UPDATE outbox SET stage = 'flying', call_id = record_id WHERE record_id = $1`, [recordId]);
    await kit.rows(`UPDATE record SET state = 'sending' WHERE id = $1`, [recordId]);
    await kit.accept(source, activity('A1', 'P2'));
    expect(await of('R1')).toMatchObject({ version: 2, state: 'sending', stage: 'flying', promised: 2 });
    expect((await traces(recordId ?? '')).events.at(-1)).toEqual({ version: 2, state: 'sending' });
  });

  it('does not touch a record that is withdrawn or on its way to be', async () => {
    await standing(served('R1'), project('P2', P1));
    await kit.accept(source, voided('service-record', 'R1'));
    await kit.accept(source, activity('A1', 'P2'));
    expect(await of('R1')).toMatchObject({ version: 2, is_void: true, promised: 2 });
  });

  async function certify(status: string, ...recordIds: string[]): Promise<string> {
    const { recordId } = await kit.accept(source, voided('certificate-request', `C${Math.random()}`.replace('.', '')));
    await kit.rows(
      `INSERT INTO certificate (record_id, request_version, status, total_minutes, record_count) VALUES ($1, 1, $2, 90, 1)`,
      [recordId, status],
    );
    for (const id of recordIds) {
      await kit.rows(`INSERT INTO certificate_line VALUES ($1, $2, 'x', 1, 90)`, [recordId, id]);
    }
    return recordId ?? '';
  }

  it('leaves a record that an issued certificate covers mirrored with a warning, until it is revoked', async () => {
    await standing(served('R1'), project('P2', P1), project('P3', P1));
    const { id } = await of('R1');
    const certificate = await certify('ISSUED', id);
    await kit.accept(source, activity('A1', 'P2'));
    await kit.accept(source, activity('A1', 'P3'));
    expect(await of('R1')).toMatchObject({
      version: 1, state: 'mirrored', stage: null, warnings: [{ code: 'PARENT_CHANGED', pointer: '' }],
    }); // prettier-ignore
    const freed = (): Promise<number> =>
      kit.database.transaction((tx) =>
        raiseFreedByCertificate(tx, { ids: systemIds, maxRecordAgeDays: 365 }, certificate),
      );
    expect(await freed()).toBe(0);
    await kit.rows(`UPDATE certificate SET status = 'REVOKED' WHERE record_id = $1`, [certificate]);
    expect(await freed()).toBe(1);
    expect(await of('R1')).toMatchObject({ version: 2, state: 'queued', stage: 'ready', warnings: null });
    expect(await freed()).toBe(0);
  });

  it('raises a record whose certificate is only under review: that locks nothing', async () => {
    await standing(served('R1'), project('P2', P1));
    await certify('REVIEWING', (await of('R1')).id);
    await kit.accept(source, activity('A1', 'P2'));
    expect(await of('R1')).toMatchObject({ version: 2, state: 'queued', warnings: null });
  });

  it('leaves a record that is older than the profile allows, to the day', async () => {
    await standing(served('OLD', daysAgo(366)), served('R1', daysAgo(365)), project('P2', P1));
    await kit.accept(source, activity('A1', 'P2'));
    const old = await of('OLD');
    expect(old).toMatchObject({ version: 1, state: 'mirrored', stage: null });
    expect(old.warnings).toContainEqual({ code: 'PARENT_CHANGED', pointer: '' });
    expect(await of('R1')).toMatchObject({ version: 2, state: 'queued' });
  });

  it('commits with the parent or not at all', async () => {
    await standing(served('R1'), project('P2', P1));
    const { id } = await of('R1');
    await kit.rows(`CREATE FUNCTION fail_leaf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF array_to_string(NEW.entries, '') LIKE '%"state.changed"%${id}%' THEN RAISE 'no leaf'; END IF; RETURN NEW; END $$`);
    await kit.rows('CREATE TRIGGER fail_leaf BEFORE INSERT ON evidence_page FOR EACH ROW EXECUTE FUNCTION fail_leaf()');
    await expect(kit.push(source, [activity('A1', 'P2')])).rejects.toThrow('no leaf');
    await kit.rows('DROP TRIGGER fail_leaf ON evidence_page');
    expect(await of('R1')).toMatchObject({ version: 1, state: 'mirrored' });
    expect(await kit.record(source, 'activity', 'A1')).toMatchObject({ version: 1 });
  });

  describe('facts that come late', () => {
    const DUE = '2026-10-17';
    const september = { data: { startAt: at('09:00', '2026-09-28'), endAt: at('12:00', '2026-09-28') } };
    const early = (id: string): ReturnType<typeof serviceRecord> =>
      serviceRecord(id, { volunteer: 'V1', activity: 'A1', day: '2026-09-28', from: '11:00', to: '12:30' });

    it('are told to records that arrived before their parents, down to the evaluation', async () => {
      await kit.push(source, [evaluation('E1', 'R1'), membership('M1', { volunteer: 'V1', project: 'P1' })]);
      await kit.push(source, [early('R1')]);
      expect(await of('R1')).toMatchObject({
        due_by: null,
        county_code: '533400',
        warnings: null,
      });
      await kit.push(source, [activity('A1', 'P1', september)]);
      expect((await of('R1')).due_by).toEqual(new Date(at('00:00', DUE)));
      await kit.push(source, [
        project('P1', P1, { data: { areaCode: '533422101201' } }),
        volunteer('V1', { no: 103 }, { data: { serviceAreaCode: '533423101002' } }),
      ]);
      const row = await of('R1');
      expect(row.county_code).toBe('533422');
      expect(row.warnings?.filter(({ code }) => code === 'R67-10')).toHaveLength(1);
      expect(await kit.record(source, 'evaluation', 'E1')).toMatchObject({
        county_code: '533422',
        due_by: new Date(at('00:00', DUE)),
      });
      expect(await kit.record(source, 'membership', 'M1')).toMatchObject({ county_code: '533423' });
      const [promise] = await kit.rows('SELECT county_code FROM outbox WHERE record_id = $1', [row.id]);
      expect(promise).toEqual({ county_code: '533422' });
      expect(row.version).toBe(1);
    });

    it('are right in one batch in any order', async () => {
      const batch = [
        evaluation('E1', 'R1'),
        early('R1'),
        activity('A1', 'P1', september),
        project('P1', P1, { data: { areaCode: '533422101201' } }),
      ];
      await kit.push(source, batch);
      expect(await kit.record(source, 'evaluation', 'E1')).toMatchObject({
        county_code: '533422',
        due_by: new Date(at('00:00', DUE)),
      });
      expect((await of('R1')).warnings?.filter(({ code }) => code === 'R67-10')).toHaveLength(1);
    });

    it('warn of an activity outside its project, whichever comes first', async () => {
      const days = { data: { startOn: '2026-09-28', endOn: '2026-09-28' } };
      await kit.push(source, [
        activity('IN', 'P1', { data: { startAt: at('09:00', '2026-09-28'), endAt: at('00:00', '2026-09-29') } }),
      ]);
      await kit.push(source, [
        activity('OUT', 'P1', { data: { startAt: at('09:00', '2026-09-28'), endAt: at('00:01', '2026-09-29') } }),
      ]);
      await kit.push(source, [project('P1', P1, days)]);
      await kit.push(source, [
        activity('LATE', 'P1', { data: { startAt: at('23:00', '2026-09-27'), endAt: at('12:00', '2026-09-28') } }),
      ]);
      const codes = async (id: string): Promise<unknown> =>
        (await kit.record(source, 'activity', id)).warnings?.map(({ code }) => code) ?? [];
      expect(await codes('IN')).toEqual([]);
      expect(await codes('OUT')).toEqual(['R67-10']);
      expect(await codes('LATE')).toEqual(['R67-10']);
    });

    it('follow an activity whose end moves', async () => {
      await kit.push(source, [activity('A1', 'P1', september), early('R1')]);
      await kit.push(source, [
        activity('A1', 'P1', { data: { startAt: at('09:00', '2026-10-12'), endAt: at('12:00', '2026-10-12') } }),
      ]);
      expect((await of('R1')).due_by).toEqual(new Date(at('00:00', '2026-10-27')));
    });
  });
});
