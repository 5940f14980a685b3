import fc from 'fast-check';
import { isUscc, usccCheckCharacter } from './uscc.js';

const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const letters = (length: number) =>
  fc.array(fc.constantFrom(...ALPHABET), { minLength: length, maxLength: length }).map((list) => list.join(''));
const codes = fc.tuple(letters(2), fc.integer({ min: 0, max: 999_999 }), letters(9)).map(([head, area, body]) => {
  const first = `${head}${String(area).padStart(6, '0')}${body}`;
  return first + usccCheckCharacter(first);
});

describe('unified social credit codes (GB 32100, domain §7.2)', () => {
  it.each([
    ['91350100M000100Y43', true],
    // Publicly known codes of two universities and two companies.
    ['12100000400000624D', true],
    ['12100000400002259P', true],
    ['91440300708461136T', true],
    ['914403001922038216', true],
    ['91350100M000100Y44', false],
    ['91350100M000100Y4', false],
    ['91350100m000100y43', false],
    ['91350100I000100Y43', false],
    ['', false],
  ])('%s: %s', (code, valid) => {
    expect(isUscc(code)).toBe(valid);
  });

  it('takes whatever ends in its own check character and nothing that differs in one place', () => {
    fc.assert(
      fc.property(codes, fc.nat(17), fc.integer({ min: 1, max: 30 }), (code, at, shift) => {
        expect(isUscc(code)).toBe(true);
        const other = ALPHABET.charAt((ALPHABET.indexOf(code.charAt(at)) + shift) % ALPHABET.length);
        expect(isUscc(code.slice(0, at) + other + code.slice(at + 1))).toBe(false);
      }),
    );
  });
});
