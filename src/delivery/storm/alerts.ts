import type { Queryable } from '../../platform/database/index.js';
import {
  beijingDate,
  catalogueEntry,
  sentence,
  type CatalogueCode,
  type SentenceParams,
  type WorkingCalendar,
} from '../../records/index.js';
import { horizons, missingCalendarYears } from '../fair/lanes.js';
import { quotaStanding } from './quota.js';

/** One thing about the line as a whole that somebody should know of. */
export interface Alert {
  readonly code: CatalogueCode;
  readonly level: string;
  /** One Chinese sentence, and the way out. */
  readonly message: string;
  readonly remedy: string;
  /** RFC 3339; null = it is no matter of a moment. */
  readonly since: string | null;
  readonly details: SentenceParams;
}

/** A record whose national outcome is unknown for longer than this is a matter for people (§1.8: "e.g. 24 h"). */
export const UNKNOWN_ALERT_HOURS = 20;
/** A pause is brought to mind so long before its end. */
export const PAUSE_ALERT_MINUTES = 60;
/** Share of the day's quota from which it is nearly used. */
export const QUOTA_ALERT_SHARE = 0.8;

/** Everything that stands now; derived from the rows, so that nothing can be forgotten or stay too long. */
export async function listAlerts(database: Queryable, calendar: WorkingCalendar): Promise<readonly Alert[]> {
  const [now] = await database.query<{ now_ms: number }>(`SELECT (extract(epoch FROM now()) * 1000)::float8 AS now_ms`);
  const nowMs = now?.now_ms ?? 0;
  return [
    ...(await ofBreakers(database)),
    ...(await ofPauses(database)),
    ...(await ofUnknown(database)),
    ...(await ofDeadlines(database, horizons(nowMs, calendar).urgentBy)),
    ...(await ofQuota(database)),
    ...missingCalendarYears(beijingDate(nowMs), calendar).map((year) => alert('CALENDAR_YEAR_MISSING', null, { year: String(year) })),
  ];
} // prettier-ignore

function alert(code: CatalogueCode, since: Date | null, details: SentenceParams): Alert {
  const { level, remedy } = catalogueEntry(code);
  return { code, level, message: sentence(code, 'zh', details), remedy, since: since?.toISOString() ?? null, details };
}

async function ofBreakers(database: Queryable): Promise<Alert[]> {
  const rows = await database.query<{ operation: string; since: Date; code: string }>(
    `SELECT operation, since, code FROM national_breaker WHERE state IN ('open', 'half-open') ORDER BY since, operation`,
  );
  return rows.map(({ operation, since, code }) =>
    alert(operation.startsWith('entity:') ? 'ENTITY_STOPPED' : 'BREAKER_OPEN', since, { operation, said: code }),
  );
}

async function ofPauses(database: Queryable): Promise<Alert[]> {
  const rows = await database.query<{ scope: string; actor: string; at: Date; id: string }>(
    `SELECT id, scope, actor, at FROM delivery_pause WHERE ended_at IS NULL
       AND CASE WHEN until IS NULL THEN remind_at <= now()
         ELSE until > now() AND until <= now() + make_interval(mins => $1) END ORDER BY at`,
    [PAUSE_ALERT_MINUTES],
  );
  return rows.map(({ scope, actor, at, id }) => alert('PAUSE_ENDING', at, { scope, actor, id }));
}

async function ofUnknown(database: Queryable): Promise<Alert[]> {
  const rows = await database.query<{ count: number; since: Date | null }>(
    `SELECT count(*)::int AS count, min(c.sent_at) AS since FROM outbox o JOIN national_call c ON c.id = o.call_id
     WHERE o.stage = 'unknown' AND c.sent_at < now() - make_interval(hours => $1)`,
    [UNKNOWN_ALERT_HOURS],
  );
  return rows.filter(({ count }) => count > 0).map(({ count, since }) => alert('UNKNOWN_TOO_LONG', since, { count }));
}

/** Of what is promised and not kept; what a person must repair is found among the problems. */
async function ofDeadlines(database: Queryable, urgentBy: string): Promise<Alert[]> {
  const rows = await database.query<{ count: number; soonest: Date | null }>(
    `SELECT count(*)::int AS count, min(r.due_by) AS soonest FROM outbox o JOIN record r ON r.id = o.record_id
     WHERE r.due_by <= $1::timestamptz AND r.due_by > now()`,
    [urgentBy],
  );
  return rows
    .filter(({ count }) => count > 0)
    .map(({ count, soonest }) => alert('DUE_SOON', null, { count, soonest: soonest?.toISOString() ?? '' }));
}

async function ofQuota(database: Queryable): Promise<Alert[]> {
  const standing = await quotaStanding(database);
  if (!standing || standing.limit === null || standing.used < standing.limit * QUOTA_ALERT_SHARE) return [];
  return [alert('QUOTA_NEARLY_USED', null, { used: standing.used, limit: standing.limit })];
}
