import { appendEvidence } from '../evidence/index.js';
import type { Tx } from '../platform/database/index.js';
import { groupBy } from '../platform/group-by.js';
import type { Ids } from '../platform/ids/index.js';
import type { Vault } from '../platform/vault/index.js';
import { insertEvents, lockSiblings, upsertPromises } from './ledger.queries.js';
import { LANE_RANK, type RecordRow } from './ledger.types.js';
import { insertBindings, lockPersons, PersonBook, personKey, type PersonKey, type PersonRow } from './persons.js';
import { raiseVersions } from './raise-version.js';
import type { Change, WorkingCopy } from './working-copy.js';

/**
 * Binds volunteer records to persons (G-49): same ID number and same name are one person with one national number and
 * one version counter; same number under another name waits for a human being.
 */

type Sibling = RecordRow & { source_system_id: string };

export interface PersonOutcome {
  /** False = another call registered one of the persons first. */
  readonly isSaved: boolean;
  /** Living records of the touched persons that are not part of the batch, by number. */
  readonly siblings: ReadonlyMap<string, readonly Sibling[]>;
  readonly touched: readonly WorkingCopy[];
  readonly book: PersonBook;
}

interface BindContext {
  readonly vault: Vault;
  readonly ids: Ids;
  readonly sourceSystemId: string;
}

export async function bindPersons(
  tx: Tx,
  context: BindContext,
  volunteers: readonly WorkingCopy[],
): Promise<PersonOutcome> {
  if (volunteers.length === 0) {
    return { isSaved: true, siblings: new Map(), touched: [], book: new PersonBook([]) };
  }
  const keys = new Map<Change, PersonKey>();
  for (const copy of volunteers) {
    for (const change of copy.changes) {
      if (change.item.op === 'upsert') keys.set(change, personKey(context.vault, change.item.data));
    }
  }
  const idIndexes = [...keys.values()].map((key) => key.idIndex);
  const persons = await lockPersons(
    tx,
    idIndexes,
    volunteers.map((copy) => copy.bizNo),
  );
  const book = new PersonBook(persons);
  const siblings = await readSiblings(tx, persons, volunteers);
  const bindings: { personBizNo: string; recordId: string }[] = [];
  for (const copy of volunteers) {
    for (const change of copy.changes) bindChange({ copy, change, key: keys.get(change), book, siblings, bindings });
  }
  for (const copy of volunteers) {
    const inBatch = volunteers.filter(
      (other) => other !== copy && other.bizNo === copy.bizNo && other.last?.item.op === 'upsert',
    );
    adoptGroup(copy, siblings.get(copy.bizNo) ?? [], inBatch.length > 0);
    copy.sharedVersion = book.ofBizNo(copy.bizNo)?.version ?? null;
  }
  const isSaved = await book.save(tx);
  if (isSaved) await insertBindings(tx, context.ids, bindings);
  return { isSaved, siblings, touched: volunteers, book };
}

async function readSiblings(
  tx: Tx,
  persons: readonly PersonRow[],
  volunteers: readonly WorkingCopy[],
): Promise<Map<string, Sibling[]>> {
  const own = new Set(volunteers.map((copy) => copy.recordId));
  if (persons.length === 0) return new Map();
  const rows = await lockSiblings(
    tx,
    persons.map((person) => person.biz_no),
  );
  return groupBy(
    rows.filter((row) => !own.has(row.id) && !row.is_void),
    (row) => row.biz_no,
  );
}

interface BindStep {
  readonly copy: WorkingCopy;
  readonly change: Change;
  readonly key: PersonKey | undefined;
  readonly book: PersonBook;
  readonly siblings: ReadonlyMap<string, readonly Sibling[]>;
  readonly bindings: { personBizNo: string; recordId: string }[];
}

function bindChange(step: BindStep): void {
  const { copy, change, key, book } = step;
  const own = book.ofBizNo(copy.bizNo);
  copy.personCode = null;
  if (!key) {
    if (own) change.version = book.nextVersion(own, change.version - 1);
    return;
  }
  const found = book.ofId(key.idIndex);
  if (own) rebind(step, own, found, key);
  else if (!found) bindNew(step, book.add(copy.bizNo, key));
  else if (found.name_index === key.nameIndex && !copy.before) bindExisting(step, found);
  else copy.personCode = 'PERSON_CONFLICT';
}

/** The record already has its person: a corrected number or name is that person's, unless others share it. */
function rebind(
  { copy, change, book, siblings }: BindStep,
  own: PersonRow,
  found: PersonRow | undefined,
  key: PersonKey,
): void {
  const isShared = (siblings.get(own.biz_no) ?? []).length > 0;
  const isUnchanged = found === own && own.name_index === key.nameIndex;
  const isFree = !found || found === own;
  if (!isUnchanged && (isShared || !isFree)) copy.personCode = 'PERSON_CONFLICT';
  else if (!isUnchanged) book.correct(own, key);
  change.version = book.nextVersion(own, change.version - 1);
}

function bindNew({ copy, change, book, bindings }: BindStep, person: PersonRow): void {
  bindings.push({ personBizNo: person.biz_no, recordId: copy.recordId });
  change.version = book.nextVersion(person, change.version - 1);
}

function bindExisting(step: BindStep, person: PersonRow): void {
  step.copy.bizNo = person.biz_no;
  step.copy.warnings.push({ code: 'PERSON_EXISTS', pointer: '/data/idNo' });
  bindNew(step, person);
}

/** What the rest of the group means for this record's state. */
function adoptGroup(copy: WorkingCopy, group: readonly Sibling[], livesInBatch: boolean): void {
  copy.groupStateInFlight = group.find((row) => row.has_open_attempt)?.state ?? null;
  copy.hasLivingGroup = group.length > 0 || livesInBatch;
  copy.isGroupVoid = copy.last?.item.op === 'void' && copy.hasLivingGroup;
}

/**
 * Carries the shared version and state to the other records of the person. When the withdrawn record is not the last
 * one, the newest content of those that remain is sent again under the next version.
 */
export async function spreadToSiblings(
  tx: Tx,
  context: { ids: Ids; persons: PersonOutcome; stateOf: (copy: WorkingCopy) => string },
): Promise<void> {
  const { touched, siblings } = context.persons;
  for (const bizNo of new Set(touched.map((copy) => copy.bizNo))) {
    // A disputed record waits for its person (attention) and neither carries the row nor follows it.
    const group = (siblings.get(bizNo) ?? []).filter((row) => row.outcome_code !== 'PERSON_CONFLICT');
    const copies = touched.filter((copy) => copy.bizNo === bizNo && !copy.personCode);
    const version = Math.max(...copies.map((copy) => copy.sharedVersion ?? copy.version));
    if (group.length === 0 || copies.length === 0) continue;
    const living = copies.find((copy) => !copy.isGroupVoid);
    const inFlight = group.find((row) => row.has_open_attempt);
    const state = inFlight?.state ?? (living ? context.stateOf(living) : 'queued');
    if (!living) await promiseRemaining(tx, context.ids, group, version);
    await moveGroup(tx, context.ids, group, { version, state });
  }
}

/** The sibling whose content is newest carries the row on. */
async function promiseRemaining(tx: Tx, ids: Ids, group: readonly Sibling[], version: number): Promise<void> {
  const newest = await tx.query<{ record_id: string }>(
    `SELECT record_id FROM record_version WHERE record_id = ANY ($1::uuid[]) AND op = 'upsert' AND version IS NOT NULL
     ORDER BY version DESC LIMIT 1`,
    [group.map((row) => row.id)],
  );
  const carrier = group.find((row) => row.id === newest[0]?.record_id);
  if (!carrier) return;
  await raiseVersions(tx, ids, [{ recordId: carrier.id, version }]);
  await upsertPromises(tx, [
    {
      biz_no: carrier.biz_no, record_id: carrier.id, source_system_id: carrier.source_system_id, kind: carrier.kind,
      version, county_code: carrier.county_code, lane: 'normal', lane_rank: LANE_RANK.normal, stage: 'ready',
    },
  ]); // prettier-ignore
}

async function moveGroup(
  tx: Tx,
  ids: Ids,
  group: readonly Sibling[],
  to: { version: number; state: string },
): Promise<void> {
  await tx.query(
    `UPDATE record SET version = $2, state = $3, since = CASE WHEN state = $3 THEN since ELSE now() END
     WHERE id = ANY ($1::uuid[])`,
    [group.map((row) => row.id), to.version, to.state],
  );
  const moved = group.filter((row) => row.state !== to.state);
  await insertEvents(
    tx,
    ids,
    group.map((row) => ({
      sourceSystemId: row.source_system_id, recordId: row.id, version: to.version, state: to.state, code: null,
    })), // prettier-ignore
  );
  await appendEvidence(
    tx,
    moved.map((row) => ({
      kind: 'state.changed',
      uid: row.id,
      ver: to.version,
      from: row.state,
      to: to.state,
      actor: 'adapter',
    })),
  );
}
