/** Beijing dates and times (national §1.1: Asia/Shanghai, RFC 3339 with +08:00; no daylight saving). */
const OFFSET_MS = 8 * 3600 * 1000;
export const DAY_MS = 24 * 3600 * 1000;

/** `2026-11-23T16:00:00.123+08:00` (A5, E5). */
export function beijingMs(epochMs: number): string {
  return `${new Date(epochMs + OFFSET_MS).toISOString().slice(0, 23)}+08:00`;
}

/** `2026-11-23T16:00:00+08:00`, fractions cut (G-57). */
export function beijingSeconds(epochMs: number): string {
  return `${new Date(epochMs + OFFSET_MS).toISOString().slice(0, 19)}+08:00`;
}

export function beijingDate(epochMs: number): string {
  return new Date(epochMs + OFFSET_MS).toISOString().slice(0, 10);
}

/** Minutes since Beijing midnight. */
export function beijingMinute(epochMs: number): number {
  const shifted = new Date(epochMs + OFFSET_MS);
  return shifted.getUTCHours() * 60 + shifted.getUTCMinutes();
}

/** Epoch ms of `date` at `minute` minutes after Beijing midnight. */
export function beijingAt(date: string, minute: number): number {
  return Date.parse(`${date}T00:00:00Z`) - OFFSET_MS + minute * 60_000;
}

export function instant(text: string): number {
  return Date.parse(text);
}

export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === text;
}

/** C13: `YYYY-MM-DDTHH:mm:ss[.f{1,6}]+08:00`; `Z` or another offset is not accepted. */
export function isNationalInstant(text: string): boolean {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,6})?\+08:00$/.exec(text);
  if (match === null || !isDate(match[1] ?? '')) return false;
  return Number(match[2]) < 24 && Number(match[3]) < 60 && Number(match[4]) < 60;
}

/** Whole years between two dates. */
export function age(birthDate: string, onDate: string): number {
  const years = Number(onDate.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return onDate.slice(5) < birthDate.slice(5) ? years - 1 : years;
}

export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);
}
