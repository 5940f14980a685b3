/**
 * The life of a problem.
 *
 * It is `open` with its first hit. A person takes it on (`acknowledged`) and ends its cause (`resolved-watching`); when
 * its last record has healed it comes there by itself. After a quiet week it is `closed`. A new hit after it was resolved
 * makes it `regressed`, which is open again and remembers that it was thought solved.
 */
export const PROBLEM_STATES = ['open', 'acknowledged', 'resolved-watching', 'closed', 'regressed'] as const;

export type ProblemState = (typeof PROBLEM_STATES)[number];

export type ProblemAct = 'acknowledge' | 'resolve' | 'close' | 'regress';

/** Act → states in which it is possible, and where it leads. `close` out of hand is "nothing will be done about it". */
export const PROBLEM_ACTS = {
  acknowledge: { from: ['open', 'regressed'], to: 'acknowledged' },
  resolve: { from: ['open', 'acknowledged', 'regressed'], to: 'resolved-watching' },
  close: { from: ['acknowledged', 'resolved-watching'], to: 'closed' },
  regress: { from: ['resolved-watching', 'closed'], to: 'regressed' },
} as const satisfies Record<ProblemAct, { from: readonly ProblemState[]; to: ProblemState }>;

/** States that ask for a person. */
export const UNSOLVED: readonly ProblemState[] = ['open', 'acknowledged', 'regressed'];

/** A resolved problem is watched this long; then it is closed by itself. */
export const WATCH_DAYS = 7;

/** Where the act leads from here, or null when it is not possible. */
export function stateAfter(state: ProblemState, act: ProblemAct): ProblemState | null {
  const { from, to } = PROBLEM_ACTS[act];
  return (from as readonly ProblemState[]).includes(state) ? to : null;
}
