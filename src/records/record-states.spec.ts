import {
  RECORD_MOVES,
  RECORD_STATES,
  STATES_AT_BIRTH,
  STATES_AT_REST,
  STATE_NAMES_ZH,
  canMove,
  isAtRest,
  statesBefore,
} from './record-states.js';
import type { RecordState } from './record-states.js';

function reachableFrom(starts: readonly RecordState[]): Set<RecordState> {
  const seen = new Set<RecordState>(starts);
  for (const state of seen) for (const next of RECORD_MOVES[state]) seen.add(next);
  return seen;
}

describe('states of a record', () => {
  it('are the nine of station-contract §4, each with its Chinese name', () => {
    expect(RECORD_STATES.map((state) => `${state} ${STATE_NAMES_ZH[state]}`)).toEqual([
      'queued 待发送',
      'waiting 等待前置',
      'sending 发送中',
      'unknown 待核实',
      'pending 国家受理中',
      'mirrored 已同步',
      'attention 需处理',
      'voided 已撤销',
      'unsupported 无对应项',
    ]);
  });

  it('are all reachable from birth', () => {
    expect(reachableFrom(STATES_AT_BIRTH)).toEqual(new Set(RECORD_STATES));
  });

  it.each(RECORD_STATES)('%s has a way out and a way to rest', (state) => {
    expect(RECORD_MOVES[state].length).toBeGreaterThan(0);
    expect([...reachableFrom([state])].some(isAtRest)).toBe(true);
  });

  it.each(RECORD_STATES)('%s can become mirrored and voided', (state) => {
    expect(reachableFrom([state])).toContain('mirrored');
    expect(reachableFrom([state])).toContain('voided');
  });

  it('never move to themselves, and name no state twice', () => {
    for (const state of RECORD_STATES) {
      expect(RECORD_MOVES[state]).not.toContain(state);
      expect(new Set(RECORD_MOVES[state]).size).toBe(RECORD_MOVES[state].length);
    }
  });

  it('do not send what the outcome is not known of without looking it up (§1.8)', () => {
    expect(canMove('sending', 'sending')).toBe(false);
    expect(statesBefore('sending')).toEqual(['queued', 'waiting', 'unknown']);
  });

  it('are told by canMove and statesBefore alike', () => {
    for (const to of RECORD_STATES) {
      expect(statesBefore(to)).toEqual(RECORD_STATES.filter((from) => canMove(from, to)));
    }
    expect(canMove('mirrored', 'sending')).toBe(false);
    expect(STATES_AT_REST.every(isAtRest)).toBe(true);
    expect(isAtRest('unknown')).toBe(false);
  });
});
