/** The largest batch that the nation takes, as announced and as learnt from 1306. */
export interface BatchLimit {
  /** A batch of that many items was refused as too large. */
  halve(refusedItems: number): void;
  /** Effective items per batch under the announced limit. */
  under(announced: number): number;
}

/** What was learnt holds until the announcement changes: then the nation has reconsidered, and so do we. */
export function createBatchLimit(): BatchLimit {
  let learnt = Infinity;
  let lastAnnounced: number | null = null;
  return {
    halve(refusedItems) {
      learnt = Math.max(1, Math.min(learnt, Math.floor(refusedItems / 2)));
    },
    under(announced) {
      if (lastAnnounced !== null && lastAnnounced !== announced) learnt = Infinity;
      lastAnnounced = announced;
      return Math.min(learnt, announced);
    },
  };
}
