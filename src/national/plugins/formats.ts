import type { FieldFormatter } from './plugin.js';

const BEIJING_OFFSET_MS = 8 * 3_600_000;

/** `YYYY-MM-DDTHH:mm:ss+08:00`, fractions cut (G-57, C13); text that is no time goes out as it is and is judged there. */
export function beijingDateTime(text: string): string {
  const instant = Date.parse(text);
  if (!Number.isFinite(instant)) return text;
  return `${new Date(Math.floor(instant / 1000) * 1000 + BEIJING_OFFSET_MS).toISOString().slice(0, 19)}+08:00`;
}

/** Beijing date of an instant. */
export function beijingDate(epochMs: number): string {
  return new Date(epochMs + BEIJING_OFFSET_MS).toISOString().slice(0, 10);
}

export const formatters: ReadonlyMap<string, FieldFormatter> = new Map<string, FieldFormatter>([
  ['nfc', (text) => text],
  ['date', (text) => text.slice(0, 'YYYY-MM-DD'.length)],
  ['beijing-datetime', beijingDateTime],
]);
