import { findings, issues } from '../kind-spec-support.js';
import type { Change } from '../kind-spec-support.js';
import { trainingKind } from './training.kind.js';

describe('training', () => {
  it.each<[string, Change, string[]]>([
    ['today', { heldOn: '2026-12-01' }, []],
    ['tomorrow (G-46)', { heldOn: '2026-12-02' }, ['refuse FIELD_RANGE /data/heldOn']],
  ])('%s', (_title, change, expected) => {
    expect(findings(trainingKind, change)).toEqual(expected);
  });

  it.each<[string, Change, string[]]>([
    ['no minutes', { minutes: 0 }, ['too_small minutes']],
    ['content of 300 (G-32)', { content: '训'.repeat(300) }, []],
    ['content of 301 (G-32)', { content: '训'.repeat(301) }, ['too_big content']],
    ['no host (R67-11)', { hostUnit: undefined }, ['invalid_type hostUnit']],
    ['unknown type', { type: '1' }, ['invalid_value type']],
  ])('%s', (_title, change, expected) => {
    expect(issues(trainingKind, change)).toEqual(expected);
  });

  it('adds nothing to the hours of service', () => {
    expect(trainingKind.minutes).toBeUndefined();
  });
});
