import type { z } from 'zod';
import { beijingDate, daysBetween, endsOnSameBeijingDay, parseInstant } from '../../beijing-time.js';
import { shippedCalendar } from '../../calendar-loader.js';
import type { DoorRule } from '../../record-kind.js';
import { endOfNthWorkingDay } from '../../working-days.js';
import { notInFuture, refuse, timesInOrder, warn } from '../rules.js';
import { screenedFor } from '../volunteer-service-screen.js';
import type { serviceRecordSchema } from './service-record.schema.js';

type ServiceRecord = z.output<typeof serviceRecordSchema>;

const MINUTE = 60_000;
const DEADLINE_WORKING_DAYS = 10;
const NATIONAL_LIMIT_DAYS = 365;
const LONG_DAY_MINUTES = 480;

// Read when this module is loaded: a broken calendar must stop the start, not refuse records later.
const calendar = shippedCalendar();

/** G-44: the day of the record is the day on which service began in Beijing. */
const dateIsThatOfStart: DoorRule<ServiceRecord> = (data) =>
  beijingDate(parseInstant(data.startAt)) === data.serviceDate ? [] : [refuse('R67-09', '/data/serviceDate')];

/** G-44: service does not cross midnight. */
const staysWithinDay: DoorRule<ServiceRecord> = (data) =>
  endsOnSameBeijingDay(parseInstant(data.startAt), parseInstant(data.endAt)) ? [] : [refuse('R67-09', '/data/endAt')];

/** G-43: never more than the clock gives, fewer for breaks. A wrong order of times is told once, by its own rule. */
const minutesFitInterval: DoorRule<ServiceRecord> = (data) => {
  if (data.minutes < 1) return [refuse('R67-09', '/data/minutes')];
  const span = parseInstant(data.endAt) - parseInstant(data.startAt);
  const most = Math.floor(span / MINUTE);
  return span > 0 && data.minutes > most ? [refuse('R67-09', '/data/minutes', { max: most })] : [];
};

/** G-46: what is recorded has already happened. */
const recordedAfterEnd: DoorRule<ServiceRecord> = (data) =>
  parseInstant(data.recordedAt) < parseInstant(data.endAt) ? [refuse('FIELD_RANGE', '/data/recordedAt')] : [];

/** G-47: late is a warning, and the remark serves as its reason. */
const recordedInTime: DoorRule<ServiceRecord> = (data) => {
  const limit = endOfNthWorkingDay(data.serviceDate, DEADLINE_WORKING_DAYS, calendar);
  const late = parseInstant(data.recordedAt) >= parseInstant(limit);
  return late ? [warn('R67-16', '/data/recordedAt', { days: DEADLINE_WORKING_DAYS })] : [];
};

/** G-51: the national side answers 2206 to it; the station should know at once. */
const youngEnough: DoorRule<ServiceRecord> = (data, context) =>
  daysBetween(data.serviceDate, context.today) > NATIONAL_LIMIT_DAYS
    ? [warn('TOO_OLD_NATIONALLY', '/data/serviceDate', { days: NATIONAL_LIMIT_DAYS })]
    : [];

/** R67-10: more than a working day by one person is possible, but worth a look. */
const plausibleLength: DoorRule<ServiceRecord> = (data) =>
  data.minutes > LONG_DAY_MINUTES ? [warn('R67-10', '/data/minutes', { minutes: LONG_DAY_MINUTES })] : [];

export const serviceRecordRules: readonly DoorRule<ServiceRecord>[] = [
  timesInOrder('startAt', 'endAt'),
  dateIsThatOfStart,
  staysWithinDay,
  minutesFitInterval,
  notInFuture('endAt'),
  notInFuture('recordedAt'),
  recordedAfterEnd,
  recordedInTime,
  youngEnough,
  plausibleLength,
  screenedFor('content', 'remark'),
];
