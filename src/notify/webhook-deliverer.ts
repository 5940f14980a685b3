import { Webhook } from 'standardwebhooks';
import { LedgerReader, wordedEvent, type ChangeEvent } from '../ledger/index.js';
import { repeat, type Clock, type Repeating } from '../platform/clock/index.js';
import type { Database } from '../platform/database/index.js';
import type { Vault } from '../platform/vault/index.js';
import { postWebhook } from './webhook-post.js';
import type { TargetRules } from './webhook-target.js';
import { WEBHOOK_QUERIES } from './webhook.queries.js';
import { webhookPlace } from './webhooks.js';

/** Longer than one POST may take (5 s) with room for a slow database. */
const LEASE_SECS = 30;
/** Events per claim: then other webhooks have their turn. */
const EVENTS_PER_TURN = 50;
/** Turns at once in one process: a slow receiver holds up one of them. */
const LANES = 4;
const IDLE_MS = 500;
const FAILURE_MS = 2_000;
const MAX_REASON_LENGTH = 200;

export interface DelivererParts {
  readonly database: Database;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly rules: TargetRules;
  readonly onFailure: (error: unknown) => void;
}

interface Claimed {
  id: string;
  url: string;
  sealed: string;
  source_system_id: string;
  delivered_seq: string;
  revoked_at: Date | null;
}

/**
 * Carries the change feed to webhooks: at least once, one event a POST, retried from the database for as long as the
 * feed keeps the event. Each webhook has its own place in the feed, so a dead receiver holds up nobody else.
 */
export class WebhookDeliverer {
  private lanes: readonly Repeating[] = [];

  constructor(private readonly parts: DelivererParts) {}

  start(): void {
    if (this.lanes.length > 0) return;
    const { onFailure } = this.parts;
    const lane = (): Repeating => repeat(() => this.turn(), { idleMs: IDLE_MS, failureMs: FAILURE_MS, onFailure });
    this.lanes = Array.from({ length: LANES }, lane);
  }

  async stop(): Promise<void> {
    const lanes = this.lanes;
    this.lanes = [];
    await Promise.all(lanes.map((lane) => lane.stop()));
  }

  /** Serves one webhook that is due; false when none is. */
  async turn(): Promise<boolean> {
    const { database } = this.parts;
    const [claimed] = await database.query<Claimed>(WEBHOOK_QUERIES.claim, [LEASE_SECS], 'webhook-claim');
    if (!claimed) return false;
    if (claimed.revoked_at !== null) {
      await database.query(WEBHOOK_QUERIES.removeRevoked, [claimed.id]);
      return true;
    }
    await this.serve(claimed);
    return true;
  }

  private async serve(claimed: Claimed): Promise<void> {
    const { database, vault } = this.parts;
    const secret = vault.open(Buffer.from(claimed.sealed, 'hex'), webhookPlace(claimed.id));
    const signer = new Webhook(secret);
    const reader = new LedgerReader(database);
    const after = Number(claimed.delivered_seq);
    for (const event of await reader.eventsAfter(claimed.source_system_id, after, EVENTS_PER_TURN)) {
      const reason = await this.post(claimed.url, signer, event);
      if (reason !== null) {
        await database.query(WEBHOOK_QUERIES.failed, [claimed.id, reason], 'webhook-failed');
        return;
      }
      const delivered = [claimed.id, event.seq, LEASE_SECS];
      const stands = await database.query(WEBHOOK_QUERIES.delivered, delivered, 'webhook-delivered');
      if (stands.length === 0) return;
    }
    await database.query(WEBHOOK_QUERIES.release, [claimed.id], 'webhook-release');
  }

  /** Null when it arrived, else why not. The body is the event as /changes shows it. */
  private async post(url: string, signer: Webhook, event: ChangeEvent): Promise<string | null> {
    const { clock, rules } = this.parts;
    const body = JSON.stringify(wordedEvent(event));
    const at = new Date(clock.nowMs());
    const headers = {
      'webhook-id': event.eventId,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': signer.sign(event.eventId, at, body),
    };
    try {
      await postWebhook(new URL(url), { headers, body }, rules);
      return null;
    } catch (error) {
      return (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON_LENGTH);
    }
  }
}
