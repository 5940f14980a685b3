import type { Queryable } from '../platform/database/index.js';
import { codeWords } from '../records/index.js';
import type { GatewayOutcome } from '../national/index.js';
import { readStormView, type StormView } from './storm/storm-view.js';

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

/**
 * A stop is tried again by itself: soft ones (a filter, a login page) soon, hard ones (a key, a right) later. The profile
 * may name other pauses.
 */
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
  if (outcome.class === 'AMBIG' && outcome.pausesOperation)
    return { scope: `kind:${kind}`, forMs: outcome.pauseMs ?? SOFT_HALT_MS };
  if (outcome.class !== 'HALT') return null;
  const forMs = outcome.pauseMs ?? (outcome.isSoft ? SOFT_HALT_MS : HARD_HALT_MS);
  return { scope: outcome.scope === 'profile' ? 'all' : `kind:${kind}`, forMs };
}

/** Whoever waits for the same midnight or the same opening must not come back in the same moment (F35). */
const JITTER_SHARE = 0.02;
const JITTER_MOST_MS = 30_000;
const JITTER_FROM_MS = 60_000;
const jitterMs = (forMs: number): number =>
  forMs < JITTER_FROM_MS ? 0 : Math.min(JITTER_MOST_MS, forMs * JITTER_SHARE);

export async function closeGate(
  database: Queryable,
  gate: { scope: GateScope; forMs: number },
  outcome: { code: string; message: string },
): Promise<void> {
  await database.query(
    `INSERT INTO national_gate (scope, closed_until, code, reason)
     VALUES ($1, now() + make_interval(secs => ($2::float8 + $5::float8 * random()) / 1000), $3, $4)
     ON CONFLICT (scope) DO UPDATE SET closed_until = greatest(national_gate.closed_until, excluded.closed_until),
       code = excluded.code, reason = excluded.reason,
       since = CASE WHEN national_gate.closed_until > now() THEN national_gate.since ELSE now() END`,
    [gate.scope, gate.forMs, outcome.code, outcome.message, jitterMs(gate.forMs)],
    'delivery-close-gate',
  );
}

/** What is closed now: gates of the nation, breakers that stop everything, and pauses by people. */
export async function closedGates(database: Queryable): Promise<ReadonlyMap<string, Gate>> {
  return gatesOf(await readStormView(database, 0));
}

/** A pause that others end (a probe, a person) is looked at again after this at the latest. */
const LOOK_AGAIN_MS = 1_000;

/** Gates, breakers and pauses as one table of what may not go; pure. */
export function gatesOf({ gates, breakers, pauses }: StormView): ReadonlyMap<string, Gate> {
  const closed = new Map<string, Gate>();
  const close = (gate: Gate): void => {
    const known = closed.get(gate.scope);
    if (!known || known.remaining_ms < gate.remaining_ms) closed.set(gate.scope, gate);
  };
  for (const { scope, code, reason, remaining_ms } of gates) {
    if (remaining_ms > 0) close({ scope: scope as GateScope, code, reason, remaining_ms });
  }
  const nation = breakers.get('nation');
  if (nation && (nation.state === 'open' || nation.state === 'half-open')) {
    const remaining_ms = Math.max(LOOK_AGAIN_MS, nation.retryInMs);
    close({ scope: 'all', code: nation.code, reason: nation.reason, remaining_ms });
  }
  for (const { scope, isStop, reason, remainingMs } of pauses) {
    const remaining_ms = Math.max(LOOK_AGAIN_MS, remainingMs);
    const { code, message } = codeWords('PAUSED', { why: reason });
    const words = { code, reason: message, remaining_ms };
    if (scope === 'all') close({ scope: isStop ? 'all' : 'writes', ...words });
    else if (scope.startsWith('kind:')) close({ scope: scope as GateScope, ...words });
  }
  return closed;
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

/** Opens a gate that was closed for this code; true when it stood closed. */
export async function openGate(database: Queryable, scope: GateScope, code: string): Promise<boolean> {
  const rows = await database.query(
    `UPDATE national_gate SET closed_until = now() WHERE scope = $1 AND code = $2 AND closed_until > now() RETURNING scope`,
    [scope, code],
    'delivery-open-gate',
  );
  return rows.length > 0;
}
