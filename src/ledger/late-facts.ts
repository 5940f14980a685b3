import type { Queryable, Tx } from '../platform/database/index.js';
import {
  beijingDateOf, endOfNthWorkingDay, RECORD_KINDS, type ItemProblem, type RecordKind, type WorkingCalendar,
} from '../records/index.js'; // prettier-ignore
import { isOutsideWindow } from './acceptance-rows.js';

/**
 * What a record knows only through its parents: its county, its due day (G-74), whether it lies in their window (G-45).
 * A record may arrive before them (§2), and they may change: acceptance of a parent tells its children, and a claim tells
 * those that were accepted in the same moment. Nothing of this is national content, so no version rises.
 */

/** Service information and evaluations are due 10 working days after the activity's end (R67-16, G-74). */
const DUE_WORKING_DAYS = 10;

export function dueOf(endsAt: string, calendar: WorkingCalendar): string {
  return endOfNthWorkingDay(beijingDateOf(new Date(endsAt).toISOString()), DUE_WORKING_DAYS, calendar);
}

/** A parent whose children are told. */
export interface FactsParent {
  /** `kind/sourceId`. */
  readonly key: string;
  readonly kind: string;
  readonly county_code: string;
  readonly due_by: string | null;
  readonly starts_at: string | null;
  readonly ends_at: string | null;
}

interface ChildRow extends Record<string, unknown> {
  id: string;
  kind: string;
  source_id: string;
  parent: string;
  county_code: string;
  due_by: string | null;
  starts_at: string | null;
  ends_at: string | null;
  warnings: ItemProblem[] | null;
}

interface Facts {
  readonly id: string;
  readonly county_code: string;
  readonly due_by: string | null;
  readonly warnings: readonly ItemProblem[] | null;
}

/** How a kind comes by its county: through whom it is about, or through what it belongs to. */
const isBySubject = (kind: RecordKind): boolean => {
  if (kind.county.from === 'own') return false;
  const pointer = `/data/${kind.county.field}`;
  return kind.references(kind.examples[0] ?? {}).some((ref) => ref.pointer === pointer && ref.role === 'subject');
};

const CHILD_KINDS: readonly RecordKind[] = RECORD_KINDS.filter((kind: RecordKind) => kind.county.from === 'ref');
const BY_SUBJECT = CHILD_KINDS.filter(isBySubject).map(({ name }) => name);
const BY_CONTEXT = CHILD_KINDS.filter((kind) => !isBySubject(kind)).map(({ name }) => name);
const WITH_DUE_DAY = new Set(CHILD_KINDS.filter((kind) => kind.dueAfterActivity).map(({ name }) => name));
/** Whether records of other kinds learn their county or due day from one of this kind. */
export const hasChildren = (kind: string): boolean => PARENT_KINDS.has(kind);

const PARENT_KINDS = new Set(
  CHILD_KINDS.flatMap((kind) => kind.examples.flatMap((data) => kind.references(data).map((ref) => ref.kind))),
);
/** project ← activity ← service-record ← evaluation: nothing is nested deeper. */
const MAX_LEVELS = 4;

/** Tells the children, their children and so on; answers how many records were changed. */
export async function spreadFacts(
  tx: Tx,
  context: { sourceSystemId: string; calendar: WorkingCalendar },
  parents: readonly FactsParent[],
): Promise<number> {
  const { calendar } = context;
  let told: readonly FactsParent[] = parents;
  let count = 0;
  for (let level = 0; level < MAX_LEVELS && told.length > 0; level += 1) {
    const byKey = new Map(
      told.map((parent) => [parent.key, { parent, due: memo(() => dueThrough(parent, calendar)) }]),
    );
    const changed = new Map<string, { row: ChildRow; facts: Facts }>();
    for (const row of await readChildren(tx, context.sourceSystemId, [...byKey.keys()])) {
      const teller = byKey.get(row.parent);
      const facts = teller && factsOf(row, teller.parent, teller.due);
      if (facts) changed.set(row.id, { row, facts });
    }
    await writeFacts(
      tx,
      [...changed.values()].map(({ facts }) => facts),
    );
    count += changed.size;
    told = [...changed.values()].map(({ row, facts }) => ({ ...row, ...facts, key: `${row.kind}/${row.source_id}` }));
  }
  return count;
}

async function readChildren(tx: Queryable, sourceSystemId: string, keys: readonly string[]): Promise<ChildRow[]> {
  const columns = `r.id, r.kind, r.source_id, r.county_code, r.due_by::text AS due_by, r.starts_at::text AS starts_at,
    r.ends_at::text AS ends_at, r.warnings`;
  // A probe of the index for each key: by the statistics of a few activities with thousands of records, one look for
  // all keys of a batch counts as most of the table and reads the whole of it (480 ms at 30,000 records, now 3 ms).
  return tx.query<ChildRow>(
    `SELECT r.*, k.key AS parent FROM unnest($2::text[]) AS k(key) CROSS JOIN LATERAL
       (SELECT ${columns} FROM record r WHERE r.source_system_id = $1 AND r.context_ref = k.key
          AND (r.kind = ANY ($3::text[]) OR (r.kind = ANY ($4::text[]) AND r.subject_ref IS NULL)) OFFSET 0) AS r
     UNION ALL
     SELECT r.*, k.key AS parent FROM unnest($2::text[]) AS k(key) CROSS JOIN LATERAL
       (SELECT ${columns} FROM record r WHERE r.source_system_id = $1 AND r.subject_ref = k.key
          AND r.kind = ANY ($4::text[]) OFFSET 0) AS r`,
    [sourceSystemId, keys, BY_CONTEXT, BY_SUBJECT],
    'ledger-read-children',
  );
}

/** The facts that the parent gives the child, or null when it has them already. */
function factsOf(row: ChildRow, parent: FactsParent, dueOfParent: () => string | null): Facts | null {
  const due = WITH_DUE_DAY.has(row.kind) ? dueOfParent() : row.due_by;
  const isWarned = row.warnings?.some(({ code }) => code === 'R67-10') ?? false;
  const warnings: ItemProblem[] | null =
    !isWarned && isOutsideWindow(row, parent)
      ? [...(row.warnings ?? []), { code: 'R67-10', pointer: '/data/startAt' }]
      : row.warnings;
  const isSame = row.county_code === parent.county_code && isSameMoment(row.due_by, due) && warnings === row.warnings;
  return isSame ? null : { id: row.id, county_code: parent.county_code, due_by: due, warnings };
}

const dueThrough = (parent: FactsParent, calendar: WorkingCalendar): string | null => {
  if (parent.kind !== 'activity') return parent.due_by;
  return parent.ends_at ? dueOf(parent.ends_at, calendar) : null;
};

/** Counting working days costs more than all the rest; once a parent is enough. */
function memo<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

const isSameMoment = (a: string | null, b: string | null): boolean =>
  a === null || b === null ? a === b : Date.parse(a) === Date.parse(b);

async function writeFacts(tx: Tx, facts: readonly Facts[]): Promise<void> {
  if (facts.length === 0) return;
  const ids = facts.map(({ id }) => id);
  await tx.query(`SELECT 1 FROM record WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE`, [ids], 'ledger-lock-facts');
  const shape = 'jsonb_to_recordset($1::jsonb) AS x(id uuid, county_code text, due_by timestamptz, warnings jsonb)';
  await tx.query(
    `UPDATE record r SET county_code = x.county_code, due_by = x.due_by, warnings = x.warnings
     FROM ${shape} WHERE r.id = x.id`,
    [JSON.stringify(facts)],
    'ledger-write-facts',
  );
  await tx.query(
    `UPDATE outbox o SET county_code = x.county_code FROM ${shape}
     WHERE o.record_id = x.id AND o.county_code <> x.county_code`,
    [JSON.stringify(facts)],
    'ledger-write-promise-county',
  );
}
