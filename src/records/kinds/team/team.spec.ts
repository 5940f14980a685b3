import { findings, issues } from '../kind-spec-support.js';
import type { Change } from '../kind-spec-support.js';
import { teamKind } from './team.kind.js';

describe('team schema', () => {
  it.each<[string, Change, string[]]>([
    ['type of the station list', { type: 'TOWNSHIP_SW' }, ['invalid_value type']],
    ['no service field', { serviceFields: [] }, ['too_small serviceFields']],
    ['five service fields', { serviceFields: ['0001', '0002', '0003', '0004', '0005'] }, ['too_big serviceFields']],
    ['service field of two digits (G-36)', { serviceFields: ['03'] }, ['invalid_value serviceFields/0']],
    ['intro of 500', { intro: '队'.repeat(500) }, []],
    ['intro of 501', { intro: '队'.repeat(501) }, ['too_big intro']],
    ['name of 51', { name: '队'.repeat(51) }, ['too_big name']],
    ['blank in a reference', { stationId: 'station 1' }, ['invalid_format stationId']],
    ['reference of 65', { stationId: 's'.repeat(65) }, ['invalid_format stationId']],
    ['project state', { status: 'OPEN' }, ['invalid_value status']],
  ])('%s', (_title, change, expected) => {
    expect(issues(teamKind, change)).toEqual(expected);
  });
});

describe('team rules and references', () => {
  it.each<[string, Change, string[]]>([
    ['as it is', {}, []],
    ['area outside (G-39)', { areaCode: '530102001001' }, ['refuse AREA_OUTSIDE_HOME /data/areaCode']],
    ['area of the county only', { areaCode: '533401000000' }, []],
    ['founded tomorrow (G-46)', { foundedOn: '2026-12-02' }, ['refuse FIELD_RANGE /data/foundedOn']],
  ])('%s', (_title, change, expected) => {
    expect(findings(teamKind, change)).toEqual(expected);
  });

  it('waits for its station, and for its leader when it has one (G-62)', () => {
    const [withLeader, without] = teamKind.examples.map((data) => teamKind.references(data));
    expect(withLeader).toEqual([
      { kind: 'station', sourceId: 'station-1', pointer: '/data/stationId', role: 'context' },
      { kind: 'volunteer', sourceId: 'volunteer-1', pointer: '/data/leaderVolunteerId', role: 'other' },
    ]);
    expect(without).toHaveLength(1);
  });
});
