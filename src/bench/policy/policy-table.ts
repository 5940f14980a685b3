import type { PolicyResult, PolicyRow } from './run-policy.js';
import { hoursOf, TARGETS } from './trace.js';

const NAME_WIDTH = 30;
const FIGURE_WIDTH = 12;

/** Label, figure, and the target for the adapter (null = only told). */
const LINES: readonly (readonly [string, keyof PolicyRow, number | null])[] = [
  ['calls during the outage', 'callsDuringOutage', TARGETS.callsDuringOutage],
  ['duplicates', 'duplicates', TARGETS.duplicates],
  ['undelivered', 'undelivered', TARGETS.undelivered],
  ['false successes', 'falseSuccesses', TARGETS.falseSuccesses],
  ['drain, hours', 'drainHours', TARGETS.drainHours],
  ['accepted', 'accepted', null],
  ['refused, and said so', 'refused', null],
  ['calls in all', 'calls', null],
  ['calls beyond a limit', 'limitsBroken', null],
  ['blind resends', 'blindResends', null],
];

/** Both rows side by side, for people. */
export function policyTable({ scale, trace, adapter, plain, isKept }: PolicyResult): string {
  const cell = (text: string | number): string => String(text).padStart(FIGURE_WIDTH);
  const percent = (share: number): string => `${share * 100} %`;
  return [
    `${trace.creates} creates, ${hoursOf(trace.outageMs)} h of outage, ${percent(trace.lostReplies)} lost replies, ` +
      `${percent(trace.refused)} refused inside HTTP 200, ${trace.callsPerMinute} calls a minute; scale ${scale}`,
    ''.padEnd(NAME_WIDTH) + ['adapter', 'plain', 'target'].map(cell).join(''),
    ...LINES.map(
      ([label, figure, target]) =>
        label.padEnd(NAME_WIDTH) +
        [adapter[figure], plain[figure], target === null ? '' : `≤ ${target}`].map(cell).join(''),
    ),
    isKept ? 'the adapter keeps all targets' : 'the adapter MISSES a target',
  ].join('\n');
}
