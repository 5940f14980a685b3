import { parseInstant } from '../beijing-time.js';
import type { DoorContext, DoorRule, Finding } from '../record-kind.js';

/** Rules of the door that more than one kind obeys. Each looks at one field or one pair of fields. */

/** How far a station's clock may run ahead of ours (G-46). */
const CLOCK_TOLERANCE = 5 * 60_000;

type Optional<Field extends string> = { readonly [Name in Field]?: string | undefined };
type Required<Field extends string> = { readonly [Name in Field]: string };

/** The absolute kind of finding: the item is refused. */
export function refuse(code: Finding['code'], pointer: string, params?: Finding['params']): Finding {
  return { level: 'refuse', code, pointer, ...(params === undefined ? {} : { params }) };
}

/** The judgement kind of finding: it stays with the record and weighs in audits. */
export function warn(code: Finding['code'], pointer: string, params?: Finding['params']): Finding {
  return { level: 'warn', code, pointer, ...(params === undefined ? {} : { params }) };
}

/** Whether an instant lies in the future, a little clock error forgiven (G-46). */
export function isFuture(instant: string, context: DoorContext): boolean {
  return parseInstant(instant) > context.now.getTime() + CLOCK_TOLERANCE;
}

/** G-46: a day that must already have come in Beijing. */
export function notAfterToday<Field extends string>(field: Field): DoorRule<Optional<Field>> {
  return (data, context) => {
    const day: string | undefined = data[field];
    return day !== undefined && day > context.today
      ? [refuse('FIELD_RANGE', `/data/${field}`, { max: context.today })]
      : [];
  };
}

/** G-46: a time that must already have come. */
export function notInFuture<Field extends string>(field: Field): DoorRule<Required<Field>> {
  return (data, context) => (isFuture(data[field], context) ? [refuse('FIELD_RANGE', `/data/${field}`)] : []);
}

/** G-79: a period of days may last one day, but not end before it begins. */
export function daysInOrder<From extends string, To extends string>(from: From, to: To): DoorRule<Required<From | To>> {
  return (data) => (data[to] < data[from] ? [refuse('FIELD_RANGE', `/data/${to}`)] : []);
}

/** G-79: an interval of time must end after it begins. */
export function timesInOrder<From extends string, To extends string>(
  from: From,
  to: To,
): DoorRule<Required<From | To>> {
  return (data) => (parseInstant(data[to]) <= parseInstant(data[from]) ? [refuse('FIELD_RANGE', `/data/${to}`)] : []);
}

/** G-39: what a station writes must lie in the area of its source system. */
export function insideHomeArea<Field extends string>(field: Field): DoorRule<Required<Field>> {
  return (data, context) =>
    data[field].startsWith(context.homeArea)
      ? []
      : [refuse('AREA_OUTSIDE_HOME', `/data/${field}`, { area: context.homeArea })];
}

/** G-60: of two fields exactly one is given; when both are, the second is at fault. */
export function exactlyOne<First extends string, Second extends string>(
  first: First,
  second: Second,
): DoorRule<Optional<First | Second>> {
  return (data) => {
    const given = [data[first], data[second]].filter((value) => value !== undefined).length;
    if (given === 0) return [refuse('FIELD_REQUIRED', `/data/${first}`)];
    return given === 2 ? [refuse('FIELD_RANGE', `/data/${second}`)] : [];
  };
}
