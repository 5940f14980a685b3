/**
 * The life of a record (station-contract §4).
 *
 * An accepted version is `queued`: durable, and it will be sent by itself. When something has to come first (a
 * parent, an approval, a service window, a quota) it is `waiting`, and `waitingFor` says for what; when that has
 * come it is `queued` again; what the nation itself told to wait is sent again from `waiting` when its time has come.
 * Delivery opens an attempt and the record is `sending` until the answer is known.
 *
 * The answer decides. The national side holds the version and has nothing left to say: `mirrored`. It has taken
 * it for processing or for review: `pending`. It did not process it: back to `queued` or `waiting`. It refused:
 * `attention`. The answer never came: `unknown`, and the record is looked up, never blindly resent
 * (national-contract §1.8); the look-up ends in any of the others, and in `queued` only once a miss is proven.
 *
 * A new version of a record at rest makes it `queued` again, so does a repair, a replay or a changed parent.
 * While an attempt is open a new version does not move the state; the answer's move to `queued` carries it.
 * `attention` ends by a push, by a person's decision, or when the national side changes its mind.
 * A void that is agreed is `voided`; a higher revision with a reason reopens it (G-18). A kind that the active
 * profile has no counterpart for is `unsupported`; it becomes `queued` when a later profile has one.
 *
 * `mirrored`, `attention`, `voided` and `unsupported` are at rest: nothing moves them but a push, a person, or
 * news from the national side. All others move by themselves, so each must have a way to rest.
 */
export const RECORD_STATES = [
  'queued',
  'waiting',
  'sending',
  'unknown',
  'pending',
  'mirrored',
  'attention',
  'voided',
  'unsupported',
] as const;

export type RecordState = (typeof RECORD_STATES)[number];

/** Chinese names of §4, shown everywhere a state is shown. */
export const STATE_NAMES_ZH = {
  queued: '待发送',
  waiting: '等待前置',
  sending: '发送中',
  unknown: '待核实',
  pending: '国家受理中',
  mirrored: '已同步',
  attention: '需处理',
  voided: '已撤销',
  unsupported: '无对应项',
} as const satisfies Record<RecordState, string>;

/** States in which a record may stay for good. */
export const STATES_AT_REST = [
  'mirrored',
  'attention',
  'voided',
  'unsupported',
] as const satisfies readonly RecordState[];

/**
 * States in which a record is born: at acceptance it is queued or waits, is in conflict at once (G-49), is the
 * tombstone of a void (G-16), or has no national counterpart.
 */
export const STATES_AT_BIRTH = [
  'queued',
  'waiting',
  'attention',
  'voided',
  'unsupported',
] as const satisfies readonly RecordState[];

/**
 * Allowed moves; a compare-and-set that is not here is a bug (house §2.6 law 4). A new entry into the same state
 * (a waiting record that now waits for something else) is no move.
 */
export const RECORD_MOVES = {
  queued: ['sending', 'waiting', 'attention', 'voided', 'unsupported'],
  waiting: ['queued', 'sending', 'attention', 'voided', 'unsupported'],
  sending: ['pending', 'mirrored', 'queued', 'waiting', 'unknown', 'attention', 'voided'],
  unknown: ['mirrored', 'pending', 'queued', 'sending', 'attention', 'voided', 'waiting'],
  pending: ['mirrored', 'attention', 'queued', 'waiting', 'unknown', 'voided'],
  mirrored: ['queued', 'waiting', 'pending', 'attention', 'voided'],
  attention: ['queued', 'waiting', 'mirrored', 'voided', 'pending'],
  voided: ['queued', 'waiting', 'attention', 'unsupported'],
  unsupported: ['queued', 'waiting', 'voided'],
} as const satisfies Record<RecordState, readonly RecordState[]>;

/** Whether a record may go from one state to another. */
export function canMove(from: RecordState, to: RecordState): boolean {
  const allowed: readonly RecordState[] = RECORD_MOVES[from];
  return allowed.includes(to);
}

/** Every state from which `to` may be entered; the `state IN (…)` of a set-based compare-and-set. */
export function statesBefore(to: RecordState): readonly RecordState[] {
  return RECORD_STATES.filter((from) => canMove(from, to));
}

/** Whether nothing moves the record but a push, a person or news from the national side. */
export function isAtRest(state: RecordState): boolean {
  return (STATES_AT_REST as readonly RecordState[]).includes(state);
}
