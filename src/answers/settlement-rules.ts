import type { GatewayOutcome, MissingParent, ReviewStatus } from '../national/index.js';
import { fieldSignature } from '../records/index.js';
import type { NationalFacts } from '../ledger/index.js';
import { exponentialDelayMs } from './back-off.js';

/**
 * What an outcome of one entry means for its attempt, its promise and its record; pure.
 *
 * Nothing here guesses: an outcome that is not known to be done or refused stays unknown, and what was certainly not
 * processed is sent again without anybody being asked.
 */

export interface SettledAttempt {
  readonly bizNo: string;
  readonly version: number;
  readonly op: 'UPSERT' | 'VOID' | 'CORRECT';
  readonly contentHash: string | null;
  /** Times this promise was sent before without a result. */
  readonly tries: number;
  /** Adoption that this attempt already tried (2010, 2012). */
  readonly linkTo: string | null;
  readonly hasNationalId: boolean;
  readonly storedReview: ReviewStatus | null;
}

export interface KindFacts {
  /** Rows of this kind are reviewed before they count. */
  readonly isReviewed: boolean;
  readonly isCertificate: boolean;
}

/** `nextState` is where the record rests when no newer version waits behind the attempt. */
export interface Settlement {
  readonly attempt: 'closed' | 'unknown';
  readonly nextState: 'mirrored' | 'pending' | 'voided' | 'queued' | 'waiting' | 'attention' | 'unknown';
  readonly promise: 'kept' | 'again' | 'open';
  readonly delayMs: number;
  readonly linkTo: string | null;
  readonly national: NationalFacts;
  readonly missing: readonly MissingParent[];
  /** Reason code of a wait that is no parent: quota, window. */
  readonly waitsFor: 'parents' | 'quota' | 'window' | null;
  readonly code: string;
  readonly message: string | null;
  /** What a refusal complains about, without a word of the nation's own; for grouping causes. */
  readonly template: string | null;
  readonly fields: readonly string[];
  readonly watch: 'review' | 'certificate' | null;
  readonly watchAfterMs: number | null;
}

/** Waiting for approval takes hours to days; a look every minute at most is enough (2102, 2103). */
const SLOW_WAIT_MS = 60_000;
const SLOW_WAIT_MAX_MS = 30 * 60_000;
/** A missing parent is usually on its way. */
const QUICK_WAIT_MS = 2_000;
const QUICK_WAIT_MAX_MS = 5 * 60_000;
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 10 * 60_000;

const AT_REST = {
  attempt: 'closed', promise: 'kept', delayMs: 0, linkTo: null, national: {}, missing: [], waitsFor: null, watch: null,
  watchAfterMs: null,
} as const; // prettier-ignore

const said = (
  outcome: GatewayOutcome,
): Pick<Settlement, 'template' | 'fields'> & { code: string; message: string } => ({
  code: outcome.code,
  message: outcome.message,
  template: 'template' in outcome ? (outcome.template ?? null) : null,
  fields:
    outcome.class === 'REJECT' ? outcome.fields.flatMap(({ path, rule }) => fieldSignature(path, rule) ?? []) : [],
});

export function decideSettlement(attempt: SettledAttempt, outcome: GatewayOutcome, kind: KindFacts): Settlement {
  switch (outcome.class) {
    case 'DONE':
      return outcome.result === 'SUPERSEDED' || namesNoRow(attempt, outcome)
        ? unknown(outcome)
        : done(attempt, outcome, kind);
    case 'ACCEPTED':
      return accepted(attempt, outcome, kind);
    case 'RETRY':
      return again(
        outcome,
        'queued',
        outcome.retryAfterMs ?? exponentialDelayMs(attempt.tries, RETRY_MS, RETRY_MAX_MS),
      );
    case 'HALT':
      return again(outcome, 'queued', exponentialDelayMs(attempt.tries, RETRY_MS, RETRY_MAX_MS));
    case 'WAITDEP':
      return waitForParents(attempt, outcome, kind);
    case 'QUOTA':
      return quota(outcome);
    case 'LINK':
      return link(attempt, outcome);
    case 'REMAP':
      return remap(attempt, outcome);
    case 'CONFLICT':
      return { ...AT_REST, ...said(outcome), nextState: 'attention', national: { nationalId: outcome.nationalId } };
    case 'REJECT':
      return { ...AT_REST, ...said(outcome), nextState: 'attention' };
    case 'AMBIG':
      return unknown(outcome);
  }
}

/** A success or duplicate that does not say which row it is (F15, F41): a look-up links it, or shows that there is none. */
function namesNoRow(attempt: SettledAttempt, outcome: Extract<GatewayOutcome, { class: 'DONE' }>): boolean {
  return outcome.nationalId === null && !attempt.hasNationalId && attempt.op !== 'VOID';
}

function done(
  attempt: SettledAttempt,
  outcome: Extract<GatewayOutcome, { class: 'DONE' }>,
  kind: KindFacts,
): Settlement {
  const isVoid = attempt.op === 'VOID';
  const review = reviewOf(attempt, outcome.review, kind);
  const national: NationalFacts = {
    nationalId: outcome.nationalId,
    nationalVersion: attempt.version,
    nationalHash: attempt.contentHash,
    nationalStatus: isVoid ? 'VOIDED' : 'ACTIVE',
    ...(isVoid ? {} : { nationalReview: review }),
  };
  const base = { ...AT_REST, ...said(outcome), national };
  if (isVoid) return { ...base, nextState: 'voided' };
  if (kind.isCertificate) return { ...base, nextState: 'pending', watch: 'certificate' };
  if (review === 'PASSED') return { ...base, nextState: 'mirrored' };
  if (review === 'FAILED') return { ...base, nextState: 'attention', code: 'AUDIT_FAILED', message: null };
  return { ...base, nextState: 'pending', watch: 'review' };
}

/** A reply that does not say (2001) keeps what is known; of a reviewed row nothing known is still under review. */
function reviewOf(attempt: SettledAttempt, told: ReviewStatus | null, kind: KindFacts): ReviewStatus {
  if (!kind.isReviewed) return 'PASSED';
  return told ?? attempt.storedReview ?? 'REVIEWING';
}

/** A certificate-request is taken with 0100; for anything else an item may not be left half way. */
function accepted(
  attempt: SettledAttempt,
  outcome: Extract<GatewayOutcome, { class: 'ACCEPTED' }>,
  kind: KindFacts,
): Settlement {
  if (!kind.isCertificate) return unknown(outcome);
  const national: NationalFacts = {
    nationalId: outcome.nationalId ?? null,
    nationalVersion: attempt.version,
    nationalHash: attempt.contentHash,
    nationalStatus: 'ACTIVE',
    nationalReview: 'REVIEWING',
  };
  return {
    ...AT_REST, ...said(outcome), national, nextState: 'pending', watch: 'certificate', watchAfterMs: outcome.pollAfterMs,
  }; // prettier-ignore
}

function again(outcome: GatewayOutcome, nextState: 'queued' | 'waiting', delayMs: number): Settlement {
  return { ...AT_REST, ...said(outcome), nextState, promise: 'again', delayMs };
}

function waitForParents(
  attempt: SettledAttempt,
  outcome: Extract<GatewayOutcome, { class: 'WAITDEP' }>,
  kind: KindFacts,
): Settlement {
  // B1: a void whose own number is missing means that nothing stands; a look-up has to prove it.
  const isOwnNumber = outcome.missing.some((missing) => missing.bizNo === attempt.bizNo);
  if (attempt.op === 'VOID' && isOwnNumber) return unknown(outcome);
  if (kind.isCertificate && outcome.code === '2301') return again(outcome, 'queued', 0);
  const [first, most] = outcome.isSlow ? [SLOW_WAIT_MS, SLOW_WAIT_MAX_MS] : [QUICK_WAIT_MS, QUICK_WAIT_MAX_MS];
  const delayMs = exponentialDelayMs(attempt.tries, first, most);
  return { ...again(outcome, 'waiting', delayMs), missing: outcome.missing, waitsFor: 'parents' };
}

function quota(outcome: Extract<GatewayOutcome, { class: 'QUOTA' }>): Settlement {
  const isShort = outcome.scope === 'qps' || outcome.scope === 'concurrency';
  if (isShort) return again(outcome, 'queued', outcome.retryAfterMs);
  return { ...again(outcome, 'waiting', outcome.retryAfterMs), waitsFor: outcome.scope === 'day' ? 'quota' : 'window' };
}

/** 2010: adopt the row that somebody else registered; one of our own numbers behind it is a conflict (B9, G-63). */
function link(attempt: SettledAttempt, outcome: Extract<GatewayOutcome, { class: 'LINK' }>): Settlement {
  const isRefused = outcome.holderBizNo !== null || attempt.hasNationalId || attempt.linkTo !== null;
  if (isRefused) return { ...AT_REST, ...said(outcome), nextState: 'attention' };
  return { ...again(outcome, 'queued', 0), linkTo: outcome.nationalId };
}

/** 2012: the number moves to the surviving row, once (B11). */
function remap(attempt: SettledAttempt, outcome: Extract<GatewayOutcome, { class: 'REMAP' }>): Settlement {
  const isRefused = outcome.mergedTo === null || attempt.linkTo === outcome.mergedTo || attempt.op === 'VOID';
  if (isRefused) return { ...AT_REST, ...said(outcome), nextState: 'attention' };
  return { ...again(outcome, 'queued', 0), linkTo: outcome.mergedTo };
}

function unknown(outcome: GatewayOutcome): Settlement {
  return { ...AT_REST, ...said(outcome), attempt: 'unknown', nextState: 'unknown', promise: 'open' };
}
