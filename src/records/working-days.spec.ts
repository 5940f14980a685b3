import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { addDays, beijingDateOf } from './beijing-time.js';
import { loadCalendars, shippedCalendar } from './calendar-loader.js';
import { buildCalendar, endOfNthWorkingDay } from './working-days.js';

const DIRECTORY = join(__dirname, '..', '..', 'config', 'calendar');
const calendar = loadCalendars(DIRECTORY);
const dates = fc.integer({ min: 0, max: 1095 }).map((days) => addDays('2024-01-01', days));

describe('the calendar of the State Council', () => {
  it.each([
    ['2026-01-01', false, 'New Year'],
    ['2026-01-04', true, 'Sunday made up'],
    ['2026-02-14', true, 'Saturday made up'],
    ['2026-02-23', false, 'last day of Spring Festival'],
    ['2026-02-24', true, 'first day after it'],
    ['2025-10-08', false, 'last day of National Day and Mid-Autumn'],
    ['2025-10-11', true, 'Saturday made up'],
    ['2024-02-09', true, 'eve of Spring Festival 2024, a working day by the notice'],
    ['2026-11-21', false, 'a Saturday'],
    ['2026-11-23', true, 'a Monday'],
  ])('%s: %s (%s)', (date, working) => {
    expect(calendar.isWorkingDay(date)).toBe(working);
  });

  it('knows its years and says which it does not know', () => {
    expect([2024, 2025, 2026, 2027].map((year) => calendar.isKnownYear(year))).toEqual([true, true, true, false]);
    expect(calendar.isWorkingDay('2027-10-01')).toBe(true);
    expect(calendar.isWorkingDay('2027-10-02')).toBe(false);
  });

  it('is the one that ships', () => {
    expect(shippedCalendar().isKnownYear(2026)).toBe(true);
    expect(shippedCalendar()).toBe(shippedCalendar());
  });
});

describe('endOfNthWorkingDay', () => {
  it.each([
    ['2026-11-20', 1, '2026-11-24T00:00:00+08:00'],
    ['2026-11-20', 10, '2026-12-05T00:00:00+08:00'],
    ['2026-11-21', 10, '2026-12-05T00:00:00+08:00'],
    // Over Spring Festival: 9, 10, 11, 12, 13 and Saturday 14 February, then 24 to 27.
    ['2026-02-08', 10, '2026-02-28T00:00:00+08:00'],
    ['2026-12-31', 1, '2027-01-02T00:00:00+08:00'],
  ])('%s + %i: before %s', (date, n, end) => {
    expect(endOfNthWorkingDay(date, n, calendar)).toBe(end);
  });

  it('has exactly n working days between the event and the end, the last one a working day', () => {
    fc.assert(
      fc.property(dates, fc.integer({ min: 1, max: 30 }), (date, n) => {
        const last = addDays(beijingDateOf(endOfNthWorkingDay(date, n, calendar)), -1);
        let counted = 0;
        for (let day = addDays(date, 1); day <= last; day = addDays(day, 1))
          counted += calendar.isWorkingDay(day) ? 1 : 0;
        expect(counted).toBe(n);
        expect(calendar.isWorkingDay(last)).toBe(true);
      }),
    );
  });

  it.each([0, -1, 1.5])('refuses n = %s', (n) => {
    expect(() => endOfNthWorkingDay('2026-11-20', n, calendar)).toThrow(RangeError);
  });

  it('knows weekends without any notice', () => {
    expect(endOfNthWorkingDay('2026-09-30', 1, buildCalendar([]))).toBe('2026-10-02T00:00:00+08:00');
  });
});

describe('loadCalendars stops at a file that is wrong', () => {
  const notice = { year: 2030, source: 'test', holidays: ['2030-01-01'], makeUpWorkingDays: [] };
  it.each<[string, string, unknown]>([
    ['another year in its name', 'cn-2031.json', notice],
    ['a day of another year', 'cn-2030.json', { ...notice, holidays: ['2031-01-01'] }],
    ['an unknown field', 'cn-2030.json', { ...notice, workdays: [] }],
    ['no notice at all', 'readme.json', notice],
  ])('%s', (_title, name, content) => {
    const directory = mkdtempSync(join(tmpdir(), 'calendar-'));
    writeFileSync(join(directory, name), JSON.stringify(content));
    expect(() => loadCalendars(directory)).toThrow();
  });
});
