import { RECORD_KINDS } from '../../../src/records/index.js';
import { bearer, openStationHouse, stationItem, type StationApi, type StationHouse } from '../access/station-api.js';
import type { ShownSecret } from '../../../src/access/index.js';

const MEMBERS = [
  'recordId', 'kind', 'sourceId', 'bizNo', 'version', 'state', 'since', 'nationalId', 'nationalVersion', 'waitingFor', 'lastOutcome',
  'nextAttemptAt', 'dueBy', 'warnings', 'samePersonAs',
]; // prettier-ignore

type Status = Record<string, unknown> & { bizNo: string; recordId: string; nextAttemptAt: string | null };

describe('where is my record? (station-contract §4, G-66)', () => {
  let house: StationHouse;
  let api: StationApi;
  let system: ShownSecret;

  beforeAll(async () => {
    house = await openStationHouse();
    api = await house.openApi();
    system = await house.createSystem();
  });
  afterAll(() => house.close());

  const push = async (items: object[]): Promise<Record<string, unknown>[]> => {
    const headers = { ...bearer(system), 'Content-Type': 'application/json' };
    const answer = await fetch(`${api.origin}/api/v1/batches`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ items }),
    });
    if (answer.status === 500) throw new Error(String((api.failures.at(-1) as { err: Error }).err.stack));
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { items: Record<string, unknown>[] }).items;
  };
  const status = async (kind: string, sourceId: string, language = 'zh'): Promise<Status> => {
    const headers = { ...bearer(system), 'Accept-Language': language };
    const answer = await fetch(`${api.origin}/api/v1/records/${kind}/${sourceId}`, { headers });
    const body = (await answer.json()) as Status;
    expect(Object.keys(body)).toEqual(MEMBERS);
    return body;
  };
  const example = (kind: string): Record<string, unknown> =>
    RECORD_KINDS.find(({ name }) => name === kind)?.examples[0] ?? {};
  const change = (sql: string, ...params: unknown[]): Promise<unknown> => house.database.query(sql, params);
  const IN_AN_HOUR = `now() + interval '1 hour'`;
  const isInAnHour = (time: string | null): boolean =>
    Math.abs(Date.parse(time ?? '') - Date.now() - 3_600_000) < 60_000;

  it('has every member from the first moment, and names what is waited for', async () => {
    await push([
      stationItem('a1'),
      { kind: 'team', sourceId: 't1', data: { ...example('team'), stationId: 'a1', leaderVolunteerId: undefined } },
    ]);
    expect(await status('station', 'a1')).toMatchObject({
      state: 'queued',
      lastOutcome: null,
      nextAttemptAt: null,
      nationalId: null,
      warnings: [],
    });
    const team = await status('team', 't1');
    expect(team.state).toBe('waiting');
    expect(team.waitingFor).toEqual([{ kind: 'station', sourceId: 'a1', reason: '前置记录的状态为“待发送”' }]);
    await push([
      {
        kind: 'membership',
        sourceId: 'm1',
        data: { volunteerId: 'v0', teamId: 't0', status: 'JOINED', since: '2026-01-05' },
      },
    ]);
    const waits = (await status('membership', 'm1')).waitingFor as { kind: string; sourceId: string; reason: string }[];
    expect(waits).toEqual([
      { kind: 'team', sourceId: 't0', reason: '前置记录尚未收到' },
      { kind: 'volunteer', sourceId: 'v0', reason: '前置记录尚未收到' },
    ]);
    await change(
      `UPDATE record SET waiting_for = '[{"kind":null,"sourceId":null,"reason":"开放后自动继续"}]' WHERE source_id = 'm1'`,
    );
    expect((await status('membership', 'm1')).waitingFor).toHaveLength(3);
  });

  it('says when it moves next, in every state that moves by itself', async () => {
    await push([stationItem('n1')]);
    const { bizNo, recordId } = await status('station', 'n1');
    await change(`UPDATE outbox SET ready_at = ${IN_AN_HOUR} WHERE biz_no = $1`, bizNo);
    expect(isInAnHour((await status('station', 'n1')).nextAttemptAt)).toBe(true);
    await change(`UPDATE outbox SET ready_at = now() WHERE biz_no = $1`, bizNo);
    await change(
      `INSERT INTO national_gate (scope, closed_until, code, reason) VALUES ('kind:team', ${IN_AN_HOUR}, 'x', 'x')`,
    );
    expect((await status('station', 'n1')).nextAttemptAt).toBeNull();
    await change(
      `INSERT INTO national_gate (scope, closed_until, code, reason) VALUES ('writes', ${IN_AN_HOUR}, 'x', 'x')`,
    );
    expect(isInAnHour((await status('station', 'n1')).nextAttemptAt)).toBe(true);
    const callId = '00000000-0000-7000-8000-000000000001';
    await change(
      `INSERT INTO national_call (id, profile_id, profile_hash, overrides_hash, operation, kind, item_count, stage, due_at)
       VALUES ($1, 'p', 'h', '', 'write-batch', 'station', 1, 'receipt', ${IN_AN_HOUR})`,
      callId,
    );
    await change(
      `UPDATE outbox SET stage = 'flying', call_id = $1, flight_record_id = record_id, flight_version = 1, op = 'UPSERT'
       WHERE biz_no = $2`,
      callId,
      bizNo,
    );
    await change(`UPDATE record SET state = 'sending' WHERE id = $1`, recordId);
    expect((await status('station', 'n1')).nextAttemptAt).toBeNull();
    await change(`UPDATE record SET state = 'pending' WHERE id = $1`, recordId);
    expect(isInAnHour((await status('station', 'n1')).nextAttemptAt)).toBe(true);
    await change(`UPDATE outbox SET stage = 'unknown', lookup_at = ${IN_AN_HOUR} WHERE biz_no = $1`, bizNo);
    await change(`UPDATE record SET state = 'unknown' WHERE id = $1`, recordId);
    expect(isInAnHour((await status('station', 'n1')).nextAttemptAt)).toBe(true);
    await change(`DELETE FROM outbox WHERE biz_no = $1`, bizNo);
    await change(
      `INSERT INTO national_watch (biz_no, kind, purpose, due_at) VALUES ($1, 'station', 'review', ${IN_AN_HOUR})`,
      bizNo,
    );
    await change(`UPDATE record SET state = 'pending' WHERE id = $1`, recordId);
    expect(isInAnHour((await status('station', 'n1')).nextAttemptAt)).toBe(true);
    await change(
      `UPDATE record SET state = 'mirrored', national_id = 'N1', national_version = 1 WHERE id = $1`,
      recordId,
    );
    expect(await status('station', 'n1')).toMatchObject({ nextAttemptAt: null, nationalId: 'N1', nationalVersion: 1 });
  });

  it('words outcome and warnings in the caller language', async () => {
    await push([stationItem('o1')]);
    await change(
      `UPDATE record SET state = 'attention', outcome_code = '2014', outcome_message = '国家系统有下级记录', outcome_at = now(),
              outcome_actor = 'national', warnings = '[{"code":"R67-16","pointer":"/data/recordedAt"}]' WHERE source_id = 'o1'`,
    );
    const zh = await status('station', 'o1');
    expect(zh.lastOutcome).toMatchObject({ code: '2014', message: '国家系统有下级记录', actor: 'national' });
    expect(zh.warnings).toEqual([
      { code: 'R67-16', pointer: '/data/recordedAt', message: expect.stringMatching(/\p{Script=Han}/u) as string },
    ]);
    const en = await status('station', 'o1', 'en');
    expect((en.warnings as { message: string }[])[0]?.message).not.toMatch(/\p{Script=Han}/u);
    await change(
      `UPDATE record SET outcome_code = 'CERT_STALE', outcome_message = NULL, outcome_actor = 'adapter' WHERE source_id = 'o1'`,
    );
    expect((await status('station', 'o1')).lastOutcome).toMatchObject({
      code: 'CERT_STALE',
      message: expect.stringMatching(/\p{Script=Han}/u) as string,
    });
  });

  it('names the same person under other names of the caller only (G-49)', async () => {
    const volunteer = (sourceId: string): object => ({ kind: 'volunteer', sourceId, data: example('volunteer') });
    await push([volunteer('v1')]);
    await push([volunteer('v2')]);
    const other = await house.createSystem();
    const headers = { ...bearer(other), 'Content-Type': 'application/json' };
    await fetch(`${api.origin}/api/v1/batches`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ items: [volunteer('v3')] }),
    });
    expect((await status('volunteer', 'v1')).samePersonAs).toEqual([{ sourceId: 'v2' }]);
    expect((await status('volunteer', 'v2')).samePersonAs).toEqual([{ sourceId: 'v1' }]);
  });

  it('has no file before the certificate is issued (G-72)', async () => {
    await push([{ kind: 'certificate-request', sourceId: 'c1', data: example('certificate-request') }]);
    const file = async (target: string): Promise<[number, unknown]> => {
      const answer = await fetch(`${api.origin}/api/v1/records/${target}/file`, { headers: bearer(system) });
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    expect(await file('certificate-request/c1')).toEqual([409, 'NOT_ISSUED']);
    expect(await file('certificate-request/c2')).toEqual([404, 'NOT_FOUND']);
    expect(await file('station/a1')).toEqual([404, 'NOT_FOUND']);
  });
});
