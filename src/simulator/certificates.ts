// Certificates after the request: issuing, status, the file and its ticket (§1.11, §1.16 G3, G4).
import { createHmac, randomBytes } from 'node:crypto';
import { sha256Hex } from './canonical-form.js';
import { beijingTime } from './clock.js';
import type { Row } from './ledger.js';
import type { Certificate, Reply, RowState } from './model.js';
import type { Nation } from './nation.js';

const TICKET_MS = 15 * 60_000;
const ticketKey = randomBytes(32);

/** What issuing adds to a certificate: its number, the code to verify it and the hash of its file. */
export function issueFacts(nation: Nation, state: RowState): Partial<Certificate> {
  const issuedAtMs = nation.clock.now();
  const year = beijingTime(issuedAtMs).slice(0, 4);
  const serial = String(nation.counters.next('certificate')).padStart(6, '0');
  const certNo = `ZM${nation.identity.areaPrefix.slice(0, 2)}-${year}-${serial}`;
  const verifyCode = sha256Hex(`${certNo}/${state.nationalId}`).slice(0, 12).toUpperCase();
  return {
    certNo,
    issuedAtMs,
    verifyCode,
    reason: undefined,
    sha256: sha256Hex(certificatePdf(certNo, verifyCode, state)),
  };
}

/** A minimal valid one-page PDF; the same row always gives the same bytes, so the hash can be kept instead of the file. */
export function certificatePdf(certNo: string, verifyCode: string, state: RowState): Buffer {
  const line = `Certificate ${certNo}  minutes ${String(state.data.totalMinutes)}  code ${verifyCode}`;
  const content = `BT /F1 12 Tf 60 760 Td (${line}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let body = '%PDF-1.4\n';
  const offsets = objects.map((object, i) => {
    const offset = body.length;
    body += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const size = objects.length + 1;
  const xref = `xref\n0 ${size}\n0000000000 65535 f \n${offsets.join('')}`;
  return Buffer.from(
    `${body}${xref}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`,
    'latin1',
  );
}

function ticketFor(certNo: string, expiresAtMs: number): string {
  const mac = createHmac('sha256', ticketKey).update(`${certNo}/${expiresAtMs}`).digest('base64url');
  return `${expiresAtMs}.${mac}`;
}

export function isTicketValid(nation: Nation, certNo: string, ticket: string | null): boolean {
  const expiresAtMs = Number(ticket?.split('.')[0]);
  return ticket === ticketFor(certNo, expiresAtMs) && nation.clock.now() < expiresAtMs;
}

/** GET /certificate-requests/{bizNo}: never 2302; unknown is 2101 (§1.16 G3). */
export function certificateStatus(nation: Nation, bizNo: string, host: string): Reply {
  const row = nation.ledger.byBiz('certificate-requests', bizNo);
  const certificate = row?.state.certificate;
  if (row === undefined || certificate === undefined) {
    return { code: '2101', detail: { missing: [{ entity: 'certificate-requests', bizNo }] } };
  }
  const { nationalId, version } = row.state;
  const data: Record<string, unknown> = { bizNo, version, nationalId, status: certificate.status };
  if (certificate.status === 'ACCEPTED' || certificate.status === 'REVIEWING') {
    data.pollAfterMs = nation.settings.certificatePollAfterMs;
  }
  if (certificate.status === 'REJECTED') data.reason = certificate.reason;
  if (certificate.certNo !== undefined) Object.assign(data, artefact(nation, row, host));
  return { code: '0000', data };
}

function artefact(nation: Nation, row: Row, host: string): Record<string, unknown> {
  const { certificate } = row.state;
  const certNo = certificate?.certNo ?? '';
  const ticket = ticketFor(certNo, nation.clock.now() + TICKET_MS);
  return {
    certNo,
    issuedAt: beijingTime(certificate?.issuedAtMs ?? 0),
    fileUrl: `http://${host}/gw/v1/certificates/${certNo}/file?ticket=${encodeURIComponent(ticket)}`,
    sha256: certificate?.sha256,
    verifyUrl: `http://${host}/verify/${certNo}`,
    verifyCode: certificate?.verifyCode,
    recordsHash: row.state.data.recordsHash,
    reason: certificate?.reason,
  };
}

/** GET /certificates/{certNo}/file: the only place that answers 2302. */
export function certificateFile(nation: Nation, certNo: string): Reply {
  const row = findByCertNo(nation, certNo);
  const certificate = row?.state.certificate;
  if (row === undefined || certificate?.verifyCode === undefined) {
    return { code: '2101', detail: { missing: [{ entity: 'certificates', certNo }] } };
  }
  if (certificate.status !== 'ISSUED' && certificate.status !== 'REISSUED') return { code: '2303', detail: { certNo } };
  const readyAtMs = (certificate.issuedAtMs ?? 0) + nation.settings.certificateFileMs;
  const waitMs = readyAtMs - nation.clock.now();
  if (waitMs > 0) return { code: '2302', detail: { retryAfterMs: waitMs } };
  const bytes = certificatePdf(certNo, certificate.verifyCode, row.state);
  return { code: '0000', file: { bytes, contentType: 'application/pdf' } };
}

function findByCertNo(nation: Nation, certNo: string): Row | undefined {
  for (const row of nation.ledger.rows('certificate-requests')) {
    if (row.state.certificate?.certNo === certNo) return row;
  }
  return undefined;
}
