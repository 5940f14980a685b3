import * as fc from 'fast-check';
import { FAULT_KINDS, FROZEN, type Fault, type Port } from './faults.js';
import { WORLD, type PushKind } from './station.js';

/** What a run consists of: plain data, so that fast-check can shrink it, print it and play it again. */

export type Command =
  | {
      readonly do: 'push';
      readonly wishes: readonly { key: number; what: PushKind }[];
      readonly faults: readonly Fault[];
    }
  | { readonly do: 'repeat-push' | 'look' | 'receipts' | 'explain-gates'; readonly faults: readonly Fault[] }
  /** Answers the n-th ring; `keep` leaves the ring in the queue, as a queue that delivers twice does. */
  | {
      readonly do: 'work';
      readonly ring: number;
      readonly keep: boolean;
      readonly goesOn: boolean;
      readonly faults: readonly Fault[];
    }
  | { readonly do: 'release'; readonly held: number; readonly faults: readonly Fault[] }
  | { readonly do: 'pass'; readonly ms: number }
  /** An untroubled while: everything that is due is done, round after round. */
  | { readonly do: 'go-on'; readonly rounds: number }
  | { readonly do: 'kill' | 'lose-rings' | 'decide-reviews' }
  | { readonly do: 'nation'; readonly set: NationTurn };

export type NationTurn =
  | { readonly what: 'read-lag' | 'batch-delay' | 'closed'; readonly ms: number }
  | { readonly what: 'reviews' | 'batches'; readonly atOnce: boolean };

/** Latest moment of a late commit; the nation itself never exceeds what the profile says. */
const LATE_MS = 119_000;
const PLAIN = { noNullPrototype: true } as const;

/** A fault at one of the ports that a step of this sort uses; calls beyond the last that it makes strike nothing. */
const faultAt = (port: Port, calls: number): fc.Arbitrary<Fault> => {
  const ms = port === 'write' ? fc.constantFrom(1_000, 20_000, LATE_MS) : fc.constant(0);
  const kind = fc.constantFrom(...FAULT_KINDS);
  return fc.record({ port: fc.constant(port), at: fc.nat({ max: calls - 1 }), kind, ms }, PLAIN);
};

/** About half of the steps meet none. */
const some = (one: fc.Arbitrary<Fault>): fc.Arbitrary<Fault[]> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<Fault[]>([]) },
    { weight: 5, arbitrary: fc.tuple(one) },
    { weight: 1, arbitrary: fc.array(one, { minLength: 2, maxLength: 3 }) },
  );

const IN_PUSH = some(faultAt('transaction', 1));
const IN_LOOK = some(
  fc.oneof(
    { weight: 2, arbitrary: faultAt('status', 1) },
    { weight: 4, arbitrary: faultAt('transaction', 8) },
    { weight: 4, arbitrary: faultAt('statement', 12) },
    { weight: 3, arbitrary: faultAt('ring', 3) },
  ),
);
/** Most of what can go wrong goes wrong between a write and its settlement. */
const IN_WORK = some(
  fc.oneof(
    { weight: 5, arbitrary: faultAt('write', 2) },
    { weight: 5, arbitrary: faultAt('transaction', 3) },
    { weight: 2, arbitrary: faultAt('statement', 5) },
    { weight: 2, arbitrary: faultAt('lookup', 1) },
    { weight: 2, arbitrary: faultAt('receipt', 1) },
  ),
);

const wish = fc.record(
  {
    key: fc.nat({ max: WORLD.length - 1 }),
    what: fc.constantFrom<PushKind>('new', 'new', 'new', 'same', 'old', 'void', 'void', 'skip'),
  },
  PLAIN,
);

const turn: fc.Arbitrary<NationTurn> = fc.oneof(
  fc.record({ what: fc.constant('read-lag' as const), ms: fc.constantFrom(0, 1_000, 59_000) }, PLAIN),
  fc.record({ what: fc.constant('batch-delay' as const), ms: fc.constantFrom(0, 1_000, 30_000) }, PLAIN),
  fc.record({ what: fc.constant('closed' as const), ms: fc.constantFrom(0, 5_000, 60_000) }, PLAIN),
  fc.record({ what: fc.constantFrom('reviews' as const, 'batches' as const), atOnce: fc.boolean() }, PLAIN),
);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      { do: fc.constant('push' as const), wishes: fc.array(wish, { minLength: 1, maxLength: 6 }), faults: IN_PUSH },
      PLAIN,
    ),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('look' as const), faults: IN_LOOK }, PLAIN) },
  {
    weight: 14,
    arbitrary: fc.record(
      {
        do: fc.constant('work' as const),
        ring: fc.nat({ max: 3 }),
        keep: fc.nat({ max: 7 }).map((n) => n === 7),
        goesOn: fc.boolean(),
        faults: IN_WORK,
      },
      PLAIN,
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record(
      { do: fc.constantFrom('receipts' as const, 'explain-gates' as const), faults: some(faultAt('statement', 3)) },
      PLAIN,
    ),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('repeat-push' as const), faults: IN_PUSH }, PLAIN) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('release' as const), held: fc.nat({ max: 2 }), faults: IN_WORK }, PLAIN),
  },
  {
    weight: 6,
    arbitrary: fc.record(
      { do: fc.constant('pass' as const), ms: fc.constantFrom(300, 1_500, 9_000, 61_000, 130_000) },
      PLAIN,
    ),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('go-on' as const), rounds: fc.nat({ max: 3 }) }, PLAIN) },
  {
    weight: 2,
    arbitrary: fc.record(
      { do: fc.constantFrom('kill' as const, 'lose-rings' as const, 'decide-reviews' as const) },
      PLAIN,
    ),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('nation' as const), set: turn }, PLAIN) },
);

/** Every run begins with the whole world pushed and most of it mirrored: the rest is about what goes wrong then. */
export const scenario = (steps: number): fc.Arbitrary<Command[]> =>
  fc
    .tuple(fc.nat({ max: 8 }), fc.array(command, { minLength: Math.floor(steps / 3), maxLength: steps, size: 'max' }))
    .map(([rounds, commands]) => [{ do: 'go-on', rounds }, ...commands]);

const LOOK: Command = { do: 'look', faults: [] };
const WORK: Command = { do: 'work', ring: 0, keep: false, goesOn: false, faults: [] };
const FROZEN_WORK: Command = { ...WORK, faults: [{ port: 'write', at: 0, kind: FROZEN, ms: 0 }] };
const WITHDRAW: Command = { do: 'push', wishes: [9, 10, 11].map((key) => ({ key, what: 'void' })), faults: [] };

/**
 * A sender stands still between the write-down and its first byte. Its lease runs out, the look-up proves that nothing
 * was stored, the station withdraws the record, which never stood; then the sender goes on.
 */
export const frozenSender = (rounds: number): Command[] => [
  { do: 'go-on', rounds }, LOOK, FROZEN_WORK, FROZEN_WORK, { do: 'lose-rings' },
  { do: 'pass', ms: 9_000 }, LOOK, { do: 'receipts', faults: [] }, WORK, WORK,
  { do: 'pass', ms: 130_000 }, LOOK, WORK, WORK, WORK, WITHDRAW,
  { do: 'release', held: 0, faults: [] }, { do: 'release', held: 0, faults: [] },
]; // prettier-ignore

/** One write that leaves and is never heard of again, in a house where all else goes well. */
export const lostWrite = (): Command[] => [
  LOOK, { ...WORK, faults: [{ port: 'write', at: 0, kind: 'vanish', ms: 0 }] }, { do: 'go-on', rounds: 2 },
]; // prettier-ignore
