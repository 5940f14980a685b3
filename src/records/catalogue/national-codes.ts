import { NATIONAL_ACCESS_CODES } from './national-access-codes.js';
import { NATIONAL_RECORD_CODES } from './national-record-codes.js';

/**
 * Every code of national-contract §1.12, keyed exactly by the string that comes over the wire. Which class the
 * gateway acts on is the active profile's business; the class here explains the sentence and heads the manual.
 */
export const NATIONAL_CODES = { ...NATIONAL_ACCESS_CODES, ...NATIONAL_RECORD_CODES } as const;
