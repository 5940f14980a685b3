import { HeldBack } from '../../../src/delivery/held-back.js';
import { closedGates } from '../../../src/delivery/gates.js';
import { PauseError, Pauses } from '../../../src/delivery/storm/pauses.js';
import type { SourceIdentity } from '../../../src/ingest/intake.types.js';
import { LedgerReader } from '../../../src/ledger/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { RECORD_KINDS } from '../../../src/records/index.js';
import { openLedgerKit, type LedgerKit } from '../ledger/ledger-kit.js';
import { station } from '../ledger/station-world.js';
import { forgetStorm, startWorker } from './storm-kit.js';

describe('pauses', () => {
  let kit: LedgerKit;
  let pauses: Pauses;
  let source: SourceIdentity;
  let heldBack: HeldBack;
  beforeAll(async () => {
    kit = await openLedgerKit();
    pauses = new Pauses(
      kit.database,
      systemIds,
      RECORD_KINDS.map(({ name }) => name),
    );
    heldBack = new HeldBack({ database: kit.database, ids: systemIds, report: () => undefined });
  });
  afterAll(() => kit.close());
  beforeEach(async () => {
    await forgetStorm(kit);
    source = kit.newSource();
  });
  const wish = { reason: '国家系统升级', until: null, actor: '测试管理员' };
  const acts = async (): Promise<unknown[]> => {
    const rows = await kit.rows<{ entry: string }>(
      `SELECT entry FROM evidence_leaf WHERE kind = 'admin.action' ORDER BY ord`,
    );
    return rows.map(({ entry }) => (JSON.parse(entry) as { act: string }).act);
  };
  const status = (): ReturnType<LedgerReader['status']> =>
    new LedgerReader(kit.database).status(source.id, 'station', 'S1');

  it('stop-all: nothing new leaves any worker, reads neither, until it is taken back; each act has its leaf', async () => {
    const [one, other] = [await startWorker(kit), await startWorker(kit)];
    await pauses.stopAll(wish);
    for (const worker of [one, other]) {
      expect(await worker.write('team')).toMatchObject({ outcome: { code: 'NOT_SENT' } });
      expect(await worker.lookup()).toMatchObject({ code: 'NOT_SENT' });
      expect(await worker.status(worker.nation.status_)).toMatchObject({ status: 'failed' });
      expect(worker.gone).toEqual([]);
    }
    expect([...(await closedGates(kit.database)).keys()]).toEqual(['all']);
    await pauses.remove({ scope: 'all' }, '测试管理员');
    await one.write('team');
    expect(one.gone).toEqual(['write:team']);
    expect((await acts()).slice(-2)).toEqual(['delivery.stop', 'pause.remove']);
  });

  it('a call that waited for its turn when the stop came does not leave', async () => {
    const worker = await startWorker(kit);
    const limits = (await worker.limits.fresh())!;
    worker.nation.status_ = { status: 'ok', value: { ...limits, limits: { ...limits.limits, concurrency: 1 } } };
    worker.limits.expire();
    await worker.limits.fresh();
    worker.gone.length = 0;
    let finish: (value: never) => void = () => undefined;
    const first = worker.line.write({ id: 'c1', kind: 'team' }, () => new Promise((resolve) => {
      worker.gone.push('first');
      finish = resolve;
    })); // prettier-ignore
    while (worker.gone.length === 0) await worker.storm.look();
    const second = worker.write('team');
    await pauses.stopAll(wish);
    finish({ level: 'items', items: new Map(), requestId: 'r' } as never);
    await first;
    expect(await second).toMatchObject({ outcome: { code: 'NOT_SENT' } });
    expect(worker.gone).toEqual(['first']);
  });

  it('by kind and for all hold writes only', async () => {
    const worker = await startWorker(kit);
    await pauses.add({ ...wish, scope: 'kind:team' });
    await worker.write('team');
    await worker.write('project');
    await worker.lookup();
    expect(worker.gone).toEqual(['write:project', 'lookup']);
    await pauses.add({ ...wish, scope: 'all' });
    await worker.write('project');
    await worker.lookup();
    expect(worker.gone).toEqual(['write:project', 'lookup', 'lookup']);
    expect((await pauses.list()).map(({ scope, isStop }) => [scope, isStop])).toEqual([['kind:team', false], ['all', false]]);
  }); // prettier-ignore

  it('of a county are told at the record’s status, with the reason, and given back when it ends', async () => {
    await kit.accept(source, station('S1'));
    const { county_code: county } = await kit.record(source, 'station', 'S1');
    const pause = await pauses.add({ ...wish, scope: `county:${county.slice(0, 6)}` });
    await heldBack.turn();
    expect(await status()).toMatchObject({
      state: 'waiting',
      waitingFor: [{ kind: null, reason: '管理员已暂停发送：国家系统升级。' }],
    });
    expect((await status())?.nextAttemptAt).not.toBeNull();
    await pauses.remove({ id: pause.id }, '测试管理员');
    expect((await status())?.nextAttemptAt).toBeNull();
    expect(await kit.rows(`SELECT 1 FROM outbox WHERE ready_at <= now() AND stage = 'ready'`)).toHaveLength(1);
  });

  it('of a county hold back a call that carries one of its records and was planned before', async () => {
    const worker = await startWorker(kit);
    await kit.accept(source, station('S1'));
    const { biz_no: bizNo, county_code: county } = await kit.record(source, 'station', 'S1');
    const callId = systemIds.uuid();
    await kit.rows(
      `INSERT INTO national_call (id, profile_id, profile_hash, overrides_hash, operation, kind, biz_nos, item_count, stage)
       VALUES ($1, 'p', '', '', 'write-single', 'station', $2, 1, 'sending')`,
      [callId, [bizNo]],
    );
    const write = (call: string): Promise<unknown> =>
      worker.line.write({ id: call, kind: 'station' }, async () => ({ level: 'items', items: new Map(), requestId: call }));
    await pauses.add({ ...wish, scope: `county:${county.slice(0, 6)}` });
    expect(await write(callId)).toMatchObject({ outcome: { code: 'NOT_SENT' } });
    expect(await write(systemIds.uuid())).toMatchObject({ level: 'items' });
  }); // prettier-ignore

  it('end by themselves at their time', async () => {
    const worker = await startWorker(kit);
    const pause = await pauses.add({ ...wish, scope: 'kind:team', until: '2999-01-01T00:00:00+08:00' });
    expect(await worker.write('team')).toMatchObject({ outcome: { code: 'NOT_SENT' } });
    await kit.rows(`UPDATE delivery_pause SET at = now() - interval '2 hours', until = now() - interval '1 hour' WHERE id = $1`, [pause.id]);
    expect(await worker.write('team')).toMatchObject({ level: 'items' });
    expect(await pauses.list()).toEqual([]);
  }); // prettier-ignore

  it.each([
    ['an unknown scope', { ...wish, scope: 'province' }],
    ['a misspelt kind', { ...wish, scope: 'kind:teams' }],
    ['no reason', { ...wish, scope: 'all', reason: ' ' }],
    ['an end that is over', { ...wish, scope: 'all', until: '2020-01-01T00:00:00+08:00' }],
    ['an end that is no time', { ...wish, scope: 'all', until: 'tomorrow' }],
  ])('refuse %s', async (_, bad) => {
    await expect(pauses.add(bad)).rejects.toBeInstanceOf(PauseError);
    await expect(pauses.remove({ scope: 'all' }, 'x')).rejects.toBeInstanceOf(PauseError);
    expect(await pauses.list()).toEqual([]);
  });
});
