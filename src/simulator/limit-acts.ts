// Limits changed while running, with or without notice: /sys/status tells the truth, or what was true before.
import type { Undo } from './fault-states.js';
import { limitsInForce } from './limits.js';
import { ActRefused } from './national-acts.js';
import type { Nation } from './nation.js';
import { changeSettings } from './nation-acts.js';
import { patched } from './state-patch.js';

const NAMES = ['qps', 'burst', 'concurrency', 'callsPerMinute', 'tokensPerMinute', 'batchItems', 'batchBytes'] as const;

export type LimitPatch = Partial<Record<(typeof NAMES)[number] | 'quotaPerDay', number | null>>;

function settingsPatch(
  nation: Nation,
  { quotaPerDay, ...rest }: LimitPatch,
  announce: boolean,
): Record<string, unknown> {
  const unknown = Object.keys(rest).find((name) => !NAMES.includes(name as (typeof NAMES)[number]));
  if (unknown !== undefined)
    throw new ActRefused(`${unknown}: no such limit; one of ${[...NAMES, 'quotaPerDay'].join(', ')}`, unknown);
  const { settings } = nation;
  return {
    limits: rest,
    ...(quotaPerDay === undefined ? {} : { quotaPerDay }),
    // What had been announced before stays announced; a second change without notice does not reveal the first.
    announced: announce ? null : (settings.announced ?? limitsInForce(settings)),
  };
}

/** Until lifted. */
export const changeLimits = (nation: Nation, patch: LimitPatch, announce: boolean): Undo =>
  patched(nation, settingsPatch(nation, patch, announce));

/** For good. */
export const keepLimits = (nation: Nation, patch: LimitPatch, announce: boolean): void =>
  changeSettings(nation, settingsPatch(nation, patch, announce));

export function setUsed(nation: Nation, used: number): void {
  nation.journal.append({ k: 'quota', used, atMs: nation.clock.now() });
  nation.books.setUsedToday(used);
}
