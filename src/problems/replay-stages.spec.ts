import fc from 'fast-check';
import { estimateCalls, judgeStage, STAGE_SIZES, WINDOW, type StageCount } from './replay-stages.js';

const count = (given: Partial<StageCount>): StageCount => ({
  stage: 1, sent: 0, done: 0, failed: 0, newCause: 0, underWay: 0, waiting: 0, left: 5_000, ...given,
}); // prettier-ignore

describe('the stages of a replay', () => {
  it.each<[string, Partial<StageCount>, object]>([
    ['begins with one', {}, { next: 'send', count: 1 }],
    ['waits for its answer', { sent: 1, underWay: 1 }, { next: 'send', count: 0 }],
    ['stops when the one fails again', { sent: 1, failed: 1 }, { next: 'stop', cause: 'same-cause' }],
    ['goes on when it is done', { sent: 1, done: 1 }, { next: 'stage' }],
    ['does not go on by a record that only waits', { sent: 1, waiting: 1 }, { next: 'send', count: 0 }],
    ['sends ten', { stage: 2 }, { next: 'send', count: 10 }],
    ['bears two of ten', { stage: 2, sent: 10, failed: 2, done: 8 }, { next: 'stage' }],
    ['stops at three of ten, before all are answered', { stage: 2, sent: 10, failed: 3, underWay: 5 }, { next: 'stop', cause: 'same-cause' }],
    ['stops at one new cause', { stage: 4, sent: 900, done: 899, newCause: 1 }, { next: 'stop', cause: 'new-cause' }],
    ['keeps the last stage in a window', { stage: 4, sent: 500, done: 450, underWay: 50 }, { next: 'send', count: WINDOW - 50 }],
    ['sends no more than there are', { stage: 4, sent: 500, done: 500, left: 7 }, { next: 'send', count: 7 }],
    ['ends when all are answered', { stage: 2, sent: 5, done: 5, left: 0 }, { next: 'finish' }],
    ['does not end before', { stage: 4, sent: 5, done: 4, waiting: 1, left: 0 }, { next: 'send', count: 0 }],
  ])('%s', (_what, given, verdict) => {
    expect(judgeStage(count(given))).toEqual(verdict);
  }); // prettier-ignore

  /** Plays a replay in which every record fails or not as told, in any grouping of answers. */
  function play(fates: readonly boolean[]): { sent: number; verdict: string } {
    let state = count({ left: fates.length });
    let total = 0;
    for (let step = 0; step < 10 * fates.length + 50; step += 1) {
      const verdict = judgeStage(state);
      if (verdict.next === 'stop' || verdict.next === 'finish') return { sent: total, verdict: verdict.next };
      if (verdict.next === 'stage') {
        state = count({ stage: state.stage + 1, left: state.left });
        continue;
      }
      if (verdict.count === 0) {
        const answered = fates.slice(total - state.underWay, total);
        const failed = answered.filter((isFailed) => isFailed).length;
        state = { ...state, underWay: 0, failed: state.failed + failed, done: state.done + answered.length - failed };
        continue;
      }
      total += verdict.count;
      state = {
        ...state,
        sent: state.sent + verdict.count,
        underWay: state.underWay + verdict.count,
        left: state.left - verdict.count,
      };
    }
    throw new Error('the replay does not end');
  }

  it('sends one record when the cause stands, whatever the size', () => {
    expect(play(Array.from({ length: 5_000 }, () => true))).toEqual({ sent: 1, verdict: 'stop' });
  });

  it('sends all when it is fixed', () => {
    expect(play(Array.from({ length: 5_000 }, () => false))).toEqual({ sent: 5_000, verdict: 'finish' });
  });

  it('never sends past a stage that failed, and always ends', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 400 }), (fates) => {
        const { sent } = play(fates);
        const bad = (from: number, to: number): number => fates.slice(from, to).filter((isFailed) => isFailed).length;
        if (fates[0]) expect(sent).toBe(1);
        else if (bad(1, 11) > 2) expect(sent).toBeLessThanOrEqual(11);
        else if (bad(11, 111) > 20) expect(sent).toBeLessThanOrEqual(111);
      }),
    );
  });

  it('costs no more calls than batches', () => {
    expect(estimateCalls(5_000, 100)).toEqual({ writes: 1 + 1 + 1 + 49, firstStages: [1, 1, 1, 49] });
    expect(estimateCalls(1, 100).writes).toBe(1);
    expect(STAGE_SIZES.slice(0, 3)).toEqual([1, 10, 100]);
  });
});
