/** Keeps two overlapping records of one volunteer from being in flight together; half-open intervals (G-48). */
export interface OverlapGuard {
  /** False when the interval overlaps one that is in flight or was admitted before; else it is taken. */
  admit(volunteerBizNo: string | null, startsAt: string | null, endsAt: string | null): boolean;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

export function overlapGuard(
  inFlight: readonly { volunteer_biz_no: string; starts_at: string; ends_at: string }[],
): OverlapGuard {
  const taken = new Map<string, Span[]>();
  const take = (volunteer: string, span: Span): void => {
    taken.set(volunteer, [...(taken.get(volunteer) ?? []), span]);
  };
  for (const row of inFlight) {
    take(row.volunteer_biz_no, { start: Date.parse(row.starts_at), end: Date.parse(row.ends_at) });
  }
  return {
    admit(volunteerBizNo, startsAt, endsAt) {
      if (volunteerBizNo === null || startsAt === null || endsAt === null) return true;
      const span = { start: Date.parse(startsAt), end: Date.parse(endsAt) };
      const others = taken.get(volunteerBizNo) ?? [];
      if (others.some((other) => other.start < span.end && span.start < other.end)) return false;
      take(volunteerBizNo, span);
      return true;
    },
  };
}
