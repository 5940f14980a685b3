import {
  BACKFILL_AFTER_DAYS,
  BULK_RECORDS,
  missingCalendarYears,
  sweepLanes,
} from '../../../src/delivery/fair/lanes.js';
import { addThroughput, promiseScore, sweepPromises } from '../../../src/delivery/fair/promised-times.js';
import { listAlerts } from '../../../src/delivery/storm/alerts.js';
import { Pauses } from '../../../src/delivery/storm/pauses.js';
import type { SourceIdentity } from '../../../src/ingest/intake.types.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { buildCalendar, shippedCalendar } from '../../../src/records/index.js';
import { openLedgerKit, type LedgerKit } from '../ledger/ledger-kit.js';
import {
  activity,
  certificateRequest,
  membership,
  project,
  serviceRecord,
  station,
  team,
  volunteer,
} from '../ledger/station-world.js';
import { down, forgetStorm, startWorker } from './storm-kit.js';

describe('lanes, promised times and alerts', () => {
  let kit: LedgerKit;
  let source: SourceIdentity;
  let no = 301;
  beforeAll(async () => {
    kit = await openLedgerKit();
  });
  afterAll(() => kit.close());
  beforeEach(async () => {
    await forgetStorm(kit);
    await kit.rows('TRUNCATE record_wait');
    source = kit.newSource();
    no += 1;
    await kit.push(source, [
      station('S1'), team('T1', 'S1'), project('P1', { team: 'T1', station: 'S1' }), activity('A1', 'P1'),
      volunteer('V1', { no }), membership('M1', { volunteer: 'V1', project: 'P1' }),
      serviceRecord('R1', { volunteer: 'V1', activity: 'A1', from: '09:00', to: '10:00' }),
    ]); // prettier-ignore
  });
  const dueIn = (interval: string): Promise<unknown> =>
    kit.rows(`UPDATE record SET due_by = now() + $2::interval WHERE source_system_id = $1 AND source_id = 'R1'`, [
      source.id,
      interval,
    ]);
  const laneOf = async (kind: string): Promise<unknown> =>
    (
      await kit.rows(`SELECT lane, lane_rank FROM outbox WHERE source_system_id = $1 AND kind = $2`, [source.id, kind])
    )[0];
  const sweep = (): ReturnType<typeof sweepLanes> => sweepLanes(kit.database, shippedCalendar());
  const codes = async (calendar = shippedCalendar()): Promise<string[]> =>
    (await listAlerts(kit.database, calendar)).map(({ code }) => code);

  it('raise what is near its deadline, and with it everything it waits for', async () => {
    await dueIn('20 days');
    await sweep();
    expect(await laneOf('service-record')).toEqual({ lane: 'normal', lane_rank: 2 });
    await dueIn('1 hour');
    await sweep();
    for (const kind of ['service-record', 'activity', 'project', 'team', 'station', 'volunteer', 'membership']) {
      expect([kind, await laneOf(kind)]).toEqual([kind, { lane: 'urgent', lane_rank: 1 }]);
    }
    expect(await codes()).toContain('DUE_SOON');
    expect(await sweep()).toEqual({ urgent: 0, backfill: 0 });
  });

  it('raise the records that a certificate waits for', async () => {
    await dueIn('20 days');
    await kit.accept(source, certificateRequest('C1', 'V1'));
    const [request] = await kit.rows<{ id: string }>(`SELECT id FROM record WHERE source_system_id = $1 AND source_id = 'C1'`, [source.id]);
    await kit.rows(`UPDATE outbox SET stage = 'waiting' WHERE record_id = $1`, [request!.id]);
    await kit.rows(`INSERT INTO record_wait (record_id, source_system_id, waits_key) VALUES ($1, $2, 'certificate-set') ON CONFLICT DO NOTHING`, [request!.id, source.id]);
    await sweep();
    expect(await laneOf('service-record')).toEqual({ lane: 'urgent', lane_rank: 1 });
    expect(await laneOf('certificate-request')).toEqual({ lane: 'certificate', lane_rank: 0 });
  }); // prettier-ignore

  it('put last what is long lost, and the bulk of one source', async () => {
    await dueIn(`-${BACKFILL_AFTER_DAYS + 2} days`);
    await sweep();
    expect(await laneOf('service-record')).toEqual({ lane: 'backfill', lane_rank: 3 });
    await kit.rows(`UPDATE outbox SET lane = 'normal', lane_rank = 2`);
    await dueIn('20 days');
    const copies = BULK_RECORDS + 10;
    await kit.rows(
      `INSERT INTO outbox (biz_no, record_id, source_system_id, kind, version, county_code, lane, lane_rank, stage)
       SELECT 'bulk-' || n, r.id, r.source_system_id, r.kind, 1, r.county_code, 'normal', 2, 'ready'
       FROM record r, generate_series(1, $2::int) n WHERE r.source_system_id = $1 AND r.source_id = 'R1'`,
      [source.id, copies],
    );
    await sweep();
    const rows = await kit.rows<{ lane: string; count: number }>(
      `SELECT lane, count(*)::int AS count FROM outbox WHERE biz_no LIKE 'bulk-%' GROUP BY lane ORDER BY lane`,
    );
    expect(rows).toEqual([{ lane: 'backfill', count: 10 }, { lane: 'normal', count: BULK_RECORDS }]);
  }); // prettier-ignore

  it('promise a time to what waits, once, and tell how promises were kept', async () => {
    await kit.rows(`UPDATE outbox SET stage = 'ready', ready_at = now() - interval '1 minute'`);
    expect(await sweepPromises(kit.database)).toMatchObject({ made: 0 });
    await addThroughput(kit.database, { calls: 2, entries: 60 });
    const { made } = await sweepPromises(kit.database);
    expect(made).toBe(7);
    expect(await sweepPromises(kit.database)).toEqual({ made: 0, kept: 0, broken: 0 });
    const promised = await kit.rows(`SELECT 1 FROM record WHERE source_system_id = $1 AND promised_by > now() AND promised_by < now() + interval '5 minutes'`, [source.id]);
    expect(promised).toHaveLength(7);
    await kit.rows(`UPDATE record SET state = 'mirrored', since = now() WHERE source_system_id = $1 AND kind IN ('station', 'team', 'project')`, [source.id]);
    await kit.rows(`UPDATE delivery_promise SET promised_by = now() - interval '1 second' WHERE kind = 'activity'`);
    await kit.rows(`UPDATE record SET version = version + 1 WHERE source_system_id = $1 AND kind = 'volunteer'`, [source.id]);
    expect(await sweepPromises(kit.database)).toMatchObject({ kept: 3, broken: 1 });
    expect(await promiseScore(kit.database, 7)).toMatchObject({ kept: 3, broken: 1, share: 0.75 });
  }); // prettier-ignore

  it('alert to what stands, and to nothing when nothing does', async () => {
    await dueIn('20 days');
    expect(await codes()).toEqual([]);
    const worker = await startWorker(kit);
    for (let at = 0; at < 5; at += 1) await worker.write('team', down);
    await worker.write('project', Array.from({ length: 30 }, () => ({ class: 'REJECT', code: '2202', message: 'x', fields: [] }) as const));
    await worker.quota.adopt({ limit: 100, used: 85, resetAtMs: null }, null);
    const pauses = new Pauses(kit.database, systemIds, []);
    const { id } = await pauses.add({ scope: 'county:5334', reason: 'x', until: null, actor: 'a' });
    expect(await codes()).not.toContain('PAUSE_ENDING');
    await kit.rows(`UPDATE delivery_pause SET remind_at = now() WHERE id = $1`, [id]);
    expect((await codes(buildCalendar([]))).sort()).toEqual([
      'BREAKER_OPEN', 'CALENDAR_YEAR_MISSING', 'ENTITY_STOPPED', 'PAUSE_ENDING', 'QUOTA_NEARLY_USED',
    ]);
    for (const { message, remedy } of await listAlerts(kit.database, shippedCalendar())) expect(message + remedy).toMatch(/。$/);
  }); // prettier-ignore

  it('ask for the next year’s holidays in December, and for those that a deadline reaches', () => {
    const calendar = buildCalendar([{ year: 2026, holidays: [], makeUpWorkingDays: [] }]);
    expect(missingCalendarYears('2026-11-25', calendar)).toEqual([]);
    expect(missingCalendarYears('2026-12-01', calendar)).toEqual([2027]);
    expect(missingCalendarYears('2027-03-01', calendar)).toEqual([2027]);
  });
});
