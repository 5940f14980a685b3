// Approvals (§2.2 B4): real name, team, project and certificate, by themselves after a delay or by hand.
import { issueFacts } from './certificates.js';
import { commitRow, type RowChange } from './commit.js';
import type { Row } from './ledger.js';
import type { Entity, RowState } from './model.js';
import { isReviewed, type Nation } from './nation.js';
import type { ReviewKind, ReviewSetting } from './settings.js';

export type Decision = 'PASSED' | 'FAILED';

export const isReviewKind = (entity: Entity): entity is ReviewKind =>
  isReviewed(entity) || entity === 'volunteers' || entity === 'certificate-requests';

const settingOf = (nation: Nation, entity: Entity): ReviewSetting | undefined =>
  isReviewKind(entity) ? nation.settings.reviews[entity] : undefined;

/** When the review of a row written now ends by itself; undefined = passed on the spot, null = held. */
export function drawReviewDue(nation: Nation, entity: Entity, nowMs: number): number | null | undefined {
  const setting = settingOf(nation, entity);
  if (setting === undefined) return undefined;
  if (!setting.auto) return null;
  // A certificate has two steps (ACCEPTED → REVIEWING → ISSUED), each half of the delay.
  const share = entity === 'certificate-requests' ? 0.5 : 1;
  const delayMs = Math.round(nation.chance.between(setting.minMs, setting.maxMs) * share);
  if (delayMs === 0 && entity !== 'certificate-requests') return undefined;
  return nowMs + delayMs;
}

export function isPending(state: RowState): boolean {
  if (state.status !== 'ACTIVE') return false;
  if (state.certificate !== undefined)
    return state.certificate.status === 'ACCEPTED' || state.certificate.status === 'REVIEWING';
  return state.entity === 'volunteers' ? state.realNameStatus === 'REVIEWING' : state.auditStatus === 'REVIEWING';
}

export function scheduleReview(nation: Nation, row: Row): void {
  const dueMs = row.state.reviewDueMs;
  if (typeof dueMs !== 'number' || !isPending(row.state)) return;
  nation.agenda.at(dueMs, () => {
    const stillDue = isPending(row.state) && row.state.reviewDueMs === dueMs;
    const setting = settingOf(nation, row.state.entity);
    if (!stillDue || setting?.auto !== true) return;
    if (row.state.certificate?.status === 'ACCEPTED') return startCertificateReview(nation, row);
    decideReview(nation, row, nation.chance.next() < setting.failRate ? 'FAILED' : 'PASSED');
  });
}

function startCertificateReview(nation: Nation, row: Row): void {
  const { certificate } = row.state;
  if (certificate === undefined) return;
  const nowMs = nation.clock.commitAt();
  const reviewDueMs = drawReviewDue(nation, row.state.entity, nowMs) ?? null;
  const state = {
    ...row.state,
    updatedAtMs: nowMs,
    reviewDueMs,
    certificate: { ...certificate, status: 'REVIEWING' as const },
  };
  scheduleReview(nation, commitRow(nation, { state, type: null, origin: 'admin' }));
}

/** Ends a review; also used to overrule an earlier decision by hand. */
export function decideReview(nation: Nation, row: Row, decision: Decision, reason?: string): void {
  const settled = { ...row.state, updatedAtMs: nation.clock.commitAt(), reviewDueMs: undefined };
  const change = outcomeOf(nation, settled, decision, reason);
  commitRow(nation, change);
  const { entity, bizNo, nationalId, certificate } = change.state;
  if (certificate !== undefined) nation.callbacks.certificateStatus(change.state);
  else nation.callbacks.tell({ type: 'AUDIT_RESULT', entity, bizNo, nationalId, status: decision });
}

function outcomeOf(nation: Nation, state: RowState, decision: Decision, reason?: string): RowChange {
  if (state.entity === 'volunteers') {
    return { state: { ...state, realNameStatus: decision }, type: 'REALNAME_RESULT', origin: 'admin' };
  }
  if (state.certificate === undefined) {
    return { state: { ...state, auditStatus: decision }, type: 'AUDIT_RESULT', origin: 'admin' };
  }
  const { certificate } = state;
  if (decision === 'FAILED') {
    const rejected = { ...certificate, status: 'REJECTED' as const, reason: reason ?? '材料不符合要求' };
    return {
      state: { ...state, auditStatus: 'FAILED', certificate: rejected },
      type: 'CERT_REJECTED',
      origin: 'admin',
    };
  }
  const issued = { ...certificate, ...issueFacts(nation, state), status: 'ISSUED' as const };
  return { state: { ...state, auditStatus: 'PASSED', certificate: issued }, type: 'CERT_ISSUED', origin: 'admin' };
}

/** auto:true again after a hold: everything pending gets a new due time. */
export function resumeReviews(nation: Nation, entity: ReviewKind): void {
  for (const row of nation.ledger.rows(entity)) {
    if (!isPending(row.state)) continue;
    const nowMs = nation.clock.now();
    const state = { ...row.state, reviewDueMs: drawReviewDue(nation, entity, nowMs) ?? nowMs };
    scheduleReview(nation, commitRow(nation, { state, type: null, origin: 'admin' }));
  }
}
