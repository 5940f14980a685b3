import { overlapGuard } from './overlap-guard.js';

const at = (time: string): string => `2026-11-20T${time}:00+08:00`;
const row = (volunteer: string, from: string, to: string): Parameters<typeof overlapGuard>[0][number] => ({
  volunteer_biz_no: volunteer,
  starts_at: at(from),
  ends_at: at(to),
});

describe('overlapGuard (G-48)', () => {
  it.each([
    ['the same time', '09:00', '10:00', false],
    ['inside', '09:15', '09:45', false],
    ['around', '08:00', '11:00', false],
    ['one minute into it', '09:59', '11:00', false],
    ['touching its end', '10:00', '11:00', true],
    ['touching its start', '08:00', '09:00', true],
    ['elsewhere', '12:00', '13:00', true],
  ])('an interval at %s of one in flight', (_, from, to, isAdmitted) => {
    expect(overlapGuard([row('V1', '09:00', '10:00')]).admit('V1', at(from), at(to))).toBe(isAdmitted);
  });

  it('holds volunteers apart', () => {
    expect(overlapGuard([row('V1', '09:00', '10:00')]).admit('V2', at('09:00'), at('10:00'))).toBe(true);
  });

  it('takes what it admits, and not what it refuses', () => {
    const guard = overlapGuard([]);
    expect(guard.admit('V1', at('09:00'), at('10:00'))).toBe(true);
    expect(guard.admit('V1', at('09:30'), at('12:00'))).toBe(false);
    expect(guard.admit('V1', at('11:00'), at('12:00'))).toBe(true);
    expect(guard.admit('V1', at('11:30'), at('13:00'))).toBe(false);
  });

  it('compares instants, however they are written', () => {
    const guard = overlapGuard([
      { volunteer_biz_no: 'V1', starts_at: '2026-11-20 01:00:00+00', ends_at: '2026-11-20 02:00:00+00' },
    ]);
    expect(guard.admit('V1', at('09:30'), at('09:40'))).toBe(false);
    expect(guard.admit('V1', at('10:00'), at('10:40'))).toBe(true);
  });

  it('has nothing to say of what has no time or no volunteer', () => {
    const guard = overlapGuard([row('V1', '09:00', '10:00')]);
    expect(guard.admit(null, at('09:00'), at('10:00'))).toBe(true);
    expect(guard.admit('V1', null, null)).toBe(true);
  });
});
