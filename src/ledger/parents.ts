import type { Queryable } from '../platform/database/index.js';
import { membershipKey, type RecordKind, type RecordRef } from '../records/index.js';
import {
  membershipNeedKey, readMemberships, readParents, type MembershipNeed, type OwnedKey,
} from './ledger.queries.js'; // prettier-ignore
import type { RecordRow } from './ledger.types.js';

/** Looks up what a batch of records refers to, and says what each of them must still wait for. */

export const refKey = (ref: { kind: string; sourceId: string }): string => `${ref.kind}/${ref.sourceId}`;

/** A record whose parents are asked for. */
export interface Child {
  readonly sourceSystemId: string;
  readonly kind: RecordKind;
  readonly references: readonly RecordRef[];
  /** Its row was stored nationally before: an update needs no membership in state JOINED any more (C11). */
  readonly isStored: boolean;
}

/** Rows by `refKey` within one source system. */
export type Parents = ReadonlyMap<string, RecordRow>;

export interface Standing {
  /** Keys of `record_wait`: `kind/sourceId`, or a membership key (G-50). */
  readonly waits: readonly string[];
  readonly parents: Parents;
}

const sourceIdOf = (key: string): string => key.slice(key.indexOf('/') + 1);

/**
 * Reads all parents of the children in one statement, and their memberships in a second.
 * `overlay` holds rows of the same batch (and the same source system) that are not written yet.
 */
export async function readStandings(
  tx: Queryable,
  children: readonly Child[],
  overlay: Parents = new Map(),
): Promise<Standing[]> {
  const bySource = await parentsBySource(tx, children, overlay);
  const parentsOf = (child: Child): Parents => bySource.get(child.sourceSystemId) ?? overlay;
  const needs = new Map<string, MembershipNeed>();
  for (const child of children) {
    const need = membershipNeed(child, parentsOf(child));
    if (need) needs.set(membershipNeedKey(need), need);
  }
  const joined = await readMemberships(tx, [...needs.values()]);
  return children.map((child) => {
    const parents = parentsOf(child);
    return { parents, waits: waitsOf(child, parents, joined) };
  });
}

async function parentsBySource(
  tx: Queryable,
  children: readonly Child[],
  overlay: Parents,
): Promise<Map<string, Map<string, RecordRow>>> {
  const wanted = new Map<string, OwnedKey>();
  for (const { sourceSystemId, references } of children) {
    for (const ref of references) wanted.set(`${sourceSystemId}|${refKey(ref)}`, { ...ref, sourceSystemId });
  }
  const bySource = new Map<string, Map<string, RecordRow>>();
  for (const row of await readParents(tx, [...wanted.values()])) {
    const own = bySource.get(row.source_system_id) ?? new Map<string, RecordRow>();
    own.set(refKey({ kind: row.kind, sourceId: row.source_id }), row);
    bySource.set(row.source_system_id, own);
  }
  for (const own of bySource.values()) for (const [key, row] of overlay) own.set(key, row);
  return bySource;
}

/** The project behind a service-record's activity; known once the activity is. */
function projectOf(child: Child, parents: Parents): string | null {
  const activity = child.references.find((ref) => ref.role === 'context');
  const row = activity && parents.get(refKey(activity));
  return row?.context_ref ? sourceIdOf(row.context_ref) : null;
}

function membershipNeed(child: Child, parents: Parents): MembershipNeed | null {
  if (!child.kind.needsMembership || child.isStored) return null;
  const projectSourceId = projectOf(child, parents);
  const subject = child.references.find((ref) => ref.role === 'subject');
  const volunteer = subject && parents.get(refKey(subject));
  if (!projectSourceId || !volunteer) return null;
  return { sourceSystemId: child.sourceSystemId, volunteerBizNo: volunteer.biz_no, projectSourceId };
}

function waitsOf(child: Child, parents: Parents, joined: ReadonlySet<string>): string[] {
  const waits = child.references.map(refKey).filter((key) => !parents.get(key)?.is_landed);
  if (!child.kind.needsMembership || child.isStored) return waits;
  const project = projectOf(child, parents);
  const subject = child.references.find((ref) => ref.role === 'subject');
  const need = membershipNeed(child, parents);
  const isJoined = need !== null && joined.has(membershipNeedKey(need));
  if (project && subject && !isJoined) waits.push(membershipKey(subject.sourceId, project));
  return waits;
}
