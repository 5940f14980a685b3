import type { NationalCodeEntry } from './entry.js';
import { NATIONAL_CODES } from './national-codes.js';

/** The row of a national code, or null when the national side said something that no contract names. */
export function nationalEntry(code: string): NationalCodeEntry | null {
  return Object.hasOwn(NATIONAL_CODES, code) ? NATIONAL_CODES[code as keyof typeof NATIONAL_CODES] : null;
}

/**
 * What a national code means, in Chinese; codes of ours (`TRANSPORT`, `HTTP_ERROR` …) have rows of their own in the
 * catalogue. An unknown code is named, so that an official can quote it.
 *
 * Source   national-contract §1.12 (last row: unknown codes)
 */
export function nationalSentence(code: string): string {
  const known = nationalEntry(code);
  if (known !== null) return known.zh;
  return `国家系统答复了未列入接口约定的代码“${quotable(code)}”，结果待核实。`;
}

const MAX_QUOTED_CODE = 32;

/** A code from outside goes into a sentence only in characters that cannot hurt a page or a log line. */
function quotable(code: string): string {
  const safe = code.replaceAll(/[^0-9A-Za-z_.-]/g, '').slice(0, MAX_QUOTED_CODE);
  return safe === '' ? '?' : safe;
}
