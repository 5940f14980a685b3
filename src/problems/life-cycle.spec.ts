import {
  PROBLEM_ACTS,
  PROBLEM_STATES,
  stateAfter,
  UNSOLVED,
  type ProblemAct,
  type ProblemState,
} from './life-cycle.js';

const ACTS = Object.keys(PROBLEM_ACTS) as ProblemAct[];

describe('the life of a problem', () => {
  it('walks open → acknowledged → resolved-watching → closed, and regresses', () => {
    expect(stateAfter('open', 'acknowledge')).toBe('acknowledged');
    expect(stateAfter('acknowledged', 'resolve')).toBe('resolved-watching');
    expect(stateAfter('resolved-watching', 'close')).toBe('closed');
    expect(stateAfter('closed', 'regress')).toBe('regressed');
    expect(stateAfter('resolved-watching', 'regress')).toBe('regressed');
    expect(stateAfter('regressed', 'acknowledge')).toBe('acknowledged');
  });

  it('cannot close what nobody has looked at, nor regress what was never solved', () => {
    expect(stateAfter('open', 'close')).toBeNull();
    expect(UNSOLVED.map((state) => stateAfter(state, 'regress'))).toEqual(UNSOLVED.map(() => null));
  });

  it('reaches every state from open, and leaves every state', () => {
    const reached = new Set<ProblemState>(['open']);
    const next = (state: ProblemState): ProblemState[] => ACTS.flatMap((act) => stateAfter(state, act) ?? []);
    for (let before = 0; before < reached.size;) {
      before = reached.size;
      for (const state of [...reached].flatMap(next)) reached.add(state);
    }
    expect([...reached].sort()).toEqual([...PROBLEM_STATES].sort());
    for (const state of PROBLEM_STATES) expect(ACTS.some((act) => stateAfter(state, act) !== null)).toBe(true);
  });
});
