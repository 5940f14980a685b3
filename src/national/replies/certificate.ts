import { safeMessage } from '../call/safe-message.js';
import { fillPath, type GatewayParts } from '../gateway-parts.js';
import type { CertificateAnswer } from '../gateway.js';
import { textOf, wholeOf } from './outcome-of.js';
import { notReadable } from './receipt.js';

const STATUSES = ['ACCEPTED', 'REVIEWING', 'ISSUED', 'REJECTED', 'CANCELLED', 'REVOKED', 'REISSUED'] as const;
type CertificateStatus = (typeof STATUSES)[number];

const statusOf = (value: unknown): CertificateStatus | null => STATUSES.find((status) => status === value) ?? null;

/** Where a certificate request stands (endpoint 15). */
export async function readCertificate(parts: GatewayParts, bizNo: string): Promise<CertificateAnswer> {
  const { spec } = parts.profile;
  const kind = spec.rules.certificateKind;
  if (kind === null) return { status: 'failed', outcome: notReadable() };
  const path = fillPath(spec.paths.certificate, { entity: parts.bindingOf(kind).path, bizNo });
  const answer = await parts.caller.call({
    operation: 'certificate',
    method: 'GET',
    path,
    query: '',
    body: null,
    isWrite: false,
  });
  const { verdict, spoken } = answer;
  const pollAfterMs = wholeOf(spoken.payload.pollAfterMs);
  // Variant that answers a pending certificate as 2302; the reference contract says 0000 + REVIEWING (G3).
  if (verdict.class === 'ACCEPTED') return { status: 'REVIEWING', pollAfterMs, certNo: null, reason: null };
  if (verdict.class !== 'OK')
    return { status: 'failed', outcome: parts.items.outcomeOf(spoken, verdict, parts.contextOf(kind)) };
  const status = statusOf(spoken.payload.status);
  if (!status) return { status: 'failed', outcome: notReadable() };
  const { certNo, reason } = spoken.payload;
  return {
    status,
    pollAfterMs,
    certNo: textOf(certNo),
    reason: typeof reason === 'string' ? safeMessage(reason) : null,
  };
}
