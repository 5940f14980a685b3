import type { Queryable } from '../platform/database/index.js';
import type { ItemProblem, RecordState } from '../records/index.js';
import { READER_QUERIES } from './reader.queries.js';
import { waitingFor, type LiveWait, type StoredWait } from './waiting-for.js';

export type { StoredWait } from './waiting-for.js';

/** Where a record is (station-contract §4); warnings are still codes. */
export interface RecordStatus {
  readonly recordId: string;
  readonly kind: string;
  readonly sourceId: string;
  readonly bizNo: string;
  readonly version: number;
  readonly state: RecordState;
  readonly since: Date;
  readonly nationalId: string | null;
  readonly nationalVersion: number | null;
  readonly waitingFor: readonly StoredWait[];
  readonly lastOutcome: StoredOutcome | null;
  readonly nextAttemptAt: Date | null;
  readonly dueBy: Date | null;
  readonly warnings: readonly ItemProblem[];
  /** sourceIds of the same source system that are the same person (G-49). */
  readonly samePersonAs: readonly string[];
}

export interface StoredOutcome {
  readonly code: string;
  readonly message: string | null;
  readonly at: Date;
  readonly actor: 'station' | 'adapter' | 'national' | 'operator';
}

export interface ChangeEvent {
  readonly seq: number;
  readonly eventId: string;
  readonly kind: string;
  readonly sourceId: string;
  readonly recordId: string;
  readonly version: number;
  readonly state: RecordState;
  readonly since: Date;
  readonly code: string | null;
}

export type ChangesAnswer =
  | { readonly isExpired: true }
  | {
      readonly isExpired: false;
      readonly events: readonly ChangeEvent[];
      readonly next: number;
      readonly hasMore: boolean;
    };

export interface Summary {
  readonly asOf: Date;
  readonly kinds: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

interface StatusRow {
  record_id: string;
  kind: string;
  source_id: string;
  biz_no: string;
  version: number;
  state: RecordState;
  since: Date;
  national_id: string | null;
  national_version: number | null;
  waiting_for: StoredWait[] | null;
  live_waits: LiveWait[] | null;
  outcome_code: string | null;
  outcome_message: string | null;
  outcome_at: Date | null;
  outcome_actor: StoredOutcome['actor'] | null;
  due_by: Date | null;
  warnings: ItemProblem[] | null;
  ready_at: Date | null;
  closed_until: Date | null;
  lookup_at: Date | null;
  call_due_at: Date | null;
  watch_due_at: Date | null;
  same_person_as: string[];
}

/** A numbered event of a page. */
interface ChangeEventRow {
  seq: string;
  event_id: string;
  kind: string;
  source_id: string;
  record_id: string;
  version: number;
  state: RecordState;
  since: Date;
  code: string | null;
}

/** The counter beside each event; alone when there is none. */
type ChangeRow = { last_seq: string; purged_through: string } & (ChangeEventRow | { seq: null });

interface SummaryRow {
  as_of: Date;
  kind: string | null;
  state: RecordState | null;
  records: number | null;
}

/** What a source system may read of the ledger: its own records, nothing else (G-73). */
export class LedgerReader {
  constructor(private readonly database: Queryable) {}

  async status(sourceSystemId: string, kind: string, sourceId: string): Promise<RecordStatus | null> {
    const params = [sourceSystemId, kind, sourceId];
    const [row] = await this.database.query<StatusRow>(READER_QUERIES.status, params, 'reader-status');
    return row ? statusOf(row) : null;
  }

  /**
   * Events after a place in the feed; `null` = the beginning of what is kept.
   *
   * Promise  no event ever appears at or below `next` (G-65)
   */
  async changes(sourceSystemId: string, after: number | null, limit: number): Promise<ChangesAnswer> {
    const params = [sourceSystemId, after ?? 0, limit + 1];
    const rows = await this.database.query<ChangeRow>(READER_QUERIES.changes, params, 'reader-changes');
    const lastSeq = Number(rows[0]?.last_seq ?? 0);
    const purgedThrough = Number(rows[0]?.purged_through ?? 0);
    // A place that was never handed out (a database set back) would silently skip what comes next.
    if (after !== null && (after < purgedThrough || after > lastSeq)) return { isExpired: true };
    const found = rows.flatMap((row) => (row.seq === null ? [] : [eventOfRow(row)]));
    const events = found.slice(0, limit);
    const hasMore = found.length > limit;
    return { isExpired: false, events, hasMore, next: hasMore ? (events.at(-1)?.seq ?? lastSeq) : lastSeq };
  }

  /** Numbered events after `seq`, at most `limit`; for webhooks, which remember the number that they delivered. */
  async eventsAfter(sourceSystemId: string, seq: number, limit: number): Promise<ChangeEvent[]> {
    const params = [sourceSystemId, seq, limit];
    return (await this.database.query<ChangeEventRow>(READER_QUERIES.events, params, 'reader-events')).map(eventOfRow);
  }

  async summary(sourceSystemId: string): Promise<Summary> {
    const rows = await this.database.query<SummaryRow>(READER_QUERIES.summary, [sourceSystemId], 'reader-summary');
    const kinds: Record<string, Record<string, number>> = {};
    for (const { kind, state, records } of rows) {
      if (kind !== null && state !== null) (kinds[kind] ??= {})[state] = records ?? 0;
    }
    return { asOf: rows[0]?.as_of ?? new Date(0), kinds };
  }
}

function statusOf(row: StatusRow): RecordStatus {
  const { outcome_code: code, outcome_at: at, outcome_actor: actor } = row;
  return {
    recordId: row.record_id,
    kind: row.kind,
    sourceId: row.source_id,
    bizNo: row.biz_no,
    version: row.version,
    state: row.state,
    since: row.since,
    nationalId: row.national_id,
    nationalVersion: row.national_version,
    waitingFor: row.state === 'waiting' ? waitingFor(row.live_waits, row.waiting_for) : [],
    lastOutcome:
      code !== null && at !== null && actor !== null ? { code, message: row.outcome_message, at, actor } : null,
    nextAttemptAt: nextAttemptOf(row),
    dueBy: row.due_by,
    warnings: row.warnings ?? [],
    samePersonAs: row.same_person_as,
  };
}

/** When it moves next by itself; null = at once, or not before something else happens. */
function nextAttemptOf(row: StatusRow): Date | null {
  switch (row.state) {
    case 'queued':
    case 'waiting':
      return latest(row.ready_at, row.closed_until);
    case 'unknown':
      return row.lookup_at ?? row.call_due_at;
    case 'pending':
      return row.call_due_at ?? row.watch_due_at;
    default:
      return null;
  }
}

const latest = (one: Date | null, other: Date | null): Date | null => {
  if (one === null || other === null) return one ?? other;
  return one > other ? one : other;
};

function eventOfRow(row: ChangeEventRow): ChangeEvent {
  return {
    seq: Number(row.seq),
    eventId: row.event_id,
    kind: row.kind,
    sourceId: row.source_id,
    recordId: row.record_id,
    version: row.version,
    state: row.state,
    since: row.since,
    code: row.code,
  };
}

/** An event as the feed and the webhooks show it (G-65). */
export function wordedEvent({ code, since, ...event }: ChangeEvent): object {
  return { ...event, since: since.toISOString(), ...(code === null ? {} : { code }) };
}
