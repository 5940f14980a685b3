// Calls from the nation to the adapter (§1.4 no. 17, §1.11, §1.16 G5, G6), retried by the virtual clock.
import { randomBytes, randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Agenda } from './agenda.js';
import { beijingTime, type Clock } from './clock.js';
import { CONTRACT } from './contract-name.js';
import type { GateBooks } from './gate-books.js';
import type { RowState } from './model.js';
import type { Settings } from './settings.js';
import { sign } from './signing.js';

export interface CallbackParts {
  appKey: string;
  settings: Settings;
  clock: Clock;
  agenda: Agenda;
  books: GateBooks;
}

const ANSWER_WITHIN_MS = 3_000;

export class CallbackSender {
  /** What became of each callback, for the control port. */
  readonly log: { eventId: string; type: unknown; attempt: number; delivered: boolean }[] = [];

  constructor(private readonly parts: CallbackParts) {}

  tell(body: Record<string, unknown>): void {
    if (this.parts.settings.callbackUrl === null) return;
    const { clock } = this.parts;
    const full = { eventId: `cb-${randomUUID()}`, ...body, occurredAt: beijingTime(clock.now()) };
    this.schedule(full, 0, clock.now());
  }

  certificateStatus(state: RowState): void {
    const { bizNo, certificate } = state;
    this.tell({ type: 'CERT_STATUS', bizNo, status: certificate?.status, certNo: certificate?.certNo });
  }

  private schedule(body: Record<string, unknown>, attempt: number, dueMs: number): void {
    this.parts.agenda.at(dueMs, () => {
      void this.post(body).then((delivered) => this.settle(body, attempt, delivered));
    });
  }

  private settle(body: Record<string, unknown>, attempt: number, delivered: boolean): void {
    this.log.push({ eventId: String(body.eventId), type: body.type, attempt: attempt + 1, delivered });
    const waitMs = this.parts.settings.callbackRetryMs[attempt];
    if (!delivered && waitMs !== undefined) this.schedule(body, attempt + 1, this.parts.clock.now() + waitMs);
  }

  /** true when the adapter answered 200 with code 0000 in time. */
  private post(body: Record<string, unknown>): Promise<boolean> {
    const { settings } = this.parts;
    const url = new URL(settings.callbackUrl ?? '');
    const bytes = Buffer.from(JSON.stringify(body), 'utf8');
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve) => {
      const request = send(url, { method: 'POST', headers: this.headers(url, bytes), timeout: ANSWER_WITHIN_MS });
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve(false));
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(response.statusCode === 200 && isAccepted(Buffer.concat(chunks))));
        response.on('error', () => resolve(false));
      });
      request.end(bytes);
    });
  }

  private headers(url: URL, body: Buffer): Record<string, string> {
    const { appKey, clock, books } = this.parts;
    const timestamp = String(clock.now());
    const nonce = randomBytes(16).toString('hex');
    const signed = {
      method: 'POST',
      path: url.pathname,
      rawQuery: url.search.slice(1),
      appKey,
      timestamp,
      nonce,
      token: '',
      body,
    };
    return {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': String(body.length),
      'X-App-Key': appKey,
      'X-Access-Token': '',
      'X-Timestamp': timestamp,
      'X-Nonce': nonce,
      'X-Sign-Method': 'HMAC-SHA256',
      'X-Sign': sign(signed, 'HMAC-SHA256', books.currentSecret().secret),
      'X-Request-Id': randomUUID(),
      'X-Contract': CONTRACT,
    };
  }
}

function isAccepted(bytes: Buffer): boolean {
  try {
    return (JSON.parse(bytes.toString('utf8')) as { code?: unknown }).code === '0000';
  } catch {
    return false; // not JSON counts as not delivered
  }
}
