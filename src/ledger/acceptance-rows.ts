import { type ItemProblem, type RecordData, type RecordKind, type RecordRef } from '../records/index.js';
import { refKey } from './parents.js';
import type { RecordRow } from './ledger.types.js';

/** Columns of a record that follow from its data and its parents alone; pure. */

export interface Derived {
  readonly subject_ref: string | null;
  readonly context_ref: string | null;
  readonly membership_key: string | null;
  readonly starts_at: string | null;
  readonly ends_at: string | null;
  readonly minutes: number | null;
  readonly county_code: string;
}

const COUNTY_DIGITS = 6;

const textOf = (data: RecordData, field: string): string | null => {
  const value = data[field];
  return typeof value === 'string' ? value : null;
};

/** A project has days; they begin and end in Beijing. */
const dayStart = (day: string | null): string | null => day && `${day}T00:00:00+08:00`;
const dayEnd = (day: string | null): string | null => day && `${day}T24:00:00+08:00`;

/** The county of a record: its own area's, its parent's, or until that is known the source system's. */
function countyOf(
  kind: RecordKind,
  content: { data: RecordData; references: readonly RecordRef[] },
  parents: ReadonlyMap<string, RecordRow>,
  homeArea: string,
): string {
  const fallback = homeArea.slice(0, COUNTY_DIGITS).padEnd(COUNTY_DIGITS, '0');
  const { field } = kind.county;
  if (kind.county.from === 'own') return textOf(content.data, field)?.slice(0, COUNTY_DIGITS) ?? fallback;
  const ref =
    content.references.find((candidate) => candidate.pointer === `/data/${field}`) ??
    content.references.find((candidate) => candidate.role === 'context');
  return (ref && parents.get(refKey(ref))?.county_code) ?? fallback;
}

export function deriveColumns(
  kind: RecordKind,
  content: { data: RecordData; references: readonly RecordRef[] },
  parents: ReadonlyMap<string, RecordRow>,
  homeArea: string,
): Derived {
  const { data, references } = content;
  const subject = references.find((ref) => ref.role === 'subject');
  const context = references.find((ref) => ref.role === 'context');
  return {
    subject_ref: subject ? refKey(subject) : null,
    context_ref: context ? refKey(context) : null,
    membership_key: kind.providesMembership?.(data) ?? null,
    starts_at: textOf(data, 'startAt') ?? dayStart(textOf(data, 'startOn')),
    ends_at: textOf(data, 'endAt') ?? dayEnd(textOf(data, 'endOn')),
    minutes: kind.minutes?.(data) ?? null,
    county_code: countyOf(kind, content, parents, homeArea),
  };
}

interface Window {
  readonly kind: string;
  readonly starts_at: string | null;
  readonly ends_at: string | null;
}

/** Kinds whose times bound those of what belongs to them (G-45): an activity's its records', a project's its activities'. */
const WINDOW_KINDS: ReadonlySet<string> = new Set(['activity', 'project']);

export function isOutsideWindow(
  columns: { readonly starts_at: string | null; readonly ends_at: string | null },
  parent: Window,
): boolean {
  if (!WINDOW_KINDS.has(parent.kind) || !columns.starts_at || !columns.ends_at) return false;
  if (!parent.starts_at || !parent.ends_at) return false;
  return (
    Date.parse(columns.starts_at) < Date.parse(parent.starts_at) ||
    Date.parse(columns.ends_at) > Date.parse(parent.ends_at)
  );
}

/** Once the parent is known: what lies outside its window is worth a look, never a refusal (G-45). */
export function windowWarnings(columns: Derived, context: RecordRow | undefined): ItemProblem[] {
  return context && isOutsideWindow(columns, context) ? [{ code: 'R67-10', pointer: '/data/startAt' }] : [];
}
