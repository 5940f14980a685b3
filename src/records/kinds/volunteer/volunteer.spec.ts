import { z } from 'zod';
import { allFindings, changed, doorContext, findings, issues } from '../kind-spec-support.js';
import type { Change } from '../kind-spec-support.js';
import { volunteerKind } from './volunteer.kind.js';

const MINOR = 2;
const FOREIGN = 3;
const BAD_ID = ['refuse R67-07 /data/idNo'];
const consentAt = (at: string): Change => ({ consent: { at, channel: 'PAPER' } });

describe('volunteer schema', () => {
  it.each<[string, Change, string[]]>([
    ['gender 0 (G-38)', { gender: '0' }, ['invalid_value gender']],
    ['gender as a number', { gender: 1 }, ['invalid_value gender']],
    ['unknown id type', { idType: '08' }, ['invalid_value idType']],
    ['id number with a blank', { idNo: '5334 99' }, ['invalid_format idNo']],
    ['id number of 33', { idNo: 'A'.repeat(33) }, ['invalid_format idNo']],
    ['area of residence in another province', { residenceAreaCode: '110101001001' }, []],
    ['area of residence off the mainland', { residenceAreaCode: '810000000000' }, ['invalid_format residenceAreaCode']],
    ['no service field', { serviceFields: [] }, []],
    ['unknown skill', { skills: ['24'] }, ['invalid_value skills/0']],
    ['unknown channel', { consent: { at: '2026-11-01T08:00:00Z', channel: 'FAX' } }, ['invalid_value consent/channel']],
    ['consent without a time', { consent: { channel: 'APP' } }, ['invalid_type consent/at']],
    ['time without offset', consentAt('2026-11-01T08:00:00'), ['invalid_format consent/at']],
    ['guardian without mobile', { guardian: { name: '测试家长' } }, ['invalid_type guardian/mobile']],
    ['mobile with country code', { mobile: '+8613900000021' }, ['invalid_format mobile']],
  ])('%s', (_title, change, expected) => {
    expect(issues(volunteerKind, change)).toEqual(expected);
  });

  it('publishes consent as required although a rule and not the parser demands it (R67-06)', () => {
    const published = JSON.stringify(z.toJSONSchema(volunteerKind.schema));
    const required = [
      ...['name', 'idType', 'idNo', 'gender', 'birthDate', 'mobile', 'serviceAreaCode', 'residenceAreaCode'],
      ...['consent', 'joinedOn', 'status'],
    ];
    expect(published).toContain(`"required":${JSON.stringify(required)}`);
  });
});

describe('volunteer rules: identity number (G-40)', () => {
  it.each<[string, Change, string[]]>([
    ['as it is', {}, []],
    ['wrong check digit', { idNo: '533499199001010017' }, BAD_ID],
    ['15 digits', { idNo: '533499900101001' }, BAD_ID],
    ['lower-case x', { idNo: '11010519491231002x', birthDate: '1949-12-31', gender: '2' }, BAD_ID],
    ['upper-case X', { idNo: '11010519491231002X', birthDate: '1949-12-31', gender: '2' }, []],
    ['17 characters', { idNo: '53349919900101001' }, BAD_ID],
    ['another birth date', { birthDate: '1990-01-02' }, BAD_ID],
    ['another gender', { gender: '2' }, BAD_ID],
    ['other document, any number', { idType: '05', idNo: 'x', gender: '2' }, []],
  ])('%s', (_title, change, expected) => {
    expect(findings(volunteerKind, change)).toEqual(expected);
  });

  it('says why, never what', () => {
    const data = volunteerKind.schema.parse(changed(volunteerKind, { idNo: '533499900101001' }));
    const [finding] = allFindings(volunteerKind, data, doorContext());
    expect(finding?.params).toEqual({ reason: 'FIFTEEN_DIGITS' });
  });
});

describe('volunteer rules: consent, guardian, dates', () => {
  it.each<[string, Change, number, string[]]>([
    ['no consent (R67-06)', { consent: undefined }, 0, ['refuse R67-06 /data/consent']],
    [
      'consent an hour ahead (G-42)',
      consentAt('2026-12-01T11:00:00+08:00'),
      0,
      ['refuse FIELD_RANGE /data/consent/at'],
    ],
    ['consent now, in another offset', consentAt('2026-12-01T02:00:00Z'), 0, []],
    ['consent after joining (G-42)', { ...consentAt('2026-11-05T08:00:00+08:00'), joinedOn: '2026-11-01' }, 0, []],
    ['minor with guardian (G-41)', {}, MINOR, []],
    ['minor without guardian (G-41)', { guardian: undefined }, MINOR, ['refuse PI-08 /data/guardian']],
    [
      'born tomorrow (G-46)',
      { birthDate: '2026-12-02', guardian: { name: '测试家长', mobile: '13900000024' } },
      FOREIGN,
      ['refuse FIELD_RANGE /data/birthDate'],
    ],
    ['joined tomorrow (G-46)', { joinedOn: '2026-12-02' }, 0, ['refuse FIELD_RANGE /data/joinedOn']],
    [
      'serves elsewhere (G-39)',
      { serviceAreaCode: '530102000000' },
      0,
      ['refuse AREA_OUTSIDE_HOME /data/serviceAreaCode'],
    ],
  ])('%s', (_title, change, example, expected) => {
    expect(findings(volunteerKind, change, example)).toEqual(expected);
  });

  it.each<[string, string, number, string[]]>([
    ['last second of 17', '2026-02-28T23:59:59+08:00', 18, ['refuse PI-08 /data/guardian']],
    ['18th birthday, still the day before in UTC', '2026-02-28T16:00:00Z', 18, []],
    ['17 where the profile asks under 14', '2026-02-28T23:59:59+08:00', 14, []],
  ])('counts age on the Beijing day of consent: %s', (_title, at, guardianRequiredUnder, expected) => {
    const person = { birthDate: '2008-03-01', ...consentAt(at) };
    expect(findings(volunteerKind, person, FOREIGN, doorContext({ guardianRequiredUnder }))).toEqual(expected);
  });
});
