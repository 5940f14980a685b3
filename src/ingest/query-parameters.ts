import { safePointer, type ItemProblem } from '../records/index.js';
import type { CallFault, Read } from './raw-items.js';

/** What a call may have in its query: each once, no other (G-07). */
export function readQuery<Name extends string>(
  query: unknown,
  known: readonly Name[],
): Read<{ readonly [Key in Name]?: string }> {
  const given = Object.entries((query ?? {}) as Record<string, string | string[]>);
  const problems = given.flatMap(([name, value]): ItemProblem[] => {
    const pointer = safePointer([name]);
    if (!(known as readonly string[]).includes(name)) return [{ code: 'FIELD_UNKNOWN', pointer }];
    return typeof value === 'string' ? [] : [{ code: 'FIELD_TYPE', pointer, params: { expected: 'string' } }];
  });
  const [first, ...rest] = problems;
  if (first !== undefined) return { ok: false, fault: { status: 422, problems: [first, ...rest] } };
  return { ok: true, value: Object.fromEntries(given) as { readonly [Key in Name]?: string } };
}

const faulty = (problem: ItemProblem): { ok: false; fault: CallFault } => ({
  ok: false,
  fault: { status: 422, problems: [problem] },
});

/** `?mode=validate` (station-contract §2); left out, the push is for good. */
export function readMode(mode: string | undefined): Read<'commit' | 'validate'> {
  if (mode === undefined) return { ok: true, value: 'commit' };
  return mode === 'validate' ? { ok: true, value: mode } : faulty({ code: 'CODE_UNKNOWN', pointer: '/mode' });
}

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 1_000;

/** G-65. An empty one is the same as none. */
export function readLimit(limit: string | undefined): Read<number> {
  if (limit === undefined || limit === '') return { ok: true, value: DEFAULT_LIMIT };
  const value = /^\d{1,9}$/.test(limit) ? Number(limit) : 0;
  if (value >= 1 && value <= MAX_LIMIT) return { ok: true, value };
  return faulty({ code: 'FIELD_RANGE', pointer: '/limit', params: { min: 1, max: MAX_LIMIT } });
}

const CURSOR = /^c1\.(0|[1-9]\d{0,15})$/;

/** A cursor says nothing to its reader and may change its form with its first letters. */
export const writeCursor = (seq: number): string => Buffer.from(`c1.${seq}`, 'ascii').toString('base64url');

/** Null = the beginning. */
export function readCursor(cursor: string | undefined): Read<number | null> {
  if (cursor === undefined || cursor === '') return { ok: true, value: null };
  const place = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1];
  if (place === undefined || writeCursor(Number(place)) !== cursor)
    return faulty({ code: 'FIELD_FORMAT', pointer: '/cursor' });
  return { ok: true, value: Number(place) };
}
