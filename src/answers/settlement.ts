import type { Tx } from '../platform/database/index.js';
import { groupBy } from '../platform/group-by.js';
import type { Ids } from '../platform/ids/index.js';
import {
  endFlights, moveRecords, recordAliases, releaseWaiters, type FlightEnd, type LandedKey, type RecordMove,
  type SettleRow, type WaitingFor,
} from '../ledger/index.js'; // prettier-ignore
import type { GatewayOutcome, MissingParent, NationalGateway } from '../national/index.js';
import { isCatalogueCode, type CatalogueCode } from '../records/index.js';
import {
  deleteWatches, lockAttempts, readNamed, reopenAttempts, upsertWatches, type AttemptRow, type WatchWrite,
} from './answers.queries.js'; // prettier-ignore
import { refreezeOrRefuse, markCertificateTaken } from './certificate-set.js';
import { aliasesOfOutcome } from './national-ids.js';
import { decideSettlement, type Settlement } from './settlement-rules.js';

export interface AnsweredAttempt {
  readonly attempt: AttemptRow;
  readonly outcome: GatewayOutcome;
}

interface Decided extends AnsweredAttempt {
  readonly settlement: Settlement;
  readonly group: readonly SettleRow[];
}

/** First look at a row whose parent the nation calls missing or unready though we think that it landed. */
const RECHECK_PARENT_MS = 1_000;
/** The look-up after an unknown outcome goes at once; only a miss waits (§1.8, H2). */
const FIRST_LOOKUP_MS = 0;

/**
 * The one way in which an entry is settled: attempt, promise, record, evidence and feed in the given transaction.
 * `records` are those of the attempts' numbers, locked by the caller (lockAttempts, lockUnknown).
 */
export class SettlementService {
  constructor(
    private readonly gateway: NationalGateway,
    private readonly ids: Ids,
  ) {}

  /** `lookupAfterMs`: when entries that become unknown are looked up; at once unless the batch is asked for first. */
  async settle(
    tx: Tx,
    answered: readonly AnsweredAttempt[],
    records: readonly SettleRow[],
    lookupAfterMs = FIRST_LOOKUP_MS,
  ): Promise<void> {
    if (answered.length === 0) return;
    const decided = await this.decide(tx, answered, records);
    await endFlights(
      tx,
      decided.map((one) => flightEnd(one, lookupAfterMs)),
    );
    const named = await readNamed(
      tx,
      decided.flatMap(({ settlement }) => missingNumbers(settlement.missing)),
    );
    const moves = decided.flatMap((one) => this.moves(one, named));
    await recordAliases(
      tx,
      decided.flatMap(({ attempt, outcome, group }) => aliasesOfOutcome(attempt.kind, group, outcome)),
    );
    await moveRecords(tx, this.ids, moves);
    await this.watch(tx, decided, named);
    await markCertificateTaken(
      tx,
      decided.filter(isCertificateTaken).map(({ attempt }) => attempt.record_id),
    );
    await releaseWaiters(tx, this.ids, decided.flatMap(landedKeys));
  }

  /** 0100: the batch is taken for processing; its entries' results come with the receipt. */
  async markPending(tx: Tx, callId: string): Promise<void> {
    const { attempts, records } = await lockAttempts(tx, callId);
    if (attempts.some((attempt) => attempt.stage === 'unknown')) await reopenAttempts(tx, callId);
    const open = new Set(attempts.map((attempt) => attempt.biz_no));
    const moving = records.filter(
      (row) => open.has(row.biz_no) && (row.state === 'sending' || row.state === 'unknown'),
    );
    await moveRecords(
      tx,
      this.ids,
      moving.map((row) => ({ id: row.id, from: row.state, to: 'pending' })),
    );
  }

  private async decide(
    tx: Tx,
    answered: readonly AnsweredAttempt[],
    records: readonly SettleRow[],
  ): Promise<Decided[]> {
    const groups = groupBy(records, (row) => row.biz_no);
    const decided: Decided[] = [];
    for (const one of answered) {
      const outcome = await refreezeOrRefuse(tx, one.attempt, one.outcome);
      const group = groups.get(one.attempt.biz_no) ?? [];
      decided.push({ ...one, outcome, group, settlement: this.decideOne(one.attempt, outcome, group) });
    }
    return decided;
  }

  private decideOne(attempt: AttemptRow, outcome: GatewayOutcome, group: readonly SettleRow[]): Settlement {
    // A record that has just been bound to the person knows nothing national of its own yet.
    const first = group.find((row) => row.national_id !== null) ?? group[0];
    const { reviewedKinds } = this.gateway.facts;
    return decideSettlement(
      {
        bizNo: attempt.biz_no, version: attempt.version, op: attempt.op, contentHash: attempt.content_hash,
        tries: attempt.tries, linkTo: attempt.link_to,
        hasNationalId: first?.national_id != null && first.national_status === 'ACTIVE',
        storedReview: (first?.national_review as 'REVIEWING' | 'PASSED' | 'FAILED' | null | undefined) ?? null,
      }, // prettier-ignore
      outcome,
      { isReviewed: reviewedKinds.includes(attempt.kind), isCertificate: isCertificateKind(attempt.kind) },
    );
  }

  private moves(one: Decided, named: ReadonlyMap<string, { kind: string; sourceId: string }>): RecordMove[] {
    const { attempt, settlement } = one;
    return one.group.map((row): RecordMove => {
      // A withdrawn record of the person stays as it is, and knows what became of the row (G-49).
      if (isApart(row)) return { id: row.id, from: row.state, to: row.state, ...settlement.national };
      const isDisputed = row.outcome_code === 'PERSON_CONFLICT';
      const to = isDisputed && settlement.attempt === 'closed' ? 'attention' : nextState(row, attempt, settlement);
      if (isDisputed) return { id: row.id, from: row.state, to, ...settlement.national };
      const isWaiting = to === 'waiting';
      return {
        id: row.id,
        from: row.state,
        to,
        ...settlement.national,
        ...(isWaiting ? { waitingFor: this.waitingFor(settlement, named) } : {}),
        outcome: {
          code: settlement.code,
          message: settlement.message,
          actor: isCatalogueCode(settlement.code) ? 'adapter' : 'national',
          ...(to === 'attention' ? { template: settlement.template, fields: settlement.fields } : {}),
        },
      };
    });
  }

  private waitingFor(
    settlement: Settlement,
    named: ReadonlyMap<string, { kind: string; sourceId: string }>,
  ): WaitingFor[] {
    if (settlement.waitsFor === 'quota')
      return [{ kind: null, sourceId: null, reason: '国家系统当日调用次数已用完，次日自动继续' }];
    if (settlement.waitsFor === 'window')
      return [{ kind: null, sourceId: null, reason: '国家系统不在服务时间，开放后自动继续' }];
    return settlement.missing.map((missing) => {
      const record = missing.bizNo === null ? undefined : named.get(missing.bizNo);
      const kind = record?.kind ?? this.gateway.kindOf(missing.entity);
      return { kind, sourceId: record?.sourceId ?? null, reason: parentReason(settlement.code) };
    });
  }

  private async watch(
    tx: Tx,
    decided: readonly Decided[],
    named: ReadonlyMap<string, { kind: string; sourceId: string }>,
  ): Promise<void> {
    const { facts } = this.gateway;
    const wanted = new Map<string, WatchWrite>();
    for (const { attempt, settlement } of decided) {
      if (settlement.watch) {
        const first = settlement.watch === 'review' ? facts.reviewPollMs : facts.certificatePollMs;
        const afterMs = settlement.watchAfterMs ?? first;
        wanted.set(attempt.biz_no, { bizNo: attempt.biz_no, kind: attempt.kind, purpose: settlement.watch, afterMs });
      }
      for (const bizNo of missingNumbers(settlement.missing)) {
        const kind = named.get(bizNo)?.kind;
        if (!kind || !facts.reviewedKinds.includes(kind) || wanted.has(bizNo)) continue;
        wanted.set(bizNo, { bizNo, kind, purpose: 'review', afterMs: RECHECK_PARENT_MS });
      }
    }
    const closed = decided
      .filter(({ attempt, settlement }) => settlement.attempt === 'closed' && !wanted.has(attempt.biz_no))
      .filter(({ attempt }) => facts.reviewedKinds.includes(attempt.kind) || isCertificateKind(attempt.kind));
    await deleteWatches(
      tx,
      closed.map(({ attempt }) => attempt.biz_no),
    );
    await upsertWatches(tx, [...wanted.values()]);
  }
}

/** A breaker, a pause or the day's quota held the call back: not a byte has left, so the promise's tries stay. */
const HELD_BACK: CatalogueCode = 'NOT_SENT';

const CERTIFICATE_KIND = 'certificate-request';
const isCertificateKind = (kind: string): boolean => kind === CERTIFICATE_KIND;

const missingNumbers = (missing: readonly MissingParent[]): string[] =>
  missing.flatMap(({ bizNo }) => (bizNo === null ? [] : [bizNo]));

const isApart = (row: SettleRow): boolean => row.state === 'voided';

function flightEnd({ attempt, outcome, settlement }: Decided, lookupAfterMs: number): FlightEnd {
  const isUnknown = settlement.promise === 'open';
  return {
    callId: attempt.call_id,
    bizNo: attempt.biz_no,
    end: settlement.promise === 'open' ? 'unknown' : settlement.promise,
    delayMs: isUnknown ? lookupAfterMs : settlement.delayMs,
    linkTo: settlement.linkTo,
    isTry: outcome.code !== HELD_BACK,
    outcomeClass: outcome.class,
    outcomeCode: outcome.code,
  };
}

/** A newer version that came in meanwhile is sent next, whatever became of this one. */
function nextState(row: SettleRow, attempt: AttemptRow, settlement: Settlement): RecordMove['to'] {
  const hasNewer = row.version > attempt.version;
  return hasNewer && settlement.attempt === 'closed' ? 'queued' : settlement.nextState;
}

function isCertificateTaken({ attempt, outcome }: Decided): boolean {
  return isCertificateKind(attempt.kind) && (outcome.class === 'ACCEPTED' || outcome.class === 'DONE');
}

function landedKeys({ settlement, group }: Decided): LandedKey[] {
  const { nationalStatus, nationalReview } = settlement.national;
  if (nationalStatus !== 'ACTIVE' || nationalReview !== 'PASSED') return [];
  return group.flatMap((row) => {
    const own = { sourceSystemId: row.source_system_id, key: `${row.kind}/${row.source_id}` };
    return row.membership_key ? [own, { sourceSystemId: row.source_system_id, key: row.membership_key }] : [own];
  });
}

function parentReason(code: string): string {
  switch (code) {
    case '2102':
      return '国家系统正在审核该前置记录';
    case '2103':
      return '国家系统正在核验志愿者实名信息';
    case '2105':
      return '国家系统中尚无该志愿者加入此项目的记录';
    default:
      return '国家系统中尚无该前置记录';
  }
}
