/** Numbers and names of invented persons: formally valid, never a real person's (prefix 533499 is unassigned). */
import type { Random } from './canonical.js';

/** Village level: digits 10–12 are not `000` (G-39). */
export const VILLAGES = ['533401101001', '533401101003', '533401102002', '533421100001', '533422101004'] as const;

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK = '10X98765432';

/** GB 11643: check digit of 17 digits. */
export function idCheckDigit(first17: string): string {
  const sum = [...first17].reduce((total, digit, index) => total + Number(digit) * (WEIGHTS[index] ?? 0), 0);
  return CHECK[sum % 11] ?? '';
}

/** The 17th digit is odd for a man, even for a woman; `serial` makes numbers of one birth date differ. */
export function idNumber(person: { birthDate: string; gender: string; serial: number }): string {
  const pair = person.serial % 500;
  const order = String(pair * 2 + (person.gender === '1' ? 1 : 0)).padStart(3, '0');
  const first17 = `533499${person.birthDate.replaceAll('-', '')}${order}`;
  return first17 + idCheckDigit(first17);
}

export function mobile(random: Random): string {
  const second = 3 + Math.floor(random() * 7);
  return `1${second}${String(Math.floor(random() * 1e9)).padStart(9, '0')}`;
}

const SURNAMES = ['测', '试', '例', '样', '和', '木', '扎西', '次仁'];
const GIVEN = ['甲', '乙', '丙', '丁', '戊', '卓玛', '拉姆', '梅朵', '平措'];

export function personName(random: Random): string {
  const surname = SURNAMES[Math.floor(random() * SURNAMES.length)] ?? '测';
  const given = GIVEN[Math.floor(random() * GIVEN.length)] ?? '甲';
  return surname.length > 1 ? `${surname}·${given}` : `${surname}${given}`;
}

const USCC_ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';

/** GB 32100: Σ value × 3^(i−1) mod 31. */
export function usccCheckDigit(first17: string): string {
  let weight = 1;
  let sum = 0;
  for (const char of first17) {
    sum += USCC_ALPHABET.indexOf(char) * weight;
    weight = (weight * 3) % 31;
  }
  return USCC_ALPHABET[(31 - (sum % 31)) % 31] ?? '';
}

export function uscc(random: Random): string {
  const body = Array.from({ length: 9 }, () => USCC_ALPHABET[Math.floor(random() * 10)]).join('');
  const first17 = `52533400${body}`;
  return first17 + usccCheckDigit(first17);
}
