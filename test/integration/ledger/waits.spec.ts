import type { SourceIdentity } from '../../../src/ingest/intake.types.js';
import { moveRecords, releaseWaiters, sweepWaits } from '../../../src/ledger/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { openLedgerKit, type LedgerKit } from './ledger-kit.js';
import { project, station, team, voided } from './station-world.js';

describe('waiting for parents, and being released', () => {
  let kit: LedgerKit;
  let source: SourceIdentity;
  beforeAll(async () => {
    kit = await openLedgerKit();
  });
  beforeEach(() => {
    source = kit.newSource();
  });
  afterAll(() => kit.close());

  const child = (): ReturnType<typeof project> => project('P1', { team: 'T1', station: 'S1' });
  const P1 = (): ReturnType<LedgerKit['record']> => kit.record(source, 'project', 'P1');
  const release = (...keys: string[]): Promise<void> =>
    kit.database.transaction((tx) =>
      releaseWaiters(
        tx,
        systemIds,
        keys.map((key) => ({ sourceSystemId: source.id, key })),
      ),
    );
  const sweep = (): Promise<number> => kit.database.transaction((tx) => sweepWaits(tx, systemIds));

  it.each([
    [['station', 'team', 'project']],
    [['project', 'team', 'station']],
    [['team', 'project', 'station']],
    [['project', 'station', 'team']],
  ])('waits for exactly what has not landed, in order %j', async (order) => {
    const items = { station: station('S1'), team: team('T1', 'S1'), project: child() };
    for (const kind of order) await kit.accept(source, items[kind as keyof typeof items]);
    expect(await P1()).toMatchObject({ state: 'waiting', stage: 'waiting', waits: ['station/S1', 'team/T1'] });
    expect(await kit.record(source, 'team', 'T1')).toMatchObject({ state: 'waiting', waits: ['station/S1'] });
    expect(await kit.record(source, 'station', 'S1')).toMatchObject({ state: 'queued', waits: [] });
  });

  it('is queued by the last parent that lands, with one event and one leaf', async () => {
    await kit.push(source, [child(), team('T1', 'S1'), station('S1')]);
    await release('station/S1');
    expect(await P1()).toMatchObject({ state: 'waiting', stage: 'waiting', waits: ['team/T1'] });
    await release('team/T1');
    const row = await P1();
    expect(row).toMatchObject({ state: 'queued', stage: 'ready', waits: [] });
    await release('team/T1');
    const events = await kit.rows('SELECT state FROM change_event WHERE record_id = $1 ORDER BY ord, place', [row.id]);
    expect(events).toEqual([{ state: 'waiting' }, { state: 'queued' }]);
    const leaves = await kit.rows(`SELECT 1 FROM evidence_leaf WHERE kind = 'state.changed' AND entry LIKE $1`, [
      `%${row.id}%`,
    ]);
    expect(leaves).toHaveLength(1);
  });

  it('loses no wake-up when both parents land at the same moment', async () => {
    for (let round = 0; round < 15; round += 1) {
      source = kit.newSource();
      await kit.push(source, [child(), team('T1', 'S1'), station('S1')]);
      await Promise.all([release('station/S1'), release('team/T1')]);
      expect(await P1()).toMatchObject({ state: 'queued', stage: 'ready', waits: [] });
    }
  });

  it('neither loses nor deadlocks for good when a child is pushed again while its parents land', async () => {
    for (let round = 0; round < 10; round += 1) {
      source = kit.newSource();
      await kit.push(source, [child(), team('T1', 'S1'), station('S1')]);
      await kit.land(source, 'station', 'S1');
      await kit.rows(`UPDATE record SET national_status = 'ACTIVE' WHERE kind = 'team' AND source_system_id = $1`, [
        source.id,
      ]);
      await Promise.all([
        release('station/S1', 'team/T1'),
        kit.push(source, [project('P1', { team: 'T1', station: 'S1' }, { data: { intro: `第${round}次` } })]),
        release('team/T1'),
      ]);
      await sweep();
      expect(await P1()).toMatchObject({ state: 'queued', stage: 'ready', version: 2, promised: 2, waits: [] });
    }
  });

  it('finds by sweeping what landed while the child was being accepted', async () => {
    await kit.push(source, [child(), team('T1', 'S1'), station('S1')]);
    await kit.land(source, 'station', 'S1');
    await kit.rows(`UPDATE record SET national_status = 'ACTIVE', national_review = 'REVIEWING'
      WHERE kind = 'team' AND source_system_id = $1`, [source.id]); // prettier-ignore
    await sweep();
    expect(await P1()).toMatchObject({ state: 'waiting', waits: ['team/T1'] });
    await kit.rows(`UPDATE record SET national_review = 'PASSED' WHERE kind = 'team' AND source_system_id = $1`, [
      source.id,
    ]);
    await sweep();
    expect(await P1()).toMatchObject({ state: 'queued', stage: 'ready', waits: [] });
    expect(await sweep()).toBe(0);
  });

  it('frees a waiting promise whose waits are gone', async () => {
    await kit.accept(source, child());
    await kit.rows(`DELETE FROM record_wait WHERE source_system_id = $1`, [source.id]);
    await sweep();
    expect(await P1()).toMatchObject({ state: 'queued', stage: 'ready' });
  });

  it('stays waiting behind a parent that is withdrawn (G-70)', async () => {
    await kit.push(source, [station('S1'), voided('station', 'S1'), child()]);
    await sweep();
    expect(await P1()).toMatchObject({ state: 'waiting', waits: ['station/S1', 'team/T1'] });
  });

  it('forgets old waits when new content refers elsewhere', async () => {
    await kit.accept(source, child());
    await kit.accept(source, project('P1', { team: 'T2', station: 'S2' }));
    expect((await P1()).waits).toEqual(['station/S2', 'team/T2']);
    await kit.accept(source, voided('project', 'P1'));
    expect(await P1()).toMatchObject({ state: 'voided', stage: null, waits: [] });
  });

  describe('moves', () => {
    it('are refused when the table does not know them, and nothing of them stands', async () => {
      const { recordId = '' } = await kit.accept(source, station('S1'));
      const move = kit.database.transaction((tx) =>
        moveRecords(tx, systemIds, [{ id: recordId, from: 'queued', to: 'mirrored' }]),
      );
      await expect(move).rejects.toThrow('illegal move of a record: queued to mirrored');
      expect(await kit.record(source, 'station', 'S1')).toMatchObject({ state: 'queued' });
    });

    it('leave alone what somebody else has moved', async () => {
      const { recordId = '' } = await kit.accept(source, station('S1'));
      await kit.database.transaction((tx) =>
        moveRecords(tx, systemIds, [{ id: recordId, from: 'pending', to: 'mirrored', nationalVersion: 9 }]),
      );
      expect(await kit.record(source, 'station', 'S1')).toMatchObject({ state: 'queued', national_version: null });
    });

    it('write no leaf and no event for news without a move, and keep what the record waits for', async () => {
      const { recordId = '' } = await kit.accept(source, child());
      const waits = [{ kind: null, sourceId: null, reason: '国家系统当日调用次数已用完' }];
      await kit.rows('UPDATE record SET waiting_for = $2 WHERE id = $1', [recordId, JSON.stringify(waits)]);
      await kit.database.transaction((tx) =>
        moveRecords(tx, systemIds, [{ id: recordId, from: 'waiting', to: 'waiting', nationalId: 'N1' }]),
      );
      expect(await P1()).toMatchObject({ national_id: 'N1', waiting_for: waits });
      expect(await kit.rows('SELECT 1 FROM change_event WHERE record_id = $1', [recordId])).toHaveLength(1);
    });
  });
});
