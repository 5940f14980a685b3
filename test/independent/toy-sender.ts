/** The national half of the toy adapter: parents first, one write at a time, a lookup after a lost reply (§1.8). */
import { isObject, recordsHash, type Json, type JsonObject } from './canonical.js';
import { ENTITY_OF, expectedNational } from './expected-national.js';
import { FIELD_RULES } from './national/fields.js';
import { encryptField } from './national/wire.js';
import { NationalCaller, type Envelope } from './national-caller.js';
import type { Flaw, ToyRecord, ToyStation } from './toy-station.js';

const FIELD_KEY = '0123456789abcdeffedcba9876543210';
const PARENTS: [string, string][] = [
  ['stationId', 'station'],
  ['teamId', 'team'],
  ['projectId', 'project'],
  ['activityId', 'activity'],
  ['volunteerId', 'volunteer'],
  ['leaderVolunteerId', 'volunteer'],
  ['serviceRecordId', 'service-record'],
];

export class ToySender {
  private readonly caller: NationalCaller;
  private dropped = false;

  constructor(
    private readonly toy: ToyStation,
    private readonly nationalUrl: string,
    private readonly flaw: Flaw,
  ) {
    this.caller = new NationalCaller({ baseUrl: nationalUrl });
  }

  async round(): Promise<void> {
    if (this.caller.token === '') await this.caller.login().catch(() => undefined);
    for (const record of [...this.toy.records.values()]) {
      const { state } = record.status;
      if (state === 'unknown') await this.resolve(record);
      else if (state === 'pending') await this.pollCertificate(record);
      else if (state === 'queued' || state === 'waiting') await this.consider(record);
    }
  }

  private async consider(record: ToyRecord): Promise<void> {
    const data = record.item.data ?? {};
    const missing = record.item.op === 'void' ? [] : this.missing(record, data);
    if (missing.length > 0) {
      this.toy.move(record, { state: 'waiting', waitingFor: missing });
      return;
    }
    if (!this.overlapsUnknown(record)) await this.send(record, data);
  }

  /** G-48: of two overlapping records of one volunteer the later goes after the earlier's outcome. */
  private overlapsUnknown(record: ToyRecord): boolean {
    const span = (one: ToyRecord): [number, number] => {
      const data = one.item.data ?? {};
      return [Date.parse(String(data.startAt)), Date.parse(String(data.endAt))];
    };
    const [from, to] = span(record);
    return [...this.toy.records.values()].some((other) => {
      if (other === record || other.status.state !== 'unknown' || other.item.kind !== 'service-record') return false;
      const [start, end] = span(other);
      return other.item.data?.volunteerId === record.item.data?.volunteerId && start < to && from < end;
    });
  }

  private missing(record: ToyRecord, data: JsonObject): { kind: string; sourceId: string | null; reason: string }[] {
    const out: { kind: string; sourceId: string | null; reason: string }[] = [];
    for (const [field, kind] of PARENTS) {
      const sourceId = data[field];
      if (typeof sourceId !== 'string') continue;
      const state = this.toy.records.get(`${kind}/${sourceId}`)?.status.nationalId ?? null;
      if (state === null) out.push({ kind, sourceId, reason: '前置记录尚未同步' });
    }
    if (out.length > 0 || record.item.kind !== 'service-record') return out;
    const project = this.toy.records.get(`activity/${String(data.activityId)}`)?.item.data?.projectId;
    const joined = [...this.toy.records.values()].some((one) => {
      const own = one.item.data;
      if (one.item.kind !== 'membership' || one.status.state !== 'mirrored') return false;
      return own?.volunteerId === data.volunteerId && own?.projectId === project;
    });
    return joined ? [] : [{ kind: 'membership', sourceId: null, reason: '尚未加入该项目' }];
  }

  private async send(record: ToyRecord, data: JsonObject): Promise<void> {
    const { item, status } = record;
    const version = status.version;
    const body: JsonObject = { bizNo: status.bizNo, version, op: 'UPSERT' };
    if (item.op === 'void') Object.assign(body, { op: 'VOID', reason: item.reason });
    else body.data = this.nationalData(record, data);
    if (this.flaw === 'drops-a-record' && item.kind === 'service-record' && !this.dropped) {
      this.dropped = true;
      this.toy.move(record, { state: 'mirrored', nationalVersion: version, nationalId: 'SR-INVENTED' });
      return;
    }
    record.everSent = true;
    this.toy.move(record, { state: 'sending' });
    try {
      const envelope = await this.caller.post(`/gw/v1/${String(ENTITY_OF[item.kind])}`, body);
      if (record.status.version === version) this.judge(record, envelope, version);
    } catch {
      const state = this.flaw === 'blind-resend' ? 'queued' : 'unknown';
      if (record.status.version === version) this.toy.move(record, { state });
    }
    // A newer version was pushed while this one was under way: settle the number before anything else is sent.
    if (record.status.version !== version && this.flaw !== 'blind-resend') this.toy.move(record, { state: 'unknown' });
  }

  private judge(record: ToyRecord, envelope: Envelope, version: number): void {
    if (envelope.code === '1005') {
      this.caller.token = '';
      this.toy.move(record, { state: 'queued' });
      return;
    }
    const nationalId = String(envelope.data.nationalId ?? envelope.detail.nationalId ?? '');
    if (['0000', '2001', '0100'].includes(envelope.code)) {
      const done = record.item.op === 'void' ? 'voided' : envelope.code === '0100' ? 'pending' : 'mirrored';
      const lastOutcome = { code: envelope.code, message: '', at: new Date().toISOString(), actor: 'national' };
      this.toy.move(record, {
        state: done,
        nationalId,
        nationalVersion: version,
        lastOutcome,
        nextAttemptAt: lastOutcome.at,
      });
      return;
    }
    const lastOutcome = {
      code: envelope.code,
      message: envelope.message,
      at: new Date().toISOString(),
      actor: 'national',
    };
    this.toy.move(record, { state: 'attention', lastOutcome });
  }

  /** Found at this version → done; found older or missed → sent (again). */
  private async resolve(record: ToyRecord): Promise<void> {
    const path = `/gw/v1/${String(ENTITY_OF[record.item.kind])}/lookup`;
    const reply = await this.caller.post(path, { by: 'bizNo', keys: [record.status.bizNo] }).catch(() => null);
    if (reply === null || reply.code !== '0000') return;
    const found = (reply.data.items as Json[])[0];
    const row = isObject(found) && Array.isArray(found.rows) ? found.rows[0] : undefined;
    if (isObject(row) && row.version === record.status.version) {
      const state =
        row.status === 'VOIDED' ? 'voided' : record.item.kind === 'certificate-request' ? 'pending' : 'mirrored';
      this.toy.move(record, { state, nationalId: String(row.nationalId), nationalVersion: record.status.version });
    } else if (record.item.op === 'void' && row === undefined) this.toy.move(record, { state: 'voided' });
    else this.toy.move(record, { state: 'queued' });
  }

  private async pollCertificate(record: ToyRecord): Promise<void> {
    const reply = await this.caller.get(`/gw/v1/certificate-requests/${record.status.bizNo}`).catch(() => null);
    if (reply?.data.status === 'ISSUED') this.toy.move(record, { state: 'mirrored' });
  }

  async file(record: ToyRecord): Promise<Buffer> {
    const reply = await this.caller.get(`/gw/v1/certificate-requests/${record.status.bizNo}`);
    const url = new URL(String(reply.data.fileUrl), this.nationalUrl);
    return Buffer.from(await (await fetch(url)).arrayBuffer());
  }

  private nationalData(record: ToyRecord, data: JsonObject): JsonObject {
    const { kind } = record.item;
    const resolver = {
      bizNo: (of: string, id: string) => this.toy.records.get(`${of}/${id}`)?.status.bizNo ?? '',
      data: (of: string, id: string) => this.toy.records.get(`${of}/${id}`)?.item.data ?? {},
    };
    const plain = expectedNational(kind, data, resolver, record.status.bizNo);
    if (this.flaw === 'old-content' && kind === 'training') plain.hostUnit = '旧单位';
    if (kind === 'certificate-request') Object.assign(plain, this.certified(data));
    const entity = ENTITY_OF[kind];
    for (const [key, rule] of Object.entries(entity === undefined ? {} : FIELD_RULES[entity])) {
      const value = plain[key];
      if (rule.encrypted === true && typeof value === 'string') plain[key] = encryptField(FIELD_KEY, value);
    }
    return plain;
  }

  private certified(data: JsonObject): JsonObject {
    const records = [...this.toy.records.values()].filter((one) => {
      const own = one.item.data;
      if (one.item.kind !== 'service-record' || one.status.state !== 'mirrored') return false;
      const day = String(own?.serviceDate);
      return own?.volunteerId === data.volunteerId && String(data.periodFrom) <= day && day <= String(data.periodTo);
    });
    const lines = records.map((one) => {
      return { bizNo: one.status.bizNo, version: one.status.version, minutes: Number(one.item.data?.minutes) };
    });
    const totalMinutes = lines.reduce((sum, one) => sum + one.minutes, 0);
    const recordBizNos = lines.map((one) => one.bizNo);
    return { totalMinutes, recordCount: lines.length, recordsHash: recordsHash(lines), recordBizNos };
  }
}
