import { createHash } from 'node:crypto';
import type {
  CertificateAnswer, GatewayOutcome, LookupAnswer, NationalGateway, OutgoingItem, PreparedCall, ProfileFacts, ReceiptAnswer,
  StatusAnswer, WriteAnswer,
} from '../../src/national/index.js'; // prettier-ignore
import { RECORD_KINDS } from '../../src/records/index.js';
import { FROZEN, type Fault, type PortFaults } from './faults.js';
import {
  hashOf,
  MAX_COMMIT_LATENCY_MS,
  READ_AFTER_WRITE_MS,
  REVIEWED_KINDS,
  type ModelNation,
} from './model-nation.js';

const FACTS: ProfileFacts = {
  id: 'model', profileHash: 'p', overridesHash: '', readAfterWriteMs: READ_AFTER_WRITE_MS,
  maxCommitLatencyMs: MAX_COMMIT_LATENCY_MS, callDeadlineMs: 10_000, reviewPollMs: 5_000, reviewPollMaxMs: 60_000,
  certificatePollMs: 5_000, certificatePollMaxMs: 60_000, guardianRequiredUnder: 18, defaultConcurrency: 4,
  defaultPollAfterMs: 1_000, supportedKinds: RECORD_KINDS.map(({ name }) => name), reviewedKinds: REVIEWED_KINDS,
  maxCertificateRecords: 500, maxRecordAgeDays: 365, correctsKinds: ['service-record'],
}; // prettier-ignore

/** Small, so that few records already make batches, and batches differ in size. */
const BATCH_ITEMS = 3;

const LOST: GatewayOutcome = { class: 'AMBIG', code: 'DEADLINE', message: '没有答复' };
const NOT_SENT: GatewayOutcome = { class: 'RETRY', code: 'TRANSPORT', message: '未能连接', retryAfterMs: null };

/** How the adapter is told of a write whose answer never came; the canaries of the model's own spec change it. */
export interface Manners {
  readonly lost: (items: readonly OutgoingItem[]) => WriteAnswer;
}

export const HONEST: Manners = { lost: () => ({ level: 'call', outcome: LOST, requestId: 'r' }) };

/** The gateway's port on the model nation, with the faults of the wire between them; one per life of the adapter. */
export class ModelGateway implements NationalGateway {
  readonly facts = FACTS;
  private readonly prepared = new Map<PreparedCall, readonly OutgoingItem[]>();

  constructor(
    private readonly nation: ModelNation,
    private readonly faults: PortFaults,
    private readonly nowMs: () => number,
    private readonly manners: Manners,
  ) {}

  entityOf = (kind: string): string => kind;
  kindOf = (entity: string): string | null => entity;
  recordsHash = (): string => '';
  nationalNowMs = (): number => this.nowMs();

  prepare(items: readonly OutgoingItem[], clientBatchNo: string | null): PreparedCall {
    const body = Buffer.from(JSON.stringify(items), 'utf8');
    const call: PreparedCall = {
      kind: items[0]?.kind ?? '',
      operation: items.length > 1 ? 'write-batch' : 'write-single',
      clientBatchNo,
      path: '/',
      body,
      bodySha256: createHash('sha256').update(body).digest('hex'),
      contentHashes: new Map(items.map((item) => [item.bizNo, item.op === 'VOID' ? null : hashOf(item)])),
      bizNos: items.map((item) => item.bizNo),
    };
    this.prepared.set(call, items);
    return call;
  }

  async write(call: PreparedCall, mayLeave: () => boolean = () => true): Promise<WriteAnswer> {
    const fault = this.faults.next('write');
    if (fault?.kind === 'crash-before') this.faults.crash();
    if (fault?.kind === 'refuse') return { level: 'call', outcome: NOT_SENT, requestId: 'r' };
    if (fault?.kind === FROZEN) await this.faults.hold();
    if (!mayLeave()) return { level: 'call', outcome: NOT_SENT, requestId: 'r' };
    const items = this.prepared.get(call) ?? this.itemsOf(call);
    this.nation.receive(items);
    if (fault?.kind === 'vanish') return this.manners.lost(items);
    if (fault?.kind === 'late') {
      this.nation.later(fault.ms, () => void this.act(call, items, 0));
      return this.manners.lost(items);
    }
    const answer = this.closed() ?? this.act(call, items);
    await this.afterwards(fault);
    if (fault?.kind === 'lose') return this.manners.lost(items);
    if (answer.level === 'items' || answer.outcome.class !== 'ACCEPTED') this.answered(items);
    return answer;
  }

  private answered(items: readonly OutgoingItem[]): void {
    for (const item of items) {
      const write = this.nation.writes.findLast((one) => one.bizNo === item.bizNo);
      if (write) write.isAnswered = true;
    }
  }

  /** What was prepared by an earlier life: the bytes say the same. */
  private itemsOf(call: PreparedCall): OutgoingItem[] {
    return JSON.parse(call.body.toString('utf8')) as OutgoingItem[];
  }

  private closed(): WriteAnswer | null {
    const retryAfterMs = this.nation.closedUntil - this.nowMs();
    if (retryAfterMs <= 0) return null;
    const outcome: GatewayOutcome = {
      class: 'QUOTA',
      code: '1303',
      message: '不在服务时间',
      scope: 'writes',
      retryAfterMs,
    };
    return { level: 'call', outcome, requestId: 'r' };
  }

  /** What is committed late is committed whole within the latency that the profile names: a batch then waits no more. */
  private act(call: PreparedCall, items: readonly OutgoingItem[], delayMs = this.nation.batchDelayMs): WriteAnswer {
    if (call.operation === 'write-batch' && !this.nation.batchesAtOnce) {
      const batchNo = this.nation.takeBatch(items, call.clientBatchNo ?? '', delayMs);
      const pollAfterMs = delayMs;
      return {
        level: 'call',
        outcome: { class: 'ACCEPTED', code: '0100', message: '已受理', batchNo, pollAfterMs },
        requestId: 'r',
      };
    }
    return {
      level: 'items',
      items: new Map(items.map((item) => [item.bizNo, this.nation.apply(item)])),
      requestId: 'r',
    };
  }

  receipt = (batchNo: string): Promise<ReceiptAnswer> => this.readReceipt({ batchNo });
  receiptByClientBatchNo = (clientBatchNo: string): Promise<ReceiptAnswer> => this.readReceipt({ clientBatchNo });

  private async readReceipt(number: { batchNo?: string; clientBatchNo?: string }): Promise<ReceiptAnswer> {
    const fault = this.faults.next('receipt');
    if (fault?.kind === 'crash-before') this.faults.crash();
    if (isUnanswered(fault)) return { status: 'failed', outcome: NOT_SENT };
    const answer = this.nation.receipt(number);
    await this.afterwards(fault);
    if (answer.status === 'done') for (const bizNo of answer.items.keys()) this.decide(bizNo, () => true);
    return answer;
  }

  async lookup(_kind: string, bizNos: readonly string[]): Promise<LookupAnswer> {
    const fault = this.faults.next('lookup');
    if (fault?.kind === 'crash-before') this.faults.crash();
    if (isUnanswered(fault)) return { status: 'failed', outcome: NOT_SENT };
    const answer = this.nation.lookup(bizNos);
    await this.afterwards(fault);
    for (const bizNo of bizNos) {
      const row = answer.rows.get(bizNo)?.[0];
      this.decide(bizNo, (write) => {
        const isHit =
          row !== undefined &&
          ((row.version ?? 0) >= write.version || (write.op === 'VOID' && row.status === 'VOIDED'));
        const proofAt = write.at + (write.isToldMissing ? 0 : MAX_COMMIT_LATENCY_MS);
        return isHit || answer.asOfMs > proofAt;
      });
    }
    return { status: 'found', ...answer };
  }

  /** An answer that reached us decides what became of the last write of a number, when it says enough. */
  private decide(bizNo: string, isDecisive: (write: ModelNation['writes'][number]) => boolean): void {
    const write = this.nation.writes.findLast((one) => one.bizNo === bizNo);
    if (write && isDecisive(write)) write.isDecided = true;
  }

  private async afterwards(fault: Fault | null): Promise<void> {
    if (fault?.kind === 'crash-after') this.faults.crash();
    if (fault?.kind === 'hold') await this.faults.hold();
  }

  certificate = async (): Promise<CertificateAnswer> => {
    throw new Error('no certificates in this world');
  };

  status = async (): Promise<StatusAnswer> => {
    const fault = this.faults.next('status');
    if (fault?.kind.startsWith('crash')) this.faults.crash();
    if (fault) return { status: 'failed', outcome: NOT_SENT };
    const opensIn = this.nation.closedUntil - this.nowMs();
    return {
      status: 'ok',
      value: {
        mode: 'open',
        limits: { batchItems: BATCH_ITEMS, batchBytes: 1_048_576, qps: null, concurrency: null },
        quota: { limit: null, used: 0, resetAtMs: null },
        writesOpenInMs: opensIn > 0 ? opensIn : null,
      },
    };
  };
}

const isUnanswered = (fault: Fault | null): boolean =>
  fault !== null && ['refuse', 'lose', 'vanish', 'late'].includes(fault.kind);
