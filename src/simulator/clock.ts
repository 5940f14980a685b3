// Virtual time of the simulated nation: every timestamp, window, review and TTL reads this clock (§2.1.4).

export const DAY_MS = 86_400_000;
const BEIJING_OFFSET_MS = 8 * 3_600_000;

export interface Clock {
  now(): number;
  offsetMs(): number;
  setOffset(offsetMs: number): void;
  onShift(listener: () => void): void;
  /** A commit read back from the journal: later reads must not be older than it. */
  noteCommit(atMs: number): void;
  /** Real time again, as if nothing had ever been committed. */
  reset(): void;
  /** The instant a read vouches for: never older than the last commit (§1.16 E5). */
  readAt(): number;
  /** The instant of a commit: always later than every asOf already given out (§1.16 E5). */
  commitAt(): number;
}

export function createClock(): Clock {
  let offset = 0;
  let lastReadMs = 0;
  let lastCommitMs = 0;
  const listeners: (() => void)[] = [];
  const now = (): number => Date.now() + offset;
  return {
    now,
    offsetMs: () => offset,
    // Moving back does not unsay what was committed: reads stay at or after the last commit.
    setOffset(offsetMs) {
      offset = offsetMs;
      for (const listener of listeners) listener();
    },
    noteCommit: (atMs) => void (lastCommitMs = Math.max(lastCommitMs, atMs)),
    reset() {
      offset = 0;
      lastReadMs = 0;
      lastCommitMs = 0;
    },
    onShift: (listener) => void listeners.push(listener),
    readAt: () => (lastReadMs = Math.max(now(), lastCommitMs)),
    commitAt: () => (lastCommitMs = Math.max(now(), lastReadMs + 1)),
  };
}

/** RFC 3339 with milliseconds and +08:00 (§1.1). */
export function beijingTime(epochMs: number): string {
  return `${new Date(epochMs + BEIJING_OFFSET_MS).toISOString().slice(0, 23)}+08:00`;
}

export function beijingDate(epochMs: number): string {
  return new Date(epochMs + BEIJING_OFFSET_MS).toISOString().slice(0, 10);
}

/** yyyyMMddHHmmss in Beijing, as used inside batch numbers. */
export function beijingStamp(epochMs: number): string {
  return new Date(epochMs + BEIJING_OFFSET_MS).toISOString().replace(/\D/g, '').slice(0, 14);
}

/** Minutes since Beijing midnight. */
export function beijingMinuteOfDay(epochMs: number): number {
  const ofDay = (epochMs + BEIJING_OFFSET_MS) % DAY_MS;
  return Math.floor(ofDay / 60_000);
}

export function beijingMidnight(epochMs: number): number {
  return epochMs - ((epochMs + BEIJING_OFFSET_MS) % DAY_MS);
}

/** Number of the Beijing day that holds an instant. */
export function dayNumber(epochMs: number): number {
  return Math.floor((epochMs + BEIJING_OFFSET_MS) / DAY_MS);
}

/** Number of a calendar day written YYYY-MM-DD. */
export function dayNumberOfDate(date: string): number {
  return Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)) - 1, Number(date.slice(8, 10))) / DAY_MS;
}
