import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { buildCalendar } from './working-days.js';
import type { WorkingCalendar } from './working-days.js';

/** The one place of this room that reads files: the yearly holiday notices, once, at start. */

const FILE_NAME = /^cn-(\d{4})\.json$/;

const noticeSchema = z
  .strictObject({
    year: z.int().min(1950).max(2999),
    source: z.string().min(1),
    holidays: z.array(z.iso.date()),
    makeUpWorkingDays: z.array(z.iso.date()),
  })
  .refine(
    (notice) => [...notice.holidays, ...notice.makeUpWorkingDays].every((day) => day.startsWith(`${notice.year}-`)),
    {
      error: 'every day must lie in the year of its file',
    },
  );

/** Reads every `cn-YYYY.json` of `directory`; a file that is not what it should be stops the start. */
export function loadCalendars(directory: string): WorkingCalendar {
  const names = readdirSync(directory).filter((name) => FILE_NAME.test(name));
  if (names.length === 0) throw new Error(`no cn-YYYY.json in ${directory}`);
  return buildCalendar(names.sort().map((name) => readNotice(directory, name)));
}

function readNotice(directory: string, name: string): z.output<typeof noticeSchema> {
  const result = noticeSchema.safeParse(JSON.parse(readFileSync(join(directory, name), 'utf8')));
  if (!result.success) throw new Error(`${name}: ${z.prettifyError(result.error)}`);
  if (result.data.year !== Number(FILE_NAME.exec(name)?.[1])) throw new Error(`${name}: year is ${result.data.year}`);
  return result.data;
}

let shipped: WorkingCalendar | undefined;

/**
 * The calendar of this checkout's `config/calendar`, read once. Found from this file upwards, because the
 * compiled file lies deeper (`dist/src/records`) than its source, and the working directory may be anything.
 */
export function shippedCalendar(): WorkingCalendar {
  shipped ??= loadCalendars(findUpwards(__dirname, join('config', 'calendar')));
  return shipped;
}

function findUpwards(from: string, wanted: string): string {
  for (let at = from; ; at = dirname(at)) {
    const candidate = join(at, wanted);
    if (existsSync(candidate)) return candidate;
    if (dirname(at) === at) throw new Error(`${wanted} not found above ${from}`);
  }
}
