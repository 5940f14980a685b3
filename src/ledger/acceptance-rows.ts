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
    starts_at: textOf(data, 'startAt'),
    ends_at: textOf(data, 'endAt'),
    minutes: kind.minutes?.(data) ?? null,
    county_code: countyOf(kind, content, parents, homeArea),
  };
}

/** Once the activity is known: a record outside its window is worth a look, never a refusal (G-45). */
export function windowWarnings(columns: Derived, context: RecordRow | undefined): ItemProblem[] {
  if (context?.kind !== 'activity' || !columns.starts_at || !columns.ends_at) return [];
  if (!context.starts_at || !context.ends_at) return [];
  const isInside =
    Date.parse(columns.starts_at) >= Date.parse(context.starts_at) &&
    Date.parse(columns.ends_at) <= Date.parse(context.ends_at);
  return isInside ? [] : [{ code: 'R67-10', pointer: '/data/startAt' }];
}
