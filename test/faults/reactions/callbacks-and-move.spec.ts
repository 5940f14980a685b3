import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startWorker, type Program } from '../../harness/processes.js';
import { eventually } from '../../harness/eventually.js';
import type { StationItem } from '../../independent/station-types.js';
import { ReactionStage } from './reaction-stage.js';
import { StationWorld } from './station-world.js';

const LIMIT_MS = 120_000;
const RECORDS = 'service-records';

interface CallbackLine {
  readonly as: string;
  readonly type: string;
  readonly status: number | null;
}

interface RemapReport {
  readonly lines: number;
  readonly fits: Readonly<Record<string, number>>;
  readonly unnamed: number;
  readonly isComplete: boolean;
}

/** The nation calls us (F52), and the whole platform moves away (F63). Real: all processes, the command line. */
describe('callbacks, and the great move', () => {
  let stage: ReactionStage;
  let world: StationWorld;

  beforeAll(async () => {
    stage = await ReactionStage.open();
    const { port } = new URL(stage.adapter.apiBase);
    await stage.control('POST', 'settings', { callbackUrl: `http://127.0.0.1:${port}/national/callback` });
    world = new StationWorld(stage, 6302);
    await world.settle();
  }, LIMIT_MS);
  afterAll(() => stage?.close(), 60_000);
  afterEach(async () => {
    await stage.control('DELETE', 'faults');
    await stage.expectClean();
  }, LIMIT_MS);

  const callbacks = async (as: string): Promise<CallbackLine[]> => {
    const { log } = await stage.control<{ log: CallbackLine[] }>('GET', 'callbacks');
    return log.filter((line) => line.as.startsWith(as));
  };

  const mirrored = async (items: readonly StationItem[]): Promise<void> => {
    for (const item of items) await stage.expectMirroredOnce(item, RECORDS);
  };

  it.each(['signature', 'body', 'app-key', 'stale', 'unsigned'])(
    'F52: forged by %s, it is refused and changes nothing',
    async (forgery) => {
      const items = world.take(`F52-${forgery}`, 2);
      await stage.fault('F52', { how: 'forged', forgery, type: 'BATCH_DONE', times: 1 });
      await stage.push(items);
      await mirrored(items);
      const forged = await eventually(async () => (await callbacks(`forged:${forgery}`))[0], { timeoutMs: 30_000 });
      expect(forged.status).toBe(401);
      expect(stage.adapter.logs()).toMatch(/national callback refused/);
    },
    LIMIT_MS,
  );

  it.each(['replayed', 'duplicated', 'out-of-order', 'before-reply'])(
    'F52: %s, each entry is settled once',
    async (how) => {
      const [first, second] = [world.take(`F52-${how}-a`, 2), world.take(`F52-${how}-b`, 2)];
      await stage.fault('F52', { how, times: 1 });
      await stage.push(first);
      await stage.push(second);
      await mirrored([...first, ...second]);
      for (const item of [...first, ...second]) expect(stage.writesOf((await stage.statusOf(item)).bizNo)).toBe(1);
    },
    LIMIT_MS,
  );

  it(
    'F52: dropped, the receipt is polled all the same',
    async () => {
      const items = world.take('F52-dropped', 2);
      await stage.fault('F52', { how: 'dropped', type: 'BATCH_DONE', times: 1 });
      await stage.push(items);
      await mirrored(items);
      expect(await callbacks('dropped')).toHaveLength(1);
    },
    LIMIT_MS,
  );

  it(
    'F51: a certificate revoked after its issue is told by a callback and confirmed by a question',
    async () => {
      await stage.fault('F51');
      const [request] = world.certificates as [StationItem];
      const served = world.certified;
      await stage.push(served);
      await mirrored(served);
      await stage.push([request]);
      await eventually(async () => (await stage.rows('certificate-requests')).length === 1, { timeoutMs: 60_000 });
      const { bizNo } = await stage.until(request, 'pending');
      await eventually(async () => (await stage.statusOf(request)).nationalId, { timeoutMs: 30_000 });
      await stage.fault('F51', { step: 'issue', bizNo });
      await stage.until(request, 'mirrored');
      await stage.fault('F51', { step: 'revoke', bizNo });
      expect((await stage.until(request, 'attention')).lastOutcome?.code).toBe('CERT_REVOKED');
    },
    LIMIT_MS,
  );

  describe('F63: the platform moves', () => {
    let file: string;
    let second: Program;

    const remap = (...how: string[]): RemapReport =>
      stage.cli('remap', '--file', file, ...how, '--json') as RemapReport;

    const oldIds = async (): Promise<number> => {
      const held = await stage.query<{ kind: string; biz_no: string; national_id: string }>(
        `SELECT kind, biz_no, national_id FROM record WHERE national_id IS NOT NULL`,
      );
      const rows = await Promise.all(
        [
          'stations',
          'teams',
          'volunteers',
          'memberships',
          'projects',
          'activities',
          RECORDS,
          'certificate-requests',
        ].map((entity) => stage.rows(entity)),
      );
      const now = new Map(rows.flat().map((row) => [row.bizNo, row.nationalId]));
      return held.filter((record) => now.get(record.biz_no) !== record.national_id).length;
    };

    beforeAll(async () => {
      const { result } = await stage.fault('F63', { oldHost: 'read-only' });
      const { port, map } = result as { port: number; map: { path: string } };
      file = map.path;
      await stage.adapter.program('worker').stop();
      second = await startWorker({ ...stage.adapter.env, NATIONAL_BASE_URL: `http://127.0.0.1:${port}` });
    }, LIMIT_MS);
    afterAll(() => second?.stop());

    it(
      'a dry run tells what fits and changes nothing',
      async () => {
        const before = await oldIds();
        const report = remap('--dry-run');
        expect(report).toMatchObject({ unnamed: 0, isComplete: true });
        expect(report.fits).toMatchObject({ miss: 0, conflict: 0, done: 0 });
        expect(report.fits.match).toBeGreaterThan(20);
        expect([before, await oldIds()]).toEqual([report.fits.match, report.fits.match]);
      },
      LIMIT_MS,
    );

    it(
      'a map that contradicts itself, or is cut, changes nothing',
      () => {
        const broken = join(stage.folder, 'broken.ndjson');
        const line = { entity: 'stations', bizNo: 'ZQ-x', fromNationalId: 'A', toNationalId: 'B' };
        for (const text of [
          `${JSON.stringify(line)}\n{"entity":"stat`,
          `${JSON.stringify(line)}\n${JSON.stringify({ ...line, fromNationalId: 'C' })}\n`,
          `${JSON.stringify(line)}\n${JSON.stringify({ ...line, toNationalId: 'C' })}\n`,
          '\n',
        ]) {
          writeFileSync(broken, text);
          expect(() => stage.cli('remap', '--file', broken, '--run', '--json')).toThrow(/未作任何更改/);
        }
      },
      LIMIT_MS,
    );

    it(
      'a third id is nobody’s to overwrite',
      async () => {
        const [station] = await stage.query<{ id: string; national_id: string }>(
          `SELECT id, national_id FROM record WHERE kind = 'station'`,
        );
        await stage.query(`UPDATE record SET national_id = 'ST-THIRD' WHERE id = $1`, [station?.id]);
        expect(remap('--dry-run')).toMatchObject({ fits: { conflict: 1 }, isComplete: false });
        await stage.query(`UPDATE record SET national_id = $2 WHERE id = $1`, [station?.id, station?.national_id]);
      },
      LIMIT_MS,
    );

    it(
      'a run gives every record its new id, once; the line goes on at the new address',
      async () => {
        const { fits } = remap('--run');
        expect(await oldIds()).toBe(0);
        const again = remap('--run');
        expect(again.fits).toMatchObject({ match: 0, done: fits.match });
        const [aliases] = await stage.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM national_alias WHERE cause = 'reminted'`,
        );
        const [leaves] = await stage.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM evidence_leaf WHERE kind = 'alias.added' AND entry LIKE '%reminted%'`,
        );
        expect([aliases?.count, leaves?.count]).toEqual([fits.match, fits.match]);
        const station = world.get('station');
        await stage.push([world.next(station, { address: '搬家之后' })]);
        await eventually(async () => (await stage.statusOf(station)).nationalVersion === 2, { timeoutMs: 60_000 });
        await stage.expectMirroredOnce(station);
      },
      LIMIT_MS,
    );
  });
});
