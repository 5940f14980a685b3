import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Fleet } from './fleet/fleet.js';

const CALM_LOOKS = 3;
const LOOK_EVERY_MS = 400;

interface Open {
  readonly moving: number;
  /** Waiting for something although its plan says that it should get through. */
  readonly waiting: number;
  readonly attempts: number;
}

/** What is not at rest, by the ledger itself. Records planned to wait are told by the fleet. */
async function lookAtLedger(url: string): Promise<Open | null> {
  const client = new Client({ connectionString: url, application_name: 'zhiqiao-judge' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<Open>(
      `SELECT (SELECT count(*)::int FROM record WHERE state IN ('queued', 'sending', 'unknown', 'pending')) AS moving,
         (SELECT count(*)::int FROM record WHERE state = 'waiting') AS waiting,
         (SELECT count(*)::int FROM attempt WHERE stage <> 'closed') AS attempts`,
    );
    return rows[0] ?? null;
  } catch {
    return null; // the database is being restarted; the next look tells
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Waits until nothing moves any more and nothing waits that should not: several looks in a row, so that what comes
 * between two steps is not taken for rest. False when that did not happen in time.
 */
export async function settle(databaseUrl: string, fleet: Fleet, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  for (let calm = 0; performance.now() < end; await sleep(LOOK_EVERY_MS)) {
    const open = await lookAtLedger(databaseUrl);
    const isCalm = open !== null && open.moving === 0 && open.attempts === 0 && open.waiting <= fleet.plannedToWait;
    calm = isCalm ? calm + 1 : 0;
    if (calm >= CALM_LOOKS) return true;
  }
  return false;
}
