/** Figures of one comparison: both sides of every round, in the order in which they were measured. */
export interface Comparison {
  readonly adapter: readonly number[];
  readonly bare: readonly number[];
}

export interface Verdict {
  readonly perSecond: number;
  readonly bare: number;
  /** Of the two medians, so that whoever reads the line can check it. */
  readonly ratio: number;
}

const RATIO_DIGITS = 3;

/** The middle figure; of an even number the mean of the middle two. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError('a median needs a figure');
  return (upper + lower) / 2;
}

export function verdictOf({ adapter, bare }: Comparison): Verdict {
  const perSecond = Math.round(median(adapter));
  const perSecondBare = Math.round(median(bare));
  return { perSecond, bare: perSecondBare, ratio: Number((perSecond / perSecondBare).toFixed(RATIO_DIGITS)) };
}

/** Records per second of a leg that took `ms`. */
export const rate = (records: number, ms: number): number => records / (ms / 1_000);

/** All progress goes to stderr: stdout belongs to the result. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
