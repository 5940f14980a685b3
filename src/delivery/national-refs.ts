import type { Queryable } from '../platform/database/index.js';
import { recordKind, type RecordRef } from '../records/index.js';
import type { NationalRefs } from '../national/index.js';

/**
 * National numbers that stand in an entry's data but come from other records: its own references, and those that it
 * inherits from what it belongs to (a service-record names the project, team and station of its activity, G-14).
 */

export interface RefChild {
  readonly bizNo: string;
  readonly sourceSystemId: string;
  readonly references: readonly RecordRef[];
  /** Whether the kind's national data names what its context belongs to. */
  readonly inherits: boolean;
}

export interface ResolvedRefs {
  readonly refs: NationalRefs;
  /** Pointers whose record is not there; the entry cannot be built. */
  readonly missing: readonly string[];
}

interface RefRow extends Record<string, unknown> {
  source_system_id: string;
  kind: string;
  source_id: string;
  biz_no: string;
  payload: Record<string, unknown>;
}

/** station ← team ← project ← activity ← service-record ← evaluation: nothing is nested deeper. */
const MAX_LEVELS = 6;

const keyOf = (sourceSystemId: string, ref: { kind: string; sourceId: string }): string =>
  `${sourceSystemId}|${ref.kind}/${ref.sourceId}`;

/** `/data/leaderVolunteerId` → `leaderVolunteerBizNo`. */
const roleOf = (ref: RecordRef): string =>
  `${ref.pointer.slice(ref.pointer.lastIndexOf('/') + 1).replace(/Id$/, '')}BizNo`;

const referencesOf = (row: RefRow): readonly RecordRef[] => recordKind(row.kind)?.references(row.payload) ?? [];

/** The national number of a record that somebody has read already; undefined = not known. */
export type NumberOf = (sourceSystemId: string, ref: RecordRef) => string | undefined;

const NOTHING_KNOWN: NumberOf = () => undefined;

export async function resolveRefs(
  database: Queryable,
  children: readonly RefChild[],
  numberOf: NumberOf = NOTHING_KNOWN,
): Promise<Map<string, ResolvedRefs>> {
  const known = await readLevels(database, children, numberOf);
  return new Map(children.map((child) => [child.bizNo, refsOf(child, known, numberOf)]));
}

/** Reads the parents, their parents and so on: one statement a level, each record once. */
async function readLevels(
  database: Queryable,
  children: readonly RefChild[],
  numberOf: NumberOf,
): Promise<Map<string, RefRow>> {
  const known = new Map<string, RefRow>();
  let wanted = new Map<string, { source: string; ref: RecordRef }>();
  for (const { sourceSystemId, references, inherits } of children) {
    for (const ref of references) {
      // Of what is only named the number is enough; what is inherited from has to be read.
      const isInherited = inherits && ref.role === 'context';
      if (isInherited || numberOf(sourceSystemId, ref) === undefined)
        wanted.set(keyOf(sourceSystemId, ref), { source: sourceSystemId, ref });
    }
  }
  const levels = children.some((child) => child.inherits) ? MAX_LEVELS : 1;
  for (let level = 0; level < levels && wanted.size > 0; level += 1) {
    const next = new Map<string, { source: string; ref: RecordRef }>();
    for (const row of await readNewest(database, [...wanted.values()])) {
      known.set(keyOf(row.source_system_id, { kind: row.kind, sourceId: row.source_id }), row);
      for (const ref of referencesOf(row))
        next.set(keyOf(row.source_system_id, ref), { source: row.source_system_id, ref });
    }
    for (const key of known.keys()) next.delete(key);
    wanted = next;
  }
  return known;
}

async function readNewest(
  database: Queryable,
  wanted: readonly { source: string; ref: RecordRef }[],
): Promise<RefRow[]> {
  return database.query<RefRow>(
    `SELECT r.source_system_id, r.kind, r.source_id, r.biz_no, v.payload
     FROM unnest($1::uuid[], $2::text[], $3::text[]) AS k(source, kind, source_id)
     JOIN record r ON r.source_system_id = k.source AND r.kind = k.kind AND r.source_id = k.source_id
     JOIN LATERAL (SELECT payload FROM record_version v WHERE v.record_id = r.id AND v.version IS NOT NULL
       AND v.op = 'upsert' ORDER BY v.version DESC LIMIT 1) AS v ON true`,
    [wanted.map((one) => one.source), wanted.map((one) => one.ref.kind), wanted.map((one) => one.ref.sourceId)],
    'delivery-read-refs',
  );
}

function refsOf(child: RefChild, known: ReadonlyMap<string, RefRow>, numberOf: NumberOf): ResolvedRefs {
  const refs: Record<string, string> = {};
  const missing: string[] = [];
  for (const ref of child.references) {
    const number = known.get(keyOf(child.sourceSystemId, ref))?.biz_no ?? numberOf(child.sourceSystemId, ref);
    if (number !== undefined) refs[roleOf(ref)] = number;
    else missing.push(ref.pointer);
  }
  if (child.inherits) inherit(child.sourceSystemId, child.references, { refs, known });
  return { refs, missing };
}

/** What the child names itself wins over what it inherits. */
function inherit(
  sourceSystemId: string,
  references: readonly RecordRef[],
  into: { refs: Record<string, string>; known: ReadonlyMap<string, RefRow> },
): void {
  let context = references.find((ref) => ref.role === 'context');
  for (let level = 0; context && level < MAX_LEVELS; level += 1) {
    const row = into.known.get(keyOf(sourceSystemId, context));
    const own = row ? referencesOf(row) : [];
    for (const ref of own) {
      const parent = into.known.get(keyOf(sourceSystemId, ref));
      if (parent) into.refs[roleOf(ref)] ??= parent.biz_no;
    }
    context = own.find((ref) => ref.role === 'context');
  }
}
