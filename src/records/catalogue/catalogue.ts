import { ADAPTER_CODES } from './adapter-codes.js';
import { DOOR_CODES } from './door-codes.js';
import type { CatalogueEntry, Lang, NationalCodeEntry, SentenceParams } from './entry.js';
import { expectedWords } from './expected-words.js';
import { NATIONAL_CODES } from './national-codes.js';
import { RULE_CODES } from './rule-codes.js';

export type {
  CatalogueEntry,
  Lang,
  LogLevel,
  NationalClass,
  NationalCodeEntry,
  Owner,
  RetryAdvice,
  SentenceParams,
} from './entry.js';
export { NATIONAL_CODES };

/** Every code of ours; national codes have their own table, `NATIONAL_CODES`. */
export const CATALOGUE = { ...DOOR_CODES, ...RULE_CODES, ...ADAPTER_CODES } as const;

export type CatalogueCode = keyof typeof CATALOGUE;

export const CATALOGUE_CODES = Object.keys(CATALOGUE) as readonly CatalogueCode[];

export type NationalCode = keyof typeof NATIONAL_CODES;

/**
 * The row of a code.
 *
 * Shape    one of our codes → all its columns
 * Source   house §2.9
 */
export function catalogueEntry(code: CatalogueCode): CatalogueEntry {
  return CATALOGUE[code];
}

/** Whether a string from outside (a stored code, a query parameter) is one of ours. */
export function isCatalogueCode(code: string): code is CatalogueCode {
  return Object.hasOwn(CATALOGUE, code);
}

/**
 * The sentence of a code in the caller's language, with safe values put in.
 * Parts in `[…]` whose values are missing are left out, see `SentenceParams`.
 *
 * Source   station-contract §1: Chinese by default, English on request, never a person's data
 */
export function sentence(code: CatalogueCode, lang: Lang, params: SentenceParams = {}): string {
  const template = catalogueEntry(code)[lang];
  if (params.expected === undefined) return fill(template, params);
  return fill(template, { ...params, expected: expectedWords(String(params.expected), lang) });
}

/** The way out, in the caller's language: the `hint` of an error (station-contract §1). */
export function remedy(code: CatalogueCode, lang: Lang): string {
  const entry = catalogueEntry(code);
  return lang === 'zh' ? entry.remedy : entry.remedyEn;
}

/** The row of a national code, or null when the national side said something that no contract names. */
export function nationalEntry(code: string): NationalCodeEntry | null {
  return Object.hasOwn(NATIONAL_CODES, code) ? NATIONAL_CODES[code as NationalCode] : null;
}

/**
 * What a national code means, in Chinese. An unknown code is named, so that an official can quote it.
 *
 * Source   national-contract §1.12 (last row: unknown codes)
 */
export function nationalSentence(code: string): string {
  return nationalEntry(code)?.zh ?? `国家系统答复了未列入接口约定的代码“${quotable(code)}”，结果待核实。`;
}

const MAX_QUOTED_CODE = 32;

/** A code from outside goes into a sentence only in characters that cannot hurt a page or a log line. */
function quotable(code: string): string {
  const safe = code.replaceAll(/[^0-9A-Za-z_.-]/g, '').slice(0, MAX_QUOTED_CODE);
  return safe === '' ? '?' : safe;
}

function fill(template: string, params: SentenceParams): string {
  return template.replaceAll(/\[([^\]]*)\]/g, (_part, optional: string) => {
    let isComplete = true;
    const filled = optional.replaceAll(/\{(\w+)\}/g, (_placeholder, name: string) => {
      const value = Object.hasOwn(params, name) ? params[name] : undefined;
      if (value === undefined) isComplete = false;
      return String(value);
    });
    return isComplete ? filled : '';
  });
}
