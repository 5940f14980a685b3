/** Approvals: audit of teams and projects, real names of volunteers (B15), certificates (§1.11, G1–G3). */
import { randomBytes } from 'node:crypto';
import { sha256Hex, type JsonObject } from '../canonical.js';
import { beijingDate, beijingMs } from '../beijing.js';
import type { Ledger } from './ledger.js';
import type { Row, RowState } from './model.js';
import { certificateRows } from './rules.js';

export type FailRule = string | ((row: Row) => boolean);

export class Reviews {
  private readonly failing: FailRule[] = [];
  private serial = 0;

  constructor(private readonly ledger: Ledger) {}

  /** The review of these rows ends FAILED (a certificate: REJECTED); a row that has passed already fails now. */
  failReview(rule: FailRule): void {
    this.failing.push(rule);
    const at = this.ledger.now();
    this.ledger.settle(at);
    for (const entity of ['teams', 'projects', 'volunteers'] as const) {
      for (const row of this.ledger.of(entity))
        if (this.fails(row) && reviewOf(row) === 'PASSED') this.conclude(row, at);
    }
  }

  /** Status of a fresh or updated row: PASSED stays PASSED, REVIEWING and FAILED are reviewed again (B15). */
  open(row: Row, data: JsonObject, fresh: boolean, change: Partial<RowState>): void {
    const field = fieldOf(row);
    if (field === null) return;
    if (!fresh && row[field] === 'PASSED') return;
    const probe: Row = { ...row, data };
    const wait = this.delay(row);
    change[field] = wait > 0 ? 'REVIEWING' : this.fails(probe) ? 'FAILED' : 'PASSED';
  }

  schedule(row: Row, at: number): void {
    if (reviewOf(row) !== 'REVIEWING') return;
    const version = row.version;
    this.ledger.later(at + this.delay(row), (due) => {
      if (row.version === version && row.status === 'ACTIVE' && reviewOf(row) === 'REVIEWING') this.conclude(row, due);
    });
  }

  /** A certificate request is taken: ACCEPTED, then REVIEWING, then ISSUED or REJECTED (a REJECTED one starts over). */
  accept(row: Row, at: number): void {
    const wait = this.ledger.settings.certificateMs;
    const covers = certificateRows(this.ledger, row.data).rows.map((one) => one.nationalId);
    const certificate = { status: 'ACCEPTED' as const, covers, acceptedAt: at };
    row.certificate = certificate;
    this.ledger.later(at + wait / 2, () => {
      if (row.certificate === certificate && row.certificate.status === 'ACCEPTED') this.setStatus(row, 'REVIEWING');
    });
    this.ledger.later(at + wait, (due) => {
      if (row.certificate === certificate && row.status === 'ACTIVE') this.issue(row, due);
    });
  }

  /** G3: VOID while ACCEPTED or REVIEWING → CANCELLED. */
  cancel(row: Row): void {
    if (row.certificate !== undefined) this.setStatus(row, 'CANCELLED');
  }

  revoke(row: Row, at: number): void {
    this.setStatus(row, 'REVOKED');
    this.ledger.emit(row, { type: 'CERT_REVOKED', origin: 'admin', at });
  }

  private setStatus(row: Row, status: 'REVIEWING' | 'CANCELLED' | 'REVOKED'): void {
    if (row.certificate !== undefined) row.certificate.status = status;
  }

  private issue(row: Row, at: number): void {
    const certificate = row.certificate;
    if (certificate === undefined) return;
    if (this.fails(row)) {
      certificate.status = 'REJECTED';
      certificate.reason = '证明申请未通过';
      this.ledger.emit(row, { type: 'CERT_REJECTED', origin: 'admin', at });
      return;
    }
    this.serial += 1;
    certificate.status = 'ISSUED';
    certificate.certNo = `ZM53-${beijingDate(at).slice(0, 4)}-${String(this.serial).padStart(6, '0')}`;
    certificate.issuedAt = at;
    certificate.verifyCode = randomBytes(8).toString('hex');
    certificate.file = pdf(`${certificate.certNo} ${String(row.data.totalMinutes)} min`);
    certificate.sha256 = sha256Hex(certificate.file);
    this.ledger.emit(row, { type: 'CERT_ISSUED', origin: 'admin', at });
  }

  private conclude(row: Row, at: number): void {
    const field = fieldOf(row);
    if (field === null) return;
    const change: Partial<RowState> = { [field]: this.fails(row) ? 'FAILED' : 'PASSED' };
    const type = field === 'realNameStatus' ? 'REALNAME_RESULT' : 'AUDIT_RESULT';
    this.ledger.commit(row, change, { type, origin: 'admin', at });
  }

  private delay(row: Row): number {
    return row.entity === 'volunteers' ? this.ledger.settings.realNameMs : this.ledger.settings.reviewMs;
  }

  private fails(row: Row): boolean {
    return this.failing.some((rule) => (typeof rule === 'string' ? rule === row.bizNo : rule(row)));
  }
}

function fieldOf(row: Row): 'auditStatus' | 'realNameStatus' | null {
  if (row.entity === 'volunteers') return 'realNameStatus';
  return row.entity === 'teams' || row.entity === 'projects' ? 'auditStatus' : null;
}

function reviewOf(row: Row): string | undefined {
  const field = fieldOf(row);
  return field === null ? undefined : row[field];
}

/** Data of GET /certificate-requests/{bizNo} (§1.11, G7). */
export function certificateData(
  row: Row,
  context: { origin: string; pollAfterMs: number; ticket: string },
): JsonObject {
  const certificate = row.certificate;
  const data: JsonObject = { bizNo: row.bizNo, nationalId: row.nationalId, status: certificate?.status ?? 'ACCEPTED' };
  if (certificate === undefined || certificate.status === 'ACCEPTED' || certificate.status === 'REVIEWING') {
    data.pollAfterMs = context.pollAfterMs;
    return data;
  }
  if (certificate.reason !== undefined) data.reason = certificate.reason;
  if (certificate.certNo === undefined) return data;
  data.certNo = certificate.certNo;
  data.issuedAt = beijingMs(certificate.issuedAt ?? 0);
  data.fileUrl = `${context.origin}/gw/v1/certificates/${certificate.certNo}/file?ticket=${context.ticket}`;
  data.sha256 = certificate.sha256;
  data.verifyCode = certificate.verifyCode;
  data.verifyUrl = `${context.origin}/verify/${String(certificate.verifyCode)}`;
  data.recordsHash = row.data.recordsHash;
  return data;
}

/** A minimal one-page PDF with a correct cross-reference table. */
function pdf(line: string): Buffer {
  const stream = `BT /F1 18 Tf 60 760 Td (${line}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let out = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = out.length;
    out += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const start = out.length;
  out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  for (const offset of offsets) out += `${String(offset).padStart(10, '0')} 00000 n \n`;
  out += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(out, 'latin1');
}
