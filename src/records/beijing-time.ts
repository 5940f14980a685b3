/**
 * Times as stations send them (RFC 3339, any offset) seen from Beijing. Pure: the clock is always an argument.
 * Beijing time is the fixed offset +08:00; the summer time of 1986–1991 touches no record of ours.
 */

const SECOND = 1_000;
const DAY = 86_400_000;
const BEIJING_OFFSET = 8 * 3_600_000;
const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.\d+)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Days since 1970-01-01, or null when there is no such day (2026-02-30). */
function dayNumber(year: number, month: number, day: number): number | null {
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  const exists = at.getUTCFullYear() === year && at.getUTCMonth() === month - 1 && at.getUTCDate() === day;
  return exists ? at.getTime() / DAY : null;
}

function dayNumberOf(date: string): number {
  const parts = DATE.exec(date);
  const found = parts === null ? null : dayNumber(Number(parts[1]), Number(parts[2]), Number(parts[3]));
  if (found === null) throw new RangeError('not a date of the form YYYY-MM-DD');
  return found;
}

const dateOfDayNumber = (days: number): string => new Date(days * DAY).toISOString().slice(0, 10);

function offsetMillis(offset: string): number {
  if (offset === 'Z') return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6));
  return (offset.startsWith('-') ? -minutes : minutes) * 60 * SECOND;
}

/** Whether `text` is an existing calendar day written `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  const parts = DATE.exec(text);
  return parts !== null && dayNumber(Number(parts[1]), Number(parts[2]), Number(parts[3])) !== null;
}

/**
 * Milliseconds since the epoch of an RFC 3339 time, null when it is none.
 * Fractions are cut to seconds (G-57), so the result is always a multiple of 1000.
 */
export function tryParseInstant(text: string): number | null {
  const parts = INSTANT.exec(text);
  if (parts === null) return null;
  const days = dayNumber(Number(parts[1]), Number(parts[2]), Number(parts[3]));
  if (days === null) return null;
  const seconds = Number(parts[4]) * 3600 + Number(parts[5]) * 60 + Number(parts[6]);
  return days * DAY + seconds * SECOND - offsetMillis(parts[7] ?? 'Z');
}

/** As `tryParseInstant`, for text that a schema has already let through; throws RangeError otherwise. */
export function parseInstant(text: string): number {
  const instant = tryParseInstant(text);
  if (instant === null) throw new RangeError('not an RFC 3339 time with offset');
  return instant;
}

/** Beijing date of an instant given in epoch milliseconds. */
export function beijingDate(instant: number): string {
  return dateOfDayNumber(Math.floor((instant + BEIJING_OFFSET) / DAY));
}

/** Beijing date of an RFC 3339 time. */
export function beijingDateOf(text: string): string {
  return beijingDate(parseInstant(text));
}

/** Epoch milliseconds of 00:00:00 in Beijing on `date`. */
export function beijingMidnight(date: string): number {
  return dayNumberOf(date) * DAY - BEIJING_OFFSET;
}

/** An instant as the national side wants it: `YYYY-MM-DDTHH:mm:ss+08:00`, no fractions (G-57). */
export function formatBeijing(instant: number): string {
  return `${new Date(instant + BEIJING_OFFSET).toISOString().slice(0, 19)}+08:00`;
}

/** Any RFC 3339 time in the one spelling `YYYY-MM-DDTHH:mm:ss+08:00`. */
export function toBeijing(text: string): string {
  return formatBeijing(parseInstant(text));
}

/**
 * Whether an interval that starts on its own day also ends on it in Beijing.
 * 24:00, that is 00:00:00 of the following day, is allowed as an end (G-44).
 */
export function endsOnSameBeijingDay(start: number, end: number): boolean {
  return end <= beijingMidnight(beijingDate(start)) + DAY;
}

/** `date` moved by whole days. */
export function addDays(date: string, days: number): string {
  return dateOfDayNumber(dayNumberOf(date) + days);
}

/** Whole days from `from` to `to`; negative when `to` is earlier. */
export function daysBetween(from: string, to: string): number {
  return dayNumberOf(to) - dayNumberOf(from);
}

/** 0 = Sunday … 6 = Saturday. */
export function weekday(date: string): number {
  return (((dayNumberOf(date) + 4) % 7) + 7) % 7;
}

/** Completed years of age on `date`; who was born on 29 February comes of age on 1 March of common years. */
export function ageOn(birthDate: string, date: string): number {
  const years = Number(date.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return date.slice(5) < birthDate.slice(5) ? years - 1 : years;
}
