import { allFindings, changed, doorContext, findings, issues } from '../kind-spec-support.js';
import type { Change } from '../kind-spec-support.js';
import { serviceRecordKind } from './service-record.kind.js';

const BAD_MINUTES = ['refuse R67-09 /data/minutes'];
const day = (from: string, to: string, rest: Change = {}): Change => ({
  startAt: `2026-11-20T${from}+08:00`,
  endAt: to.includes('T') ? to : `2026-11-20T${to}+08:00`,
  recordedAt: '2026-11-21T09:00:00+08:00',
  ...rest,
});

describe('service-record schema', () => {
  it.each<[string, Change, string[]]>([
    ['content of 300', { content: '务'.repeat(300) }, []],
    ['content of 301', { content: '务'.repeat(301) }, ['too_big content']],
    ['place of 500', { place: '地'.repeat(500) }, []],
    ['recorder of 201', { recorder: '录'.repeat(201) }, ['too_big recorder']],
    ['no responsible person (R67-08)', { responsiblePerson: undefined }, ['invalid_type responsiblePerson']],
    ['minutes as text', { minutes: '90' }, ['invalid_type minutes']],
    ['minutes with a fraction', { minutes: 89.5 }, ['invalid_type minutes']],
    ['unknown mode', { recordMode: 'AUTO' }, ['invalid_value recordMode']],
    ['empty list of beneficiaries (G-37)', { beneficiaryTypes: [] }, ['too_small beneficiaryTypes']],
    [
      'evidence with a short hash (G-59)',
      { evidence: [{ type: 'PHOTO', ref: 'r', sha256: 'ab' }] },
      ['invalid_format evidence/0/sha256'],
    ],
    ['evidence without a hash', { evidence: [{ type: 'PHOTO', ref: 'r' }] }, []],
    ['unknown evidence type', { evidence: [{ type: 'VIDEO', ref: 'r' }] }, ['invalid_value evidence/0/type']],
    ['offset without colon', { startAt: '2026-11-20T09:30:00+0800' }, ['invalid_format startAt']],
  ])('%s', (_title, change, expected) => {
    expect(issues(serviceRecordKind, change)).toEqual(expected);
  });
});

describe('service-record rules: interval and minutes', () => {
  it.each<[string, Change, string[]]>([
    ['as it is', {}, []],
    ['fewer minutes, for breaks (G-43)', { minutes: 1 }, []],
    ['one minute too many (G-43)', { minutes: 91 }, BAD_MINUTES],
    ['no minutes (G-43)', { minutes: 0 }, BAD_MINUTES],
    ['part of a minute is cut (G-43)', day('09:30:00', '10:59:59', { minutes: 90 }), BAD_MINUTES],
    ['half a minute holds none', day('09:30:00', '09:30:30', { minutes: 1 }), BAD_MINUTES],
    ['fractions are cut (G-57)', day('09:30:00.999', '11:00:00.000', { minutes: 90 }), []],
    ['ends before it begins (G-79)', day('09:30:00', '09:29:00'), ['refuse FIELD_RANGE /data/endAt']],
    ['ends when it begins (G-79)', day('09:30:00', '2026-11-20T01:30:00Z'), ['refuse FIELD_RANGE /data/endAt']],
    ['ends at 24:00 (G-44)', day('22:00:00', '2026-11-21T00:00:00+08:00', { minutes: 120 }), []],
    [
      'ends a second later (G-44)',
      day('22:00:00', '2026-11-21T00:00:01+08:00', { minutes: 120 }),
      ['refuse R67-09 /data/endAt'],
    ],
    ['whole day', day('00:00:00', '2026-11-21T00:00:00+08:00', { minutes: 1440 }), ['warn R67-10 /data/minutes']],
    ['date of the end', { serviceDate: '2026-11-21' }, ['refuse R67-09 /data/serviceDate']],
    ['date in UTC', day('07:00:00', '09:00:00', { startAt: '2026-11-19T23:00:00Z' }), []],
    ['eight hours', day('09:00:00', '18:00:00', { minutes: 480 }), []],
    ['more than eight hours (R67-10)', day('09:00:00', '18:00:00', { minutes: 481 }), ['warn R67-10 /data/minutes']],
  ])('%s', (_title, change, expected) => {
    expect(findings(serviceRecordKind, change)).toEqual(expected);
  });

  it('tells how many minutes the times allow', () => {
    const data = serviceRecordKind.schema.parse(changed(serviceRecordKind, { minutes: 91 }));
    expect(allFindings(serviceRecordKind, data, doorContext())[0]?.params).toEqual({ max: 90 });
  });
});

describe('service-record rules: future, late, old, what it is', () => {
  const today = (endAt: string, recordedAt: string): Change => ({
    serviceDate: '2026-12-01',
    startAt: '2026-12-01T08:00:00+08:00',
    endAt,
    recordedAt,
  });

  it.each<[string, Change, string[]]>([
    ['clock five minutes ahead (G-46)', today('2026-12-01T10:05:00+08:00', '2026-12-01T10:05:00+08:00'), []],
    [
      'end six minutes ahead (G-46)',
      today('2026-12-01T10:06:00+08:00', '2026-12-01T10:06:00+08:00'),
      ['refuse FIELD_RANGE /data/endAt', 'refuse FIELD_RANGE /data/recordedAt'],
    ],
    ['recorded at the end (G-46)', { recordedAt: '2026-11-20T03:00:00Z' }, []],
    [
      'recorded before the end (G-46)',
      { recordedAt: '2026-11-20T10:59:59+08:00' },
      ['refuse FIELD_RANGE /data/recordedAt'],
    ],
    ['hours for a donation (R67-30)', { content: '捐款兑换' }, ['warn R67-30 /data/content']],
    ['reward hours in the remark (R67-30)', { remark: '另加奖励时长两小时' }, ['warn R67-30 /data/remark']],
  ])('%s', (_title, change, expected) => {
    expect(findings(serviceRecordKind, change)).toEqual(expected);
  });

  it.each<[string, string, string[]]>([
    // 20 November 2026 is a Friday: the 10th working day is Friday, 4 December.
    ['last moment of the 10th working day', '2026-12-04T23:59:59+08:00', []],
    ['first moment after it (G-47)', '2026-12-05T00:00:00+08:00', ['warn R67-16 /data/recordedAt']],
  ])('%s', (_title, recordedAt, expected) => {
    const later = doorContext({ now: new Date('2026-12-31T00:00:00Z'), today: '2026-12-31' });
    expect(findings(serviceRecordKind, { recordedAt }, 0, later)).toEqual(expected);
  });

  it.each<[string, string, string[]]>([
    ['365 days', '2027-11-20', []],
    ['366 days (G-51)', '2027-11-21', ['warn TOO_OLD_NATIONALLY /data/serviceDate']],
  ])('%s old', (_title, today, expected) => {
    const context = doorContext({ now: new Date(`${today}T10:00:00+08:00`), today });
    expect(findings(serviceRecordKind, {}, 0, context)).toEqual(expected);
  });
});

describe('service-record as others see it', () => {
  it('gives its interval in one spelling', () => {
    const [, inUtc] = serviceRecordKind.examples;
    expect(serviceRecordKind.interval?.(inUtc ?? {})).toEqual({
      volunteerSourceId: 'volunteer-1',
      startAt: '2026-11-21T09:00:00+08:00',
      endAt: '2026-11-21T11:30:00+08:00',
    });
    expect(serviceRecordKind.minutes?.(inUtc ?? {})).toBe(120);
  });
});
