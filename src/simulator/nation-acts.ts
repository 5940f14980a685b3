// Acts of the operator on the nation as a whole, each in the journal, so that a restart keeps them.
import { beijingTime } from './clock.js';
import { ActRefused } from './national-acts.js';
import type { Nation } from './nation.js';
import { patchSettings } from './settings.js';

export interface ClockMove {
  offsetMs?: number;
  at?: string | number;
  advanceMs?: number;
}

export function moveClock(nation: Nation, move: ClockMove): void {
  const { clock } = nation;
  let offsetMs = move.offsetMs ?? clock.offsetMs();
  if (move.at !== undefined) {
    const atMs = typeof move.at === 'number' ? move.at : Date.parse(move.at);
    if (Number.isNaN(atMs)) throw new ActRefused('at is no instant', 'at');
    offsetMs = atMs - Date.now();
  }
  offsetMs += move.advanceMs ?? 0;
  nation.journal.append({ k: 'clock', offsetMs });
  clock.setOffset(offsetMs);
}

export function rotateSecret(nation: Nation, secret: string, overlapMs: number): object {
  const formerUntilMs = nation.clock.now() + overlapMs;
  nation.journal.append({ k: 'secret', secret, formerUntilMs });
  const { keyVersion } = nation.books.rotateSecret(secret, formerUntilMs);
  return { keyVersion, formerUntil: beijingTime(formerUntilMs) };
}

/** Settings changed at the control port for good: they come back after a restart, unlike a fault's. */
export function changeSettings(nation: Nation, patch: Readonly<Record<string, unknown>>): void {
  patchSettings(nation.settings, patch);
  nation.journal.append({ k: 'settings', patch });
}
