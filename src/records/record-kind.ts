import type { z } from 'zod';
import type { CatalogueCode } from './catalogue/catalogue.js';

/**
 * What a kind of record is: one descriptor, one folder, one line in the registry.
 * Everything that walks records (intake, ledger, delivery, national mapping, console) reads only this.
 */

/** JSON object as pushed under `data`, already parsed by its kind's schema, nulls dropped, text in NFC. */
export type RecordData = Readonly<Record<string, unknown>>;

/** A sourceId of the same source system under another kind. */
export interface RecordRef {
  readonly kind: string;
  readonly sourceId: string;
  /** RFC 6901 from the item, e.g. `/data/volunteerId`. */
  readonly pointer: string;
  /** `subject` = whom it is about (volunteer), `context` = what it belongs to, `other` = a further parent. */
  readonly role: 'subject' | 'context' | 'other';
}

/** What the rules of the door need to know besides the data. */
export interface DoorContext {
  readonly now: Date;
  /** Beijing date of `now`, `YYYY-MM-DD`. */
  readonly today: string;
  /** Area prefix of the source system: 4, 6, 9 or 12 digits (`5334`, `533401` …). */
  readonly homeArea: string;
  /** Guardian is required under this age in years (18 with ref-v1, else 14; G-41). */
  readonly guardianRequiredUnder: number;
}

/** One thing a rule found; `refuse` = absolute (the item is refused), `warn` = judgement (stays with the record). */
export interface Finding {
  readonly level: 'refuse' | 'warn';
  readonly code: CatalogueCode;
  readonly pointer: string;
  /** Values for the sentence's placeholders; never a person's data. */
  readonly params?: Readonly<Record<string, string | number>>;
}

export type DoorRule<Data> = (data: Data, context: DoorContext) => readonly Finding[];

/** An interval of service of one person; half-open `[startAt, endAt)` (G-48). */
export interface ServiceInterval {
  readonly volunteerSourceId: string;
  readonly startAt: string;
  readonly endAt: string;
}

/** How a record's county is known: from its own area field, or from the parent it refers to. */
export type CountyRule =
  { readonly from: 'own'; readonly field: string } | { readonly from: 'ref'; readonly field: string };

export interface RecordKindSpec<Schema extends z.ZodType> {
  /** Kebab-case, as in the station contract §3. */
  readonly name: string;
  readonly label: { readonly zh: string; readonly en: string };
  /** The only definition of the shape of `data`; strict, so that unknown fields are refused. */
  readonly schema: Schema;
  /** Parents that must have landed nationally before this record may go (national-contract §1.4, G-62). */
  readonly references: (data: z.output<Schema>) => readonly RecordRef[];
  /**
   * Top-level fields of `data` that are sealed at rest as a whole (names, numbers, contacts).
   * They are masked everywhere else.
   */
  readonly personalFields: readonly (keyof z.output<Schema> & string)[];
  /** What makes it the same real-world thing (national-contract §1.7); empty = the kind has none. */
  readonly naturalKey: (data: z.output<Schema>) => readonly unknown[];
  readonly rules: readonly DoorRule<z.output<Schema>>[];
  readonly county: CountyRule;
  readonly interval?: (data: z.output<Schema>) => ServiceInterval;
  /** National data also names what the context belongs to: project, team and station of an activity (G-14). */
  readonly inheritsReferences?: boolean;
  /** A service-record may only go when a membership in state JOINED of that volunteer in its project stands (G-50). */
  readonly needsMembership?: boolean;
  /** Key that a JOINED membership provides, see `membershipKey`. */
  readonly providesMembership?: (data: z.output<Schema>) => string | null;
  /** Integer minutes that count in totals; absent = the kind has none. */
  readonly minutes?: (data: z.output<Schema>) => number;
  /** `dueBy` = 10th working day after the end of the activity (R67-16, G-74). */
  readonly dueAfterActivity?: boolean;
  /** Lane of delivery; certificates go first. */
  readonly lane: 'certificate' | 'normal';
  /** One valid example per variant; every generic test walks these. */
  readonly examples: readonly Record<string, unknown>[];
}

/** A kind with its schema's type forgotten, as the generic code sees it. */
export type RecordKind = RecordKindSpec<z.ZodType<RecordData>>;

/** Checks the descriptor against its own schema's type and forgets the type. */
export function defineRecordKind<Schema extends z.ZodType>(spec: RecordKindSpec<Schema>): RecordKind {
  return spec as unknown as RecordKind;
}

/** `membership:{volunteerSourceId}:{projectSourceId}`, the same on both sides of G-50. */
export function membershipKey(volunteerSourceId: string, projectSourceId: string): string {
  return `membership:${volunteerSourceId}:${projectSourceId}`;
}
