import { findings, issues } from '../kind-spec-support.js';
import type { Change } from '../kind-spec-support.js';
import { commendationKind } from './commendation.kind.js';

describe('commendation', () => {
  it.each<[string, Change, string[]]>([
    ['of a volunteer', {}, []],
    ['of nobody (G-60)', { volunteerId: undefined }, ['refuse FIELD_REQUIRED /data/volunteerId']],
    ['of both (G-60)', { teamId: 'team-1' }, ['refuse FIELD_RANGE /data/teamId']],
    ['tomorrow (G-46)', { awardedOn: '2026-12-02' }, ['refuse FIELD_RANGE /data/awardedOn']],
  ])('%s', (_title, change, expected) => {
    expect(findings(commendationKind, change)).toEqual(expected);
  });

  it.each<[string, Change, string[]]>([
    ['no unit (R67-12)', { grantingUnit: undefined }, ['invalid_type grantingUnit']],
    ['level in free words (G-38)', { level: '迪庆州级' }, []],
    ['101 proofs', { evidence: Array(101).fill({ type: 'FILE', ref: 'r' }) }, ['too_big evidence']],
  ])('%s', (_title, change, expected) => {
    expect(issues(commendationKind, change)).toEqual(expected);
  });

  it('refers to whoever was commended', () => {
    const kinds = commendationKind.examples.map((data) => commendationKind.references(data).map((ref) => ref.kind));
    expect(kinds).toEqual([['volunteer'], ['team']]);
  });
});
