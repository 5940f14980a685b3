// The change feed of §1.9 with §1.16 E6–E8.
import type { Clock } from './clock.js';
import { beijingTime } from './clock.js';
import type { Entity, FeedType, Origin, RowState } from './model.js';
import type { Chance } from './random.js';
import type { Settings } from './settings.js';

export interface FeedEvent {
  seq: number;
  eventId: string;
  type: FeedType;
  /** The row as of the event. */
  state: RowState;
  origin: Origin;
  occurredAtMs: number;
  /** REASSIGNED is told under the old id (§1.16 E7). */
  formerId?: string;
  toNationalId?: string;
}

export interface FeedPage {
  events: FeedEvent[];
  nextCursor: string;
  hasMore: boolean;
  safeUpTo: number;
}

export class Feed {
  private events: FeedEvent[] = [];

  add(event: FeedEvent): void {
    this.events.push(event);
  }

  nextSeq(): number {
    return (this.events.at(-1)?.seq ?? 0) + 1;
  }

  lastSeq(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  clear(): void {
    this.events = [];
  }

  /** `upToSeq`: the end of the old platform's feed after a migration. */
  page(
    query: { afterSeq: number; upToSeq?: number; limit: number; entities: ReadonlySet<Entity> | null },
    clock: Clock,
  ): FeedPage {
    const found: FeedEvent[] = [];
    const end = query.upToSeq === undefined ? this.events.length : this.firstAfter(query.upToSeq);
    let at = this.firstAfter(query.afterSeq);
    for (; at < end && found.length < query.limit; at += 1) {
      const event = this.events[at];
      if (event !== undefined && (query.entities?.has(event.state.entity) ?? true)) found.push(event);
    }
    const reached = Math.max(query.afterSeq, this.events[at - 1]?.seq ?? 0);
    return {
      events: found,
      nextCursor: encodeCursor(Math.min(reached, this.lastSeq()), clock.now()),
      hasMore: at < end,
      safeUpTo: 0,
    };
  }

  /** Only events older than the safe lag are final. */
  safeUpTo(nowMs: number, safeLagMs: number): number {
    if (safeLagMs === 0) return this.lastSeq();
    for (let at = this.events.length - 1; at >= 0; at -= 1) {
      const event = this.events[at];
      if (event !== undefined && event.occurredAtMs <= nowMs - safeLagMs) return event.seq;
    }
    return 0;
  }

  private firstAfter(seq: number): number {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.events[middle]?.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function encodeCursor(seq: number, issuedAtMs: number): string {
  return Buffer.from(`${seq}.${issuedAtMs}`).toString('base64url');
}

/** undefined when the text is not one of our cursors. */
export function decodeCursor(cursor: string): { seq: number; issuedAtMs: number } | undefined {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  return match === null ? undefined : { seq: Number(match[1]), issuedAtMs: Number(match[2]) };
}

/** At-least-once, now and then out of order inside the safe lag (§2.2 B11). */
export function disorder(page: FeedPage, settings: Settings, chance: Chance): FeedEvent[] {
  if (settings.feed.disorderRate === 0) return page.events;
  const out: FeedEvent[] = [];
  for (const event of page.events) {
    const unsettled = event.seq > page.safeUpTo && chance.next() < settings.feed.disorderRate;
    if (unsettled && out.length > 0 && chance.next() < 0.5) out.splice(out.length - 1, 0, event);
    else out.push(event, ...(unsettled ? [event] : []));
  }
  return out;
}

export function wireEvent(event: FeedEvent): Record<string, unknown> {
  const { state, type } = event;
  const snapshot = {
    status: state.status,
    auditStatus: state.auditStatus,
    data: state.data,
    realNameStatus: state.realNameStatus,
    volunteerNo: state.volunteerNo,
  };
  return {
    seq: event.seq,
    eventId: event.eventId,
    type,
    entity: state.entity,
    nationalId: event.formerId ?? state.nationalId,
    bizNo: state.bizNo,
    version: state.version,
    contentHash: state.contentHash,
    origin: event.origin,
    occurredAt: beijingTime(event.occurredAtMs),
    toNationalId: event.toNationalId,
    auditStatus: type === 'AUDIT_RESULT' ? state.auditStatus : undefined,
    realNameStatus: type === 'REALNAME_RESULT' ? state.realNameStatus : undefined,
    certNo: type.startsWith('CERT_') ? state.certificate?.certNo : undefined,
    snapshot,
  };
}
