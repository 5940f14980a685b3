import { ADAPTER_CODES } from './adapter-codes.js';
import { ADMIN_CODES } from './admin-codes.js';
import { ALERT_CODES } from './alert-codes.js';
import { DELIVERY_CODES } from './delivery-codes.js';
import { DOOR_CODES } from './door-codes.js';
import type { CatalogueEntry, Lang, SentenceParams } from './entry.js';
import { NATIONAL_CODES } from './national-codes.js';
import { wordedParams } from './param-words.js';
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
export { nationalEntry, nationalSentence } from './national-sentence.js';

/** Every code of ours; national codes have their own table, `NATIONAL_CODES`. */
export const CATALOGUE = {
  ...DOOR_CODES, ...RULE_CODES, ...ADAPTER_CODES, ...DELIVERY_CODES, ...ADMIN_CODES, ...ALERT_CODES,
} as const; // prettier-ignore

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
  return fill(catalogueEntry(code)[lang], wordedParams(params, lang));
}

/**
 * A code of ours with its Chinese sentence, as an outcome, a gate or a reply carries it: the one wording of what a
 * station or an official reads later.
 *
 * Source   station-contract G-66
 */
export function codeWords<Code extends CatalogueCode>(
  code: Code,
  params: SentenceParams = {},
): { readonly code: Code; readonly message: string } {
  return { code, message: sentence(code, 'zh', params) };
}

/** The way out, in the caller's language: the `hint` of an error (station-contract §1). */
export function remedy(code: CatalogueCode, lang: Lang): string {
  const entry = catalogueEntry(code);
  return lang === 'zh' ? entry.remedy : entry.remedyEn;
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
