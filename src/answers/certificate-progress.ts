import type { Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import {
  lockForSettling,
  moveRecords,
  raiseFreedByCertificate,
  type RecordMove,
  type SettleRow,
} from '../ledger/index.js';
import type { CertificateAnswer, NationalGateway } from '../national/index.js';
import { deleteWatches, upsertWatches } from './answers.queries.js';

type Progress = Exclude<CertificateAnswer, { status: 'failed' }>;

/** How a certificate-request's national state is shown: issued is mirrored, an end without one is a person's matter (G-68). */
const ENDS: Readonly<Partial<Record<Progress['status'], { state: 'mirrored' | 'attention'; code: string }>>> = {
  ISSUED: { state: 'mirrored', code: '0000' },
  REISSUED: { state: 'mirrored', code: '0000' },
  REJECTED: { state: 'attention', code: 'CERT_REJECTED' },
  CANCELLED: { state: 'attention', code: 'CERT_CANCELLED' },
  REVOKED: { state: 'attention', code: 'CERT_REVOKED' },
};

/** Takes in how far a certificate-request has come; polled with a growing pause until it ends. */
export class CertificateProgress {
  constructor(
    private readonly gateway: NationalGateway,
    private readonly ids: Ids,
  ) {}

  async observe(tx: Tx, bizNo: string, progress: Progress, polls: number): Promise<void> {
    const records = await lockForSettling(tx, [bizNo]);
    const record = records[0];
    if (!record) return;
    await tx.query(
      `UPDATE certificate SET status = $2, cert_no = coalesce($3, cert_no) WHERE record_id = $1`,
      [record.id, progress.status, progress.certNo],
      'answers-certificate-status',
    );
    const end = ENDS[progress.status];
    if (!end) return this.keepWatching(tx, record, progress, polls);
    await deleteWatches(tx, [bizNo]);
    await moveRecords(tx, this.ids, [endMove(record, end)]);
    if (progress.status === 'REVOKED') {
      const { maxRecordAgeDays } = this.gateway.facts;
      await raiseFreedByCertificate(tx, { ids: this.ids, maxRecordAgeDays }, record.id);
    }
  }

  private async keepWatching(tx: Tx, record: SettleRow, progress: Progress, polls: number): Promise<void> {
    const GROWTH = 1.5;
    const { certificatePollMs, certificatePollMaxMs } = this.gateway.facts;
    const firstMs = progress.pollAfterMs ?? certificatePollMs;
    const afterMs = Math.max(firstMs, Math.min(certificatePollMaxMs, firstMs * GROWTH ** Math.min(polls, 40)));
    await deleteWatches(tx, [record.biz_no]);
    await upsertWatches(tx, [{ bizNo: record.biz_no, kind: record.kind, purpose: 'certificate', afterMs }]);
    await tx.query(`UPDATE national_watch SET polls = $2 WHERE biz_no = $1`, [record.biz_no, polls + 1]);
  }
}

function endMove(record: SettleRow, end: { state: 'mirrored' | 'attention'; code: string }): RecordMove {
  // An attention of another cause is not healed by an issue; an issued one that is revoked is a person's matter.
  const isOpen = record.state === 'pending' || record.state === 'mirrored' || record.state === end.state;
  const isCurrent = record.national_version === record.version && isOpen;
  const review = end.state === 'mirrored' ? ('PASSED' as const) : ('FAILED' as const);
  if (!isCurrent) return { id: record.id, from: record.state, to: record.state, nationalReview: review };
  const actor = end.state === 'mirrored' ? ('national' as const) : ('adapter' as const);
  return {
    id: record.id, from: record.state, to: end.state, nationalReview: review,
    outcome: { code: end.code, message: null, actor },
  }; // prettier-ignore
}
