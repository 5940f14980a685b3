import type { SourceIdentity } from '../../../src/ingest/intake.types.js';
import { LedgerReader } from '../../../src/ledger/index.js';
import { Pauses } from '../../../src/delivery/storm/pauses.js';
import { lockAbandoned } from '../../../src/delivery/calls.queries.js';
import type { GatewayOutcome, NationalRow } from '../../../src/national/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { codeWords } from '../../../src/records/index.js';
import { activity, project, station, team, volunteer, voided } from '../ledger/station-world.js';
import { forgetAll, openDeliveryKit, type DeliveryKit } from './delivery-kit.js';
import { created, lost } from './fake-nation.js';

describe('outcomes of what was sent', () => {
  let kit: DeliveryKit;
  let source: SourceIdentity;
  beforeAll(async () => {
    kit = await openDeliveryKit();
  });
  beforeEach(async () => {
    await forgetAll(kit);
    source = kit.newSource();
  });
  afterEach(() => expect(kit.problems.splice(0)).toEqual([]));
  afterAll(() => kit.close());

  const S1 = (): ReturnType<DeliveryKit['record']> => kit.record(source, 'station', 'S1');
  const call =
    (outcome: GatewayOutcome): DeliveryKit['nation']['answerWrite'] =>
    () => ({ level: 'call', outcome, requestId: 'r' });
  const nationalRow = async (more: Partial<NationalRow> = {}): Promise<NationalRow> => {
    const { biz_no: bizNo } = await S1();
    const hash = kit.nation.sentOf(bizNo).at(-1);
    return {
      nationalId: 'N1', bizNo, version: 1, contentHash: hash ? kit.nation.hashOf(hash.data) : null, status: 'ACTIVE',
      review: 'PASSED', mergedTo: null, ...more,
    }; // prettier-ignore
  };
  const openCalls = (): Promise<{ stage: string }[]> =>
    kit.rows(`SELECT stage FROM national_call WHERE stage <> 'closed'`);

  it('follows a merge that a write is told of, with an alias and its leaf (2012, F45)', async () => {
    await kit.accept(source, station('S1'));
    await kit.settle();
    const { national_id: before } = await S1();
    await kit.accept(source, station('S1', { data: { name: '新' } }));
    const survivor = `N-SURVIVOR-${systemIds.uuid()}`;
    kit.nation.answerWrite = call({ class: 'REMAP', code: '2012', message: 'x', mergedTo: survivor });
    await kit.work(...(await kit.plan()));
    expect(await S1()).toMatchObject({ state: 'queued', stage: 'ready' });
    const aliases = await kit.rows('SELECT * FROM national_alias WHERE current_national_id = $1', [survivor]);
    expect(aliases).toMatchObject([{ national_id: before, kind: 'station', cause: 'merged' }]);
    const leaves = await kit.rows(`SELECT 1 FROM evidence_leaf WHERE kind = 'alias.added' AND entry LIKE $1`, [
      `%${survivor}%`,
    ]);
    expect(leaves).toHaveLength(1);
  });

  describe('an unknown outcome', () => {
    beforeEach(async () => {
      await kit.accept(source, station('S1'));
      kit.nation.answerWrite = call(lost);
      await kit.work(...(await kit.plan()));
    });

    it('is looked up, never sent again, while a miss proves nothing', async () => {
      expect(await S1()).toMatchObject({ state: 'unknown', stage: 'unknown' });
      for (let round = 0; round < 3; round += 1) {
        await kit.makeDue();
        await kit.settle();
      }
      expect(kit.nation.lookups.length).toBeGreaterThanOrEqual(3);
      expect(kit.nation.sent).toHaveLength(1);
      expect(await kit.plan()).toEqual([]);
      expect(await S1()).toMatchObject({ state: 'unknown', stage: 'unknown' });
    });

    it('is settled by a hit', async () => {
      const row = await nationalRow();
      kit.nation.rows.set(row.bizNo ?? '', [row]);
      await kit.makeDue();
      await kit.settle();
      expect(await S1()).toMatchObject({ state: 'mirrored', national_version: 1, national_id: 'N1', stage: null });
      expect(kit.nation.sent).toHaveLength(1);
    });

    it('is sent again, under the same version, once a miss is proof', async () => {
      kit.nation.answerWrite = (items) => ({
        level: 'items',
        items: new Map(items.map((item) => [item.bizNo, created(item.bizNo)])),
        requestId: 'r',
      });
      kit.nation.aheadMs = 0;
      await kit.rows(`UPDATE national_call SET sent_at = now() - interval '122 seconds'`);
      await kit.makeDue();
      await kit.settle();
      expect(kit.nation.sent.flatMap(({ items }) => items.map(({ version }) => version))).toEqual([1, 1]);
      expect(await S1()).toMatchObject({ state: 'mirrored' });
    });

    it('takes a reply that shows an older moment for no proof, however long ago the sending was', async () => {
      await kit.rows(`UPDATE national_call SET sent_at = now() - interval '200 seconds'`);
      kit.nation.asOfAheadMs = -100_000;
      await kit.makeDue();
      await kit.settle();
      expect(kit.nation.sent).toHaveLength(1);
      expect(await S1()).toMatchObject({ state: 'unknown' });
    });

    it('is a person’s matter when the number has two rows, or other content', async () => {
      const row = await nationalRow({ contentHash: 'ff' });
      kit.nation.rows.set(row.bizNo ?? '', [row]);
      await kit.makeDue();
      await kit.settle();
      expect(await S1()).toMatchObject({ state: 'attention', outcome_code: '2002', stage: null });
      await kit.accept(source, voided('station', 'S1'));
      expect(await S1()).toMatchObject({ state: 'queued', stage: 'ready' });
    });

    it('lets a newer version wait behind it and go after it, once', async () => {
      await kit.accept(source, station('S1', { data: { name: '新' } }));
      expect(await S1()).toMatchObject({ state: 'unknown', version: 2, promised: 2, stage: 'unknown' });
      expect(await kit.plan()).toEqual([]);
      const row = await nationalRow();
      kit.nation.rows.set(row.bizNo ?? '', [row]);
      kit.nation.answerWrite = (items) => ({
        level: 'items',
        items: new Map(items.map((item) => [item.bizNo, created(item.bizNo)])),
        requestId: 'r',
      });
      await kit.makeDue();
      await kit.settle();
      expect(await S1()).toMatchObject({ state: 'mirrored', national_version: 2, stage: null });
      expect(kit.nation.sent.flatMap(({ items }) => items.map(({ version }) => version))).toEqual([1, 2]);
    });

    it('keeps a void behind it, and sends it after the proof that nothing was stored', async () => {
      await kit.accept(source, voided('station', 'S1'));
      expect(await S1()).toMatchObject({ state: 'unknown', stage: 'unknown', promised: 2 });
      kit.nation.answerWrite = call({
        class: 'WAITDEP',
        code: '2101',
        message: 'x',
        isSlow: false,
        missing: [{ entity: 'stations', bizNo: (await S1()).biz_no }],
      });
      await kit.rows(`UPDATE national_call SET sent_at = now() - interval '122 seconds'`);
      await kit.makeDue();
      await kit.settle();
      expect(kit.nation.sent.flatMap(({ items }) => items.map(({ op }) => op))).toEqual(['UPSERT', 'VOID']);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await kit.makeDue();
      await kit.settle();
      expect(await S1()).toMatchObject({ state: 'voided', stage: null });
      expect(kit.nation.sent).toHaveLength(2);
    });
  });

  describe('receipts', () => {
    const three = [station('S1'), station('S2'), station('S3')];
    const states = async (): Promise<string[]> =>
      (
        await kit.rows<{ state: string }>('SELECT state FROM record WHERE source_system_id = $1 ORDER BY source_id', [
          source.id,
        ])
      ).map(({ state }) => state);
    const processing = { status: 'processing', pollAfterMs: 5_000 } as const;
    const all = async (): Promise<Map<string, GatewayOutcome>> => {
      const rows = await kit.rows<{ biz_no: string }>('SELECT biz_no FROM record WHERE source_system_id = $1', [
        source.id,
      ]);
      return new Map(rows.map(({ biz_no: bizNo }) => [bizNo, created(bizNo)]));
    };
    const taken: GatewayOutcome = { class: 'ACCEPTED', code: '0100', message: 'x', batchNo: 'B1', pollAfterMs: 5_000 };

    it('are polled while the batch is in processing, and settle it when they come', async () => {
      await kit.push(source, three);
      kit.nation.answerWrite = call(taken);
      kit.nation.answerReceipt = () => processing;
      await kit.settle();
      expect(await states()).toEqual(['pending', 'pending', 'pending']);
      await kit.makeDue();
      await kit.settle();
      expect(await states()).toEqual(['pending', 'pending', 'pending']);
      const items = await all();
      kit.nation.answerReceipt = ({ batchNo }) =>
        batchNo === 'B1' ? { status: 'done', items } : { status: 'gone', outcome: lost };
      await kit.makeDue();
      await kit.settle();
      expect(await states()).toEqual(['mirrored', 'mirrored', 'mirrored']);
      expect(await openCalls()).toEqual([]);
    });

    it('leave what they do not name unknown, by number and not by place', async () => {
      await kit.push(source, three);
      kit.nation.answerWrite = call(taken);
      const { biz_no: second } = await kit.record(source, 'station', 'S2');
      const refused: GatewayOutcome = { class: 'REJECT', code: '2201', message: 'x', fields: [] };
      kit.nation.answerReceipt = () => ({ status: 'done', items: new Map([[second, refused]]) });
      await kit.settle();
      await kit.makeDue();
      await kit.settle();
      expect(await states()).toEqual(['unknown', 'attention', 'unknown']);
      expect(kit.nation.sent).toHaveLength(1);
    });

    it('that are gone leave every entry to be looked up', async () => {
      await kit.push(source, three);
      kit.nation.answerWrite = call(taken);
      await kit.settle();
      await kit.makeDue();
      await kit.settle();
      expect(await states()).toEqual(['unknown', 'unknown', 'unknown']);
      expect(kit.nation.sent).toHaveLength(1);
      expect(kit.nation.lookups.flat()).toHaveLength(3);
    });

    it('of a batch whose answer was lost are asked for by our own number first', async () => {
      await kit.push(source, three);
      kit.nation.answerWrite = call(lost);
      await kit.work(...(await kit.plan()));
      expect(await states()).toEqual(['unknown', 'unknown', 'unknown']);
      const items = await all();
      const asked: unknown[] = [];
      kit.nation.answerReceipt = (number) => {
        asked.push(number);
        return asked.length === 1 ? processing : { status: 'done', items };
      };
      await kit.settle();
      const [sent] = kit.nation.sent;
      expect(asked).toEqual([{ clientBatchNo: sent?.call.clientBatchNo }]);
      expect(await states()).toEqual(['pending', 'pending', 'pending']);
      await kit.makeDue();
      await kit.settle();
      expect(await states()).toEqual(['mirrored', 'mirrored', 'mirrored']);
      expect(kit.nation.sent).toHaveLength(1);
      expect(await openCalls()).toEqual([]);
    });

    it.each([
      ['still say processing', processing],
      [
        'fail every time',
        {
          status: 'failed',
          outcome: { class: 'RETRY', code: 'HTTP_ERROR', message: 'x', retryAfterMs: null },
        } as const,
      ],
    ])('that %s for too long give way to look-ups', async (_, answer) => {
      await kit.push(source, three);
      kit.nation.answerWrite = call(taken);
      kit.nation.answerReceipt = () => answer;
      await kit.settle();
      await kit.makeDue();
      await kit.settle();
      expect(await states()).toEqual(['pending', 'pending', 'pending']);
      await kit.rows(`UPDATE national_call SET sent_at = now() - interval '46 minutes'`);
      // Their misses are no proof yet.
      kit.nation.asOfAheadMs = -3_600_000;
      await kit.makeDue();
      await kit.settle();
      expect(await states()).toEqual(['unknown', 'unknown', 'unknown']);
    });
  });

  describe('who may write', () => {
    it('a worker whose lease was lost changes nothing with the answer it still gets', async () => {
      await kit.accept(source, station('S1'));
      const [callId] = await kit.plan();
      kit.nation.answerWrite = async (items) => {
        // While the answer is on its way the call is recovered by another.
        await kit.rows(`UPDATE national_call SET lease_until = now() - interval '1 second'`);
        await kit.database.transaction(async (tx) => {
          for (const one of await lockAbandoned(tx)) await kit.worker.recover(one, tx);
        });
        return {
          level: 'items',
          items: new Map(items.map((item) => [item.bizNo, created(item.bizNo)])),
          requestId: 'r',
        };
      };
      await kit.work(callId ?? '');
      expect(await S1()).toMatchObject({ state: 'unknown', stage: 'unknown', national_version: null });
      const leaves = await kit.rows(`SELECT 1 FROM evidence_leaf WHERE entry LIKE '%' || $1 || '%"to":"mirrored"%'`, [
        (await S1()).id,
      ]);
      expect(leaves).toEqual([]);
    });

    it('one worker takes a call, however often the bell rings', async () => {
      await kit.accept(source, station('S1'));
      const [callId = ''] = await kit.plan();
      await Promise.all([1, 2, 3, 4, 5].map(() => kit.work(callId)));
      expect(kit.nation.sent).toHaveLength(1);
      await kit.work(callId);
      expect(kit.nation.sent).toHaveLength(1);
    });

    const recover = async (): Promise<void> => {
      await kit.rows(
        `UPDATE national_call SET lease_until = now() - interval '1 second', lease_token = gen_random_uuid()`,
      );
      await kit.database.transaction(async (tx) => {
        for (const one of await lockAbandoned(tx)) await kit.worker.recover(one, tx);
      });
    };

    it('plans a call again of which no byte has left', async () => {
      await kit.accept(source, station('S1'));
      const [callId = ''] = await kit.plan();
      await kit.rows(`UPDATE national_call SET stage = 'sending'`);
      await recover();
      expect(await openCalls()).toEqual([{ stage: 'planned' }]);
      expect(await S1()).toMatchObject({ state: 'sending' });
      await kit.work(callId);
      expect(await S1()).toMatchObject({ state: 'mirrored' });
    });

    it('takes a call for unknown of which a byte may have left, and never sends it again', async () => {
      await kit.accept(source, station('S1'));
      const [callId = ''] = await kit.plan();
      await kit.rows(`UPDATE national_call SET stage = 'sending', sent_at = now()`);
      await recover();
      expect(await S1()).toMatchObject({ state: 'unknown', stage: 'unknown' });
      await kit.work(callId);
      await kit.settle();
      expect(kit.nation.sent).toHaveLength(0);
      expect(kit.nation.lookups).toEqual([[(await S1()).biz_no]]);
    });

    it('asks for a batch of a dead worker by its own number', async () => {
      await kit.push(source, [station('S1'), station('S2')]);
      await kit.plan();
      await kit.rows(`UPDATE national_call SET stage = 'sending', sent_at = now()`);
      await recover();
      const asked: unknown[] = [];
      kit.nation.answerReceipt = (number) => {
        asked.push(number);
        return { status: 'gone', outcome: lost };
      };
      await kit.settle();
      expect(asked).toEqual([{ clientBatchNo: expect.stringMatching(/^ZQ-/) as string }]);
      expect(kit.nation.sent).toHaveLength(0);
    });

    it('writes down what is about to leave before the first byte does (I11)', async () => {
      await kit.push(source, [station('S1'), station('S2')]);
      kit.nation.answerWrite = async (items) => {
        const rows = await kit.rows<{ sent: boolean; biz_no: string; content_hash: string; body_sha256: string }>(
          `SELECT c.sent_at IS NOT NULL AS sent, o.biz_no, o.content_hash, c.body_sha256
           FROM outbox o JOIN national_call c ON c.id = o.call_id ORDER BY o.biz_no`,
        );
        const hashes = new Map(items.map((item) => [item.bizNo, kit.nation.hashOf(item.data)]));
        expect(rows.map((row) => row.sent)).toEqual([true, true]);
        for (const row of rows) expect(row.content_hash).toBe(hashes.get(row.biz_no));
        expect(rows[0]?.body_sha256).toMatch(/^[0-9a-f]{64}$/);
        return {
          level: 'items',
          items: new Map(items.map((item) => [item.bizNo, created(item.bizNo)])),
          requestId: 'r',
        };
      };
      await kit.settle();
      expect(await S1()).toMatchObject({ state: 'mirrored' });
    });
  });

  describe('refusals and waits', () => {
    it('show the newer version in attention while the older one stands (G-69)', async () => {
      await kit.accept(source, station('S1'));
      await kit.settle();
      await kit.accept(source, station('S1', { data: { name: '新' } }));
      kit.nation.outcomeOf = () => ({ class: 'REJECT', code: '2201', message: '字段错误', fields: [] });
      await kit.settle();
      const status = await new LedgerReader(kit.database).status(source.id, 'station', 'S1');
      expect(status).toMatchObject({
        state: 'attention', version: 2, nationalVersion: 1, lastOutcome: { code: '2201', message: '字段错误', actor: 'national' },
      }); // prettier-ignore
      expect((await S1()).national_status).toBe('ACTIVE');
    });

    it('wait for a parent that the nation calls missing, say which, and go again', async () => {
      await kit.push(source, [station('S1'), team('T1', 'S1')]);
      const { biz_no: parent } = await S1();
      let isMissing = true;
      kit.nation.outcomeOf = (item) =>
        item.kind === 'team' && isMissing
          ? {
              class: 'WAITDEP',
              code: '2101',
              message: 'x',
              missing: [{ entity: 'stations', bizNo: parent }],
              isSlow: false,
            }
          : created(item.bizNo);
      await kit.settle();
      const team1 = (): ReturnType<DeliveryKit['record']> => kit.record(source, 'team', 'T1');
      expect(await team1()).toMatchObject({ state: 'waiting', stage: 'ready' });
      const status = await new LedgerReader(kit.database).status(source.id, 'team', 'T1');
      expect(status?.waitingFor).toEqual([{ kind: 'station', sourceId: 'S1', reason: '国家系统中尚无该前置记录' }]);
      expect(status?.nextAttemptAt).toBeInstanceOf(Date);
      isMissing = false;
      await kit.makeDue();
      await kit.settle();
      expect(await team1()).toMatchObject({ state: 'mirrored', stage: null });
    });

    it('pause a closed window for writes alone, and show the wait', async () => {
      await kit.accept(source, station('S1'));
      kit.nation.answerWrite = call({
        class: 'QUOTA',
        code: '1303',
        message: 'x',
        scope: 'writes',
        retryAfterMs: 60_000,
      });
      await kit.settle();
      expect(await S1()).toMatchObject({ state: 'waiting', stage: 'ready' });
      expect(await kit.rows('SELECT scope, code FROM national_gate')).toEqual([{ scope: 'writes', code: '1303' }]);
      await kit.rows('UPDATE outbox SET ready_at = now()');
      expect(await kit.plan()).toEqual([]);
    });

    it('of one entry that cannot be mapped do not hold up the others', async () => {
      await kit.push(source, [station('S1'), station('S2')]);
      kit.nation.prepare = ((prepare) => (items, no) => {
        if (items.some(({ data }) => data.name === '测试站S2')) throw new Error('unmappable');
        return prepare(items, no);
      })(kit.nation.prepare.bind(kit.nation));
      await kit.settle();
      expect(await S1()).toMatchObject({ state: 'mirrored' });
      expect(await kit.record(source, 'station', 'S2')).toMatchObject({
        state: 'attention',
        outcome_code: 'UNMAPPABLE',
        stage: null,
      });
      delete (kit.nation as Partial<typeof kit.nation>).prepare;
      kit.problems.length = 0;
    });
  });

  it('a call that was held back before its first byte was no try: the promise backs off as before', async () => {
    await kit.push(source, [station('S1')]);
    const promise = (): Promise<unknown[]> => kit.rows('SELECT stage, tries FROM outbox');
    for (const pausedFor of ['设备检修', '设备检修']) {
      await kit.makeDue();
      const calls = await kit.plan();
      expect(calls).toHaveLength(1);
      const pauses = new Pauses(kit.database, systemIds, ['station']);
      const { id } = await pauses.stopAll({ reason: pausedFor, actor: '测试管理员' });
      await kit.storm.look();
      await kit.work(...calls);
      expect(await promise()).toEqual([{ stage: 'ready', tries: 0 }]);
      await pauses.remove({ id }, '测试管理员');
      await kit.storm.look();
    }
    expect(kit.nation.sent).toEqual([]);
    const status = await new LedgerReader(kit.database).status(source.id, 'station', 'S1');
    expect(status?.lastOutcome).toMatchObject({ ...codeWords('NOT_SENT', { why: '设备检修' }), actor: 'adapter' });
    const busy = { class: 'RETRY', code: '5000', message: 'x', retryAfterMs: null } as const;
    kit.nation.answerWrite = call(busy);
    await kit.makeDue();
    await kit.work(...(await kit.plan()));
    expect(await promise()).toEqual([{ stage: 'ready', tries: 1 }]);
  });

  it('one record that does not open (a key is gone) neither holds up the others nor is lost', async () => {
    await kit.push(source, [station('S1'), station('S2')]);
    const { id } = await kit.record(source, 'station', 'S2');
    const [version] = await kit.rows<{ sealed: Buffer }>('SELECT sealed FROM record_version WHERE record_id = $1', [
      id,
    ]);
    await kit.rows(`UPDATE record_version SET sealed = decode('026439', 'hex') WHERE record_id = $1`, [id]);
    await kit.settle();
    expect(await S1()).toMatchObject({ state: 'mirrored' });
    expect(await kit.record(source, 'station', 'S2')).toMatchObject({
      state: 'queued',
      stage: 'ready',
      outcome_code: 'SEALED',
    });
    expect(kit.problems.splice(0)).not.toEqual([]);
    await kit.rows('UPDATE record_version SET sealed = $2 WHERE record_id = $1', [id, version?.sealed]);
    await kit.makeDue();
    await kit.settle();
    expect(await kit.record(source, 'station', 'S2')).toMatchObject({ state: 'mirrored' });
  });

  describe('reviews (G-68)', () => {
    const of = (kind: string, id: string): ReturnType<DeliveryKit['record']> => kit.record(source, kind, id);
    const review = async (kind: string, id: string, decided: NationalRow['review']): Promise<void> => {
      const { biz_no: bizNo, national_version: version } = await of(kind, id);
      kit.nation.rows.set(bizNo, [
        {
          nationalId: `N-${bizNo}`,
          bizNo,
          version,
          contentHash: null,
          status: 'ACTIVE',
          review: decided,
          mergedTo: null,
        },
      ]);
      await kit.makeDue();
      await kit.settle();
    };

    beforeEach(async () => {
      kit.nation.outcomeOf = (item) => created(item.bizNo, item.kind === 'team' ? 'REVIEWING' : 'PASSED');
      await kit.push(source, [
        station('S1'),
        team('T1', 'S1'),
        project('P1', { team: 'T1', station: 'S1' }),
        activity('A1', 'P1'),
        volunteer('V1', { no: 701 }),
      ]);
      await kit.settle();
      await kit.sweep();
      await kit.settle();
    });

    it('keep the row pending and its children waiting until it has passed', async () => {
      expect(await of('team', 'T1')).toMatchObject({ state: 'pending', national_version: 1 });
      expect(await of('project', 'P1')).toMatchObject({ state: 'waiting', waits: ['team/T1'] });
      await review('team', 'T1', 'REVIEWING');
      expect(await of('team', 'T1')).toMatchObject({ state: 'pending' });
      await review('team', 'T1', 'PASSED');
      expect(await of('team', 'T1')).toMatchObject({ state: 'mirrored' });
      expect((await of('project', 'P1')).state).toBe('mirrored');
      expect(await kit.rows('SELECT 1 FROM national_watch')).toEqual([]);
    });

    it('that failed are a person’s matter, until the nation changes its mind', async () => {
      await review('team', 'T1', 'FAILED');
      expect(await of('team', 'T1')).toMatchObject({
        state: 'attention',
        outcome_code: 'AUDIT_FAILED',
        outcome_actor: 'adapter',
      });
      expect(await of('project', 'P1')).toMatchObject({ state: 'waiting' });
      const { biz_no: bizNo } = await of('team', 'T1');
      await kit.rows(`INSERT INTO national_watch VALUES ($1, 'team', 'review', now(), 0)`, [bizNo]);
      await review('team', 'T1', 'PASSED');
      expect(await of('team', 'T1')).toMatchObject({ state: 'mirrored' });
    });

    it('leave a record with a newer version in hand as it is', async () => {
      kit.nation.outcomeOf = () => ({ class: 'REJECT', code: '2201', message: 'x', fields: [] });
      await kit.accept(source, team('T1', 'S1', { data: { name: '新名' } }));
      await kit.settle();
      await kit.rows(`INSERT INTO national_watch VALUES ($1, 'team', 'review', now(), 0) ON CONFLICT DO NOTHING`, [
        (await of('team', 'T1')).biz_no,
      ]);
      await review('team', 'T1', 'PASSED');
      expect(await of('team', 'T1')).toMatchObject({
        state: 'attention',
        outcome_code: '2201',
        national_review: 'PASSED',
      });
    });
  });
});
