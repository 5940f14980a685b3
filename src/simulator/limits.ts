// The limits in force and the limits as announced, both at the scale of the quota windows (§1.12, §1.16 A15, A16).
import { beijingMidnight, DAY_MS } from './clock.js';
import type { Nation } from './nation.js';
import type { AnnouncedLimits, Settings } from './settings.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

export const minuteMs = ({ timeScale }: Settings): number => MINUTE_MS / timeScale;

/** Calls per second of real time; null = unlimited. */
export const qpsInForce = ({ limits, timeScale }: Settings): number | null =>
  limits.qps === null ? null : limits.qps * timeScale;

/** How many calls a window may hold at most: what the bucket lets through, whoever counts it. */
export function mostCallsIn(windowMs: number, settings: Settings): number | null {
  const qps = qpsInForce(settings);
  return qps === null ? null : settings.limits.burst + (qps * windowMs) / SECOND_MS;
}

export function limitsInForce({ limits, quotaPerDay }: Settings): AnnouncedLimits {
  const perMinute = limits.callsPerMinute === null ? Infinity : limits.callsPerMinute / (MINUTE_MS / SECOND_MS);
  const qps = Math.min(limits.qps ?? Infinity, perMinute);
  const { concurrency, batchItems, batchBytes } = limits;
  return { qps: Number.isFinite(qps) ? qps : null, concurrency, batchItems, batchBytes, quotaPerDay };
}

/** What /sys/status says: the truth, or what was true before a change without notice; calls per real second. */
export function announcedLimits(settings: Settings): AnnouncedLimits {
  const told = settings.announced ?? limitsInForce(settings);
  return { ...told, qps: told.qps === null ? null : told.qps * settings.timeScale };
}

/** Start of the quota day that holds an instant: Beijing midnight, or a part of the day at scale. */
export function quotaDayStart(atMs: number, timeScale: number): number {
  const midnight = beijingMidnight(atMs);
  const lengthMs = DAY_MS / timeScale;
  return midnight + Math.floor((atMs - midnight) / lengthMs) * lengthMs;
}

export function quotaResetMs({ clock, settings }: Nation): number {
  const nowMs = clock.now();
  return Math.ceil(quotaDayStart(nowMs, settings.timeScale) + DAY_MS / settings.timeScale);
}
