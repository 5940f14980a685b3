import { findings, issues } from '../kind-spec-support.js';
import type { Change } from '../kind-spec-support.js';
import { projectKind } from './project.kind.js';

describe('project', () => {
  it.each<[string, Change, string[]]>([
    ['as it is', {}, []],
    ['one day', { endOn: '2026-11-01' }, []],
    ['ends before it begins (G-79)', { endOn: '2026-10-31' }, ['refuse FIELD_RANGE /data/endOn']],
    ['future (G-46)', { startOn: '2027-01-01', endOn: '9999-12-31' }, []],
    ['area outside (G-39)', { areaCode: '110101001001' }, ['refuse AREA_OUTSIDE_HOME /data/areaCode']],
    ['hours for donations (R67-30)', { intro: '凡捐 款即可换取时长' }, ['warn R67-30 /data/intro']],
    ['hours for reposts (R67-30)', { name: '转发公益海报' }, ['warn R67-30 /data/name']],
  ])('%s', (_title, change, expected) => {
    expect(findings(projectKind, change)).toEqual(expected);
  });

  it.each<[string, Change, string[]]>([
    ['intro of 2000', { intro: '项'.repeat(2000) }, []],
    ['intro of 2001', { intro: '项'.repeat(2001) }, ['too_big intro']],
    ['nobody is served', { serviceObjects: [] }, ['too_small serviceObjects']],
    ['service object 12, which does not exist', { serviceObjects: ['12'] }, ['invalid_value serviceObjects/0']],
    ['service object in English (G-37)', { serviceObjects: ['elderly'] }, ['invalid_value serviceObjects/0']],
    ['negative number of recruits', { recruitCount: -1 }, ['too_small recruitCount']],
    ['half a recruit', { recruitCount: 1.5 }, ['invalid_type recruitCount']],
    ['team state', { status: 'ACTIVE' }, ['invalid_value status']],
    ['no insurance', { insurance: undefined, recruitCount: undefined }, []],
  ])('%s', (_title, change, expected) => {
    expect(issues(projectKind, change)).toEqual(expected);
  });
});
