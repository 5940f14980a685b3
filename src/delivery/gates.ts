import type { Queryable } from '../platform/database/index.js';
import type { GatewayOutcome } from '../national/index.js';

/**
 * What must pause until when, shared by all workers. A gate is closed by what the nation answered or announced and
 * opens by the database clock.
 */
export type GateScope = 'all' | 'writes' | `kind:${string}`;

export interface Gate {
  readonly scope: GateScope;
  readonly code: string;
  readonly reason: string;
  readonly remaining_ms: number;
}

/** A stop is tried again by itself: soft ones (a filter, a login page) soon, hard ones (a key, a right) later. */
const SOFT_HALT_MS = 2 * 60_000;
const HARD_HALT_MS = 15 * 60_000;
/** A call that was throttled for its rate slows the whole line for at least this long. */
const MIN_PAUSE_MS = 200;

/** The gate that an outcome closes, or null. */
export function gateOf(outcome: GatewayOutcome, kind: string): { scope: GateScope; forMs: number } | null {
  if (outcome.class === 'QUOTA') {
    return {
      scope: outcome.scope === 'writes' ? 'writes' : 'all',
      forMs: Math.max(MIN_PAUSE_MS, outcome.retryAfterMs),
    };
  }
  if (outcome.class === 'AMBIG' && outcome.pausesOperation) return { scope: `kind:${kind}`, forMs: SOFT_HALT_MS };
  if (outcome.class !== 'HALT') return null;
  const forMs = outcome.isSoft ? SOFT_HALT_MS : HARD_HALT_MS;
  return { scope: outcome.scope === 'profile' ? 'all' : `kind:${kind}`, forMs };
}

export async function closeGate(
  database: Queryable,
  gate: { scope: GateScope; forMs: number },
  outcome: { code: string; message: string },
): Promise<void> {
  await database.query(
    `INSERT INTO national_gate (scope, closed_until, code, reason)
     VALUES ($1, now() + make_interval(secs => $2::float8 / 1000), $3, $4)
     ON CONFLICT (scope) DO UPDATE SET closed_until = greatest(national_gate.closed_until, excluded.closed_until),
       code = excluded.code, reason = excluded.reason,
       since = CASE WHEN national_gate.closed_until > now() THEN national_gate.since ELSE now() END`,
    [gate.scope, gate.forMs, outcome.code, outcome.message],
    'delivery-close-gate',
  );
}

export async function closedGates(database: Queryable): Promise<ReadonlyMap<string, Gate>> {
  const rows = await database.query<Gate & Record<string, unknown>>(
    `SELECT scope, code, reason, (extract(epoch FROM closed_until - now()) * 1000)::float8 AS remaining_ms
     FROM national_gate WHERE closed_until > now()`,
    [],
    'delivery-closed-gates',
  );
  return new Map(rows.map((row) => [row.scope, row]));
}

/** Codes of pauses for hours and maintenance: the nation may end them before the time that it had named. */
const ANNOUNCED_CODES = ['1303', '1304'];
/** A gate younger than this may have been closed after the nation wrote that it is open. */
const YOUNG_GATE_MS = 5_000;

/** The nation says that it is open: true when a gate stood closed that this opens. */
export async function openAnnounced(database: Queryable): Promise<boolean> {
  const rows = await database.query(
    `UPDATE national_gate SET closed_until = now() WHERE closed_until > now() AND code = ANY ($1::text[])
       AND scope IN ('all', 'writes') AND since < now() - make_interval(secs => $2::float8 / 1000) RETURNING scope`,
    [ANNOUNCED_CODES, YOUNG_GATE_MS],
    'delivery-open-gates',
  );
  return rows.length > 0;
}

export const isWriteOpen = (gates: ReadonlyMap<string, Gate>, kind: string): boolean =>
  !gates.has('all') && !gates.has('writes') && !gates.has(`kind:${kind}`);
