import { contentForm, hashOfForm } from './canonical-json.js';
import type { ItemContent } from './canonical-json.js';
import type { CatalogueCode, SentenceParams } from './catalogue/catalogue.js';
import type { ItemProblem } from './catalogue/problem.js';
import type { DoorContext, Finding, RecordData, RecordKind } from './record-kind.js';
import { recordKind } from './registry.js';
import { schemaProblems } from './schema-problems.js';
import { codePointLength, isBlank, isCleanText, safePointer } from './text.js';

/**
 * The door looks at one item (station-contract §2, §3): its own shape, its data by the schema and the rules of
 * its kind. Pure: what depends on other records (revisions, parents, persons) is the ledger's question.
 *
 * Measured (Node 20.20, one core, batch of 1,000): service-record 34,000 items/s with its rules and hash, 30,000
 * with reading the JSON; volunteer 110,000 and 71,000; the other kinds more.
 */

/** More than this helps nobody to correct an item, and keeps the answer to a hostile batch small. */
export const MAX_PROBLEMS = 50;
/** G-32: texts that are only kept. */
const MAX_REASON_LENGTH = 500;

export type ItemOp = 'upsert' | 'void';

/** What the ledger may take. */
export interface GoodItem {
  readonly ok: true;
  readonly kind: RecordKind;
  readonly sourceId: string;
  /** null = unnumbered (G-10). */
  readonly revision: number | null;
  readonly op: ItemOp;
  readonly reason: string | null;
  /** As sent, without nulls (G-27, G-56); empty for a void. */
  readonly data: RecordData;
  /** The content form: what pushes are compared by (G-12). */
  readonly canonical: string;
  /** Hex SHA-256 of `canonical` (G-24). */
  readonly contentHash: string;
  readonly warnings: readonly ItemProblem[];
}

/** What is refused; `kind` and `sourceId` only when they may be repeated (G-29). */
export interface BadItem {
  readonly ok: false;
  readonly kind: string | null;
  readonly sourceId: string | null;
  readonly errors: readonly ItemProblem[];
}

export type ExaminedItem = GoodItem | BadItem;

export type KindLookup = (name: string) => RecordKind | undefined;

const ITEM_FIELDS: ReadonlySet<string> = new Set(['kind', 'sourceId', 'revision', 'op', 'reason', 'data']);
const SOURCE_ID = /^[0-9A-Za-z._-]{1,64}$/;
const KIND_NAME = /^(?=.{1,64}$)[a-z]+(?:-[a-z]+)*$/;

type RawItem = Readonly<Record<string, unknown>>;

/** Collects errors: one per code and place, never more than MAX_PROBLEMS. */
class ProblemList {
  readonly problems: ItemProblem[] = [];

  add(code: CatalogueCode, pointer: string, params?: SentenceParams): void {
    this.put(params === undefined ? { code, pointer } : { code, pointer, params });
  }

  put(problem: ItemProblem): void {
    if (this.problems.length >= MAX_PROBLEMS) return;
    const isKnown = this.problems.some((known) => known.code === problem.code && known.pointer === problem.pointer);
    if (!isKnown) this.problems.push(problem);
  }
}

/**
 * Examines one item of a batch.
 *
 * Shape    the parsed item, what its reader found wrong in it (pointers from the item), the door's context →
 *          what the ledger may take with its warnings, or every error at once
 * Promise  no problem holds a person's data; throws on nothing that a caller can send
 * Source   station-contract §2, G-09, G-17, G-20, G-27 to G-29, G-32
 */
export function examineItem(
  raw: unknown,
  faultsOfItem: readonly ItemProblem[],
  context: DoorContext,
  lookUp: KindLookup = recordKind,
): ExaminedItem {
  if (!isObject(raw)) return refused(null, null, [{ code: 'FIELD_TYPE', pointer: '', params: { expected: 'object' } }]);
  const errors = new ProblemList();
  for (const fault of faultsOfItem) errors.put(problemOfFault(fault));
  reportUnknownFields(raw, errors);
  const kindName = examineName(raw, 'kind', errors);
  const kind = kindName === null ? undefined : lookUp(kindName);
  if (kindName !== null && kind === undefined) errors.add('CODE_UNKNOWN', '/kind');
  const sourceId = examineName(raw, 'sourceId', errors);
  const revision = examineRevision(raw.revision, errors);
  const op = examineOp(raw.op, errors);
  const reason = examineReason(raw.reason, op, errors);
  const content = examineContent(raw.data, op, errors);
  const warnings =
    kind && content?.op === 'upsert' ? examineData(kind, content.data as RecordData, { errors, context }) : [];
  if (!kind || sourceId === null || content === null || errors.problems.length > 0) {
    return refused(kindName !== null && KIND_NAME.test(kindName) ? kindName : null, sourceId, errors.problems);
  }
  const data: RecordData = content.op === 'void' ? {} : (content.data as RecordData);
  const canonical = contentForm(content);
  const taken = { sourceId, revision, op: content.op, reason, data, canonical, contentHash: hashOfForm(canonical) };
  return { ok: true, kind, ...taken, warnings };
}

/** A line of NDJSON that is no JSON: it refuses itself only (G-25). */
export function unreadableItem(): BadItem {
  return refused(null, null, [{ code: 'MALFORMED_JSON', pointer: '' }]);
}

function refused(kind: string | null, sourceId: string | null, errors: readonly ItemProblem[]): BadItem {
  return { ok: false, kind, sourceId, errors };
}

function isObject(value: unknown): value is RawItem {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A revision that no double can hold is first of all no revision (G-09). */
function problemOfFault(fault: ItemProblem): ItemProblem {
  const isRevision = fault.pointer === '/revision' && fault.code === 'FIELD_RANGE';
  return isRevision ? { code: 'REVISION_INVALID', pointer: fault.pointer } : fault;
}

function reportUnknownFields(raw: RawItem, errors: ProblemList): void {
  for (const field in raw) {
    if (ITEM_FIELDS.has(field)) continue;
    errors.add('FIELD_UNKNOWN', safePointer([field]));
    if (errors.problems.length >= MAX_PROBLEMS) return;
  }
}

/** `kind` or `sourceId`; null when it cannot be one. What a kind may be called is the registry's question. */
function examineName(raw: RawItem, field: 'kind' | 'sourceId', errors: ProblemList): string | null {
  const value = raw[field];
  if (typeof value === 'string') {
    if (field === 'kind' || SOURCE_ID.test(value)) return value;
    errors.add('FIELD_FORMAT', '/sourceId', { expected: 'sourceId' });
  } else if (value === undefined || value === null) {
    errors.add('FIELD_REQUIRED', `/${field}`);
  } else {
    errors.add('FIELD_TYPE', `/${field}`, { expected: 'string' });
  }
  return null;
}

/** G-09: a JSON integer from 0 to 2^53−1; null is anything else, too. */
function examineRevision(value: unknown, errors: ProblemList): number | null {
  if (value === undefined) return null;
  // + 0 makes -0 the zero that it is by value (G-28).
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value + 0;
  errors.add('REVISION_INVALID', '/revision');
  return null;
}

/** null = not known, so that nothing is said about the parts that depend on it. */
function examineOp(value: unknown, errors: ProblemList): ItemOp | null {
  if (value === undefined || value === null) return 'upsert';
  if (value === 'upsert' || value === 'void') return value;
  if (typeof value === 'string') errors.add('CODE_UNKNOWN', '/op');
  else errors.add('FIELD_TYPE', '/op', { expected: 'string' });
  return null;
}

/** Required for a void (§2); whether a reopening needs one only the ledger knows (G-18). */
function examineReason(value: unknown, op: ItemOp | null, errors: ProblemList): string | null {
  if (value === undefined || value === null) {
    if (op === 'void') errors.add('VOID_REASON_REQUIRED', '/reason');
    return null;
  }
  if (typeof value !== 'string') errors.add('FIELD_TYPE', '/reason', { expected: 'string' });
  // Checked here, too: the reason of a DELETE comes from the address and has seen no parser of ours.
  else if (!isCleanText(value)) errors.add('TEXT_INVALID', '/reason');
  else if (isBlank(value) && op === 'void') errors.add('VOID_REASON_REQUIRED', '/reason');
  else if (isBlank(value)) errors.add('FIELD_RANGE', '/reason', { min: 1 });
  else if (codePointLength(value) > MAX_REASON_LENGTH) errors.add('FIELD_RANGE', '/reason', { max: MAX_REASON_LENGTH });
  else return value;
  return null;
}

function examineContent(data: unknown, op: ItemOp | null, errors: ProblemList): ItemContent | null {
  const isAbsent = data === undefined || data === null;
  if (op === 'void') {
    // G-17: what would become of it, nobody could say.
    if (!isAbsent) errors.add('FIELD_UNKNOWN', '/data');
    return { op };
  }
  if (isObject(data)) return { op: 'upsert', data: dropNulls(data) };
  if (op === null) return null;
  if (isAbsent) errors.add('FIELD_REQUIRED', '/data');
  else errors.add('FIELD_TYPE', '/data', { expected: 'object' });
  return null;
}

interface Findings {
  readonly errors: ProblemList;
  readonly context: DoorContext;
}

/** Schema first; the rules need data that the schema has let through. Returns the warnings. */
function examineData(kind: RecordKind, data: RecordData, { errors, context }: Findings): readonly ItemProblem[] {
  const parsed = kind.schema.safeParse(data);
  if (!parsed.success) {
    const spoilt = new Set(errors.problems.map((problem) => problem.pointer));
    for (const problem of schemaProblems(parsed.error.issues, data, MAX_PROBLEMS)) {
      // A value that the parser could not take is told once, by the parser's word for it.
      if (!spoilt.has(problem.pointer)) errors.put(problem);
    }
    return [];
  }
  const warnings = new ProblemList();
  for (const rule of kind.rules) {
    for (const finding of rule(parsed.data, context)) {
      (finding.level === 'refuse' ? errors : warnings).put(problemOfFinding(finding));
    }
  }
  return warnings.problems;
}

function problemOfFinding({ code, pointer, params }: Finding): ItemProblem {
  return params === undefined ? { code, pointer } : { code, pointer, params };
}

/** Members that are null are left out (G-56), inside arrays nulls stay; copies only what changes. */
function dropNulls(object: RawItem): RawItem {
  let copy: Record<string, unknown> | null = null;
  for (const key in object) {
    const value = object[key];
    const kept = typeof value === 'object' && value !== null ? dropNullsWithin(value) : value;
    if (kept === value && value !== null) continue;
    copy ??= { ...object };
    if (value === null) delete copy[key];
    else copy[key] = kept;
  }
  return copy ?? object;
}

function dropNullsWithin(value: object): unknown {
  if (!Array.isArray(value)) return dropNulls(value as RawItem);
  const members = value.map((member: unknown) =>
    typeof member === 'object' && member !== null ? dropNullsWithin(member) : member,
  );
  return members.some((member, index) => member !== value[index]) ? members : value;
}
