import { createHash, verify, createPublicKey } from 'node:crypto';
import { openLedgerKit, type LedgerKit } from './ledger-kit.js';
import { activity, at, membership, project, serviceRecord, station, team, volunteer, voided } from './station-world.js';

describe('acceptance: outcomes, versions, voids (station-contract §2)', () => {
  let kit: LedgerKit;
  beforeAll(async () => {
    kit = await openLedgerKit({ unsupported: ['training'] });
  });
  afterAll(() => kit.close());

  const outcomes = async (...args: Parameters<LedgerKit['push']>): Promise<unknown[]> =>
    (await kit.push(...args)).items.map(({ outcome, version }) => `${outcome} ${version ?? '-'}`);

  it('makes a record, a version, a promise and an event of the first push', async () => {
    const source = kit.newSource();
    const answer = await kit.accept(source, station('S1'));
    const row = await kit.record(source, 'station', 'S1');
    expect(answer).toMatchObject({ recordId: row.id, version: 1 });
    expect(row).toMatchObject({
      version: 1, revision: '0', state: 'queued', county_code: '533401', stage: 'ready', promised: 1, waits: [],
    }); // prettier-ignore
    expect(row.biz_no).toMatch(/^[0-9A-Za-z_-]{1,64}$/);
    expect(row.biz_no).not.toContain('S1');
    const versions = await kit.rows('SELECT version, op, cause FROM record_version WHERE record_id = $1', [row.id]);
    expect(versions).toEqual([{ version: 1, op: 'upsert', cause: 'station' }]);
    const events = await kit.rows('SELECT version, state, code FROM change_event WHERE record_id = $1', [row.id]);
    expect(events).toEqual([{ version: 1, state: 'queued', code: null }]);
  });

  it('answers duplicate, superseded and accepted, and keeps what was superseded in the history only (G-15)', async () => {
    const source = kit.newSource();
    const version = (revision: number, name: string): ReturnType<typeof station> =>
      station('S1', { revision, data: { name } });
    expect(await outcomes(source, [version(5, '五')])).toEqual(['accepted 1']);
    expect(await outcomes(source, [version(5, '五'), version(3, '三'), version(9, '九'), version(7, '七')])).toEqual([
      'duplicate 1', 'superseded 2', 'accepted 2', 'superseded 2',
    ]); // prettier-ignore
    const row = await kit.record(source, 'station', 'S1');
    expect(row).toMatchObject({ version: 2, revision: '9', promised: 2 });
    const history = await kit.rows(
      `SELECT version, revision, payload->>'name' AS name FROM record_version WHERE record_id = $1 ORDER BY revision`,
      [row.id],
    );
    expect(history).toEqual([
      { version: null, revision: '3', name: '三' },
      { version: 1, revision: '5', name: '五' },
      { version: null, revision: '7', name: '七' },
      { version: 2, revision: '9', name: '九' },
    ]);
  });

  it('remembers the higher revision of unchanged content and sends nothing for it (G-11)', async () => {
    const source = kit.newSource();
    await kit.accept(source, station('S1', { revision: 1 }));
    await kit.land(source, 'station', 'S1');
    expect(await outcomes(source, [station('S1', { revision: 8 })])).toEqual(['duplicate 1']);
    expect(await kit.record(source, 'station', 'S1')).toMatchObject({
      revision: '8',
      version: 1,
      state: 'mirrored',
      stage: null,
    });
    expect(await outcomes(source, [station('S1', { revision: 7, data: { name: '旧' } })])).toEqual(['superseded 1']);
  });

  it('keeps a remembered revision when the same batch brings new content', async () => {
    const source = kit.newSource();
    await kit.accept(source, station('S1', { revision: 1 }));
    const answer = await outcomes(source, [
      station('S1', { revision: 6 }),
      station('S1', { revision: 5, data: { name: '五' } }),
      station('S1', { revision: 7, data: { name: '七' } }),
      station('S1', { revision: 9, data: { name: '七' } }),
    ]);
    expect(answer).toEqual(['duplicate 1', 'superseded 2', 'accepted 2', 'duplicate 2']);
    expect(await kit.record(source, 'station', 'S1')).toMatchObject({ revision: '9', version: 2 });
  });

  it('refuses the same revision with other content and names the fields, never their values', async () => {
    const source = kit.newSource();
    await kit.accept(source, station('S1', { revision: 2 }));
    const conflicting = station('S1', {
      revision: 2,
      data: { name: '别名', managers: [{ name: '测试秘', mobile: '13900000099' }] },
    });
    const { items } = await kit.push(source, [conflicting]);
    expect(items[0]?.outcome).toBe('rejected');
    expect(items[0]?.errors).toEqual([
      { code: 'REVISION_CONFLICT', pointer: '/revision', params: { fields: 'name, managers' } },
    ]);
    expect(JSON.stringify(items)).not.toMatch(/测试秘|13900000099|别名/);
    expect(await kit.record(source, 'station', 'S1')).toMatchObject({ version: 1 });
  });

  it('names the fields of a conflict inside one batch too, and of a void under a taken number', async () => {
    const source = kit.newSource();
    const { items } = await kit.push(source, [
      station('S1', { revision: 2 }),
      station('S1', { revision: 2, data: { address: '别处' } }),
      voided('station', 'S1', 2),
    ]);
    expect(items.map((item) => item.errors?.[0]?.params ?? item.outcome)).toEqual([
      'accepted',
      { fields: 'address' },
      { fields: 'op' },
    ]);
  });

  it('takes the good items of a batch and refuses the bad ones without a trace (G-30)', async () => {
    const source = kit.newSource();
    const bad = station('BAD', { data: { status: 'OPEN' } });
    const { items, counts } = await kit.push(source, [station('S1'), bad, station('S2')]);
    expect(items.map(({ outcome }) => outcome)).toEqual(['accepted', 'rejected', 'accepted']);
    expect(counts).toEqual({ accepted: 2, duplicate: 0, superseded: 0, rejected: 1 });
    expect(await kit.rows(`SELECT 1 FROM record WHERE source_system_id = $1`, [source.id])).toHaveLength(2);
    await expect(kit.record(source, 'station', 'BAD')).rejects.toThrow('no record');
  });

  it('lets unnumbered items take effect in order of arrival, an older content again included (G-10)', async () => {
    const source = kit.newSource();
    const named = (name: string): ReturnType<typeof station> => station('S1', { data: { name } });
    expect(await outcomes(source, [named('甲'), named('乙'), named('乙'), named('甲')])).toEqual([
      'accepted 1', 'accepted 2', 'duplicate 2', 'accepted 3',
    ]); // prettier-ignore
    expect(await kit.record(source, 'station', 'S1')).toMatchObject({ version: 3, revision: '2', promised: 3 });
  });

  it('keeps a void that came before the record as a tombstone with nothing to send (G-16)', async () => {
    const source = kit.newSource();
    expect(await outcomes(source, [voided('station', 'S1', 5)])).toEqual(['accepted 1']);
    expect(await kit.record(source, 'station', 'S1')).toMatchObject({ state: 'voided', is_void: true, stage: null });
    expect(await outcomes(source, [station('S1', { revision: 4 })])).toEqual(['superseded 1']);
    expect(await outcomes(source, [voided('station', 'S1')])).toEqual(['duplicate 1']);
  });

  it('reopens only with a reason, also a tombstone (G-18)', async () => {
    const source = kit.newSource();
    await kit.accept(source, voided('station', 'S1', 5));
    const without = await kit.push(source, [station('S1', { revision: 6 })]);
    expect(without.items[0]).toMatchObject({
      outcome: 'rejected',
      errors: [{ code: 'FIELD_REQUIRED', pointer: '/reason' }],
    });
    expect(await outcomes(source, [station('S1', { revision: 6, reason: '误撤销' })])).toEqual(['accepted 2']);
    const row = await kit.record(source, 'station', 'S1');
    expect(row).toMatchObject({ state: 'queued', is_void: false, stage: 'ready', promised: 2 });
    const [version] = await kit.rows('SELECT is_reopening FROM record_version WHERE record_id = $1 AND version = 2', [
      row.id,
    ]);
    expect(version).toEqual({ is_reopening: true });
  });

  it('takes the promise back when what is voided never left, and sends the void of what stands', async () => {
    const source = kit.newSource();
    await kit.push(source, [station('S1'), station('S2')]);
    await kit.land(source, 'station', 'S2');
    await kit.push(source, [voided('station', 'S1'), voided('station', 'S2')]);
    expect(await kit.record(source, 'station', 'S1')).toMatchObject({ state: 'voided', stage: null, version: 2 });
    expect(await kit.record(source, 'station', 'S2')).toMatchObject({ state: 'queued', stage: 'ready', promised: 2 });
  });

  it('sends the void of a number that the nation said it holds with other content (2002)', async () => {
    const source = kit.newSource();
    await kit.accept(source, station('S1'));
    // A conflict on the first write: nothing of ours is mirrored, but a row with this number is there.
    await kit.rows(`UPDATE record SET state = 'attention', outcome_code = '2002', outcome_at = now(),
      outcome_actor = 'national', national_id = 'N1' WHERE source_system_id = $1`, [source.id]); // prettier-ignore
    await kit.rows('DELETE FROM outbox WHERE source_system_id = $1', [source.id]);
    await kit.accept(source, voided('station', 'S1'));
    expect(await kit.record(source, 'station', 'S1')).toMatchObject({ state: 'queued', stage: 'ready' });
  });

  it('keeps a kind that the profile has no counterpart for, without a promise', async () => {
    const source = kit.newSource();
    const training = {
      kind: 'training', sourceId: 'T1',
      data: { volunteerId: 'V1', name: '急救', content: '包扎', minutes: 60, hostUnit: '测试社区', heldOn: '2024-05-01', type: 'GENERAL' },
    }; // prettier-ignore
    await kit.accept(source, training);
    expect(await kit.record(source, 'training', 'T1')).toMatchObject({ state: 'unsupported', stage: null, waits: [] });
    await kit.accept(source, voided('training', 'T1'));
    expect(await kit.record(source, 'training', 'T1')).toMatchObject({ state: 'voided', stage: null });
  });

  it('gives exactly one accepted of many equal pushes at once (G-31)', async () => {
    const source = kit.newSource();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => kit.push(source, [station('S1'), station('S2')])),
    );
    const seen = answers.flatMap(({ items }) => items.map(({ outcome }) => outcome));
    expect(seen.filter((outcome) => outcome === 'accepted')).toHaveLength(2);
    expect(seen.filter((outcome) => outcome === 'duplicate')).toHaveLength(14);
    expect(new Set(answers.map(({ items }) => items[0]?.recordId)).size).toBe(1);
  });

  it('counts every different content of calls at once, in some order, without a gap', async () => {
    const source = kit.newSource();
    const names = ['甲', '乙', '丙', '丁', '戊', '己'];
    const answers = await Promise.all(names.map((name) => kit.push(source, [station('S1', { data: { name } })])));
    expect(answers.map(({ items }) => items[0]?.version).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    const row = await kit.record(source, 'station', 'S1');
    const [newest] = await kit.rows<{ hash: Buffer }>(
      'SELECT content_hash AS hash FROM record_version WHERE record_id = $1 AND version = 6', [row.id],
    ); // prettier-ignore
    expect(row).toMatchObject({ version: 6, revision: '5', promised: 6, content_hash: newest?.hash });
  });

  it('loses nothing when calls at once hold the same records in opposite order', async () => {
    const source = kit.newSource();
    const ids = Array.from({ length: 30 }, (_, index) => `S${index}`);
    const calls = [ids, [...ids].reverse(), ids, [...ids].reverse()];
    const answers = await Promise.all(
      calls.map((order) =>
        kit.push(
          source,
          order.map((id) => station(id)),
        ),
      ),
    );
    const accepted = answers.map(({ counts }) => counts.accepted).reduce((sum, count) => sum + count, 0);
    expect(accepted).toBe(30);
  });

  it('holds another source system of the same sourceIds apart (G-67)', async () => {
    const [one, two] = [kit.newSource(), kit.newSource()];
    await kit.accept(one, station('S1'));
    await kit.accept(two, station('S1'));
    expect((await kit.record(one, 'station', 'S1')).biz_no).not.toBe((await kit.record(two, 'station', 'S1')).biz_no);
  });

  it('writes nothing in mode validate and answers the outcomes it would give (G-22)', async () => {
    const source = kit.newSource();
    await kit.accept(source, station('S1', { revision: 3 }));
    const tables = [
      'record',
      'record_version',
      'outbox',
      'record_wait',
      'evidence_page',
      'change_page',
      'person',
      'person_binding',
    ];
    const counted = (): Promise<unknown[]> =>
      kit.rows(`SELECT ${tables.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`).join(', ')}`);
    const before = await counted();
    const answer = await kit.push(
      source,
      [
        station('S1', { revision: 3 }), station('S1', { revision: 2, data: { name: '旧' } }), station('S2'),
        station('S1', { revision: 3, data: { name: '别' } }), team('T1', 'S9'), volunteer('V1', { no: 401 }),
      ], // prettier-ignore
      'validate',
    );
    expect(answer.items.map(({ outcome }) => outcome)).toEqual([
      'duplicate', 'superseded', 'accepted', 'rejected', 'accepted', 'accepted',
    ]); // prettier-ignore
    expect(answer).toMatchObject({ batchId: null, receipt: null });
    expect(answer.items[4]?.warnings).toEqual([{ code: 'PARENT_MISSING', pointer: '/data/stationId' }]);
    expect(answer.items[2]).not.toHaveProperty('warnings');
    for (const item of answer.items) expect(Object.keys(item)).not.toEqual(expect.arrayContaining(['recordId']));
    for (const item of answer.items) expect(Object.keys(item)).not.toEqual(expect.arrayContaining(['version']));
    expect(await counted()).toEqual(before);
  });

  it('signs a digest of index, kind, sourceId, outcome, version and pushed content (G-24)', async () => {
    const source = kit.newSource();
    await kit.accept(source, station('S1', { revision: 4 }));
    const items = [
      station('S1', { revision: 4 }),
      station('S1', { revision: 2, data: { name: '旧' } }),
      station('S2', { data: { uscc: null as unknown as string } }),
      voided('station', 'S2'),
      { kind: 'station', sourceId: '坏', data: {} },
    ];
    const { items: answers, receipt, batchId } = await kit.push(source, items);
    // RFC 8785 of flat test data: sorted keys, nulls dropped; written here by hand, not by the code under test.
    const canonical = (value: unknown): string => {
      if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
      if (typeof value !== 'object' || value === null) return JSON.stringify(value);
      const fields = Object.entries(value)
        .filter(([, field]) => field !== null)
        .sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`;
    };
    const sha = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
    const hash = (at_: number): string => sha(canonical({ op: 'upsert', data: items[at_]?.data }));
    const lines = [
      `0|station|S1|duplicate|1|${hash(0)}\n`,
      `1|station|S1|superseded|1|${hash(1)}\n`,
      `2|station|S2|accepted|1|${hash(2)}\n`,
      `3|station|S2|accepted|2|${sha('{"op":"void"}')}\n`,
      `4|station||rejected||\n`,
    ];
    expect(answers.map(({ outcome }) => outcome)).toEqual([
      'duplicate',
      'superseded',
      'accepted',
      'accepted',
      'rejected',
    ]);
    expect(receipt?.digest).toBe(sha(lines.join('')));
    expect(receipt?.batchId).toBe(batchId);
    expect(receipt?.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const key = kit.vault.receiptKeys.find(({ id }) => id === receipt?.keyId);
    const publicKey = createPublicKey({
      key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key?.publicKey ?? Buffer.alloc(0)]),
      format: 'der',
      type: 'spki',
    });
    const signed = Buffer.from(`${batchId}|${receipt?.digest}|${receipt?.at}`, 'utf8');
    expect(verify(null, signed, publicKey, Buffer.from(receipt?.signature ?? '', 'base64'))).toBe(true);
  });

  it('answers a repeated batch anew: same records and versions, another receipt (G-23)', async () => {
    const source = kit.newSource();
    const batch = [station('S1'), voided('station', 'S9')];
    const first = await kit.push(source, batch);
    const again = await kit.push(source, batch);
    expect(again.items.map(({ outcome }) => outcome)).toEqual(['duplicate', 'duplicate']);
    expect(again.items.map(({ recordId, version }) => [recordId, version])).toEqual(
      first.items.map(({ recordId, version }) => [recordId, version]),
    );
    expect(again.batchId).not.toBe(first.batchId);
    expect(again.receipt?.digest).not.toBe(first.receipt?.digest);
  });

  it('keeps an open attempt as it is while a newer version arrives', async () => {
    const source = kit.newSource();
    await kit.accept(source, station('S1'));
    await kit.rows(`UPDATE outbox SET stage = 'flying', call_id = record_id WHERE source_system_id = $1`, [source.id]);
    await kit.rows(`UPDATE record SET state = 'unknown' WHERE source_system_id = $1`, [source.id]);
    await kit.accept(source, station('S1', { data: { name: '新' } }));
    expect(await kit.record(source, 'station', 'S1')).toMatchObject({
      state: 'unknown',
      stage: 'flying',
      promised: 2,
      version: 2,
    });
    await kit.accept(source, voided('station', 'S1'));
    expect(await kit.record(source, 'station', 'S1')).toMatchObject({
      state: 'unknown',
      stage: 'flying',
      promised: 3,
      is_void: true,
    });
  });

  it('warns of overlaps within one volunteer, and not of touching or voided ones (G-48)', async () => {
    const source = kit.newSource();
    const served = (id: string, from: string, to: string): ReturnType<typeof serviceRecord> =>
      serviceRecord(id, { volunteer: 'V1', activity: 'A1', from, to });
    const first = await kit.push(source, [
      served('R1', '09:00', '10:00'),
      served('R2', '10:00', '11:00'),
      served('R3', '10:30', '12:00'),
    ]);
    const codes = (answer: typeof first): unknown[] =>
      answer.items.map(({ warnings }) => warnings?.map(({ code }) => code).filter((code) => code === 'R67-10') ?? []);
    expect(codes(first)).toEqual([[], [], ['R67-10']]);
    await kit.push(source, [voided('service-record', 'R2')]);
    expect(codes(await kit.push(source, [served('R4', '10:00', '10:30')]))).toEqual([[]]);
    expect(codes(await kit.push(source, [served('R5', '09:59', '10:01')]))).toEqual([['R67-10']]);
    const other = serviceRecord('R6', { volunteer: 'V2', activity: 'A1', from: '09:00', to: '10:00' });
    expect(codes(await kit.push(source, [other]))).toEqual([[]]);
    expect((await kit.record(source, 'service-record', 'R5')).warnings).toContainEqual({
      code: 'R67-10',
      pointer: '/data/startAt',
    });
  });

  it('knows county, due day and window of a record whose parents came with it or before (G-74, G-45)', async () => {
    const source = kit.newSource();
    await kit.push(source, [
      station('S1', { data: { areaCode: '533422101201' } }),
      team('T1', 'S1'),
      project('P1', { team: 'T1', station: 'S1' }, { data: { areaCode: '533422101201' } }),
      activity('A1', 'P1', { data: { startAt: '2026-09-28T09:00:00+08:00', endAt: '2026-09-28T12:00:00+08:00' } }),
      membership('M1', { volunteer: 'V1', project: 'P1' }),
      volunteer('V1', { no: 403 }, { data: { serviceAreaCode: '533423101002' } }),
    ]);
    await kit.push(source, [
      serviceRecord('R1', { volunteer: 'V1', activity: 'A1', day: '2026-09-28' }),
      serviceRecord('R2', { volunteer: 'V1', activity: 'A1', day: '2026-09-28', from: '11:30', to: '12:30' }),
    ]);
    const row = await kit.record(source, 'service-record', 'R1');
    expect(row.county_code).toBe('533422');
    expect((await kit.record(source, 'activity', 'A1')).county_code).toBe('533422');
    expect((await kit.record(source, 'membership', 'M1')).county_code).toBe('533423');
    // 29, 30 September, 8, 9, 10 (a working Saturday), 12…16 October: the National Day week does not count.
    expect(row.due_by).toEqual(new Date(at('00:00', '2026-10-17')));
    const window = (warnings: typeof row.warnings): number =>
      (warnings ?? []).filter(({ code }) => code === 'R67-10').length;
    expect(window(row.warnings)).toBe(0);
    expect(window((await kit.record(source, 'service-record', 'R2')).warnings)).toBe(1);
  });
});
