// F52: the callback that arrives before the reply to our own POST has.
import { processBatch } from './batches.js';
import type { Reply } from './model.js';
import type { Nation } from './nation.js';
import { decideReview, isPending } from './reviews.js';

const LOOK_EVERY_MS = 5;
const GIVE_UP_AFTER_MS = 10_000;

/** What the call set going is finished at once, and the reply waits until its callback has been answered. */
export async function bringCallbackForward(nation: Nation, reply: Reply | undefined): Promise<void> {
  const { batchNo, nationalId } = reply?.data ?? {};
  const batch = typeof batchNo === 'string' ? nation.batches.get(batchNo) : undefined;
  const row = typeof nationalId === 'string' ? nation.ledger.get(nationalId) : undefined;
  if (batch !== undefined) processBatch(nation, batch);
  else if (row !== undefined && isPending(row.state)) decideReview(nation, row, 'PASSED');
  nation.journal.settle();
  for (let waitedMs = 0; nation.callbacks.underway() > 0 && waitedMs < GIVE_UP_AFTER_MS; waitedMs += LOOK_EVERY_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
