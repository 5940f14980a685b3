import type { Database } from '../../platform/database/index.js';
import type { Ids } from '../../platform/ids/index.js';
import type { ProfileFacts } from '../../national/index.js';
import type { NationalLimits } from '../national-limits.js';
import type { Turns } from '../turns.js';
import { NationalLine } from './national-line.js';
import { Quota } from './quota.js';
import { Storm } from './storm.js';
import { STORM_POLICY, type StormPolicy } from './storm-policy.js';

export interface StormControlParts {
  readonly database: Database;
  readonly ids: Ids;
  readonly clock: { nowMs(): number };
  readonly facts: Pick<ProfileFacts, 'callDeadlineMs' | 'defaultConcurrency'>;
  readonly limits: NationalLimits;
  readonly turns: Turns;
  readonly policy?: StormPolicy;
}

export interface StormControl {
  readonly storm: Storm;
  readonly line: NationalLine;
  readonly quota: Quota;
}

/** Puts breakers, quota and turns in front of the gateway, and the limits behind them. */
export function createStormControl(parts: StormControlParts): StormControl {
  const { database, ids, clock, facts, limits, turns } = parts;
  const storm = new Storm({ database, ids, clock, policy: parts.policy ?? STORM_POLICY });
  const quota = new Quota({ database, clock, callDeadlineMs: facts.callDeadlineMs });
  const line = new NationalLine({
    database, storm, quota, turns, limits, clock, usualConcurrency: facts.defaultConcurrency,
  }); // prettier-ignore
  limits.attach({ storm, line, quota });
  return { storm, line, quota };
}
