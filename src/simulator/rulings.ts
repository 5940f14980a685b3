// Decisions by hand: audits, real-name results, certificates issued, refused, revoked or issued again.
import { issueFacts } from './certificates.js';
import { commitRow } from './commit.js';
import { ActRefused, findRow, reopenReview, type Ruling } from './national-acts.js';
import type { RowState } from './model.js';
import type { Nation } from './nation.js';
import { decideReview, isReviewKind } from './reviews.js';

export function rule(nation: Nation, ruling: Ruling): RowState {
  const row = findRow(nation, ruling);
  const { entity } = row.state;
  if (!isReviewKind(entity)) throw new ActRefused(`${entity} has no review`);
  if (ruling.result === 'REVIEWING') return reopenReview(nation, row);
  if (ruling.result === 'REVOKED' || ruling.result === 'REISSUED') changeCertificate(nation, ruling);
  else decideReview(nation, row, ruling.result, ruling.reason);
  return row.state;
}

/** §1.11: ISSUED → REVOKED | REISSUED. A reissue has a new number and file. */
function changeCertificate(nation: Nation, ruling: Ruling): void {
  const { state } = findRow(nation, ruling);
  const { certificate } = state;
  if (certificate?.certNo === undefined)
    throw new ActRefused('only an issued certificate can be revoked or issued again');
  const updatedAtMs = nation.clock.commitAt();
  const revoked = ruling.result === 'REVOKED';
  const changed = revoked
    ? { ...certificate, status: 'REVOKED' as const, reason: ruling.reason ?? '已撤销' }
    : { ...certificate, ...issueFacts(nation, state), status: 'REISSUED' as const };
  const type = revoked ? ('CERT_REVOKED' as const) : ('CERT_ISSUED' as const);
  commitRow(nation, { state: { ...state, certificate: changed, updatedAtMs }, type, origin: 'admin' });
  nation.callbacks.certificateStatus({ ...state, certificate: changed });
}
