import { doorContext, findings, issues } from '../kind-spec-support.js';
import type { Change } from '../kind-spec-support.js';
import { stationKind } from './station.kind.js';

const manager = { name: '测试甲', mobile: '13900000001' };

describe('station schema', () => {
  it.each<[string, Change, string[]]>([
    ['name of 50 code points', { name: '𠮷'.repeat(50) }, []],
    ['name of 51', { name: '站'.repeat(51) }, ['too_big name']],
    ['name of blanks', { name: ' \u3000\u200b' }, ['too_small name']],
    ['no name', { name: undefined }, ['invalid_type name']],
    ['a number as name', { name: 7 }, ['invalid_type name']],
    ['unknown field', { nmae: 'x' }, ['unrecognized_keys']],
    ['unknown type', { type: 'CLUB' }, ['invalid_value type']],
    ['area of 9 digits', { areaCode: '533401101' }, ['invalid_format areaCode']],
    ['no manager', { managers: [] }, ['too_small managers']],
    [
      'mobile that begins with 12',
      { managers: [{ ...manager, mobile: '12900000001' }] },
      ['invalid_format managers/0/mobile'],
    ],
    ['unknown field of a manager', { managers: [{ ...manager, x: 1 }] }, ['unrecognized_keys managers/0']],
    ['wrong check character', { uscc: '91350100M000100Y44' }, ['FIELD_FORMAT uscc']],
    ['no uscc', { uscc: undefined }, []],
    ['longitude at its end', { longitude: -180 }, []],
    ['longitude beyond', { longitude: 180.1 }, ['too_big longitude']],
    ['latitude beyond', { latitude: -90.1 }, ['too_small latitude']],
    ['number as text', { latitude: '27.8' }, ['invalid_type latitude']],
    ['a day that does not exist', { openedOn: '2023-02-29' }, ['invalid_format openedOn']],
    ['a day before 1900', { openedOn: '1899-12-31' }, ['too_small openedOn']],
    ['address of 200', { address: '址'.repeat(200) }, []],
    ['address of 201', { address: '址'.repeat(201) }, ['too_big address']],
    ['blank facility', { facilities: ['椅子', ' '] }, ['too_small facilities/1']],
  ])('%s', (_title, change, expected) => {
    expect(issues(stationKind, change)).toEqual(expected);
  });
});

describe('station rules', () => {
  it.each<[string, Change, string[]]>([
    ['as it is', {}, []],
    ['area of another prefecture (G-39)', { areaCode: '530102001001' }, ['refuse AREA_OUTSIDE_HOME /data/areaCode']],
    ['community without village (G-39)', { areaCode: '533401101000' }, ['refuse FIELD_FORMAT /data/areaCode']],
    ['township without village (G-39)', { areaCode: '533401101000', type: 'TOWNSHIP_SW' }, []],
    ['opened today (G-46)', { openedOn: '2026-12-01' }, []],
    ['opened tomorrow (G-46)', { openedOn: '2026-12-02' }, ['refuse FIELD_RANGE /data/openedOn']],
  ])('%s', (_title, change, expected) => {
    expect(findings(stationKind, change)).toEqual(expected);
  });

  it('takes the home area at any of its lengths', () => {
    for (const homeArea of ['5334', '533401', '533401101', '533401101003']) {
      expect(findings(stationKind, {}, 0, doorContext({ homeArea }))).toEqual([]);
    }
    expect(findings(stationKind, {}, 0, doorContext({ homeArea: '533422' }))).toEqual([
      'refuse AREA_OUTSIDE_HOME /data/areaCode',
    ]);
  });
});
