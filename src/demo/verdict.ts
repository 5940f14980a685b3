import type { Findings, KindFindings } from './comparison.js';
import type { KindName } from './world-record.js';
import type { SummaryKinds } from './station-client.js';

export interface NationalTotals {
  readonly active: number;
  readonly minutes: number;
  readonly duplicates: readonly string[];
}

/** Whether the demonstration kept its promise, and each part of the answer. */
export interface Verdict {
  readonly lost: number;
  readonly doubled: number;
  readonly stray: number;
  readonly minutesHere: number;
  readonly minutesThere: number;
  readonly deviations: number;
  /** What the public summary says and what the books say. */
  readonly isSummaryTrue: boolean;
  readonly isQuiet: boolean;
  readonly holds: boolean;
}

const total = (findings: Findings, of: (kind: KindFindings) => number): number =>
  [...findings.kinds.values()].reduce((sum, kind) => sum + of(kind), 0);

const sorted = (states: Readonly<Record<string, number>>): string => JSON.stringify(Object.entries(states).sort());

function isSummaryTrue(findings: Findings, summary: SummaryKinds): boolean {
  return [...findings.kinds].every(([kind, { states }]) => sorted(states) === sorted(summary[kind] ?? {}));
}

export interface Evidence {
  readonly findings: Findings;
  readonly summary: SummaryKinds;
  readonly nation: ReadonlyMap<KindName, NationalTotals>;
  readonly isQuiet: boolean;
}

export function judge({ findings, summary, nation, isQuiet }: Evidence): Verdict {
  // The simulator counts numbers on more than one row by itself; whichever of the two finds more is believed.
  const seenTwice = [...nation.values()].reduce((sum, { duplicates }) => sum + duplicates.length, 0);
  const parts = {
    lost: total(findings, ({ lost }) => lost),
    doubled: Math.max(
      seenTwice,
      total(findings, ({ doubled }) => doubled),
    ),
    stray: total(findings, ({ stray }) => stray),
    minutesHere: total(findings, ({ minutesHere }) => minutesHere),
    minutesThere: total(findings, ({ minutesThere }) => minutesThere),
    deviations: findings.deviations.length,
    isSummaryTrue: isSummaryTrue(findings, summary),
    isQuiet,
  };
  const isClean = parts.lost + parts.doubled + parts.stray + parts.deviations === 0;
  const holds = isClean && parts.minutesHere === parts.minutesThere && parts.isSummaryTrue && isQuiet;
  return { ...parts, holds };
}
