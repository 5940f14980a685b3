import { CATALOGUE_CODES, catalogueEntry, isCatalogueCode, type ItemProblem } from '../records/index.js';
import type { Queryable } from '../platform/database/index.js';
import { fingerprintOf, type Fingerprint } from './fingerprint.js';

/** A record as problems look at it; times in milliseconds of the database clock. */
export interface CauseRow {
  readonly id: string;
  readonly kind: string;
  readonly version: number;
  readonly is_void: boolean;
  readonly state: string;
  readonly outcome_code: string | null;
  readonly outcome_template: string | null;
  readonly outcome_fields: string[] | null;
  readonly warnings: readonly ItemProblem[] | null;
}

const TEMPLATE = /^[a-z-]*\/[a-z-]*$/;

/** Why the record stands in `attention`. */
export function failureOf(row: CauseRow): Fingerprint {
  const { kind, outcome_code: code, outcome_template: template, outcome_fields: fields } = row;
  return fingerprintOf({
    aspect: 'failure',
    kind,
    op: row.is_void ? 'void' : 'upsert',
    code: code ?? UNSAID,
    template: template !== null && TEMPLATE.test(template) ? template : null,
    fields: fields ?? [],
  });
}

/** Stands for a refusal that left no code: it is a problem all the same. */
const UNSAID = '9999';

/**
 * Warnings that a person should weigh: legal rules which need judgement. What only says that something waits, or that
 * two entries are one person, is no problem of anybody's.
 */
const JUDGED: ReadonlySet<string> = new Set(
  CATALOGUE_CODES.filter((code) => /^(?:R\d+|PI)-/.test(code) && catalogueEntry(code).status === null),
);

/** The judgements that stay with the record; of a withdrawn one there is nothing to judge. */
export function judgementsOf(row: CauseRow): Fingerprint[] {
  if (row.is_void) return [];
  return (row.warnings ?? [])
    .filter(({ code }) => isCatalogueCode(code) && JUDGED.has(code))
    .map(({ code, pointer }) =>
      fingerprintOf({ aspect: 'warning', kind: row.kind, op: 'upsert', code, template: null, fields: [pointer] }),
    );
}

/** Columns of a `CauseRow`, of `record r`. */
export const CAUSE_COLUMNS = `r.id, r.kind, r.version, r.is_void, r.state, r.outcome_code, r.outcome_template,
  r.outcome_fields, r.warnings`;

export interface CollectedRow extends CauseRow {
  readonly hit_at: Date;
  readonly county_code: string;
  readonly minutes: number | null;
  readonly due_by: Date | null;
  readonly person_key: string | null;
  readonly station_key: string;
}

/**
 * The records that concern problems: in `attention`, with warnings, or still counted under some problem. People are
 * counted by national number (one person's entries are one, G-49), stations by walking up what a record belongs to.
 */
export async function readCollected(tx: Queryable, recordIds: readonly string[]): Promise<CollectedRow[]> {
  return tx.query<CollectedRow & Record<string, unknown>>(
    `WITH RECURSIVE seen AS MATERIALIZED (
       SELECT r.*, coalesce(r.subject_ref, p.subject_ref) AS person_ref
       FROM record r LEFT JOIN record p ON r.subject_ref IS NULL AND r.context_ref LIKE 'service-record/%'
         AND p.source_system_id = r.source_system_id AND p.kind = 'service-record'
         AND p.source_id = split_part(r.context_ref, '/', 2)
       WHERE r.id = ANY ($1::uuid[]) AND (r.state = 'attention' OR r.warnings IS NOT NULL
         OR EXISTS (SELECT 1 FROM problem_item i WHERE i.record_id = r.id AND i.state <> 'healed'))),
     up (first, source, ref, depth) AS (
       SELECT DISTINCT context_ref, source_system_id, context_ref, 0 FROM seen WHERE context_ref IS NOT NULL
       UNION ALL
       SELECT up.first, up.source, p.context_ref, up.depth + 1 FROM up
       JOIN record p ON p.source_system_id = up.source AND p.kind = split_part(up.ref, '/', 1)
         AND p.source_id = split_part(up.ref, '/', 2)
       WHERE up.ref NOT LIKE 'station/%' AND p.context_ref IS NOT NULL AND up.depth < ${MAX_DEPTH}),
     stations AS (SELECT DISTINCT ON (first, source) first, source, ref FROM up WHERE ref LIKE 'station/%'
       ORDER BY first, source, depth)
     SELECT ${CAUSE_COLUMNS}, coalesce(r.outcome_at, r.since) AS hit_at, r.county_code, r.minutes, r.due_by,
       CASE WHEN r.kind = 'volunteer' THEN r.biz_no WHEN r.person_ref IS NULL THEN NULL
         ELSE coalesce(v.biz_no, r.source_system_id || '|' || r.person_ref) END AS person_key,
       r.source_system_id || '|' || CASE WHEN r.kind = 'station' THEN 'station/' || r.source_id
         ELSE coalesce(s.ref, '') END AS station_key
     FROM seen r
     LEFT JOIN stations s ON s.source = r.source_system_id AND s.first = r.context_ref
     LEFT JOIN record v ON v.source_system_id = r.source_system_id AND v.kind = split_part(r.person_ref, '/', 1)
       AND v.source_id = split_part(r.person_ref, '/', 2)`,
    [recordIds],
    'problems-read-collected',
  );
}

/** service-record → activity → project → team → station; one more for an evaluation. */
const MAX_DEPTH = 6;
