import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './figures.js';
import { flatnessOf, type Flatness, type MemoryWatch } from './memory.js';
import type { Stage } from './stage.js';
import { prepareBatches } from './station-client.js';

/** The measure. */
export const SOAK_MS = 10 * 60_000;
/** `--only memory`: long enough for a figure, too short to call it flat. */
export const GLANCE_MS = 60_000;
/** A batch of 500 every two seconds, accepted and mirrored: 150,000 records in the ten minutes. */
const BATCH_EVERY_MS = 2_000;
const BATCH = 500;
const TELL_EVERY_MS = 60_000;

/** Steady load for `ms`; the world's own rows stay, and nothing is emptied. */
export async function soak(stage: Stage, watch: MemoryWatch, ms: number): Promise<Flatness> {
  const startedAt = performance.now();
  const first = watch.samples.length;
  let toldAt = startedAt;
  let pushed = 0;
  for (let turn = 1; performance.now() - startedAt < ms; turn += 1) {
    await stage.client.pushAll(prepareBatches(stage.records.take(BATCH)));
    pushed += BATCH;
    if (performance.now() - toldAt > TELL_EVERY_MS) {
      toldAt = performance.now();
      const last = watch.samples.at(-1);
      say(`${pushed} records, api ${last?.api.toFixed(0)} MB, worker ${last?.worker.toFixed(0)} MB`);
    }
    await sleep(Math.max(0, startedAt + turn * BATCH_EVERY_MS - performance.now()));
  }
  return flatnessOf(watch.samples.slice(first));
}
