import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadEvidence, type Evidence } from './evidence.js';
import { everythingHasItsFate, newestWins, receiptsAreKept, repeatsChangeNothing } from './ledger-checks.js';
import { everyMoveHasOneLeaf } from './log-checks.js';
import {
  contentIsTheNewest, minutesAreEqual, noPhantoms, noTimeTwice, oneRowEach, voidsStand,
} from './national-checks.js'; // prettier-ignore
import {
  comesToRest, everythingIsBounded, massEffectsNeedTwo, nobodyCrashes, nobodyTrespasses, nothingLeaks, recoversInTime,
} from './run-checks.js'; // prettier-ignore
import { timelineOf } from './timeline.js';
import type { Check, Violation } from './violation.js';
import { limitsAreKept, noBlindResend, oneWriterAtATime, unknownsAreSettled, writtenDownFirst } from './wire-checks.js';

/** Every invariant that this judge asserts. I16 and I26 are these same checks after a flush and after clock jumps. */
export const CHECKS: Readonly<Record<string, Check>> = {
  I01: receiptsAreKept,
  I02: everythingHasItsFate,
  I03: oneRowEach,
  I04: contentIsTheNewest,
  I05: noPhantoms,
  I06: voidsStand,
  I07: minutesAreEqual,
  I08: noTimeTwice,
  I09: repeatsChangeNothing,
  I10: newestWins,
  I11: writtenDownFirst,
  I12: noBlindResend,
  I13: oneWriterAtATime,
  I14: everyMoveHasOneLeaf,
  I17: limitsAreKept,
  I18: comesToRest,
  I19: nobodyTrespasses,
  I20: nothingLeaks,
  I25: everythingIsBounded,
  I27: massEffectsNeedTwo,
  G5: unknownsAreSettled,
  G6: recoversInTime,
  CRASH: nobodyCrashes,
};

export interface Verdict {
  /** `unknown` = the evidence could not be read whole; it counts as failed (§4.3). */
  readonly result: 'silent' | 'violations' | 'unknown';
  readonly violations: readonly Violation[];
  /** Number of violations of each invariant. */
  readonly counts: Readonly<Record<string, number>>;
  readonly lost: number;
  readonly duplicated: number;
  readonly blindResends: number;
  readonly areMinutesEqual: boolean;
}

const SHOWN_OF_EACH = 20;

/** Judges a run's folder and writes `violations.ndjson` into it. */
export function judge(folder: string): Verdict {
  const evidence = loadEvidence(folder);
  const counts: Record<string, number> = {};
  const violations: Violation[] = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    const found = check(evidence);
    counts[name] = found.length;
    violations.push(...found);
  }
  report(folder, evidence, violations);
  const of = (name: string): number => counts[name] ?? 0;
  return {
    result: !evidence.facts.isReadWhole ? 'unknown' : violations.length > 0 ? 'violations' : 'silent',
    violations,
    counts,
    lost: violations.filter(isLost).length,
    duplicated: violations.filter(
      ({ invariant, what }) => invariant === 'I03' && /living national rows|shares/.test(what),
    ).length,
    blindResends: of('I12'),
    areMinutesEqual: of('I07') === 0,
  };
}

/** A receipt without its record, or a record that should stand nationally and does not. */
function isLost({ invariant, what }: Violation): boolean {
  if (invariant === 'I01') return /the ledger has 0|kept 0/.test(what);
  return (
    (invariant === 'I02' && /should be mirrored/.test(what)) || (invariant === 'I03' && /no row stands/.test(what))
  );
}

/** One JSON line per violation: the key's way through all files, the seed, and how to play it again. */
function report(folder: string, evidence: Evidence, violations: readonly Violation[]): void {
  const path = join(folder, 'violations.ndjson');
  writeFileSync(path, '');
  const shown = new Map<string, number>();
  for (const violation of violations) {
    const count = (shown.get(violation.invariant) ?? 0) + 1;
    shown.set(violation.invariant, count);
    const isDetailed = count <= SHOWN_OF_EACH;
    const line = {
      ...violation,
      seed: evidence.facts.seed,
      replay: evidence.facts.replay,
      ...(isDetailed ? { timeline: timelineOf(evidence, violation.key) } : {}),
    };
    appendFileSync(path, `${JSON.stringify(line)}\n`);
  }
}
