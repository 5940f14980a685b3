// What one volunteer has on the books: day sums, time spans, memberships (§1.6 rules, §1.16 C10, C11).
import { dayNumber } from './clock.js';
import type { Row } from './ledger.js';

interface Span {
  startMs: number;
  endMs: number;
  row: Row;
}

const LONG_SPAN_DAYS = 8;

export class PersonLoad {
  private readonly minutesByDate = new Map<string, number>();
  private readonly spansByDay = new Map<number, Span[]>();
  /** Spans over many days are kept apart, so that one record can never fill thousands of day lists. */
  private longSpans: Span[] = [];
  private readonly memberships = new Map<string, { joined: number; left: number }>();
  readonly records = new Set<Row>();

  addRecord(row: Row, startMs: number, endMs: number): void {
    const { serviceDate, minutes } = row.state.data as { serviceDate: string; minutes: number };
    this.records.add(row);
    this.minutesByDate.set(serviceDate, this.minutesOn(serviceDate) + minutes);
    const span = { startMs, endMs, row };
    const days = daysOf(startMs, endMs);
    if (days === null) this.longSpans.push(span);
    else for (const day of days) this.spansOn(day).push(span);
  }

  removeRecord(row: Row, startMs: number, endMs: number): void {
    if (!this.records.delete(row)) return;
    const { serviceDate, minutes } = row.state.data as { serviceDate: string; minutes: number };
    this.minutesByDate.set(serviceDate, this.minutesOn(serviceDate) - minutes);
    this.longSpans = this.longSpans.filter((span) => span.row !== row);
    for (const day of daysOf(startMs, endMs) ?? []) {
      this.spansByDay.set(
        day,
        this.spansOn(day).filter((span) => span.row !== row),
      );
    }
  }

  minutesOn(serviceDate: string): number {
    return this.minutesByDate.get(serviceDate) ?? 0;
  }

  /** Half-open [startAt, endAt): touching is allowed (§1.16 C10). */
  overlapping(startMs: number, endMs: number, except: Row | null): Row | null {
    const hits = (span: Span): boolean => span.row !== except && span.startMs < endMs && startMs < span.endMs;
    const long = this.longSpans.find(hits);
    if (long !== undefined) return long.row;
    const days = daysOf(startMs, endMs) ?? this.spansByDay.keys();
    for (const day of days) {
      const found = this.spansByDay.get(day)?.find(hits);
      if (found !== undefined) return found.row;
    }
    return null;
  }

  countMembership(projectId: string, status: unknown, step: 1 | -1): void {
    const count = this.memberships.get(projectId) ?? { joined: 0, left: 0 };
    if (status === 'JOINED') count.joined += step;
    else count.left += step;
    this.memberships.set(projectId, count);
  }

  /** JOINED is needed to create a record, LEFT is enough for an update (§1.16 C11). */
  isMember(projectId: string, leftIsEnough: boolean): boolean {
    const count = this.memberships.get(projectId);
    return count !== undefined && (count.joined > 0 || (leftIsEnough && count.left > 0));
  }

  private spansOn(day: number): Span[] {
    let spans = this.spansByDay.get(day);
    if (spans === undefined) this.spansByDay.set(day, (spans = []));
    return spans;
  }
}

function daysOf(startMs: number, endMs: number): number[] | null {
  const first = dayNumber(startMs);
  const last = Math.max(first, dayNumber(endMs - 1));
  if (last - first >= LONG_SPAN_DAYS) return null;
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
