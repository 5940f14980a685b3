/**
 * How a replay feels its way: one record, ten, a hundred, the rest. A stage is over when all it sent has been answered;
 * it stops by itself when too many failed for the very cause again, or when one failed for a new cause. Pure.
 */

/** Records sent in each stage; the last one has no end. */
export const STAGE_SIZES = [1, 10, 100, Number.POSITIVE_INFINITY] as const;
export const LAST_STAGE = STAGE_SIZES.length;
/** A stage in which more than this share of what was sent fails is stopped. */
export const MAX_FAILED_SHARE = 0.2;
/**
 * At most this many are under way at once, also in the last stage: two batches. A stop has to take back no more than
 * this, and what cannot be taken back any more is one call or two.
 */
export const WINDOW = 200;

/** What became of the records that the present stage has sent. */
export interface StageCount {
  readonly stage: number;
  readonly sent: number;
  readonly done: number;
  readonly failed: number;
  readonly newCause: number;
  /** Sent and not answered, but for those that wait for something of their own. */
  readonly underWay: number;
  /** Sent, and waiting for a parent: they neither prove nor disprove anything. */
  readonly waiting: number;
  /** Of the whole replay: not sent yet. */
  readonly left: number;
}

export type StageVerdict =
  | { readonly next: 'stop'; readonly cause: 'same-cause' | 'new-cause' }
  | { readonly next: 'finish' }
  | { readonly next: 'stage' }
  /** Send this many more; 0 = wait. */
  | { readonly next: 'send'; readonly count: number };

export function judgeStage(count: StageCount): StageVerdict {
  const { stage, sent, done, failed, newCause, underWay, waiting, left } = count;
  if (newCause > 0) return { next: 'stop', cause: 'new-cause' };
  if (failed > sent * MAX_FAILED_SHARE) return { next: 'stop', cause: 'same-cause' };
  if (left === 0) return underWay + waiting === 0 ? { next: 'finish' } : { next: 'send', count: 0 };
  const room = Math.min((STAGE_SIZES[stage - 1] ?? 0) - sent, WINDOW - underWay);
  if (room > 0) return { next: 'send', count: Math.min(room, left) };
  // Without one success nothing is known yet, however long the records wait.
  const isProven = stage < LAST_STAGE && underWay === 0 && done > 0;
  return isProven ? { next: 'stage' } : { next: 'send', count: 0 };
}

/** Write calls that a replay costs when all goes well: none carries more than a batch. */
export function estimateCalls(items: number, batchItems: number): { writes: number; firstStages: readonly number[] } {
  const batch = Math.max(1, batchItems);
  let left = items;
  const perStage = STAGE_SIZES.map((size) => {
    const sent = Math.min(size, left);
    left -= sent;
    return Math.ceil(sent / batch);
  });
  return { writes: perStage.reduce((sum, calls) => sum + calls, 0), firstStages: perStage };
}
