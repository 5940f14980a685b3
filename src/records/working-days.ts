import { addDays, beijingMidnight, formatBeijing, weekday } from './beijing-time.js';

/**
 * Working days of the State Council's calendar (G-47): weekends are off unless made up,
 * weekdays are on unless a holiday. Data, not code: one file a year in config/calendar.
 */

/** What one year's notice says; all other days follow the week. */
export interface CalendarYear {
  readonly year: number;
  /** Days off, `YYYY-MM-DD`; weekend days may be listed too. */
  readonly holidays: readonly string[];
  /** Saturdays and Sundays that are worked. */
  readonly makeUpWorkingDays: readonly string[];
}

export interface WorkingCalendar {
  isWorkingDay(date: string): boolean;
  /** False = no notice is shipped for that year: only weekends are known, which a person must be told. */
  isKnownYear(year: number): boolean;
}

const SUNDAY = 0;
const SATURDAY = 6;

/** Joins yearly notices into one calendar. A year without a notice has its weekends only. */
export function buildCalendar(years: readonly CalendarYear[]): WorkingCalendar {
  const known = new Set(years.map((notice) => notice.year));
  const off = new Set(years.flatMap((notice) => notice.holidays));
  const on = new Set(years.flatMap((notice) => notice.makeUpWorkingDays));
  return {
    isKnownYear: (year) => known.has(year),
    isWorkingDay: (date) => {
      if (on.has(date)) return true;
      if (off.has(date)) return false;
      const day = weekday(date);
      return day !== SATURDAY && day !== SUNDAY;
    },
  };
}

/**
 * End of the n-th working day after an event on `date` (R67-16, G-74). The event's own day is not counted.
 * Returned is the first instant after it, 00:00:00 Beijing of the following day, `YYYY-MM-DDT00:00:00+08:00`:
 * in time is what happens strictly before it.
 *
 * @throws RangeError when `n` is not a whole number of at least 1
 */
export function endOfNthWorkingDay(date: string, n: number, calendar: WorkingCalendar): string {
  if (!Number.isInteger(n) || n < 1) throw new RangeError('n must be a whole number of at least 1');
  const known = ends.get(calendar) ?? new Map<string, string>();
  ends.set(calendar, known);
  const key = `${date}|${n}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MAX_KNOWN_ENDS) known.clear();
  const end = countWorkingDays(date, n, calendar);
  known.set(key, end);
  return end;
}

/** Thousands of records share a handful of days; counting them anew cost a tenth of a record's acceptance (12 µs). */
const ends = new WeakMap<WorkingCalendar, Map<string, string>>();
const MAX_KNOWN_ENDS = 1_000;

function countWorkingDays(date: string, n: number, calendar: WorkingCalendar): string {
  let day = date;
  for (let counted = 0; counted < n;) {
    day = addDays(day, 1);
    if (calendar.isWorkingDay(day)) counted += 1;
  }
  return formatBeijing(beijingMidnight(addDays(day, 1)));
}
