// The nation's own assertion of its limits (I17): what came in per rolling window, and every call that was too much.
import type { Journal } from './journal.js';
import { minuteMs, mostCallsIn } from './limits.js';
import type { Settings } from './settings.js';

export type LimitName =
  | 'qps'
  | 'callsPerMinute'
  | 'concurrency'
  | 'quotaPerDay'
  | 'batchItems'
  | 'batchBytes'
  | 'window'
  | 'maintenance'
  | 'tokensPerMinute';

export interface Breach {
  limit: LimitName;
  allowed: number | string;
  seen: number | string;
  /** By the nation's clock. */
  atMs: number;
  op: string;
  requestId: string;
  /** false while /sys/status still tells another limit than the one in force: nobody could have known. */
  announced: boolean;
}

export interface Peaks {
  perSecond: number;
  perMinute: number;
  concurrent: number;
  tokensPerMinute: number;
}

const SECOND_MS = 1_000;
const MAX_KEPT = 10_000;
const COMPACT_AT = 16_384;

/** How many calls the last so many ms hold, by the machine's monotonic clock. */
export class RollingCount {
  private at: number[] = [];
  private first = 0;

  add(nowMs: number, windowMs: number): number {
    this.at.push(nowMs);
    return this.count(nowMs, windowMs);
  }

  count(nowMs: number, windowMs: number): number {
    while (this.first < this.at.length && (this.at[this.first] ?? 0) <= nowMs - windowMs) this.first += 1;
    if (this.first > COMPACT_AT) {
      this.at = this.at.slice(this.first);
      this.first = 0;
    }
    return this.at.length - this.first;
  }

  /** When the oldest call of the window leaves it. */
  freesAfter(nowMs: number, windowMs: number): number {
    return Math.max(1, Math.ceil((this.at[this.first] ?? nowMs) + windowMs - nowMs));
  }

  clear(): void {
    this.at = [];
    this.first = 0;
  }
}

export class LimitWatch {
  readonly breaches: Breach[] = [];
  byLimit: Partial<Record<LimitName, number>> = {};
  peaks: Peaks = { perSecond: 0, perMinute: 0, concurrent: 0, tokensPerMinute: 0 };
  private readonly second = new RollingCount();
  private readonly minute = new RollingCount();
  private readonly tokens = new RollingCount();
  private countedUnder = '';

  constructor(
    private readonly settings: Settings,
    private readonly journal: Journal,
  ) {}

  /** Every call that proved who it is; refused ones are counted too. */
  arrived(call: { op: string; requestId: string; atMs: number }): void {
    const nowMs = performance.now();
    const { peaks, settings } = this;
    this.startAnewOnChange();
    const windowMs = minuteMs(settings);
    const inSecond = this.second.add(nowMs, SECOND_MS);
    const inMinute = this.minute.add(nowMs, windowMs);
    peaks.perSecond = Math.max(peaks.perSecond, inSecond);
    peaks.perMinute = Math.max(peaks.perMinute, inMinute);
    this.assertWindow(call, inSecond, SECOND_MS);
    if (windowMs !== SECOND_MS) this.assertWindow(call, inMinute, windowMs);
    if (call.op === 'token') this.tokenAsked(call, nowMs);
  }

  countInMinute(): number {
    return this.minute.count(performance.now(), minuteMs(this.settings));
  }

  countInSecond(): number {
    return this.second.count(performance.now(), SECOND_MS);
  }

  minuteFreesAfter(): number {
    return this.minute.freesAfter(performance.now(), minuteMs(this.settings));
  }

  admitted(inFlight: number): void {
    this.peaks.concurrent = Math.max(this.peaks.concurrent, inFlight);
  }

  breach(breach: Omit<Breach, 'announced'>): void {
    const last = this.breaches.at(-1);
    if (last?.limit === breach.limit && last.requestId === breach.requestId && last.atMs === breach.atMs) return;
    const full = { ...breach, announced: this.settings.announced === null };
    this.journal.append({ k: 'breach', ...full });
    this.note(full);
  }

  /** From the journal, or just happened. */
  note(breach: Breach): void {
    this.byLimit[breach.limit] = (this.byLimit[breach.limit] ?? 0) + 1;
    this.breaches.push(breach);
    if (this.breaches.length > MAX_KEPT) this.breaches.shift();
  }

  clear(): void {
    this.breaches.length = 0;
    this.byLimit = {};
    this.peaks = { perSecond: 0, perMinute: 0, concurrent: 0, tokensPerMinute: 0 };
    for (const count of [this.second, this.minute, this.tokens]) count.clear();
  }

  /** What came in under other limits is not held against the ones in force now. */
  private startAnewOnChange(): void {
    const { limits, timeScale } = this.settings;
    const inForce = `${limits.qps}/${limits.burst}/${limits.callsPerMinute}/${timeScale}`;
    if (inForce === this.countedUnder) return;
    this.countedUnder = inForce;
    this.second.clear();
    this.minute.clear();
  }

  private assertWindow(call: { op: string; requestId: string; atMs: number }, seen: number, windowMs: number): void {
    const allowed = mostCallsIn(windowMs, this.settings);
    if (allowed !== null && seen > allowed) this.breach({ limit: 'qps', allowed, seen, ...call });
  }

  private tokenAsked(call: { op: string; requestId: string; atMs: number }, nowMs: number): void {
    const seen = this.tokens.add(nowMs, minuteMs(this.settings));
    this.peaks.tokensPerMinute = Math.max(this.peaks.tokensPerMinute, seen);
    const allowed = this.settings.limits.tokensPerMinute;
    if (allowed !== null && seen > allowed) this.breach({ limit: 'tokensPerMinute', allowed, seen, ...call });
  }
}
