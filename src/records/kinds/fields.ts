import { z } from 'zod';
import { codesOf } from '../dictionaries.js';
import { codePointLength, isBlank } from '../text.js';

/**
 * Building blocks of every kind's schema. Each leaves standard zod issues behind, so that the door's codes
 * follow from the issue alone: too_small and too_big FIELD_RANGE, invalid_format FIELD_FORMAT,
 * invalid_value CODE_UNKNOWN, unrecognized_keys FIELD_UNKNOWN, invalid_type FIELD_REQUIRED or FIELD_TYPE.
 */

/** Any list that the contract does not bound itself (national-contract C5). */
export const MAX_LIST = 100;

/** Lengths of G-32, in code points. */
export const TEXT_SENT = 200;
export const TEXT_KEPT = 500;
export const CONTENT = 300;
export const SHORT_NAME = 50;

/** What PostgreSQL, the working-day arithmetic and common sense can all hold; 9999-12-31 means "open end". */
const FIRST_YEAR = 1900;
const LAST_YEAR_OF_DATE = 9999;
const LAST_YEAR_OF_INSTANT = 2999;

/** Text of 1 to `max` code points that is more than blanks (G-32). */
export function text(max: number, description: string) {
  return z
    .string()
    .check((ctx) => {
      const value = ctx.value;
      // A text of only blanks counts as empty.
      if (isBlank(value)) {
        ctx.issues.push({ code: 'too_small', origin: 'string', minimum: 1, inclusive: true, input: value });
      } else if (codePointLength(value) > max) {
        ctx.issues.push({ code: 'too_big', origin: 'string', maximum: max, inclusive: true, input: value });
      }
    })
    .meta({ description, minLength: 1, maxLength: max });
}

function yearCheck(lastYear: number) {
  return (ctx: z.core.ParsePayload<string>): void => {
    const value = ctx.value;
    if (ctx.issues.length > 0) return;
    const year = Number(value.slice(0, 4));
    if (year < FIRST_YEAR) {
      ctx.issues.push({ code: 'too_small', origin: 'date', minimum: FIRST_YEAR, inclusive: true, input: value });
    } else if (year > lastYear) {
      ctx.issues.push({ code: 'too_big', origin: 'date', maximum: lastYear, inclusive: true, input: value });
    }
  };
}

/** Calendar day in Beijing, `YYYY-MM-DD`. */
export function date(description: string) {
  return z.iso.date().check(yearCheck(LAST_YEAR_OF_DATE)).meta({ description });
}

/** RFC 3339 time with seconds and any offset, `Z` included; fractions are cut later (G-57). */
export function dateTime(description: string) {
  return z.iso.datetime({ offset: true }).check(yearCheck(LAST_YEAR_OF_INSTANT)).meta({ description });
}

/** 12 digits; only those of the mainland's provinces when `mainland` is set (G-39). */
export function areaCode(description: string, scope: 'any' | 'mainland' = 'any') {
  const shape = scope === 'any' ? /^\d{12}$/ : /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])\d{10}$/;
  return z.string().regex(shape).meta({ description });
}

/** Mainland mobile number (G-79). */
export function mobile(description: string) {
  return z
    .string()
    .regex(/^1[3-9]\d{9}$/)
    .meta({ description });
}

/** The name of another record of the same source system. */
export function sourceId(description: string) {
  return z
    .string()
    .regex(/^[0-9A-Za-z._-]{1,64}$/)
    .meta({ description });
}

/** One of a few words of the contract. */
export function word<const Words extends readonly [string, ...string[]]>(words: Words, description: string) {
  return z.enum(words).meta({ description });
}

/** A code of a table of domain §7.5; the description carries the labels into the OpenAPI document. */
export function code<Table extends Readonly<Record<string, string>>>(table: Table, description: string) {
  const labels = Object.entries(table).map(([value, label]) => `${value} ${label}`);
  return z.enum(codesOf(table)).meta({ description: `${description} (${labels.sort().join(', ')})` });
}

/** Whole number between bounds; 90.0 is 90 (G-28). */
export function wholeNumber(min: number, max: number, description: string) {
  return z.int().min(min).max(max).meta({ description });
}

/** List of `min` to `max` members. */
export function list<Member extends z.ZodType>(
  member: Member,
  size: { min?: number; max?: number },
  description: string,
) {
  return z
    .array(member)
    .min(size.min ?? 0)
    .max(size.max ?? MAX_LIST)
    .meta({ description });
}

/** State of a team or volunteer, sent unchanged (G-35). */
export function memberState(description: string) {
  return word(['ACTIVE', 'SUSPENDED', 'CLOSED'], description);
}

/** Reference to proof kept at the station; the bytes stay there (G-59). */
export function evidenceList(description: string) {
  const item = z.strictObject({
    type: word(['SIGN_SHEET', 'PHOTO', 'FILE'], 'What it is'),
    ref: text(TEXT_KEPT, 'Where the station keeps it'),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/)
      .optional()
      .meta({ description: 'SHA-256 of the file, 64 hex digits' }),
  });
  return list(item, {}, description);
}
