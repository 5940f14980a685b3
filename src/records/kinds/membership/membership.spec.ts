import { findings, issues } from '../kind-spec-support.js';
import type { Change } from '../kind-spec-support.js';
import { membershipKind } from './membership.kind.js';

const provides = (data: Record<string, unknown>): string | null | undefined =>
  membershipKind.providesMembership?.(data);

describe('membership', () => {
  it.each<[string, Change, string[]]>([
    ['project', {}, []],
    ['neither (G-60)', { projectId: undefined }, ['refuse FIELD_REQUIRED /data/teamId']],
    ['both (G-60)', { teamId: 'team-1' }, ['refuse FIELD_RANGE /data/projectId']],
    ['since a later day', { since: '2026-12-24' }, []],
  ])('%s', (_title, change, expected) => {
    expect(findings(membershipKind, change)).toEqual(expected);
  });

  it.each<[string, Change, string[]]>([
    ['unknown state', { status: 'ACTIVE' }, ['invalid_value status']],
    ['no volunteer', { volunteerId: undefined }, ['invalid_type volunteerId']],
    ['month 13', { since: '2026-13-01' }, ['invalid_format since']],
  ])('%s', (_title, change, expected) => {
    expect(issues(membershipKind, change)).toEqual(expected);
  });

  it('opens the way for service records only when joined to a project (G-50)', () => {
    expect(membershipKind.examples.map(provides)).toEqual(['membership:volunteer-1:project-1', null, null]);
  });

  it('refers to the volunteer and to what it joins', () => {
    const refs = membershipKind.examples.map((data) =>
      membershipKind.references(data).map((ref) => `${ref.role} ${ref.kind}`),
    );
    expect(refs.slice(0, 2)).toEqual([
      ['subject volunteer', 'context project'],
      ['subject volunteer', 'context team'],
    ]);
  });
});
