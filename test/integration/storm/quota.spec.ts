import { closedGates } from '../../../src/delivery/gates.js';
import { Quota, quotaStanding } from '../../../src/delivery/storm/quota.js';
import { systemClock } from '../../../src/platform/clock/index.js';
import { openLedgerKit, type LedgerKit } from '../ledger/ledger-kit.js';
import { fine, forgetStorm, startWorker } from './storm-kit.js';

const HOUR = 3_600_000;
const LIMIT = 1_000;
const FOR_WRITES = 900;

describe('the day’s quota', () => {
  let kit: LedgerKit;
  beforeAll(async () => {
    kit = await openLedgerKit();
  });
  afterAll(() => kit.close());
  beforeEach(() => forgetStorm(kit));

  const open = (): Quota => new Quota({ database: kit.database, clock: systemClock, callDeadlineMs: 1_000 });
  const adopt = (used: number, limit: number | null = LIMIT): Promise<unknown> =>
    open().adopt({ limit, used, resetAtMs: null }, HOUR);
  /** Takes until refused, as several processes at once; how many were granted in all. */
  const spendAll = async (quotas: readonly Quota[], purpose: 'write' | 'read'): Promise<number> => {
    const counts = await Promise.all(
      quotas.map(async (quota) => {
        let count = 0;
        while ((await quota.take(purpose)).granted) count += 1;
        return count;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  };

  it('is never exceeded by all processes together; writes leave a tenth, reads may have it', async () => {
    await adopt(0);
    const quotas = [open(), open(), open(), open()];
    expect(await spendAll(quotas, 'write')).toBe(FOR_WRITES);
    expect(await spendAll(quotas, 'read')).toBe(LIMIT - FOR_WRITES);
    expect(await quotaStanding(kit.database)).toMatchObject({ limit: LIMIT, used: LIMIT });
  });

  it('is handed out in blocks: a call costs no row of its own', async () => {
    await adopt(0, 50_000);
    const quota = open();
    for (let at = 0; at < 20; at += 1) await quota.take('write');
    expect(await kit.rows('SELECT size FROM national_quota_block')).toEqual([{ size: 20 }]);
  });

  it('is remembered over restarts, and what a killed process had not spent comes back with the nation’s count', async () => {
    await adopt(0);
    await spendAll([open()], 'write');
    expect((await open().take('write')).granted).toBe(false);
    await kit.rows(`UPDATE national_quota_block SET held_until = now() - interval '1 second'`);
    await adopt(600);
    expect(await spendAll([open()], 'write')).toBe(FOR_WRITES - 600);
  });

  it('counts what is handed out on top of what the nation has seen', async () => {
    await adopt(0);
    const quota = open();
    await quota.take('write');
    await adopt(10);
    expect(await quotaStanding(kit.database)).toMatchObject({ used: 30 });
  });

  it('begins anew when its time has come, with the limit that was', async () => {
    await adopt(LIMIT);
    expect(await open().take('read')).toMatchObject({ granted: false });
    await kit.rows(`UPDATE national_quota_day SET resets_at = now()`);
    expect(await open().take('write')).toEqual({ granted: true });
    expect(await quotaStanding(kit.database)).toMatchObject({ limit: LIMIT, used: 20 });
  });

  it('closes writes with a reason when only the reserve is left; look-ups go on; more quota opens them', async () => {
    const worker = await startWorker(kit);
    await adopt(FOR_WRITES);
    expect(await worker.write('team')).toMatchObject({ outcome: { code: 'NOT_SENT' } });
    expect((await closedGates(kit.database)).get('writes')).toMatchObject({ code: 'QUOTA_RESERVED' });
    expect(await worker.lookup()).toBeNull();
    const limits = { ...(await worker.limits.fresh())! };
    worker.nation.status_ = { status: 'ok', value: { ...limits, quota: { limit: 50_000, used: FOR_WRITES, resetAtMs: null } } };
    worker.limits.expire();
    await worker.limits.fresh();
    expect((await closedGates(kit.database)).has('writes')).toBe(false);
    expect(await worker.write('team')).toMatchObject({ level: 'items' });
    expect(worker.gone).toEqual(['lookup', 'status', 'write:team']);
  }); // prettier-ignore

  it('has no limit when the nation names none, and is counted all the same', async () => {
    const quota = open();
    for (let at = 0; at < 50; at += 1) expect(await quota.take('write')).toEqual({ granted: true });
    expect(await quotaStanding(kit.database)).toMatchObject({ limit: null, used: 60 });
  });
});

describe('the pace', () => {
  let kit: LedgerKit;
  beforeAll(async () => {
    kit = await openLedgerKit();
  });
  afterAll(() => kit.close());
  beforeEach(() => forgetStorm(kit));
  const tooFast = { class: 'QUOTA', code: '1301', message: 'x', scope: 'qps', retryAfterMs: 1 } as const;

  it('is halved for all workers by one burst of 1301, once, and comes back by itself', async () => {
    const [one, other] = [await startWorker(kit), await startWorker(kit)];
    const announced = { qps: 10, concurrency: null };
    const status = (await one.limits.fresh())!;
    for (const worker of [one, other]) {
      worker.nation.status_ = { status: 'ok', value: { ...status, limits: { ...status.limits, qps: 1_000 } } };
      worker.limits.expire();
      await worker.limits.fresh();
    }
    await Promise.all([one.write('team', tooFast), other.write('team', tooFast), one.write('team', tooFast)]);
    await other.storm.look();
    const { qps } = other.storm.permitted(announced, 4);
    expect(qps).toBeGreaterThanOrEqual(5);
    expect(qps).toBeLessThan(8);
    await kit.rows(`UPDATE national_speed SET lowered_at = now() - interval '10 minutes'`);
    await other.storm.look();
    expect(other.storm.permitted(announced, 4).qps).toBe(10);
    expect(await one.write('team', [fine])).toMatchObject({ level: 'items' });
  });

  it('learns a limit that was never announced from what went well until then, and forgets it again', async () => {
    const worker = await startWorker(kit);
    await worker.write('team', { ...tooFast, code: '1305', scope: 'concurrency' });
    await worker.storm.look();
    expect(worker.storm.permitted({ qps: null, concurrency: null }, 4)).toEqual({ qps: null, concurrency: 2 });
    await kit.rows(`UPDATE national_speed SET lowered_at = now() - interval '10 minutes'`);
    await worker.storm.look();
    expect(worker.storm.permitted({ qps: null, concurrency: null }, 4)).toEqual({ qps: null, concurrency: null });
  });

  it('starts slowly after a long pause of the nation’s', async () => {
    const worker = await startWorker(kit);
    await kit.rows(`INSERT INTO national_gate (scope, closed_until, code, reason, since)
      VALUES ('writes', now(), '1304', 'x', now() - interval '2 hours')`);
    await worker.storm.look();
    expect(worker.storm.share()).toBe(0.1);
    await kit.rows(`UPDATE national_gate SET closed_until = now() - interval '1 hour'`);
    await worker.storm.look();
    expect(worker.storm.share()).toBe(1);
  });
});
