// One write item from raw JSON to its result (§1.5): checks, standing, rules, commit.
import { coveredRecords } from './certificate-rules.js';
import { commitRow } from './commit.js';
import { judgeContent, judgeVoid, type Case } from './content-rules.js';
import { ID_PREFIXES } from './entity-fields.js';
import { checkItem } from './item-checks.js';
import type { Row } from './ledger.js';
import { ENTITIES, type Entity, type FeedType, type ItemResult, type RowState } from './model.js';
import { isReviewed, type Nation, type Trace } from './nation.js';
import { drawReviewDue, scheduleReview } from './reviews.js';
import { judgeStanding } from './standing.js';

export function writeItem(nation: Nation, entity: Entity, raw: unknown, trace: Trace): ItemResult {
  const checked = checkItem(entity, raw, nation.cipher, nation.clock.now());
  if (!checked.ok) return checked.refusal;
  const { item } = checked;
  const judged = judgeStanding(nation, entity, item);
  if ('refusal' in judged) return judged.refusal;
  const given: Case = { nation, entity, item, standing: judged.standing };
  const refusal = judged.standing.blind ? null : item.op === 'VOID' ? judgeVoid(given) : judgeContent(given);
  if (refusal !== null) return refusal;
  return commitWrite(given, trace);
}

function commitWrite(given: Case, trace: Trace): ItemResult {
  const { nation, item, standing } = given;
  const nowMs = nation.clock.commitAt();
  if (standing.retired !== null) {
    const retired = { ...standing.retired.state, bizNo: null, updatedAtMs: nowMs };
    commitRow(nation, { state: retired, type: null, origin: 'self' });
  }
  const previousVersion = standing.target?.state.version;
  const state = nextState(given, nowMs);
  const type: FeedType = standing.outcome === 'VOIDED' ? 'VOIDED' : standing.reopening ? 'RESTORED' : 'UPSERTED';
  const row = commitRow(nation, { state, type, origin: 'self' }, { op: item.op, outcome: standing.outcome, trace });
  scheduleReview(nation, row);
  return resultOf(given, row, previousVersion);
}

function nextState(given: Case, nowMs: number): RowState {
  const { item, standing } = given;
  if (standing.outcome === 'VOIDED' && standing.target !== null) {
    const { certificate, ...kept } = standing.target.state;
    const cancelled = certificate && { ...certificate, status: 'CANCELLED' as const };
    return {
      ...kept,
      certificate: cancelled,
      status: 'VOIDED',
      version: item.version,
      updatedAtMs: nowMs,
      reviewDueMs: undefined,
    };
  }
  const written = {
    bizNo: item.bizNo,
    version: item.version,
    status: 'ACTIVE' as const,
    contentHash: item.contentHash,
    updatedAtMs: nowMs,
    data: item.data,
  };
  const stored = standing.target === null ? newRow(given, nowMs) : standing.target.state;
  return { ...stored, ...written, ...reviewAfterWrite(given, stored, nowMs) };
}

function newRow({ nation, entity, item }: Case, nowMs: number): RowState {
  const row = {
    entity,
    nationalId: mintNationalId(nation, entity, item.plain),
    bizNo: item.bizNo,
    version: item.version,
    status: 'ACTIVE' as const,
    auditStatus: isReviewed(entity) ? ('REVIEWING' as const) : ('PASSED' as const),
    contentHash: item.contentHash,
    origin: 'self' as const,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    data: item.data,
  };
  if (entity !== 'volunteers') return row;
  return { ...row, volunteerNo: mintVolunteerNo(nation), realNameStatus: 'REVIEWING' };
}

/** §1.16 B15: what was passed stays passed; what was reviewing or failed is reviewing again. */
function reviewAfterWrite({ nation, entity, item }: Case, stored: RowState, nowMs: number): Partial<RowState> {
  const dueMs = drawReviewDue(nation, entity, nowMs);
  const reviewing = dueMs === undefined ? ('PASSED' as const) : ('REVIEWING' as const);
  if (entity === 'certificate-requests') {
    return { auditStatus: 'REVIEWING', reviewDueMs: dueMs, certificate: acceptedCertificate(nation, item.plain) };
  }
  if (entity === 'volunteers' && stored.realNameStatus !== 'PASSED')
    return { realNameStatus: reviewing, reviewDueMs: dueMs };
  if (isReviewed(entity) && stored.auditStatus !== 'PASSED') return { auditStatus: reviewing, reviewDueMs: dueMs };
  return {};
}

const SERIAL_DIGITS = 9;

/** 19 digits (F42): above what a double can hold, with the same nine-digit serial at the end. */
function digitsId(nation: Nation, entity: Entity): string {
  const serial = String(nation.counters.next(entity)).padStart(SERIAL_DIGITS, '0');
  const kind = String(ENTITIES.indexOf(entity)).padStart(2, '0');
  return `53${kind}${nation.identity.areaPrefix.padEnd(6, '0').slice(0, 6)}${serial}`;
}

/** National ids carry the area: the station's own prefecture, else the province (§2.2 B7). */
export function mintNationalId(nation: Nation, entity: Entity, plain: RowState['data']): string {
  const province = nation.identity.areaPrefix.padEnd(6, '0').slice(0, 6);
  const local = entity === 'stations' || entity === 'teams' ? String(plain.areaCode ?? '').slice(0, 4) : '';
  const area = local.length === 4 ? `${local}00` : province;
  const month =
    entity === 'service-records'
      ? String(plain.serviceDate ?? '')
          .slice(0, 7)
          .replace('-', '')
      : '';
  for (;;) {
    if (nation.settings.nationalIds.shape === 'digits') return digitsId(nation, entity);
    const serial = String(nation.counters.next(entity)).padStart(SERIAL_DIGITS, '0');
    const nationalId = `${ID_PREFIXES[entity]}${area}${month}${serial}`;
    if (nation.ledger.get(nationalId) === undefined) return nationalId;
  }
}

export function mintVolunteerNo(nation: Nation): string {
  const province = nation.identity.areaPrefix.padEnd(6, '0').slice(0, 6);
  return `V${province}${String(nation.counters.next('volunteerNo')).padStart(SERIAL_DIGITS, '0')}`;
}

function resultOf(given: Case, row: Row, previousVersion: number | undefined): ItemResult {
  const { standing } = given;
  const { state } = row;
  const data: Record<string, unknown> = {
    bizNo: state.bizNo,
    version: state.version,
    outcome: standing.outcome,
    nationalId: state.nationalId,
    auditStatus: state.auditStatus,
  };
  if (state.entity === 'volunteers')
    Object.assign(data, { volunteerNo: state.volunteerNo, realNameStatus: state.realNameStatus });
  if (standing.outcome === 'UPDATED') data.previousVersion = previousVersion; // §1.16 B21
  if (state.certificate === undefined) return { code: '0000', data };
  data.status = state.certificate.status;
  if (standing.outcome === 'VOIDED') return { code: '0000', data };
  return { code: '0100', data: { ...data, pollAfterMs: given.nation.settings.certificatePollAfterMs } };
}

/** The certificate part of a request's row: what it covers is fixed when the request is taken in (§1.16 G1). */
function acceptedCertificate(nation: Nation, plain: RowState['data']): RowState['certificate'] {
  return { status: 'ACCEPTED', covers: coveredRecords(nation, plain).rows.map(({ state }) => state.nationalId) };
}
