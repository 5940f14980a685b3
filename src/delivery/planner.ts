import type { Database, Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { Vault } from '../platform/vault/index.js';
import {
  CERTIFICATE_SET_KEY, claimReady, findReadyKinds, moveRecords, openFlights, postponePromises, readOpenIntervals,
  readStandings, refKey, setPromisesWaiting, spreadFacts, tellTakeOffs, type ClaimRow, type FactsParent, type Flight, type Standing,
} from '../ledger/index.js'; // prettier-ignore
import type { NationalGateway, NationalStatus, OutgoingItem, PreparedCall } from '../national/index.js';
import { RECORD_KINDS, shippedCalendar, statesBefore, type RecordKind } from '../records/index.js';
import { insertCalls, type DueCall, type PlannedCall } from './calls.queries.js';
import { findReadyFair } from './fair/find-ready-fair.js';
import { isWriteOpen, type Gate } from './gates.js';
import type { NumberOf } from './national-refs.js';
import { composeOutgoing, type StoredEntry } from './outgoing.js';
import { overlapGuard } from './overlap-guard.js';
import type { PreparedCalls } from './prepared-calls.js';
import type { Storm } from './storm/storm.js';
import { pausedCounties } from './storm/storm-view.js';

/** Planners take turns, so that what is in flight is looked at by one at a time (G-48). */
const PLAN_LOCK = 5336;
/**
 * A few more candidates than a call carries, because some of them may have to wait; all of them are locked and looked
 * at. Twice as many made planning half as fast, and a call that goes out less than full costs less than that.
 */
const CANDIDATES_PER_ITEM = 1.1;
/** Calls that one plan makes at most: it holds the lock of all planners and those of its records meanwhile. */
const CALLS_PER_PLAN = 5;
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
  readonly vault: Vault;
  readonly prepared: PreparedCalls;
  readonly storm: Storm;
}

interface PlannedWrite {
  readonly callId: string;
  /** null = something in it needs a closer look; its worker loads it. */
  readonly prepared: PreparedCall | null;
}

/** What one plan may take. */
interface Room {
  readonly calls: number;
  /** Entries of a call. */
  readonly items: number;
  readonly bytes: number;
  readonly isProbe: boolean;
}

interface Candidate {
  readonly row: ClaimRow;
  readonly kind: RecordKind;
  /** What it belongs to, once that is known. */
  readonly context: FactsParent | null;
  readonly waits: readonly string[];
  readonly parents: Standing['parents'];
}

/**
 * Turns promises into planned calls: picks what may go now, parks what has to wait, and writes the call with its
 * attempts before anybody is told of it. Parents come before children by the order of the kinds and by their waits.
 */
export class Planner {
  constructor(private readonly parts: PlannerParts) {}

  /**
   * Plans at most `budget` calls over all kinds; `onPlanned` hears of each as soon as it is committed and in hand.
   */
  async planWrites(
    status: NationalStatus,
    gates: ReadonlyMap<string, Gate>,
    budget: number,
    onPlanned: (call: DueCall) => void = () => undefined,
  ): Promise<DueCall[]> {
    const calls: DueCall[] = [];
    const paused = pausedCounties(await this.parts.storm.view());
    const open = KINDS_BY_URGENCY.filter((kind) => isWriteOpen(gates, kind.name));
    const names = open.map((kind) => kind.name);
    let isProgress = true;
    while (isProgress && calls.length < budget) {
      isProgress = false;
      // A look without a lock first: most of the time most kinds have nothing to send.
      const ready = await findReadyKinds(this.parts.database, names);
      for (const kind of open.filter(({ name }) => ready.has(name))) {
        if (calls.length >= budget) break;
        const room = this.roomFor(kind, status, budget - calls.length);
        for (const { callId, prepared } of await this.planKind(kind, room, paused)) {
          const call = { callId, ring: 0 };
          calls.push(call);
          this.parts.prepared.put(callId, prepared);
          onPlanned(call);
          isProgress = true;
        }
      }
    }
    return calls;
  }

  /** A breaker that is not closed lets less through: one entry alone while it tries, a part while it recovers. */
  private roomFor(kind: RecordKind, { limits }: NationalStatus, budget: number): Room {
    const { storm } = this.parts;
    const items = storm.mostEntries(kind.name, limits.batchItems);
    const isProbe = items === 1 && limits.batchItems > 1 && storm.isTrying(kind.name);
    return { calls: isProbe ? 1 : Math.min(CALLS_PER_PLAN, budget), items, bytes: limits.batchBytes, isProbe };
  }

  /** Several calls of one kind in one transaction: what a plan costs whatever its size is shared by them. */
  private async planKind(kind: RecordKind, room: Room, paused: readonly string[]): Promise<PlannedWrite[]> {
    if (room.items === 0) return [];
    const limit = Math.ceil(room.items * CANDIDATES_PER_ITEM) * room.calls;
    const planned = await this.parts.database.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock($1)', [PLAN_LOCK], 'delivery-plan-lock');
      const numbers = await findReadyFair(tx, { kind: kind.name, limit, pausedCounties: paused });
      if (numbers.length === 0) return [];
      const candidates = await this.candidates(tx, kind, await claimReady(tx, numbers));
      await this.tellLate(tx, candidates);
      await this.park(
        tx,
        candidates.filter((candidate) => candidate.waits.length > 0),
      );
      const free = candidates.filter((candidate) => candidate.waits.length === 0);
      return this.write(tx, kind, await this.choose(tx, free, room));
    });
    if (room.isProbe && planned.length > 0) this.parts.storm.plannedProbe(kind.name);
    return planned;
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
      return {
        row,
        kind,
        context: parent ? { ...parent, key: refKey(context) } : null,
        waits,
        parents: standing.parents,
      };
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

  /**
   * Fills the calls that there is room for, in order, each with as many as it carries; none whose interval is in flight or taken by
   * an earlier one.
   */
  private async choose(tx: Tx, free: readonly Candidate[], room: Room): Promise<Candidate[][]> {
    const numbers = free.map((candidate) => volunteerOf(candidate)).filter((number) => number !== null);
    const guard = overlapGuard(await readOpenIntervals(tx, numbers));
    const calls: Candidate[][] = [];
    const postponed: string[] = [];
    let current: Candidate[] = [];
    let bytes = 0;
    for (const candidate of free) {
      const size = this.sizeOf(candidate);
      // What is larger than a batch goes alone; held back it would hold up everything behind it.
      const isFull = current.length >= room.items || bytes + size > room.bytes;
      if (current.length > 0 && isFull) {
        calls.push(current);
        [current, bytes] = [[], 0];
      }
      if (calls.length === room.calls) break;
      const { starts_at: startsAt, ends_at: endsAt } = candidate.row;
      if (!guard.admit(volunteerOf(candidate), startsAt, endsAt)) {
        postponed.push(candidate.row.biz_no);
        continue;
      }
      current.push(candidate);
      bytes += size;
    }
    if (current.length > 0) calls.push(current);
    await postponePromises(tx, postponed, OVERLAP_PAUSE_MS);
    return calls;
  }

  private sizeOf({ row, kind }: Candidate): number {
    const setBytes = kind.lane === 'certificate' ? this.parts.gateway.facts.maxCertificateRecords * NUMBER_BYTES : 0;
    return Buffer.byteLength(JSON.stringify(row.payload)) + ITEM_OVERHEAD_BYTES + setBytes;
  }

  private async write(tx: Tx, kind: RecordKind, calls: readonly (readonly Candidate[])[]): Promise<PlannedWrite[]> {
    if (calls.length === 0) return [];
    const { gateway, ids } = this.parts;
    const chosen = calls.flat();
    const items = await this.compose(tx, chosen);
    const planned = calls.map((candidates) => {
      const callId = ids.uuid();
      const isBatch = candidates.length > 1;
      const clientBatchNo = isBatch ? `ZQ-${callId.replaceAll('-', '')}` : null;
      return { callId, isBatch, clientBatchNo, candidates, prepared: this.prepare(candidates, items, clientBatchNo) };
    });
    const rows = planned.map(({ callId: id, isBatch, clientBatchNo, candidates, prepared }): PlannedCall => ({
        id, clientBatchNo, operation: isBatch ? 'write-batch' : 'write-single', kind: kind.name,
        bizNos: candidates.map(({ row }) => row.biz_no),
        ...(prepared ? { bodySha256: prepared.bodySha256, bytes: prepared.body.length } : {}),
      })); // prettier-ignore
    await insertCalls(tx, rows, gateway.facts);
    await openFlights(
      tx,
      planned.flatMap(({ callId, candidates, prepared }) =>
        candidates.map((candidate) => this.flight(callId, candidate, prepared)),
      ),
    );
    await this.moveGroups(tx, chosen);
    return planned;
  }

  /** The entries in the words of the port, by number; one that is not whole is missing. */
  private async compose(tx: Tx, chosen: readonly Candidate[]): Promise<ReadonlyMap<string, OutgoingItem>> {
    const entries = chosen.map((candidate): StoredEntry => ({ ...candidate.row, op: this.operationOf(candidate) }));
    const { items } = await composeOutgoing(tx, this.parts, entries, numbersOf(chosen));
    return new Map(items.map((item) => [item.bizNo, item]));
  }

  /** Puts a call together while its content is in hand; null when an entry needs a closer look, which is its worker's. */
  private prepare(
    candidates: readonly Candidate[],
    items: ReadonlyMap<string, OutgoingItem>,
    clientBatchNo: string | null,
  ): PreparedCall | null {
    const own = candidates.map(({ row }) => items.get(row.biz_no)).filter((item) => item !== undefined);
    if (own.length < candidates.length) return null;
    try {
      return this.parts.gateway.prepare(own, clientBatchNo);
    } catch {
      // The worker maps entry by entry, and reports which of them cannot be mapped.
      return null;
    }
  }

  /** All records that share the number are in flight together, but for those withdrawn or disputed (G-49). */
  private async moveGroups(tx: Tx, chosen: readonly Candidate[]): Promise<void> {
    if (!chosen.some(({ kind }) => kind.name === 'volunteer')) return this.takeOff(tx, chosen);
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

  /** Queued records show that they are sending by their promise; others have to be moved. */
  private async takeOff(tx: Tx, chosen: readonly Candidate[]): Promise<void> {
    const { ids } = this.parts;
    const queued = chosen.filter(({ row }) => row.state === 'queued');
    const others = chosen.filter(({ row }) => row.state !== 'queued');
    await tellTakeOffs(tx, ids, queued.map(({ row }) => ({
      recordId: row.record_id, sourceSystemId: row.source_system_id, version: row.version,
    }))); // prettier-ignore
    await moveRecords(
      tx,
      ids,
      others.map(({ row }) => ({ id: row.record_id, from: row.state, to: 'sending' })),
    );
  }

  private flight(callId: string, candidate: Candidate, prepared: PreparedCall | null): Flight {
    const { row } = candidate;
    return {
      callId,
      bizNo: row.biz_no,
      recordId: row.record_id,
      version: row.version,
      op: this.operationOf(candidate),
      contentHash: prepared?.contentHashes.get(row.biz_no) ?? null,
      volunteerBizNo: volunteerOf(candidate),
      startsAt: row.starts_at,
      endsAt: row.ends_at,
    };
  }

  private operationOf({ row, kind }: Candidate): Flight['op'] {
    if (row.op === 'void') return 'VOID';
    const isLive = row.national_status === 'ACTIVE';
    return isLive && this.parts.gateway.facts.correctsKinds.includes(kind.name) ? 'CORRECT' : 'UPSERT';
  }
}

/** The parents' numbers, which were read to see whether they have landed. */
function numbersOf(chosen: readonly Candidate[]): NumberOf {
  const bySource = new Map(chosen.map(({ row, parents }) => [row.source_system_id, parents]));
  return (sourceSystemId, ref) => bySource.get(sourceSystemId)?.get(refKey(ref))?.biz_no;
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
