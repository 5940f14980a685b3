import fc from 'fast-check';
import {
  addDays,
  ageOn,
  beijingDate,
  beijingDateOf,
  beijingMidnight,
  daysBetween,
  endsOnSameBeijingDay,
  formatBeijing,
  isDate,
  parseInstant,
  toBeijing,
  tryParseInstant,
  weekday,
} from './beijing-time.js';

const DAY = 86_400_000;
const wholeSeconds = fc.integer({ min: -2_208_988_800, max: 32_503_679_999 }).map((seconds) => seconds * 1000);
const dates = wholeSeconds.map(beijingDate);
const offsets = fc.integer({ min: -1439, max: 1439 }).map((minutes) => {
  const size = Math.abs(minutes);
  const text = `${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`;
  return { millis: minutes * 60_000, text: `${minutes < 0 ? '-' : '+'}${text}` };
});

describe('instants', () => {
  it.each([
    ['2026-11-20T09:30:00+08:00', '2026-11-20T09:30:00+08:00'],
    ['2026-11-20T01:30:00Z', '2026-11-20T09:30:00+08:00'],
    ['2026-11-20T01:30:00.999999999Z', '2026-11-20T09:30:00+08:00'],
    ['2026-12-31T20:00:00-05:00', '2027-01-01T09:00:00+08:00'],
    ['1969-12-31T23:59:59.9Z', '1970-01-01T07:59:59+08:00'],
    ['2024-02-29T16:00:00Z', '2024-03-01T00:00:00+08:00'],
  ])('%s is %s', (text, expected) => {
    expect(toBeijing(text)).toBe(expected);
  });

  it.each([
    '2026-11-20T09:30:00',
    '2026-11-20 09:30:00+08:00',
    '2026-11-20T09:30+08:00',
    '2026-11-20T24:00:00+08:00',
    '2026-11-20T09:30:60Z',
    '2026-02-29T09:30:00Z',
    '2026-11-20T09:30:00+0800',
    '2026-11-20T09:30:00+24:00',
    '2026-11-20T09:30:00.Z',
    '',
  ])('%s is none', (text) => {
    expect(tryParseInstant(text)).toBeNull();
    expect(() => parseInstant(text)).toThrow(RangeError);
  });

  it('agree with the platform in every offset, and lose no more than the fraction', () => {
    fc.assert(
      fc.property(wholeSeconds, offsets, fc.integer({ min: 0, max: 999 }), (instant, offset, fraction) => {
        const local = new Date(instant + offset.millis).toISOString().slice(0, 19);
        const text = `${local}.${String(fraction).padStart(3, '0')}${offset.text}`;
        expect(parseInstant(text)).toBe(instant);
        expect(Date.parse(text)).toBe(instant + fraction);
        expect(parseInstant(formatBeijing(instant))).toBe(instant);
        expect(formatBeijing(instant).slice(0, 10)).toBe(beijingDateOf(text));
      }),
    );
  });
});

describe('days', () => {
  it('begin and end at Beijing midnight', () => {
    expect(beijingDateOf('2026-11-19T15:59:59Z')).toBe('2026-11-19');
    expect(beijingDateOf('2026-11-19T16:00:00Z')).toBe('2026-11-20');
    fc.assert(
      fc.property(dates, (date) => {
        expect(beijingDate(beijingMidnight(date))).toBe(date);
        expect(beijingDate(beijingMidnight(date) - 1)).toBe(addDays(date, -1));
      }),
    );
  });

  it('end an interval of their own at 24:00 and not a second later (G-44)', () => {
    fc.assert(
      fc.property(wholeSeconds, fc.integer({ min: 1, max: 2 * DAY }), (start, length) => {
        const sameDay = beijingDate(start + length - 1) === beijingDate(start);
        expect(endsOnSameBeijingDay(start, start + length)).toBe(sameDay);
      }),
    );
  });

  it('count forwards and backwards', () => {
    fc.assert(
      fc.property(dates, fc.integer({ min: -4000, max: 4000 }), (date, days) => {
        const other = addDays(date, days);
        expect(daysBetween(date, other)).toBe(days);
        expect(Math.abs((weekday(other) - weekday(date) - days) % 7)).toBe(0);
        expect(isDate(other)).toBe(true);
      }),
    );
    expect(weekday('2026-11-20')).toBe(5);
    expect(weekday('1969-12-28')).toBe(0);
  });

  it.each(['2026-02-29', '2026-13-01', '2026-11-31', '2026-1-1', '0000-00-00', '20261120', ''])(
    '%s is none',
    (text) => {
      expect(isDate(text)).toBe(false);
      expect(() => addDays(text, 1)).toThrow(RangeError);
    },
  );
});

describe('age', () => {
  it.each([
    ['2008-03-01', '2026-02-28', 17],
    ['2008-03-01', '2026-03-01', 18],
    ['2008-02-29', '2026-02-28', 17],
    ['2008-02-29', '2026-03-01', 18],
    ['2008-02-29', '2028-02-29', 20],
    ['2026-11-20', '2026-11-20', 0],
    ['2026-11-20', '2026-11-19', -1],
  ])('born %s, on %s: %s', (birthDate, date, age) => {
    expect(ageOn(birthDate, date)).toBe(age);
  });

  it('never falls with time and rises by one a year', () => {
    fc.assert(
      fc.property(dates, dates, (birthDate, date) => {
        const year = addDays(date, 366);
        expect(ageOn(birthDate, addDays(date, 1))).toBeGreaterThanOrEqual(ageOn(birthDate, date));
        expect(ageOn(birthDate, year) - ageOn(birthDate, date)).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
