// Calls from the nation to the adapter (§1.4 no. 17, §1.11, §1.16 G5, G6), retried by the virtual clock; faults of F52.
import { randomUUID } from 'node:crypto';
import type { Agenda } from './agenda.js';
import { callbackMessage, FORGERIES, postCallback, type CallbackMessage, type Forgery } from './callback-wire.js';
import { beijingTime, type Clock } from './clock.js';
import type { FaultEffect, FaultScript } from './faults.js';
import type { GateBooks } from './gate-books.js';
import type { Journal } from './journal.js';
import { isEntity, type RowState } from './model.js';
import type { Settings } from './settings.js';

export interface CallbackParts {
  appKey: string;
  settings: Settings;
  clock: Clock;
  agenda: Agenda;
  books: GateBooks;
  faults: FaultScript;
  journal: Journal;
}

export type CallbackBody = Record<string, unknown> & { eventId: string };

/** What became of one sending, for the control port. `as`: genuine, duplicate, replay, dropped, or forged:how. */
export interface CallbackLine {
  eventId: string;
  type: unknown;
  attempt: number;
  delivered: boolean;
  as: string;
  status: number | null;
}

const KEPT_MESSAGES = 1_000;
const HOLD_MS = 60_000;

export class CallbackSender {
  readonly log: CallbackLine[] = [];
  /** Genuine messages as sent, for replays. */
  private readonly sent = new Map<string, CallbackMessage>();
  /** Waiting until a later one has gone first. */
  private swapped: (() => void)[] = [];
  /** Delayed once by a fault; they go out untouched when their time comes. */
  private readonly spared = new Set<string>();
  private open = 0;

  constructor(private readonly parts: CallbackParts) {}

  tell(body: Record<string, unknown>): void {
    if (this.parts.settings.callbackUrl === null) return;
    const { clock, journal } = this.parts;
    const full = { eventId: `cb-${randomUUID()}`, ...body, occurredAt: beijingTime(clock.now()) };
    journal.append({ k: 'callback', body: full });
    this.schedule(full, 0, clock.now());
  }

  certificateStatus(state: RowState): void {
    const { bizNo, certificate } = state;
    this.tell({ type: 'CERT_STATUS', bizNo, status: certificate?.status, certNo: certificate?.certNo });
  }

  /** Callbacks on their way: scheduled for now, or waiting for an answer. */
  underway(): number {
    return this.open;
  }

  schedule(body: CallbackBody, attempt: number, dueMs: number): void {
    const { agenda, clock } = this.parts;
    const isDue = dueMs <= clock.now();
    if (isDue) this.open += 1;
    agenda.at(dueMs, () => {
      if (!isDue) this.open += 1;
      void this.deliver(body, attempt).finally(() => (this.open -= 1));
    });
  }

  /** Sends something at once, outside every schedule: forged, replayed or simply invented. */
  async sendNow(body: CallbackBody, forgery?: Forgery): Promise<CallbackLine> {
    return this.post(this.message(body, forgery), { body, attempt: 1, as: nameOf(forgery) });
  }

  /** The same bytes and headers again; null when nothing of that event was ever sent. */
  async replay(eventId: string): Promise<CallbackLine | null> {
    const key = eventId === 'last' ? [...this.sent.keys()].at(-1) : eventId;
    const message = key === undefined ? undefined : this.sent.get(key);
    if (message === undefined) return null;
    const body = JSON.parse(message.bytes.toString('utf8')) as CallbackBody;
    return this.post(message, { body, attempt: 1, as: 'replay' });
  }

  private async deliver(body: CallbackBody, attempt: number): Promise<void> {
    const { faults, settings } = this.parts;
    const bytes = Buffer.from(JSON.stringify(body), 'utf8');
    const path = new URL(settings.callbackUrl ?? 'http://nobody/').pathname;
    const entity = isEntity(body.entity) ? body.entity : null;
    const struck = { method: 'POST', path, operation: String(body.type), entity, body: bytes };
    const effects = this.spared.delete(body.eventId) ? [] : faults.strike('callback', struck);
    let genuine = true;
    for (const effect of effects) genuine = (await this.suffer(effect, body, attempt)) && genuine;
    if (genuine) await this.genuine(body, attempt, effects);
  }

  /** false when the genuine callback does not go out now. */
  private async suffer(effect: FaultEffect, body: CallbackBody, attempt: number): Promise<boolean> {
    const { clock } = this.parts;
    switch (effect.act) {
      case 'forge': {
        await this.sendNow(body, FORGERIES.find((how) => how === effect.how) ?? 'signature');
        return effect.instead !== true;
      }
      case 'drop':
        this.settle(body, attempt, { delivered: false, as: 'dropped', status: null });
        return false;
      case 'hold':
        this.spared.add(body.eventId);
        this.schedule(body, attempt, clock.now() + (typeof effect.ms === 'number' ? effect.ms : HOLD_MS));
        return false;
      case 'swap':
        if (this.swapped.length > 0) return true;
        this.spared.add(body.eventId);
        this.swapped.push(() => this.schedule(body, attempt, clock.now()));
        return false;
      default:
        return true;
    }
  }

  private async genuine(body: CallbackBody, attempt: number, effects: readonly FaultEffect[]): Promise<void> {
    const message = this.message(body);
    this.sent.set(body.eventId, message);
    const [oldest] = this.sent.keys();
    if (this.sent.size > KEPT_MESSAGES && oldest !== undefined) this.sent.delete(oldest);
    const line = await this.post(message, { body, attempt: attempt + 1, as: 'genuine' });
    this.retryOrDone(body, attempt, line.delivered);
    for (const effect of effects) await this.again(effect, body, message);
    const waiting = this.swapped;
    this.swapped = [];
    for (const release of waiting) release();
  }

  /** Duplicates carry a new nonce and signature, replays the old ones. */
  private async again(effect: FaultEffect, body: CallbackBody, message: CallbackMessage): Promise<void> {
    const copies = typeof effect.copies === 'number' ? effect.copies : 1;
    for (let i = 0; i < copies; i += 1) {
      if (effect.act === 'duplicate') await this.post(this.message(body), { body, attempt: 1, as: 'duplicate' });
      if (effect.act === 'replay') await this.post(message, { body, attempt: 1, as: 'replay' });
    }
  }

  private message(body: CallbackBody, forgery?: Forgery): CallbackMessage {
    const { appKey, clock, books, settings } = this.parts;
    const signer = { appKey, secret: books.currentSecret().secret, nowMs: clock.now() };
    return callbackMessage(new URL(settings.callbackUrl ?? ''), body, signer, forgery);
  }

  private async post(
    message: CallbackMessage,
    told: { body: CallbackBody; attempt: number; as: string },
  ): Promise<CallbackLine> {
    const { status, accepted } = await postCallback(message);
    const { body, attempt, as } = told;
    const line = { eventId: body.eventId, type: body.type, attempt, delivered: accepted, as, status };
    this.log.push(line);
    return line;
  }

  private settle(body: CallbackBody, attempt: number, told: Pick<CallbackLine, 'delivered' | 'as' | 'status'>): void {
    this.log.push({ eventId: body.eventId, type: body.type, attempt: attempt + 1, ...told });
    this.retryOrDone(body, attempt, told.delivered);
  }

  private retryOrDone(body: CallbackBody, attempt: number, delivered: boolean): void {
    const { clock, journal, settings } = this.parts;
    const waitMs = settings.callbackRetryMs[attempt];
    const again = !delivered && waitMs !== undefined;
    journal.append({ k: 'called-back', eventId: body.eventId, attempt, done: !again });
    journal.settle();
    if (again) this.schedule(body, attempt + 1, clock.now() + waitMs);
  }
}

const nameOf = (forgery: Forgery | undefined): string => (forgery === undefined ? 'genuine' : `forged:${forgery}`);
