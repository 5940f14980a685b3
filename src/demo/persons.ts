import { chanceOf, type Chance } from './chance.js';

/** Invented people. 533499 is an area prefix that was never assigned, so nobody has these numbers. */
export interface Person {
  readonly name: string;
  readonly idNo: string;
  readonly gender: '1' | '2';
  readonly birthDate: string;
  readonly isMinor: boolean;
}

const AREA_PREFIX = '533499';
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_DIGITS = '10X98765432';

const FAMILY = ['测试', '示例', '演示', '样例'];
const GIVEN = ['春', '山', '雪', '河', '云', '松', '梅', '兰', '石', '月', '星', '江', '原', '晨', '岚', '溪'];
const TIBETAN_FIRST = ['测试扎西', '示例卓玛', '演示格桑', '样例达瓦', '测试次仁', '示例白玛'];
const TIBETAN_SECOND = ['次仁', '拉姆', '尼玛', '央宗', '顿珠', '江措', '曲珍', '平措'];

const DAYS_A_YEAR = 12 * 28;
const FIRST_YEAR = 1955;
const ADULT_YEARS = 48;
/** One in so many is a minor; minors are 15 when they join. */
const MINOR_EVERY = 40;
const MINOR_AGE = 15;

/** Check digit of GB 11643, worked out here and not by the door that will judge it. */
export function checkDigit(body: string): string {
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(body.charAt(at)), 0);
  return CHECK_DIGITS.charAt(sum % CHECK_DIGITS.length);
}

const two = (number: number): string => String(number).padStart(2, '0');

/** The n-th day of birth: 28 days in each month, so that every one exists. */
function birthDateOf(firstYear: number, day: number): string {
  const inYear = day % DAYS_A_YEAR;
  return `${firstYear + Math.floor(day / DAYS_A_YEAR)}-${two(1 + Math.floor(inYear / 28))}-${two(1 + (inYear % 28))}`;
}

export function personName(chance: Chance): string {
  if (chance.between(1, 3) === 1) return `${chance.pick(TIBETAN_FIRST)}·${chance.pick(TIBETAN_SECOND)}`;
  return `${chance.pick(FAMILY)}${chance.pick(GIVEN)}${chance.pick(GIVEN)}`;
}

/** Of the shape that the door wants, in a block of a thousand numbers. */
export const testMobile = (chance: Chance): string => `13900000${String(chance.between(0, 999)).padStart(3, '0')}`;

/** The person of that number in the prefecture; two numbers never give the same identity number. */
export function personOf(index: number, joiningYear: number): Person {
  const chance = chanceOf(`person ${index}`);
  const isMinor = index % MINOR_EVERY === MINOR_EVERY - 1;
  const days = (isMinor ? 1 : ADULT_YEARS) * DAYS_A_YEAR;
  const rank = isMinor ? Math.floor(index / MINOR_EVERY) : index;
  const birthDate = birthDateOf(isMinor ? joiningYear - MINOR_AGE : FIRST_YEAR, rank % days);
  const gender = chance.pick(['1', '2'] as const);
  const serial = 2 * Math.floor(rank / days) + Number(gender === '1');
  const body = `${AREA_PREFIX}${birthDate.replaceAll('-', '')}${String(serial).padStart(3, '0')}`;
  return { name: personName(chance), idNo: `${body}${checkDigit(body)}`, gender, birthDate, isMinor };
}
