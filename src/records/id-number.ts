import { isDate } from './beijing-time.js';

/** Identity numbers of 18 characters, GB 11643-1999 (domain §7.1). The area prefix is never judged (G-40). */

const SHAPE = /^\d{17}[\dX]$/;
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_DIGITS = '10X98765432';
const BODY_LENGTH = 17;

/** What is wrong with a number, or null. Said to people as a hint, so the order is from coarse to fine. */
export type IdNumberFault = 'FIFTEEN_DIGITS' | 'LOWER_CASE_X' | 'SHAPE' | 'BIRTH_DATE' | 'CHECK_DIGIT';

/** Check digit (`0`–`9`, `X`) for the first 17 digits. */
export function idCheckDigit(body: string): string {
  let sum = 0;
  WEIGHTS.forEach((weight, index) => (sum += weight * Number(body[index])));
  return CHECK_DIGITS.charAt(sum % CHECK_DIGITS.length);
}

/** First fault of an identity number, null when it is well formed. */
export function idNumberFault(idNo: string): IdNumberFault | null {
  if (/^\d{15}$/.test(idNo)) return 'FIFTEEN_DIGITS';
  if (/^\d{17}x$/.test(idNo)) return 'LOWER_CASE_X';
  if (!SHAPE.test(idNo)) return 'SHAPE';
  if (!isDate(idBirthDate(idNo))) return 'BIRTH_DATE';
  return idCheckDigit(idNo.slice(0, BODY_LENGTH)) === idNo.charAt(BODY_LENGTH) ? null : 'CHECK_DIGIT';
}

/** Birth date `YYYY-MM-DD` written in a number of 18 characters. */
export function idBirthDate(idNo: string): string {
  return `${idNo.slice(6, 10)}-${idNo.slice(10, 12)}-${idNo.slice(12, 14)}`;
}

/** Gender by the 17th digit: odd `1` male, even `2` female (GB/T 2261.1). */
export function idGender(idNo: string): '1' | '2' {
  return Number(idNo.charAt(16)) % 2 === 1 ? '1' : '2';
}
