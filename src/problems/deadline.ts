import { addDays, beijingDateOf, endOfNthWorkingDay, type Owner, type WorkingCalendar } from '../records/index.js';

/** Until when a problem should be solved, in working days of the State Council's calendar (console §9.3). */

/** Working days that each owner has, counted from the day the problem opened. */
export const DAYS_OF_OWNER: Readonly<Record<Owner, number>> = { station: 5, county: 3, nation: 5, platform: 1 };

export interface Deadline {
  /** First instant after the last working day, RFC 3339. */
  readonly at: string;
  /** Whole working days left, today not counted; negative = over. */
  readonly workingDaysLeft: number;
  /** The law's own day of one of its records (R67-16) comes before ours. */
  readonly isLegal: boolean;
  /** False = a year without a holiday notice is touched: counted by weekends for now. */
  readonly isCalendarKnown: boolean;
}

export interface DeadlineInput {
  readonly owner: Owner;
  readonly openedAt: Date;
  /** Earliest legal due time of the records concerned. */
  readonly firstDueBy: Date | null;
  readonly now: Date;
}

/** No problem is looked at further ahead or back than this; it bounds the count. */
const MAX_DAYS = 400;

export function deadlineOf(input: DeadlineInput, calendar: WorkingCalendar): Deadline {
  const { owner, openedAt, firstDueBy, now } = input;
  const ours = endOfNthWorkingDay(beijingDateOf(openedAt.toISOString()), DAYS_OF_OWNER[owner], calendar);
  const isLegal = firstDueBy !== null && firstDueBy.getTime() < Date.parse(ours);
  const at = isLegal ? firstDueBy.toISOString() : new Date(ours).toISOString();
  const today = beijingDateOf(now.toISOString());
  // The deadline is the midnight after the last day.
  const lastDay = addDays(beijingDateOf(at), -1);
  return {
    at,
    workingDaysLeft: workingDaysBetween(today, lastDay, calendar),
    isLegal,
    isCalendarKnown: [today, lastDay].every((day) => calendar.isKnownYear(Number(day.slice(0, 4)))),
  };
}

/** Working days after `from` up to and with `to`; negative when `to` lies before. */
function workingDaysBetween(from: string, to: string, calendar: WorkingCalendar): number {
  if (to < from) return -workingDaysBetween(to, from, calendar);
  let count = 0;
  let day = from;
  for (let step = 0; day < to && step < MAX_DAYS; step += 1) {
    day = addDays(day, 1);
    if (calendar.isWorkingDay(day)) count += 1;
  }
  return count;
}
