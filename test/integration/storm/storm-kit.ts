import { setTimeout as sleep } from 'node:timers/promises';
import { NationalLimits } from '../../../src/delivery/national-limits.js';
import { createStormControl, type StormControl } from '../../../src/delivery/storm/create-storm.js';
import { STORM_POLICY, type StormPolicy } from '../../../src/delivery/storm/storm-policy.js';
import { Turns } from '../../../src/delivery/turns.js';
import type { GatewayOutcome, StatusAnswer, WriteAnswer } from '../../../src/national/index.js';
import { systemClock } from '../../../src/platform/clock/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { FakeNation } from '../delivery/fake-nation.js';
import type { LedgerKit } from '../ledger/ledger-kit.js';

/** Looked at anew at every call, so that no test waits for a view to grow old. */
export const QUICK: StormPolicy = { ...STORM_POLICY, viewMs: 0 };

export interface TestWorker extends StormControl {
  readonly limits: NationalLimits;
  readonly nation: FakeNation;
  /** Calls that really went out. */
  readonly gone: string[];
  write(kind: string, outcome?: GatewayOutcome | readonly GatewayOutcome[]): Promise<WriteAnswer>;
  lookup(outcome?: GatewayOutcome): Promise<GatewayOutcome | null>;
  status(answer: StatusAnswer): Promise<StatusAnswer>;
}

export const said = { code: '0000', message: 'x' };
export const fine: GatewayOutcome = {
  class: 'DONE', ...said, result: 'CREATED', nationalId: 'N', storedVersion: 1, review: 'PASSED',
}; // prettier-ignore
export const down: GatewayOutcome = { class: 'AMBIG', code: 'HTTP_ERROR', message: 'x' };
export const unreachable: GatewayOutcome = { class: 'RETRY', code: 'TRANSPORT', message: 'x', retryAfterMs: null };
export const refused: GatewayOutcome = { class: 'REJECT', code: '2202', message: 'x', fields: [] };

/** One worker process: its own memory, the shared database. */
export async function startWorker(kit: LedgerKit, policy: StormPolicy = QUICK): Promise<TestWorker> {
  const { database } = kit;
  const nation = new FakeNation();
  const limits = new NationalLimits(database, nation, systemClock, (step, error) => {
    throw new Error(step, { cause: error });
  });
  const turns = new Turns(database, systemIds, 1_000);
  const control = createStormControl({
    database, ids: systemIds, clock: systemClock, facts: nation.facts, limits, turns, policy,
  }); // prettier-ignore
  const gone: string[] = [];
  const announce = nation.status;
  nation.status = async () => {
    gone.push('status');
    return announce();
  };
  await limits.fresh();
  gone.length = 0;
  const answerOf = (outcome: GatewayOutcome | readonly GatewayOutcome[]): WriteAnswer =>
    'class' in outcome
      ? { level: 'call', outcome, requestId: 'r' }
      : { level: 'items', items: new Map(outcome.map((one, at) => [`B${at}`, one])), requestId: 'r' };
  return {
    ...control, limits, nation, gone,
    write: (kind, outcome = [fine]) =>
      control.line.write({ id: systemIds.uuid(), kind }, async () => {
        gone.push(`write:${kind}`);
        await sleep(1);
        return answerOf(outcome);
      }),
    lookup: async (outcome) => {
      const answer = await control.line.lookup(async () => {
        gone.push('lookup');
        return outcome ? { status: 'failed', outcome } : { status: 'found', asOfMs: 0, rows: new Map() };
      });
      return answer.status === 'failed' ? answer.outcome : null;
    },
    status: (answer) =>
      control.line.status(async () => {
        gone.push('status');
        return answer;
      }),
  }; // prettier-ignore
}

/** As if the pause before the next probe were over. */
export async function passPause(kit: LedgerKit): Promise<void> {
  await kit.rows(`UPDATE national_breaker SET retry_at = now() WHERE state IN ('open', 'half-open')`);
  await kit.rows(`UPDATE national_gate SET closed_until = now(), since = now()`);
}

export async function forgetStorm(kit: LedgerKit): Promise<void> {
  await kit.rows(
    `TRUNCATE national_breaker, national_speed, national_quota_day, national_quota_block, delivery_pause, national_gate,
       national_slot, national_pace, outbox, delivery_promise, delivery_promise_score, delivery_throughput`,
  );
}
