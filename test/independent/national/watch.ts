/** Watches what a correct adapter must never do (§1.2, §1.8, §2.3; station G-48) and writes it down. */
import { isObject, type Json } from '../canonical.js';
import { instant } from '../beijing.js';
import { isWrite, type Call } from './calls.js';
import { personOf, type Ledger } from './ledger.js';
import { isEntity, type Entity, type NationalSettings, type Outcome, type Violation } from './model.js';

/** `sending`: no reply yet; `accepted`: in a batch whose outcome the adapter has not been shown; `lost`: reply lost. */
type FlightState = 'sending' | 'accepted' | 'lost';
interface Flight {
  state: FlightState;
  requestId: string;
  at: number;
  entity: Entity;
  bizNo: string;
  version: number;
  batch: boolean;
  span: { person: string; from: number; to: number } | null;
  before: Flight | null;
}

/** Codes that say that nothing of this call was looked at (A12); 1004 excepted. */
function isGateCode(code: string): boolean {
  return (code.startsWith('10') || code.startsWith('13')) && code !== '1004';
}
const UNKNOWN_CODES = new Set(['1004', '5001', '5002', '9999']);

export class Watch {
  readonly violations: Violation[] = [];
  private readonly flights = new Map<string, Flight>();
  private readonly nonces = new Set<string>();
  private readonly requestIds = new Set<string>();
  private pausedUntil = { quota: 0, window: 0, toldAt: 0 };
  private recent: { at: number; over: boolean }[] = [];
  private readonly blamed = new Set<string>();
  private statusTold = false;

  constructor(
    private readonly ledger: Ledger,
    private readonly settings: NationalSettings,
  ) {}

  note(rule: string, message: string, call: Call, bizNos: string[] = call.bizNos): void {
    this.violations.push({ at: call.receivedAt, rule, message, requestId: call.requestId, bizNos });
  }

  /** On arrival, before anything is judged. */
  arrive(call: Call): void {
    if (call.route.name === 'time' || call.query.has('ticket')) return;
    if (call.nonce !== '') {
      if (this.nonces.has(call.nonce)) this.note('NONCE_REUSED', 'the same nonce was sent twice (§1.2)', call);
      this.nonces.add(call.nonce);
    }
    if (call.requestId !== '') {
      if (this.requestIds.has(call.requestId)) {
        this.note('REQUEST_ID_REUSED', 'X-Request-Id is new per attempt (§1.2)', call);
      }
      this.requestIds.add(call.requestId);
    }
    if (!isWrite(call.route) || call.route.entity === null) return;
    const text = call.body.toString('utf8');
    if (text !== text.normalize('NFC')) this.note('TEXT_NOT_NFC', 'text is sent in NFC (station G-27)', call);
    this.takeOff(call, call.route.entity);
  }

  /** F35, F36: refused again before resetAt / opensAt, after a grace for calls under way. */
  private pauses(call: Call, code: string): void {
    if (call.receivedAt <= this.pausedUntil.toldAt + this.settings.pauseGraceMs) return;
    if (code === '1302' && call.receivedAt < this.pausedUntil.quota) {
      this.note('CALL_WHILE_QUOTA_USED', 'called before resetAt (F35)', call);
    }
    if (code === '1303' && call.receivedAt < this.pausedUntil.window - 50) {
      this.note('WRITE_OUTSIDE_WINDOW', 'wrote before opensAt (F36)', call);
    }
  }

  private takeOff(call: Call, entity: Entity): void {
    const fresh: Flight[] = [];
    for (const item of itemsOf(call.json)) {
      if (!isObject(item) || typeof item.bizNo !== 'string') continue;
      const flight: Flight = {
        state: 'sending',
        requestId: call.requestId,
        at: call.receivedAt,
        entity,
        bizNo: item.bizNo,
        version: Number(item.version),
        batch: call.route.name === 'batch',
        span: spanOf(this.ledger, entity, item.data),
        before: this.flights.get(`${entity}|${item.bizNo}`) ?? null,
      };
      this.compare(call, flight, fresh);
      fresh.push(flight);
    }
    for (const flight of fresh) this.flights.set(`${entity}|${flight.bizNo}`, flight);
  }

  private compare(call: Call, flight: Flight, sameCall: Flight[]): void {
    const named = [flight.bizNo];
    if (sameCall.some((other) => other.bizNo === flight.bizNo)) {
      this.note('NUMBER_TWICE_IN_BATCH', 'two entries of one bizNo in one call (G-48)', call, named);
    }
    if (flight.before?.state === 'lost') {
      this.note(
        'RESEND_WITHOUT_LOOKUP',
        'written again after a lost reply without a lookup between (§1.8)',
        call,
        named,
      );
    } else if (flight.before !== null) {
      this.note('TWO_IN_FLIGHT', `written while ${flight.before.state} (§1.8, G-48)`, call, named);
    }
    if (flight.span === null) return;
    for (const other of [...this.flights.values(), ...sameCall]) {
      if (other.bizNo === flight.bizNo || other.span === null) continue;
      if (other.span.person !== flight.span.person) continue;
      if (other.span.from < flight.span.to && flight.span.from < other.span.to) {
        this.note('OVERLAP_IN_FLIGHT', 'two overlapping records of one volunteer in flight (G-48)', call, [
          flight.bizNo,
          other.bizNo,
        ]);
      }
    }
  }

  /** The reply is about to be handed over. */
  replied(call: Call, outcome: Outcome): void {
    this.limits(call, outcome);
    this.faultsOf(call, outcome);
    if (isWrite(call.route)) this.land(call, outcome);
    else if (outcome.code === '0000') this.learned(call, outcome);
  }

  private land(call: Call, outcome: Outcome): void {
    for (const flight of this.flightsOf(call)) {
      const key = `${flight.entity}|${flight.bizNo}`;
      if (isGateCode(outcome.code) && flight.before !== null) this.flights.set(key, flight.before);
      else if (UNKNOWN_CODES.has(outcome.code)) flight.state = 'lost';
      else if (flight.batch && outcome.code === '0100') flight.state = 'accepted';
      else this.flights.delete(key);
    }
    if (outcome.code === '2201') this.invalid(call, outcome.detail?.fields, call.bizNos);
  }

  /** The reply never arrived, or was not an envelope: the outcome is unknown to the adapter (§1.8). */
  lost(call: Call): void {
    for (const flight of this.flightsOf(call)) flight.state = 'lost';
  }

  private flightsOf(call: Call): Flight[] {
    return [...this.flights.values()].filter((flight) => flight.requestId === call.requestId);
  }

  /** Lookups, receipts and the feed tell outcomes. */
  private learned(call: Call, outcome: Outcome): void {
    if (call.route.name === 'status') this.statusTold = true;
    const list = outcome.data.items;
    if (call.route.name === 'lookup' && Array.isArray(list) && call.route.entity !== null) {
      const asOf = instant(String(outcome.data.asOf));
      for (const entry of list) this.lookedUp(call.route.entity, entry, asOf);
    }
    if (call.route.name.startsWith('receipt') && Array.isArray(list)) {
      for (const entry of list) this.receiptShown(call, entry);
    }
    const events = outcome.data.events;
    if (call.route.name === 'changes' && Array.isArray(events)) {
      for (const event of events) {
        if (isObject(event) && isEntity(String(event.entity))) this.rowShown(event.entity as Entity, event, 0);
      }
    }
    if (call.route.name === 'certificate') this.settle(`certificate-requests|${call.route.arg}`);
  }

  /** 2201: unknown fields and plain personal values have names of their own. */
  private invalid(call: Call, fields: Json | undefined, bizNos: string[]): void {
    const text = JSON.stringify(fields ?? []);
    const rule = text.includes('"rule":"encrypted"')
      ? 'PLAIN_TEXT_PERSONAL_FIELD'
      : text.includes('"rule":"unknown"')
        ? 'UNKNOWN_FIELD'
        : 'FIELD_INVALID';
    this.note(rule, text, call, bizNos);
  }

  private lookedUp(entity: Entity, entry: Json, asOf: number): void {
    if (!isObject(entry)) return;
    const rows = Array.isArray(entry.rows) ? entry.rows : [];
    for (const row of rows) this.rowShown(entity, row, asOf);
    if (rows.length > 0 || typeof entry.key !== 'string') return;
    const key = `${entity}|${entry.key}`;
    // §1.7: a miss with asOf earlier than the attempt proves nothing.
    const flight = this.flights.get(key);
    if (flight !== undefined && asOf >= flight.at) this.settle(key);
  }

  /** A row says what became of the write when it is as new as the write, or was read after it. */
  private rowShown(entity: Entity, row: Json, asOf: number): void {
    if (!isObject(row) || typeof row.bizNo !== 'string') return;
    const key = `${entity}|${row.bizNo}`;
    const flight = this.flights.get(key);
    if (flight !== undefined && (asOf >= flight.at || Number(row.version) >= flight.version)) this.settle(key);
  }

  private settle(key: string): void {
    if (this.flights.get(key)?.state !== 'sending') this.flights.delete(key);
  }

  private receiptShown(call: Call, entry: Json): void {
    if (!isObject(entry)) return;
    for (const flight of [...this.flights.values()]) {
      if (flight.bizNo === entry.bizNo && flight.batch) this.settle(`${flight.entity}|${flight.bizNo}`);
    }
    const key = `${String(entry.bizNo)}|${String(entry.version)}|${String(entry.code)}`;
    if ((entry.code !== '2201' && entry.code !== '1010') || this.blamed.has(key)) return;
    this.blamed.add(key);
    if (entry.code === '1010') this.note('FIELD_NOT_DECRYPTABLE', 'item code 1010', call, [String(entry.bizNo)]);
    else this.invalid(call, isObject(entry.detail) ? entry.detail.fields : [], [String(entry.bizNo)]);
  }

  private faultsOf(call: Call, outcome: Outcome): void {
    const rules: Record<string, string> = {
      '1001': 'HEADER_MALFORMED',
      '1002': 'SIGNATURE_WRONG',
      '1007': 'APP_KEY_WRONG',
      '1010': 'FIELD_NOT_DECRYPTABLE',
      '1011': 'CONTRACT_WRONG',
      '1306': 'BATCH_TOO_LARGE',
    };
    const rule = rules[outcome.code];
    if (rule !== undefined) {
      const unsigned = outcome.code === '1001' && !call.headers.has('x-sign');
      this.note(unsigned ? 'UNSIGNED_CALL' : rule, outcome.message, call);
    }
    if (outcome.code === '2201' && !isWrite(call.route)) this.invalid(call, outcome.detail?.fields, []);
  }

  /** F34: once sys/status told the limits, refused calls stay below a tenth of a 10 s window. */
  private limits(call: Call, outcome: Outcome): void {
    const over = outcome.code === '1301' || outcome.code === '1305';
    const now = call.receivedAt;
    this.recent = [...this.recent.filter((entry) => entry.at > now - 10_000), { at: now, over }];
    const refused = this.recent.filter((entry) => entry.over).length;
    if (over && this.statusTold && this.recent.length >= 20 && refused * 10 > this.recent.length) {
      this.note('OVER_LIMITS', `${refused} of ${this.recent.length} calls above the limits in 10 s (F34)`, call);
      this.recent = [];
    }
    if (outcome.code !== '1302' && outcome.code !== '1303') return;
    this.pauses(call, outcome.code);
    const until = instant(String(outcome.detail?.resetAt ?? outcome.detail?.opensAt));
    const field = outcome.code === '1302' ? 'quota' : 'window';
    if (this.pausedUntil[field] !== until) this.pausedUntil = { ...this.pausedUntil, [field]: until, toldAt: now };
  }
}

function itemsOf(json: Json | undefined): Json[] {
  if (!isObject(json)) return [];
  if (Array.isArray(json.items)) return json.items;
  return [json];
}

export function bizNosOf(json: Json | undefined): string[] {
  return itemsOf(json).flatMap((item) => (isObject(item) && typeof item.bizNo === 'string' ? [item.bizNo] : []));
}

function spanOf(ledger: Ledger, entity: Entity, data: Json | undefined): Flight['span'] {
  if (entity !== 'service-records' || !isObject(data)) return null;
  const from = instant(String(data.startAt));
  const to = instant(String(data.endAt));
  const person = personOf(ledger, data) ?? String(data.volunteerBizNo);
  return Number.isNaN(from) || Number.isNaN(to) ? null : { person, from, to };
}
