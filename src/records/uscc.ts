/** Unified social credit codes, GB 32100-2015 (domain §7.2). */

const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const SHAPE = /^[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}$/;
const BODY_LENGTH = 17;

/** Check character for the first 17 characters, all of the code's alphabet. */
export function usccCheckCharacter(body: string): string {
  let sum = 0;
  WEIGHTS.forEach((weight, index) => (sum += weight * ALPHABET.indexOf(body.charAt(index))));
  return ALPHABET.charAt((ALPHABET.length - (sum % ALPHABET.length)) % ALPHABET.length);
}

/**
 * Whether `code` is a well-formed code with the right check character.
 * The check of the inner organisation code is not judged: G-61 names GB 32100 alone.
 */
export function isUscc(code: string): boolean {
  return SHAPE.test(code) && usccCheckCharacter(code.slice(0, BODY_LENGTH)) === code.charAt(BODY_LENGTH);
}
