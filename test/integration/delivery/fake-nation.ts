import { createHash } from 'node:crypto';
import type {
  CertificateAnswer, GatewayOutcome, LookupAnswer, NationalGateway, NationalRow, NationalStatus, OutgoingItem, PreparedCall,
  ProfileFacts, ReceiptAnswer, StatusAnswer, WriteAnswer,
} from '../../../src/national/index.js'; // prettier-ignore
import { RECORD_KINDS } from '../../../src/records/index.js';

const sha = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

export const created = (bizNo: string, review: 'PASSED' | 'REVIEWING' | 'FAILED' | null = 'PASSED'): GatewayOutcome => ({
  class: 'DONE', code: '0000', message: '成功', result: 'CREATED', nationalId: `N-${bizNo}`, storedVersion: null, review,
}); // prettier-ignore

export const lost: GatewayOutcome = { class: 'AMBIG', code: 'DEADLINE', message: '没有答复' };

const STATUS: NationalStatus = {
  mode: 'open',
  limits: { batchItems: 100, batchBytes: 1_048_576, qps: null, concurrency: null },
  quota: { limit: null, used: 0, resetAtMs: null },
  writesOpenInMs: null,
};

/** A nation in memory behind the port: it answers what a test tells it, and remembers what it was sent. */
export class FakeNation implements NationalGateway {
  facts: ProfileFacts = {
    id: 'fake', profileHash: 'p', overridesHash: '', readAfterWriteMs: 60_000, maxCommitLatencyMs: 120_000,
    callDeadlineMs: 10_000, reviewPollMs: 1_000, reviewPollMaxMs: 60_000, certificatePollMs: 1_000,
    certificatePollMaxMs: 60_000, guardianRequiredUnder: 18, defaultConcurrency: 4, defaultPollAfterMs: 1_000,
    supportedKinds: RECORD_KINDS.map(({ name }) => name), reviewedKinds: ['team', 'project', 'volunteer'],
    maxCertificateRecords: 500, maxRecordAgeDays: 365, correctsKinds: ['service-record'],
  }; // prettier-ignore

  readonly sent: { call: PreparedCall; items: readonly OutgoingItem[] }[] = [];
  status_: StatusAnswer = { status: 'ok', value: STATUS };
  /** How far the national clock is ahead of ours. */
  aheadMs = 0;
  /** Rows that a look-up finds, by number. */
  readonly rows = new Map<string, NationalRow[]>();
  asOfAheadMs = 0;
  outcomeOf: (item: OutgoingItem) => GatewayOutcome = (item) =>
    item.op === 'VOID'
      ? {
          class: 'DONE',
          code: '0000',
          message: '成功',
          result: 'VOIDED',
          nationalId: null,
          storedVersion: null,
          review: null,
        }
      : item.kind === 'certificate-request'
        ? { class: 'ACCEPTED', code: '0100', message: '已受理', batchNo: null, pollAfterMs: 1_000 }
        : created(item.bizNo);
  answerWrite: (items: readonly OutgoingItem[]) => WriteAnswer | Promise<WriteAnswer> = (items) => ({
    level: 'items',
    items: new Map(items.map((item) => [item.bizNo, this.outcomeOf(item)])),
    requestId: 'r',
  });
  answerReceipt: (number: { batchNo?: string; clientBatchNo?: string }) => ReceiptAnswer = () => ({
    status: 'gone',
    outcome: { class: 'AMBIG', code: '3001', message: '批次不存在' },
  });
  answerCertificate: (bizNo: string) => CertificateAnswer = () => ({
    status: 'ISSUED', pollAfterMs: null, certNo: 'C-1', reason: null,
  }); // prettier-ignore
  private readonly preparedItems = new Map<PreparedCall, readonly OutgoingItem[]>();

  entityOf = (kind: string): string => `${kind}s`;
  kindOf = (entity: string): string | null => entity.replace(/s$/, '');
  recordsHash = (lines: readonly { bizNo: string; version: number; minutes: number }[]): string =>
    sha(JSON.stringify(lines));
  hashOf = (data: unknown): string => sha(JSON.stringify(data));

  prepare(items: readonly OutgoingItem[], clientBatchNo: string | null): PreparedCall {
    for (const item of items) if (item.data.place === '无法转换') throw new Error('cannot be mapped');
    const body = Buffer.from(JSON.stringify(items), 'utf8');
    const call: PreparedCall = {
      kind: items[0]?.kind ?? '',
      operation: items.length > 1 ? 'write-batch' : 'write-single',
      clientBatchNo,
      path: '/',
      body,
      bodySha256: sha(body.toString('utf8')),
      contentHashes: new Map(items.map((item) => [item.bizNo, item.op === 'VOID' ? null : this.hashOf(item.data)])),
      bizNos: items.map((item) => item.bizNo),
    };
    this.preparedItems.set(call, items);
    return call;
  }

  async write(call: PreparedCall): Promise<WriteAnswer> {
    const items = this.preparedItems.get(call) ?? [];
    this.sent.push({ call, items });
    return this.answerWrite(items);
  }

  receipt = async (batchNo: string): Promise<ReceiptAnswer> => this.answerReceipt({ batchNo });
  receiptByClientBatchNo = async (clientBatchNo: string): Promise<ReceiptAnswer> =>
    this.answerReceipt({ clientBatchNo });
  certificate = async (bizNo: string): Promise<CertificateAnswer> => this.answerCertificate(bizNo);
  status = async (): Promise<StatusAnswer> => this.status_;
  nationalNowMs = (): number => Date.now() + this.aheadMs;

  readonly lookups: string[][] = [];
  async lookup(_kind: string, bizNos: readonly string[]): Promise<LookupAnswer> {
    this.lookups.push([...bizNos]);
    const rows = new Map(bizNos.map((bizNo) => [bizNo, this.rows.get(bizNo) ?? []]));
    return { status: 'found', asOfMs: this.nationalNowMs() + this.asOfAheadMs, rows };
  }

  /** Everything that was sent of one number, in order. */
  sentOf(bizNo: string): OutgoingItem[] {
    return this.sent.flatMap(({ items }) => items.filter((item) => item.bizNo === bizNo));
  }
}
