/** Endpoint 17: national → adapter callbacks (§1.11, G5, G6), signed as §1.2 with the app's own key and an empty token. */
import { token, type JsonObject } from '../canonical.js';
import { beijingMs } from '../beijing.js';
import type { NationalSettings } from './model.js';
import { signRequest } from './wire.js';

export interface CallbackEntry {
  at: number;
  body: JsonObject;
  attempts: number;
  delivered: boolean;
}

export class Callbacks {
  readonly sent: CallbackEntry[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(private readonly settings: NationalSettings) {}

  /** Nothing is sent without a registered URL (G5: registered by the operator, out of band). */
  notify(body: JsonObject, at: number): void {
    if (this.settings.callbackUrl === null) return;
    const entry: CallbackEntry = {
      at,
      body: { eventId: token('cb-', 8), ...body, occurredAt: beijingMs(at) },
      attempts: 0,
      delivered: false,
    };
    this.sent.push(entry);
    this.plan(entry, 0);
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private plan(entry: CallbackEntry, waitMs: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.attempt(entry);
    }, waitMs);
    timer.unref();
    this.timers.add(timer);
  }

  /** Delivered when the answer is 200 with {"code":"0000"} within 3 s; else retried at the contract's intervals. */
  private async attempt(entry: CallbackEntry): Promise<void> {
    entry.attempts += 1;
    entry.delivered = await this.post(entry.body).catch(() => false);
    const wait = this.settings.callbackRetryMs[entry.attempts - 1];
    if (!entry.delivered && wait !== undefined) this.plan(entry, wait);
  }

  private async post(json: JsonObject): Promise<boolean> {
    const url = new URL(this.settings.callbackUrl ?? '');
    const body = Buffer.from(JSON.stringify(json));
    const timestamp = String(Date.now());
    const nonce = token('', 16);
    const appKey = this.settings.appKey;
    const secret = this.settings.secrets.at(-1) ?? '';
    const query = url.search.replace(/^\?/, '');
    const input = { method: 'POST', path: url.pathname, query, appKey, timestamp, nonce, token: '', body };
    const reply = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'X-App-Key': appKey,
        'X-Access-Token': '',
        'X-Timestamp': timestamp,
        'X-Nonce': nonce,
        'X-Sign-Method': 'HMAC-SHA256',
        'X-Sign': signRequest('HMAC-SHA256', secret, input),
        'X-Request-Id': token('r-', 8),
        'X-Contract': 'ref-v1',
      },
      body: new Uint8Array(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(3000),
    });
    const text = await reply.text();
    return reply.status === 200 && (JSON.parse(text) as JsonObject).code === '0000';
  }
}
