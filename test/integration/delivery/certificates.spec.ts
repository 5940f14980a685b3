import type { SourceIdentity } from '../../../src/ingest/intake.types.js';
import type { CertificateAnswer, GatewayOutcome } from '../../../src/national/index.js';
import { LedgerReader } from '../../../src/ledger/index.js';
import {
  activity,
  certificateRequest,
  daysAgo,
  membership,
  project,
  serviceRecord,
  station,
  team,
  volunteer,
  voided,
} from '../ledger/station-world.js';
import { forgetAll, openDeliveryKit, type DeliveryKit } from './delivery-kit.js';

describe('certificate-requests: sets, refreezing, progress (G-52, G-68)', () => {
  let kit: DeliveryKit;
  let source: SourceIdentity;
  let no = 801;
  beforeAll(async () => {
    kit = await openDeliveryKit();
  });
  const served = (
    id: string,
    from: string,
    to: string,
    more: { volunteer?: string; day?: string; activity?: string } = {},
  ): ReturnType<typeof serviceRecord> => serviceRecord(id, { volunteer: 'V1', activity: 'A1', from, to, ...more });
  beforeEach(async () => {
    await forgetAll(kit);
    source = kit.newSource();
    no += 2;
    kit.nation.answerCertificate = () => ({ status: 'REVIEWING', pollAfterMs: 1_000, certNo: null, reason: null });
    await kit.push(source, [
      station('S1'), team('T1', 'S1'), project('P1', { team: 'T1', station: 'S1' }), activity('A1', 'P1'),
      volunteer('V1', { no }), membership('M1', { volunteer: 'V1', project: 'P1' }),
    ]); // prettier-ignore
    await rest();
  });
  afterEach(() => expect(kit.problems.splice(0)).toEqual([]));
  afterAll(() => kit.close());

  async function rest(): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      await kit.settle();
      await kit.sweep();
      await kit.settle();
    }
  }
  const C1 = (): ReturnType<DeliveryKit['record']> => kit.record(source, 'certificate-request', 'C1');
  const request = (ids?: string[], more: Record<string, unknown> = {}): ReturnType<typeof certificateRequest> =>
    certificateRequest('C1', 'V1', { data: { ...(ids ? { serviceRecordIds: ids } : {}), ...more } });
  const waitingFor = async (): Promise<unknown> =>
    (await new LedgerReader(kit.database).status(source.id, 'certificate-request', 'C1'))?.waitingFor;
  const sentSets = async (): Promise<unknown[]> =>
    kit.nation.sentOf((await C1()).biz_no).map(({ refs, version }) => [version, refs.recordCount, refs.totalMinutes]);
  const numberOf = async (id: string): Promise<string> => (await kit.record(source, 'service-record', id)).biz_no;

  it('freeze every mirrored record of the period, both ends included, and send exactly that set', async () => {
    await kit.push(source, [
      served('R1', '09:00', '10:00', { day: daysAgo(5) }), served('R2', '09:00', '10:30', { day: daysAgo(3) }),
      served('R3', '09:00', '09:30', { day: daysAgo(4) }), served('R0', '09:00', '10:00', { day: daysAgo(6) }),
    ]); // prettier-ignore
    await rest();
    await kit.accept(source, request(undefined, { periodFrom: daysAgo(5), periodTo: daysAgo(3) }));
    await rest();
    expect(await C1()).toMatchObject({ state: 'pending', national_version: 1 });
    expect(await sentSets()).toEqual([[1, 3, 180]]);
    const numbers = await Promise.all(['R1', 'R2', 'R3'].map(numberOf));
    expect(kit.nation.sentOf((await C1()).biz_no)[0]?.refs.recordBizNos).toEqual([...numbers].sort());
    await kit.accept(source, served('R4', '13:00', '14:00', { day: daysAgo(4) }));
    await rest();
    expect(await sentSets()).toHaveLength(1);
  });

  it('wait while a record of the period is under way, and not for what waits for nobody', async () => {
    await kit.push(source, [served('R1', '09:00', '10:00'), served('LOST', '11:00', '12:00', { activity: 'NEVER' })]);
    const calls = await kit.plan();
    await kit.accept(source, request());
    await kit.freezer.freeze();
    expect(await C1()).toMatchObject({ state: 'waiting', waits: ['certificate-set'] });
    expect(await waitingFor()).toEqual([
      { kind: 'service-record', sourceId: 'R1', reason: expect.any(String) as string },
    ]);
    await kit.work(...calls);
    await rest();
    expect(await sentSets()).toEqual([[1, 1, 60]]);
  });

  it('do not wait for a record whose activity itself waits for nobody', async () => {
    await kit.push(source, [
      activity('A2', 'NEVER'),
      membership('M2', { volunteer: 'V1', project: 'NEVER' }),
      served('LOST', '11:00', '12:00', { activity: 'A2' }),
      served('R1', '09:00', '10:00'),
    ]);
    await rest();
    await kit.accept(source, request());
    await rest();
    expect(await sentSets()).toEqual([[1, 1, 60]]);
  });

  it('wait for a record whose activity waits for a project that is under way', async () => {
    await kit.push(source, [
      activity('A2', 'P2'),
      project('P2', { team: 'T1', station: 'S1' }),
      membership('M2', { volunteer: 'V1', project: 'P2' }),
    ]);
    await kit.push(source, [served('R2', '11:00', '12:00', { activity: 'A2' }), served('R1', '09:00', '10:00')]);
    await kit.plan();
    await kit.rows(
      `UPDATE record SET state = 'mirrored', national_status = 'ACTIVE', national_version = 1 WHERE source_id = 'R1' AND source_system_id = $1`,
      [source.id],
    );
    await kit.accept(source, request());
    await kit.freezer.freeze();
    expect(await C1()).toMatchObject({ state: 'waiting' });
    expect(await waitingFor()).toEqual([
      { kind: 'service-record', sourceId: 'R2', reason: expect.any(String) as string },
    ]);
  });

  it('stay waiting, never in attention, when the period is empty', async () => {
    await kit.accept(source, request());
    await rest();
    expect(await C1()).toMatchObject({ state: 'waiting', stage: 'waiting' });
    expect(await waitingFor()).toEqual([
      { kind: 'service-record', sourceId: null, reason: expect.stringMatching(/./) as string },
    ]);
    await kit.accept(source, served('R1', '09:00', '10:00'));
    await rest();
    expect(await sentSets()).toEqual([[1, 1, 60]]);
  });

  it('with names wait for each of them, also for one that has not arrived, and take no other', async () => {
    await kit.push(source, [served('R1', '09:00', '10:00'), served('R2', '13:00', '14:00')]);
    await rest();
    await kit.accept(source, request(['R1', 'R9']));
    await rest();
    expect(await C1()).toMatchObject({ state: 'waiting' });
    expect(await waitingFor()).toEqual([{ kind: 'service-record', sourceId: 'R9', reason: '尚未收到该服务记录' }]);
    await kit.accept(source, served('R9', '15:00', '15:30'));
    await rest();
    expect(await sentSets()).toEqual([[1, 2, 90]]);
  });

  it.each([
    ['another person’s record', [served('R1', '09:00', '10:00', { volunteer: 'V2' })]],
    ['a withdrawn record', [served('R1', '09:00', '10:00'), voided('service-record', 'R1')]],
  ])('with names refuse %s (R67-20)', async (_, records) => {
    await kit.push(source, [volunteer('V2', { no: no + 400 }), membership('M2', { volunteer: 'V2', project: 'P1' })]);
    await rest();
    await kit.push(source, records);
    await rest();
    await kit.accept(source, request(['R1']));
    await rest();
    expect(await C1()).toMatchObject({
      state: 'attention',
      outcome_code: 'R67-20',
      outcome_actor: 'adapter',
      stage: null,
      waits: [],
    });
    expect(await sentSets()).toEqual([]);
  });

  it('count the records of the same person under another sourceId (G-49)', async () => {
    await kit.push(source, [
      volunteer('V1b', { no }),
      served('R1', '09:00', '10:00'),
      served('R2', '13:00', '13:30', { volunteer: 'V1b' }),
    ]);
    await rest();
    await kit.accept(source, request());
    await rest();
    expect(await sentSets()).toEqual([[1, 2, 90]]);
  });

  it('freeze anew once when the totals differ (2301), under the same version; then a person has to look', async () => {
    await kit.accept(source, served('R1', '09:00', '10:00'));
    await rest();
    const differ: GatewayOutcome = { class: 'WAITDEP', code: '2301', message: 'x', missing: [], isSlow: false };
    const normal = kit.nation.outcomeOf;
    let more = 0;
    kit.nation.outcomeOf = (item) => (item.kind === 'certificate-request' && (more += 1) > 0 ? differ : normal(item));
    await kit.accept(source, request());
    await rest();
    expect(await sentSets()).toEqual([
      [1, 1, 60],
      [1, 1, 60],
    ]);
    expect(await C1()).toMatchObject({ state: 'attention', outcome_code: '2301', stage: null });
    // A new push is a new request with a refreeze of its own.
    await kit.accept(source, request(undefined, { purpose: '就业' }));
    await rest();
    expect(await sentSets()).toHaveLength(4);
  });

  it('take the set as it is by then when it is frozen anew', async () => {
    await kit.accept(source, served('R1', '09:00', '10:00'));
    await rest();
    const differ: GatewayOutcome = { class: 'WAITDEP', code: '2301', message: 'x', missing: [], isSlow: false };
    const normal = kit.nation.outcomeOf;
    let asked = 0;
    kit.nation.outcomeOf = (item) =>
      item.kind === 'certificate-request' && (asked += 1) === 1 ? differ : normal(item);
    await kit.accept(source, request());
    await kit.freezer.freeze();
    await kit.accept(source, served('R2', '13:00', '14:00'));
    await rest();
    expect((await sentSets()).at(-1)).toEqual([1, 2, 120]);
    expect(await C1()).toMatchObject({ state: 'pending' });
  });

  it('leave a set above the profile’s limit unnamed', async () => {
    kit.nation.facts = { ...kit.nation.facts, maxCertificateRecords: 1 };
    await kit.push(source, [served('R1', '09:00', '10:00'), served('R2', '13:00', '14:00')]);
    await rest();
    await kit.accept(source, request());
    await rest();
    const [sent] = kit.nation.sentOf((await C1()).biz_no);
    expect(sent?.refs).not.toHaveProperty('recordBizNos');
    expect(sent?.refs).toMatchObject({ recordCount: 2, totalMinutes: 120 });
  });

  describe('progress', () => {
    const progress = (status: Exclude<CertificateAnswer['status'], 'failed'>): CertificateAnswer => ({
      status,
      pollAfterMs: null,
      certNo: status === 'ISSUED' ? 'C-77' : null,
      reason: null,
    });
    const observe = async (status: Exclude<CertificateAnswer['status'], 'failed'>): Promise<void> => {
      kit.nation.answerCertificate = () => progress(status);
      await kit.rows(
        `INSERT INTO national_watch VALUES ($1, 'certificate-request', 'certificate', now(), 0) ON CONFLICT DO NOTHING`,
        [(await C1()).biz_no],
      );
      await kit.makeDue();
      await kit.settle();
    };
    beforeEach(async () => {
      await kit.accept(source, served('R1', '09:00', '10:00'));
      await rest();
      await kit.accept(source, request());
      await rest();
    });

    it('is pending until it is issued, and keeps its number', async () => {
      expect(await C1()).toMatchObject({ state: 'pending' });
      await observe('REVIEWING');
      expect(await C1()).toMatchObject({ state: 'pending' });
      await observe('ISSUED');
      expect(await C1()).toMatchObject({ state: 'mirrored' });
      expect(await kit.rows('SELECT status, cert_no FROM certificate')).toEqual([
        { status: 'ISSUED', cert_no: 'C-77' },
      ]);
      expect(await kit.rows('SELECT 1 FROM national_watch')).toEqual([]);
    });

    it.each([
      ['REJECTED', 'CERT_REJECTED'],
      ['CANCELLED', 'CERT_CANCELLED'],
      ['REVOKED', 'CERT_REVOKED'],
    ] as const)('that ends %s is attention, code %s, of the adapter', async (status, code) => {
      await observe(status);
      expect(await C1()).toMatchObject({ state: 'attention', outcome_code: code, outcome_actor: 'adapter' });
    });

    it('that is revoked after its issue is attention, and frees the records that stayed behind (G-14)', async () => {
      await observe('ISSUED');
      await kit.push(source, [
        project('P2', { team: 'T1', station: 'S1' }),
        membership('M2', { volunteer: 'V1', project: 'P2' }),
      ]);
      await rest();
      await kit.accept(source, activity('A1', 'P2'));
      await rest();
      const record = (): ReturnType<DeliveryKit['record']> => kit.record(source, 'service-record', 'R1');
      expect(await record()).toMatchObject({ state: 'mirrored', version: 1 });
      await observe('REVOKED');
      expect(await C1()).toMatchObject({ state: 'attention', outcome_code: 'CERT_REVOKED' });
      await rest();
      expect(await record()).toMatchObject({ state: 'mirrored', version: 2, national_version: 2, warnings: null });
    });
  });
});
