import { findings, issues } from '../kind-spec-support.js';
import type { Change } from '../kind-spec-support.js';
import { activityKind } from './activity.kind.js';

const post = { postId: 'P1', name: '引导', need: 0 };

describe('activity', () => {
  it.each<[string, Change, string[]]>([
    ['as it is', {}, []],
    ['ends when it begins (G-79)', { endAt: '2026-11-20T01:00:00Z' }, ['refuse FIELD_RANGE /data/endAt']],
    ['several days', { endAt: '2026-11-25T09:00:00+08:00' }, []],
    ['future (G-46)', { startAt: '2027-05-01T09:00:00+08:00', endAt: '2027-05-01T10:00:00+08:00' }, []],
    [
      'a post twice (G-58)',
      { posts: [post, { ...post, postId: 'P2' }, post] },
      ['refuse FIELD_RANGE /data/posts/2/postId'],
    ],
    ['class outing (R67-30)', { name: '部门团建' }, ['warn R67-30 /data/name']],
  ])('%s', (_title, change, expected) => {
    expect(findings(activityKind, change)).toEqual(expected);
  });

  it.each<[string, Change, string[]]>([
    ['need below zero', { posts: [{ ...post, need: -1 }] }, ['too_small posts/0/need']],
    ['post without name', { posts: [{ postId: 'P1', need: 1 }] }, ['invalid_type posts/0/name']],
    ['hour 24 (RFC 3339 has none)', { endAt: '2026-11-20T24:00:00+08:00' }, ['invalid_format endAt']],
    ['yes as text', { partyMemberDoubleReport: 'true' }, ['invalid_type partyMemberDoubleReport']],
    ['year 9999', { endAt: '9999-12-31T00:00:00Z' }, ['too_big endAt']],
  ])('%s', (_title, change, expected) => {
    expect(issues(activityKind, change)).toEqual(expected);
  });

  it('has the instant, not its spelling, in its natural key', () => {
    const [, inUtc] = activityKind.examples;
    expect(activityKind.naturalKey(inUtc ?? {})).toEqual([
      'project-1',
      '11月21日上门探望',
      '2026-11-21T09:00:00+08:00',
    ]);
  });
});
