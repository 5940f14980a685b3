import { buildCalendar } from '../records/index.js';
import { deadlineOf } from './deadline.js';

/** 2026-10-01…07 off, Saturday 2026-10-10 worked. */
const calendar = buildCalendar([
  {
    year: 2026,
    holidays: ['2026-10-01', '2026-10-02', '2026-10-05', '2026-10-06', '2026-10-07'],
    makeUpWorkingDays: ['2026-10-10'],
  },
]);
const at = (text: string): Date => new Date(text);

describe('the deadline of a problem', () => {
  it('counts working days over holidays and made-up Saturdays', () => {
    const input = { owner: 'county', openedAt: at('2026-09-30T10:00:00+08:00'), firstDueBy: null } as const;
    const deadline = deadlineOf({ ...input, now: at('2026-09-30T12:00:00+08:00') }, calendar);
    expect(deadline).toEqual({
      at: at('2026-10-11T00:00:00+08:00').toISOString(), workingDaysLeft: 3, isLegal: false, isCalendarKnown: true,
    }); // prettier-ignore
    expect(deadlineOf({ ...input, now: at('2026-10-12T09:00:00+08:00') }, calendar).workingDaysLeft).toBe(-1);
    expect(deadlineOf({ ...input, now: at('2026-10-10T23:59:00+08:00') }, calendar).workingDaysLeft).toBe(0);
  });

  it('is the law’s own day when that comes first (R67-16)', () => {
    const firstDueBy = at('2026-10-09T00:00:00+08:00');
    const deadline = deadlineOf(
      { owner: 'station', openedAt: at('2026-09-30T10:00:00+08:00'), firstDueBy, now: at('2026-09-30T12:00:00+08:00') },
      calendar,
    );
    expect(deadline).toMatchObject({ at: firstDueBy.toISOString(), isLegal: true, workingDaysLeft: 1 });
  });

  it('says when a year has no notice yet', () => {
    const now = at('2026-12-31T12:00:00+08:00');
    expect(deadlineOf({ owner: 'station', openedAt: now, firstDueBy: null, now }, calendar).isCalendarKnown).toBe(
      false,
    );
  });
});
