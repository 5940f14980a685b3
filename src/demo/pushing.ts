import type { ItemAnswer, StationClient } from './station-client.js';
import type { CountyWorld } from './world.js';
import { firstItem, laterItem, PUSH_ORDER, type Item } from './world-record.js';

const BATCH_ITEMS = 500;
/** Enough to keep the api busy on two cores beside the worker; more only wait for each other. */
const PARALLEL_BATCHES = 4;

export interface Batch {
  readonly county: string;
  readonly items: readonly Item[];
}

/** What the door said, added up. */
export class Tally {
  pushed = 0;
  readonly outcomes = { accepted: 0, duplicate: 0, superseded: 0, rejected: 0 };
  readonly rejectedByKind = new Map<string, number>();
  readonly rejectedByCode = new Map<string, number>();

  add(answers: readonly ItemAnswer[]): void {
    this.pushed += answers.length;
    for (const { outcome, kind, errors } of answers) {
      this.outcomes[outcome] += 1;
      if (outcome !== 'rejected') continue;
      bump(this.rejectedByKind, kind ?? '');
      for (const code of new Set(errors?.map((error) => error.code))) bump(this.rejectedByCode, code);
    }
  }
}

const bump = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

function* inBatches(county: string, items: Iterable<Item>): Generator<Batch> {
  let batch: Item[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < BATCH_ITEMS) continue;
    yield { county, items: batch };
    batch = [];
  }
  if (batch.length > 0) yield { county, items: batch };
}

function* firstItems(world: CountyWorld, kind: (typeof PUSH_ORDER)[number]): Generator<Item> {
  for (const record of world.records(kind)) yield firstItem(record);
  yield* world.refused.filter((item) => item.kind === kind);
}

/** Everything once, kind by kind, the counties by turns; then what a station repeats. */
export function* firstPushes(worlds: readonly CountyWorld[]): Generator<Batch> {
  for (const kind of PUSH_ORDER) {
    for (const world of worlds) yield* inBatches(world.county, firstItems(world, kind));
  }
  for (const { county, repeated } of worlds) yield* inBatches(county, repeated);
}

/** Second revisions. */
export function* laterPushes(worlds: readonly CountyWorld[]): Generator<Batch> {
  for (const { county, odd } of worlds) {
    yield* inBatches(
      county,
      odd.map(laterItem).filter((item) => item !== null),
    );
  }
}

export const countItems = (batches: Iterable<Batch>): number => {
  let count = 0;
  for (const { items } of batches) count += items.length;
  return count;
};

/** Several batches at a time, in the order of the iterator. */
export async function pushAll(
  clients: ReadonlyMap<string, StationClient>,
  batches: Iterator<Batch>,
  tally: Tally,
): Promise<void> {
  const runner = async (): Promise<void> => {
    for (let next = batches.next(); !next.done; next = batches.next()) {
      const { county, items } = next.value;
      const client = clients.get(county);
      if (!client) throw new Error(`no source system for ${county}`);
      tally.add(await client.push(items));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_BATCHES }, runner));
}
