import type { Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { Vault } from '../platform/vault/index.js';
import { type ItemProblem, type RecordRef, type WorkingCalendar } from '../records/index.js';
import { deriveColumns, windowWarnings, type Derived } from './acceptance-rows.js';
import { writeHistory } from './acceptance-history.js';
import { writePromises } from './acceptance-promises.js';
import {
  insertEvents,
  insertRecords,
  lockRecords,
  updateRecords,
  type EventWrite,
  type RecordWrite,
} from './ledger.queries.js';
import {
  type AcceptBatch, type AcceptItem, type AcceptResult, type LedgerProfile, type RecordRow,
} from './ledger.types.js'; // prettier-ignore
import { warnOfOverlaps } from './overlap-warnings.js';
import { readStandings, refKey, type Child, type Standing } from './parents.js';
import { bindPersons, spreadToSiblings, type PersonOutcome } from './person-binding.js';
import { dueOf, hasChildren, spreadFacts } from './late-facts.js';
import { isDerivedFrom, raiseChangedChildren } from './parent-change.js';
import { differingFields } from './revision-conflict.js';
import { WorkingCopy, type Change } from './working-copy.js';

/** Another call made the same record or person first; nothing was written, run the batch again. */
export class AcceptanceRaceError extends Error {
  override name = 'AcceptanceRaceError';
  /** Read by Database.transaction, which runs the whole work again. */
  readonly code = '40001';
}

/** A certificate-request waits for its set to be frozen (G-52). */
export const CERTIFICATE_SET_KEY = 'certificate-set';

/** A result whose version is not known yet; `repeats` = the accepted content that a duplicate is the same as. */
type DraftResult = AcceptResult & { readonly repeats: Change | 'before' | null };

/** What the batch decided of one record, ready to be written. */
interface Decision {
  readonly copy: WorkingCopy;
  readonly last: Change;
  readonly columns: Derived;
  readonly dueBy: string | null;
  readonly waits: readonly string[];
  readonly standing: { readonly references: readonly RecordRef[]; readonly parents: ReadonlyMap<string, RecordRow> };
  readonly state: string;
}

/**
 * The only writer of records, versions and promises.
 *
 * `accept` takes a whole batch in the transaction that it is given: history, state, promise to deliver, evidence and
 * feed are written together or not at all. A second call with the same records waits on their rows (G-31).
 */
export class Ledger {
  constructor(
    private readonly vault: Vault,
    private readonly ids: Ids,
    private readonly calendar: WorkingCalendar,
    private readonly profile: LedgerProfile,
  ) {}

  /** Counted once for the records of one activity in a batch: counting days took 16 µs of each record's 175. */
  private readonly dueByActivity = new WeakMap<RecordRow, string>();

  /**
   * Shape    examined items → one result per item, in their order
   * Promise  all rows of the batch commit together with the given transaction
   * Throws   AcceptanceRaceError (run again); database errors
   * Source   station-contract §2, G-09…G-31, G-49
   */
  async accept(tx: Tx, batch: AcceptBatch): Promise<AcceptResult[]> {
    const { copies, results } = await this.decide(tx, batch);
    const persons = await this.bind(tx, batch, copies, results);
    const decisions = await this.resolve(tx, batch, copies);
    await this.write(tx, batch, decisions, copies);
    await this.tellChildren(tx, batch, decisions);
    await spreadToSiblings(tx, { ids: this.ids, persons, stateOf: (copy) => stateOfCopy(decisions, copy) });
    return finishAll(results, copies);
  }

  /** What children know only through their parents, and what the nation knows of them (G-14, G-45, G-74). */
  private async tellChildren(tx: Tx, { source }: AcceptBatch, decisions: readonly Decision[]): Promise<void> {
    const upserts = decisions.filter(({ last }) => last.item.op === 'upsert');
    const parents = upserts.map(({ copy, last, columns, dueBy }) => ({
      ...columns,
      key: copy.key,
      kind: last.item.kind.name,
      due_by: dueBy,
    }));
    await spreadFacts(
      tx,
      { sourceSystemId: source.id, calendar: this.calendar },
      parents.filter(({ kind }) => hasChildren(kind)),
    );
    const newer = upserts.flatMap(({ copy, last }) =>
      copy.before && isDerivedFrom(last.item.kind.name)
        ? [
            {
              recordId: copy.recordId,
              kind: last.item.kind.name,
              sourceId: last.item.sourceId,
              versionBefore: copy.before.version,
              data: last.item.data,
            },
          ]
        : [],
    );
    const context = { ids: this.ids, sourceSystemId: source.id, maxRecordAgeDays: this.profile.maxRecordAgeDays };
    await raiseChangedChildren(tx, context, newer);
  }

  /** The outcomes that `accept` would give now; writes nothing (G-22). */
  async preview(tx: Tx, batch: AcceptBatch): Promise<AcceptResult[]> {
    const { copies, results } = await this.decide(tx, batch);
    for (const { copy, standing } of await this.resolve(tx, batch, copies)) {
      for (const ref of standing.references) {
        if (!standing.parents.has(refKey(ref))) copy.warnings.push({ code: 'PARENT_MISSING', pointer: ref.pointer });
      }
    }
    return finishAll(results, copies);
  }

  private async decide(
    tx: Tx,
    { source, items }: AcceptBatch,
  ): Promise<{ copies: Map<string, WorkingCopy>; results: DraftResult[] }> {
    const keys = items.map((item) => ({ kind: item.kind.name, sourceId: item.sourceId }));
    const before = new Map<string, RecordRow>();
    for (const row of await lockRecords(tx, source.id, keys)) {
      before.set(refKey({ kind: row.kind, sourceId: row.source_id }), row);
    }
    const copies = new Map<string, WorkingCopy>();
    const conflicts: { item: AcceptItem; copy: WorkingCopy; at: number }[] = [];
    const results = items.map((item, at): DraftResult => {
      const key = refKey({ kind: item.kind.name, sourceId: item.sourceId });
      const copy = copies.get(key) ?? this.open(key, before.get(key) ?? null);
      copies.set(key, copy);
      const known = copy.last;
      const verdict = copy.take(item);
      if (verdict.outcome === 'conflict') conflicts.push({ item, copy, at });
      const isRefused = verdict.outcome === 'conflict' || verdict.outcome === 'rejected';
      return {
        index: item.index,
        outcome: isRefused ? 'rejected' : verdict.outcome,
        recordId: isRefused ? null : copy.recordId,
        version: null,
        repeats: verdict.outcome === 'duplicate' ? (known ?? 'before') : null,
        errors: verdict.outcome === 'rejected' ? verdict.errors : [],
        warnings: item.warnings,
      };
    });
    for (const { item, copy, at } of conflicts) {
      const fields = await differingFields(tx, this.vault, copy, item);
      const error: ItemProblem = {
        code: 'REVISION_CONFLICT',
        pointer: '/revision',
        params: { fields: fields.join(', ') },
      };
      results[at] = { ...(results[at] as DraftResult), errors: [error] };
    }
    return { copies, results };
  }

  private open(key: string, before: RecordRow | null): WorkingCopy {
    const recordId = before?.id ?? this.ids.uuid();
    // Never built from the sourceId: that may hold characters and collisions the nation does not allow (G-67).
    return new WorkingCopy(key, before, recordId, before?.biz_no ?? `ZQ-${recordId.replaceAll('-', '')}`);
  }

  private async bind(
    tx: Tx,
    batch: AcceptBatch,
    copies: ReadonlyMap<string, WorkingCopy>,
    results: readonly DraftResult[],
  ): Promise<PersonOutcome> {
    const accepted = new Set(results.filter((result) => result.outcome === 'accepted').map((result) => result.index));
    for (const copy of copies.values()) {
      let version = copy.before?.version ?? 0;
      for (const change of copy.changes) {
        if (accepted.has(change.item.index)) change.version = version += 1;
      }
    }
    const volunteers = [...copies.values()].filter(
      (copy) => copy.changes.length > 0 && copy.key.startsWith('volunteer/'),
    );
    const outcome = await bindPersons(
      tx,
      { vault: this.vault, ids: this.ids, sourceSystemId: batch.source.id },
      volunteers,
    );
    if (!outcome.isSaved) throw new AcceptanceRaceError('person');
    return outcome;
  }

  private async resolve(tx: Tx, batch: AcceptBatch, copies: ReadonlyMap<string, WorkingCopy>): Promise<Decision[]> {
    const changed = [...copies.values()].filter((copy) => copy.last !== undefined);
    const overlay = this.overlay(changed);
    const children = changed.map((copy) => childOf(copy, batch.source.id));
    const standings = await readStandings(tx, children, overlay);
    const decisions = changed.map((copy, at) =>
      this.decision(
        copy,
        { references: children[at]?.references ?? [], standing: standings[at] as Standing },
        batch.source.areaCode,
      ),
    );
    await warnOfOverlaps(tx, batch.source.id, decisions);
    return decisions;
  }

  /** Rows of this very batch count as parents, though nothing of them has landed yet. */
  private overlay(changed: readonly WorkingCopy[]): Map<string, RecordRow> {
    const overlay = new Map<string, RecordRow>();
    for (const copy of changed) {
      const item = (copy.last as Change).item;
      if (item.op === 'void') continue;
      const references = item.kind.references(item.data);
      const columns = deriveColumns(item.kind, { data: item.data, references }, new Map(), '');
      const before = copy.before;
      overlay.set(copy.key, {
        id: copy.recordId, kind: item.kind.name, source_id: item.sourceId, biz_no: copy.bizNo, version: copy.version,
        revision: 0, content_hash: '', is_void: false, state: 'queued', outcome_code: null, due_by: before?.due_by ?? null, ...columns,
        county_code: item.kind.county.from === 'own' ? columns.county_code : (before?.county_code ?? columns.county_code),
        is_landed: before?.is_landed ?? false, stands_nationally: before?.stands_nationally ?? false,
        was_stored: before?.was_stored ?? false, has_open_attempt: before?.has_open_attempt ?? false,
      }); // prettier-ignore
    }
    return overlay;
  }

  private decision(
    copy: WorkingCopy,
    resolved: { references: readonly RecordRef[]; standing: Standing },
    homeArea: string,
  ): Decision {
    const last = copy.last as Change;
    const { kind, data, op } = last.item;
    const { parents } = resolved.standing;
    const columns = deriveColumns(kind, { data, references: resolved.references }, parents, homeArea);
    const context = columns.context_ref ? parents.get(columns.context_ref) : undefined;
    copy.warnings.push(...windowWarnings(columns, context));
    const isCertificate = kind.lane === 'certificate' && op === 'upsert';
    const waits = isCertificate ? [...resolved.standing.waits, CERTIFICATE_SET_KEY] : resolved.standing.waits;
    const standing = { references: resolved.references, parents };
    return {
      copy, last, columns, dueBy: this.dueBy(kind.dueAfterActivity, context), waits, standing,
      state: this.stateOf(copy, waits),
    }; // prettier-ignore
  }

  private dueBy(isDueAfterActivity: boolean | undefined, context: RecordRow | undefined): string | null {
    if (!isDueAfterActivity || !context) return null;
    if (context.kind !== 'activity') return context.due_by;
    if (!context.ends_at) return null;
    const known = this.dueByActivity.get(context);
    if (known !== undefined) return known;
    const dueBy = dueOf(context.ends_at, this.calendar);
    this.dueByActivity.set(context, dueBy);
    return dueBy;
  }

  private stateOf(copy: WorkingCopy, waits: readonly string[]): string {
    const { item } = copy.last as Change;
    // An open attempt is settled first; its settling looks at the newer version (house law 4).
    if (copy.isGroupVoid) return 'voided';
    const inFlight = copy.before?.has_open_attempt ? copy.before.state : copy.groupStateInFlight;
    if (inFlight) return inFlight;
    if (!this.profile.supportedKinds.has(item.kind.name)) return item.op === 'void' ? 'voided' : 'unsupported';
    if (copy.personCode) return 'attention';
    // What never reached the nation, or no longer stands there, is withdrawn by taking the promise back (G-16).
    if (item.op === 'void') return copy.before?.stands_nationally ? 'queued' : 'voided';
    return waits.length > 0 ? 'waiting' : 'queued';
  }

  private async write(
    tx: Tx,
    batch: AcceptBatch,
    decisions: readonly Decision[],
    copies: ReadonlyMap<string, WorkingCopy>,
  ): Promise<void> {
    const rows = decisions.map((decision) => ({ decision, row: this.recordRow(decision) }));
    const fresh = rows.filter(({ decision }) => !decision.copy.before).map(({ row }) => row);
    if ((await insertRecords(tx, batch.source.id, fresh)) < fresh.length) throw new AcceptanceRaceError('record');
    await updateRecords(
      tx,
      batch.source.id,
      rows.filter(({ decision }) => decision.copy.before).map(({ row }) => row),
    );
    await writeHistory(tx, { vault: this.vault, ids: this.ids, batch }, copies.values());
    await writePromises(tx, { ids: this.ids, sourceSystemId: batch.source.id }, decisions);
    await insertEvents(
      tx,
      this.ids,
      decisions.flatMap((decision) => eventsOf(batch.source.id, decision)),
    );
  }

  private recordRow({ copy, last, columns, dueBy, state }: Decision): RecordWrite {
    const { item } = last;
    const isVoid = item.op === 'void';
    const keep = isVoid ? copy.before : null;
    return {
      id: copy.recordId,
      kind: item.kind.name,
      source_id: item.sourceId,
      biz_no: copy.bizNo,
      version: copy.sharedVersion ?? last.version,
      revision: Math.max(last.revision, copy.rememberedRevision ?? 0),
      content_hash: item.contentHash,
      is_void: isVoid,
      state,
      subject_ref: keep?.subject_ref ?? columns.subject_ref,
      context_ref: keep?.context_ref ?? columns.context_ref,
      membership_key: columns.membership_key,
      starts_at: keep?.starts_at ?? columns.starts_at,
      ends_at: keep?.ends_at ?? columns.ends_at,
      minutes: columns.minutes,
      county_code: keep?.county_code ?? columns.county_code,
      lane: item.kind.lane,
      due_by: dueBy ?? copy.before?.due_by ?? null,
      outcome_code: copy.personCode,
      outcome_message: null,
      warnings: warningsOf(copy),
    };
  }
}

function eventsOf(sourceSystemId: string, { copy, state }: Decision): EventWrite[] {
  const { recordId, personCode: code } = copy;
  return copy.changes.map(({ version }) => ({ sourceSystemId, recordId, version, state, code }));
}

function childOf(copy: WorkingCopy, sourceSystemId: string): Child {
  const { kind, op, data } = (copy.last as Change).item;
  const isStored = copy.before?.was_stored ?? false;
  return { sourceSystemId, kind, references: op === 'void' ? [] : kind.references(data), isStored };
}

const stateOfCopy = (decisions: readonly Decision[], copy: WorkingCopy): string =>
  decisions.find((decision) => decision.copy === copy)?.state ?? 'queued';

/** Versions and the ledger's own warnings are known only at the end. */
function finishAll(results: readonly DraftResult[], copies: ReadonlyMap<string, WorkingCopy>): AcceptResult[] {
  const byRecord = new Map([...copies.values()].map((copy) => [copy.recordId, copy]));
  return results.map(({ repeats, ...result }) => {
    const copy = result.recordId === null ? undefined : byRecord.get(result.recordId);
    if (!copy) return result;
    const own = copy.changes.find((change) => change.item.index === result.index);
    const warnings = own ? [...result.warnings, ...copy.warnings] : result.warnings;
    const repeated = repeats === 'before' ? copy.before?.version : repeats?.version;
    return { ...result, version: own?.version ?? repeated ?? copy.version, warnings };
  });
}

const MAX_STORED_WARNINGS = 20;

function warningsOf(copy: WorkingCopy): readonly ItemProblem[] | null {
  const all = [...((copy.last as Change).item.warnings ?? []), ...copy.warnings].slice(0, MAX_STORED_WARNINGS);
  return all.length > 0 ? all : null;
}
