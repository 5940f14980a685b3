import fc from 'fast-check';
import { idBirthDate, idCheckDigit, idGender, idNumberFault } from './id-number.js';

const birthDates = fc
  .date({ min: new Date('1900-01-01T00:00:00Z'), max: new Date('2099-12-31T00:00:00Z'), noInvalidDate: true })
  .map((at) => at.toISOString().slice(0, 10));
const numbers = fc
  .tuple(fc.integer({ min: 0, max: 999_999 }), birthDates, fc.integer({ min: 0, max: 999 }))
  .map(([area, date, sequence]) => {
    const body = `${String(area).padStart(6, '0')}${date.replaceAll('-', '')}${String(sequence).padStart(3, '0')}`;
    return { idNo: body + idCheckDigit(body), date, gender: sequence % 2 === 1 ? '1' : '2' };
  });

describe('identity numbers (GB 11643, domain §7.1)', () => {
  it.each([
    ['11010519491231002X', null],
    ['533499199001010018', null],
    ['533499199001010017', 'CHECK_DIGIT'],
    ['11010519491231002x', 'LOWER_CASE_X'],
    ['110105491231002', 'FIFTEEN_DIGITS'],
    ['53349919900230001X', 'BIRTH_DATE'],
    ['11010519491231002', 'SHAPE'],
    ['１１010519491231002X', 'SHAPE'],
    ['', 'SHAPE'],
  ])('%s: %s', (idNo, fault) => {
    expect(idNumberFault(idNo)).toBe(fault);
  });

  it('reads back birth date and gender of every number with a right check digit', () => {
    fc.assert(
      fc.property(numbers, ({ idNo, date, gender }) => {
        expect(idNumberFault(idNo)).toBeNull();
        expect([idBirthDate(idNo), idGender(idNo)]).toEqual([date, gender]);
      }),
    );
  });

  it('notices every single wrong digit and every swap of neighbours', () => {
    fc.assert(
      fc.property(numbers, fc.nat(16), fc.integer({ min: 1, max: 9 }), ({ idNo }, at, shift) => {
        const digit = String((Number(idNo[at]) + shift) % 10);
        expect(idNumberFault(idNo.slice(0, at) + digit + idNo.slice(at + 1))).not.toBeNull();
        const swapped = idNo.slice(0, at) + idNo.charAt(at + 1) + idNo.charAt(at) + idNo.slice(at + 2);
        expect(idNumberFault(swapped) === null).toBe(swapped === idNo);
      }),
    );
  });
});
