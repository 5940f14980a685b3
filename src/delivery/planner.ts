import type { Database, Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import {
  CERTIFICATE_SET_KEY, claimReady, findReady, moveRecords, postponePromises, readStandings, refKey, setPromisesFlying,
  setPromisesWaiting, spreadFacts, type ClaimRow, type FactsParent, type Standing,
} from '../ledger/index.js'; // prettier-ignore
import type { NationalGateway, NationalStatus } from '../national/index.js';
import { RECORD_KINDS, shippedCalendar, statesBefore, type RecordKind } from '../records/index.js';
import { insertAttempts, insertCall, readOpenIntervals, type AttemptWrite, type DueCall } from './calls.queries.js';
import { isWriteOpen, type Gate } from './gates.js';
import { overlapGuard } from './overlap-guard.js';

/** Planners take turns, so that what is in flight is looked at by one at a time (G-48). */
const PLAN_LOCK = 5336;
/**
 * A few more candidates than a call carries, because some of them may have to wait; all of them are locked and looked
 * at. Twice as many made planning half as fast, and a call that goes out less than full costs less than that.
 */
const CANDIDATES_PER_ITEM = 1.1;
/** An entry whose interval overlaps one in flight is looked at again after the other's outcome. */
const OVERLAP_PAUSE_MS = 500;
/** Room for envelope, numbers and cipher texts around the plain payload of an item. */
const ITEM_OVERHEAD_BYTES = 700;
/** One number of a certificate's set, with its quotes and comma. */
const NUMBER_BYTES = 40;

export interface PlannerParts {
  readonly database: Database;
  readonly gateway: NationalGateway;
  readonly ids: Ids;
}

interface Candidate {
  readonly row: ClaimRow;
  readonly kind: RecordKind;
  /** What it belongs to, once that is known. */
  readonly context: FactsParent | null;
  readonly waits: readonly string[];
}

/**
 * Turns promises into planned calls: picks what may go now, parks what has to wait, and writes the call with its
 * attempts before anybody is told of it. Parents come before children by the order of the kinds and by their waits.
 */
export class Planner {
  constructor(private readonly parts: PlannerParts) {}

  /** Plans at most `budget` calls over all kinds; `onPlanned` hears of each as soon as it is committed. */
  async planWrites(
    status: NationalStatus,
    gates: ReadonlyMap<string, Gate>,
    budget: number,
    onPlanned: (call: DueCall) => void = () => undefined,
  ): Promise<DueCall[]> {
    const calls: DueCall[] = [];
    let isProgress = true;
    while (isProgress && calls.length < budget) {
      isProgress = false;
      for (const kind of KINDS_BY_URGENCY) {
        if (calls.length >= budget || !isWriteOpen(gates, kind.name)) continue;
        const callId = await this.planKind(kind, status);
        if (callId === null) continue;
        const call = { callId, ring: 0 };
        calls.push(call);
        onPlanned(call);
        isProgress = true;
      }
    }
    return calls;
  }

  private async planKind(kind: RecordKind, status: NationalStatus): Promise<string | null> {
    const limit = status.limits.batchItems;
    // A look without a lock first: most of the time most kinds have nothing to send.
    if ((await findReady(this.parts.database, kind.name, 1)).length === 0) return null;
    return this.parts.database.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock($1)', [PLAN_LOCK], 'delivery-plan-lock');
      const numbers = await findReady(tx, kind.name, Math.ceil(limit * CANDIDATES_PER_ITEM));
      if (numbers.length === 0) return null;
      const candidates = await this.candidates(tx, kind, await claimReady(tx, numbers));
      await this.tellLate(tx, candidates);
      await this.park(
        tx,
        candidates.filter((candidate) => candidate.waits.length > 0),
      );
      const free = candidates.filter((candidate) => candidate.waits.length === 0);
      const chosen = await this.choose(tx, free, status);
      return chosen.length > 0 ? this.write(tx, kind, chosen) : null;
    });
  }

  private async candidates(tx: Tx, kind: RecordKind, rows: readonly ClaimRow[]): Promise<Candidate[]> {
    const children = rows.map((row) => ({
      sourceSystemId: row.source_system_id,
      kind,
      references: row.op === 'void' ? [] : kind.references(row.payload),
      isStored: row.national_status === 'ACTIVE' || row.national_status === 'VOIDED',
    }));
    const standings = await readStandings(tx, children);
    const frozen = kind.lane === 'certificate' ? await readFrozen(tx, rows) : null;
    return rows.map((row, at) => {
      const standing = standings[at] as Standing;
      const isThawed = frozen !== null && row.op === 'upsert' && !frozen.has(row.record_id);
      const waits = isThawed ? [...standing.waits, CERTIFICATE_SET_KEY] : standing.waits;
      const context = children[at]?.references.find((ref) => ref.role === 'context');
      const parent = context && standing.parents.get(refKey(context));
      return { row, kind, context: parent ? { ...parent, key: refKey(context) } : null, waits };
    });
  }

  /** A record that was accepted in the same moment as its parent learns its due day here (G-74). */
  private async tellLate(tx: Tx, candidates: readonly Candidate[]): Promise<void> {
    const bySource = new Map<string, Map<string, FactsParent>>();
    for (const { row, kind, context } of candidates) {
      if (!kind.dueAfterActivity || row.due_by !== null || context === null) continue;
      const own = bySource.get(row.source_system_id) ?? new Map<string, FactsParent>();
      bySource.set(row.source_system_id, own.set(context.key, context));
    }
    for (const [sourceSystemId, parents] of bySource) {
      await spreadFacts(tx, { sourceSystemId, calendar: shippedCalendar() }, [...parents.values()]);
    }
  }

  private async park(tx: Tx, candidates: readonly Candidate[]): Promise<void> {
    await setPromisesWaiting(
      tx,
      candidates.map(({ row, waits }) => ({
        bizNo: row.biz_no, recordId: row.record_id, sourceSystemId: row.source_system_id, keys: waits,
      })), // prettier-ignore
    );
    // Its own parents are read live; what a closed gate had written down is over.
    await moveRecords(
      tx,
      this.parts.ids,
      candidates
        .filter(({ row }) => row.state === 'queued' || row.state === 'waiting')
        .map(({ row }) => ({ id: row.record_id, from: row.state, to: 'waiting', waitingFor: [] })),
    );
  }

  /** As many as one call carries, none whose interval is in flight or taken by an earlier one of the same call. */
  private async choose(tx: Tx, free: readonly Candidate[], status: NationalStatus): Promise<Candidate[]> {
    const numbers = free.map((candidate) => volunteerOf(candidate)).filter((number) => number !== null);
    const guard = overlapGuard(await readOpenIntervals(tx, numbers));
    const chosen: Candidate[] = [];
    const postponed: string[] = [];
    let bytes = 0;
    for (const candidate of free) {
      const size = this.sizeOf(candidate);
      // What is larger than a batch goes alone; held back it would hold up everything behind it.
      const isFull = chosen.length >= status.limits.batchItems || bytes + size > status.limits.batchBytes;
      if (chosen.length > 0 && isFull) break;
      const { starts_at: startsAt, ends_at: endsAt } = candidate.row;
      if (!guard.admit(volunteerOf(candidate), startsAt, endsAt)) {
        postponed.push(candidate.row.biz_no);
        continue;
      }
      chosen.push(candidate);
      bytes += size;
    }
    await postponePromises(tx, postponed, OVERLAP_PAUSE_MS);
    return chosen;
  }

  private sizeOf({ row, kind }: Candidate): number {
    const setBytes = kind.lane === 'certificate' ? this.parts.gateway.facts.maxCertificateRecords * NUMBER_BYTES : 0;
    return Buffer.byteLength(JSON.stringify(row.payload)) + ITEM_OVERHEAD_BYTES + setBytes;
  }

  private async write(tx: Tx, kind: RecordKind, chosen: readonly Candidate[]): Promise<string> {
    const { gateway, ids } = this.parts;
    const callId = ids.uuid();
    const isBatch = chosen.length > 1;
    await insertCall(
      tx,
      {
        id: callId,
        operation: isBatch ? 'write-batch' : 'write-single',
        kind: kind.name,
        clientBatchNo: isBatch ? `ZQ-${callId.replaceAll('-', '')}` : null,
        bizNos: null,
        itemCount: chosen.length,
      },
      gateway.facts,
    );
    await insertAttempts(
      tx,
      callId,
      chosen.map((candidate) => this.attempt(candidate)),
    );
    await setPromisesFlying(
      tx,
      chosen.map(({ row }) => row.biz_no),
    );
    await this.moveGroups(tx, chosen);
    return callId;
  }

  /** All records that share the number are in flight together, but for those withdrawn or disputed (G-49). */
  private async moveGroups(tx: Tx, chosen: readonly Candidate[]): Promise<void> {
    const isShared = chosen.some(({ kind }) => kind.name === 'volunteer');
    const own = chosen.map(({ row }) => ({ id: row.record_id, from: row.state, to: 'sending' as const }));
    if (!isShared) {
      await moveRecords(tx, this.parts.ids, own);
      return;
    }
    const rows = await tx.query<{ id: string; state: ClaimRow['state'] }>(
      `SELECT id, state FROM record WHERE biz_no = ANY ($1::text[]) AND state = ANY ($2::text[])`,
      [chosen.map(({ row }) => row.biz_no), statesBefore('sending')],
    );
    await moveRecords(
      tx,
      this.parts.ids,
      rows.map((row) => ({ id: row.id, from: row.state, to: 'sending' })),
    );
  }

  private attempt(candidate: Candidate): AttemptWrite {
    const { row, kind } = candidate;
    const isLive = row.national_status === 'ACTIVE';
    const corrects = isLive && this.parts.gateway.facts.correctsKinds.includes(kind.name);
    return {
      bizNo: row.biz_no,
      recordId: row.record_id,
      kind: kind.name,
      version: row.version,
      op: row.op === 'void' ? 'VOID' : corrects ? 'CORRECT' : 'UPSERT',
      volunteerBizNo: volunteerOf(candidate),
      startsAt: row.starts_at,
      endsAt: row.ends_at,
    };
  }
}

/** Certificates first; otherwise parents before children, which is the order of the registry. */
const KINDS_BY_URGENCY: readonly RecordKind[] = [...RECORD_KINDS].sort(
  (a, b) => Number(b.lane === 'certificate') - Number(a.lane === 'certificate'),
);

/** Whose time it takes, or gives back: a withdrawal in flight still holds its interval (G-48). */
function volunteerOf({ row, kind }: Candidate): string | null {
  return kind.interval ? row.subject_biz_no : null;
}

async function readFrozen(tx: Tx, rows: readonly ClaimRow[]): Promise<ReadonlySet<string>> {
  const frozen = await tx.query<{ record_id: string }>(
    `SELECT c.record_id FROM certificate c JOIN unnest($1::uuid[], $2::int[]) AS x(id, version)
       ON c.record_id = x.id AND c.request_version = x.version WHERE c.status = 'FROZEN'`,
    [rows.map((row) => row.record_id), rows.map((row) => row.version)],
  );
  return new Set(frozen.map((row) => row.record_id));
}
