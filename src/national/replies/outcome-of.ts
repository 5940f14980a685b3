import type { Spoken } from '../call/answer.js';
import { messageTemplate } from '../../records/index.js';
import { instantOf, isMembers } from '../call/envelope.js';
import type { Done, GatewayOutcome, MissingParent, Quota, ReviewStatus } from '../gateway-outcome.js';
import type { Verdict } from '../profile/error-rules.js';
import type { ProfileSpec } from '../profile/profile.schema.js';

/** What turning a verdict into an outcome needs to know besides the reply. */
export interface OutcomeContext {
  readonly kind: string | null;
  readonly nationalNowMs: number;
  /** Whether the call carried several items: only such a one can be halved (1306). */
  readonly isBatch: boolean;
}

export type OutcomeOf = (said: Spoken, verdict: Verdict, context: OutcomeContext) => GatewayOutcome;

const REVIEWS: readonly unknown[] = ['NONE', 'REVIEWING', 'PASSED', 'FAILED'];
const STORED: readonly unknown[] = ['CREATED', 'UPDATED', 'LINKED', 'VOIDED'];

/** A named time that has just passed must not turn into sending at once, again and again. */
const SHORTEST_WAIT_MS = 1_000;

type OutcomeSpec = Pick<ProfileSpec, 'rules' | 'polling' | 'errors' | 'halts'>;

/**
 * Verdict + what was said → outcome. Total over the rule classes; one that lacks what its class promises (a 2010
 * without id) falls back to the class that needs no more than was said.
 */
export function createOutcomeOf(spec: OutcomeSpec): OutcomeOf {
  const idPattern = spec.errors.idInMessage === undefined ? null : new RegExp(spec.errors.idInMessage, 'u');
  return (said, verdict, context) => {
    const base = { code: said.code, message: said.message };
    switch (verdict.class) {
      case 'OK':
      case 'DONE':
        return doneOf(said, verdict, { spec, context, idPattern });
      case 'ACCEPTED':
        return {
          class: 'ACCEPTED',
          ...base,
          batchNo: textOf(said.payload.batchNo),
          nationalId: textOf(said.payload.nationalId),
          pollAfterMs: pollAfterMs(said, spec, context),
        };
      case 'WAITDEP':
        return { class: 'WAITDEP', ...base, missing: missingOf(said), isSlow: verdict.rule.isSlow === true };
      case 'QUOTA':
        return quotaOf(said, verdict, context);
      case 'LINK':
        return linkOf(said, idPattern);
      case 'REMAP':
        return { class: 'REMAP', ...base, mergedTo: textOf(said.detail.mergedTo) };
      case 'CONFLICT':
        return { class: 'CONFLICT', ...base, template: templateOf(said), nationalId: textOf(said.detail.nationalId) };
      case 'REJECT':
        return { class: 'REJECT', ...base, template: templateOf(said), fields: fieldsOf(said) };
      case 'SPLIT':
        if (!context.isBatch) return { class: 'REJECT', ...base, fields: [] };
        return { class: 'RETRY', ...base, retryAfterMs: 0 };
      case 'HALT':
        return haltOf(base, verdict, spec);
      case 'AMBIG':
      case 'GONE':
        return {
          class: 'AMBIG',
          ...base,
          ...(verdict.rule.class === 'HALT' ? { pausesOperation: true as const, pauseMs: spec.halts.softMs } : {}),
        };
      case 'RETRY':
      case 'REFRESH':
      case 'CLOCK':
        return { class: 'RETRY', ...base, retryAfterMs: said.retryAfterMs ?? wholeOf(said.detail.retryAfterMs) };
    }
  };
}

function haltOf(base: { code: string; message: string }, verdict: Verdict, { halts }: OutcomeSpec): GatewayOutcome {
  const isSoft = verdict.rule.isSoft === true;
  return { class: 'HALT', ...base, scope: haltScope(verdict), isSoft, pauseMs: isSoft ? halts.softMs : halts.hardMs };
}

interface DoneParts {
  readonly spec: OutcomeSpec;
  readonly context: OutcomeContext;
  readonly idPattern: RegExp | null;
}

function doneOf(said: Spoken, verdict: Verdict, parts: DoneParts): Done {
  const { payload, detail } = said;
  const stored = STORED.includes(payload.outcome) ? (payload.outcome as Done['result']) : 'UPDATED';
  const nationalId = textOf(payload.nationalId) ?? textOf(detail.nationalId);
  return {
    class: 'DONE',
    code: said.code,
    message: said.message,
    result: verdict.rule.result ?? stored,
    // Only duplicates name an id in the text alone (F15); a success's text is not searched.
    nationalId: nationalId ?? (verdict.rule.result ? idInMessage(said, parts.idPattern) : null),
    storedVersion: wholeOf(detail.storedVersion) ?? wholeOf(payload.version),
    review: reviewOf({ ...detail, ...payload }, verdict, parts),
  };
}

/**
 * Kinds without review are PASSED by their nature; a certificate's state is asked for by its own call. In a receipt
 * the kind is not known, but a reviewed one says its state with every success (§1.6, D3), so silence means PASSED.
 */
function reviewOf(said: Readonly<Record<string, unknown>>, verdict: Verdict, parts: DoneParts): ReviewStatus | null {
  const { rules } = parts.spec;
  const { kind } = parts.context;
  const realName = reviewStatus(said.realNameStatus);
  const audit = reviewStatus(said.auditStatus);
  if (kind === null) return realName ?? audit ?? (verdict.class === 'OK' ? 'PASSED' : null);
  if (kind === rules.certificateKind) return null;
  if (!rules.reviewedKinds.includes(kind)) return 'PASSED';
  return rules.realNameKinds.includes(kind) ? realName : audit;
}

export function reviewStatus(status: unknown): ReviewStatus | null {
  return REVIEWS.includes(status) ? (status as ReviewStatus) : null;
}

function linkOf(said: Spoken, idPattern: RegExp | null): GatewayOutcome {
  const base = { code: said.code, message: said.message };
  const nationalId = textOf(said.detail.nationalId) ?? idInMessage(said, idPattern);
  if (nationalId === null) return { class: 'CONFLICT', ...base, nationalId: null };
  return { class: 'LINK', ...base, nationalId, holderBizNo: textOf(said.detail.bizNo) };
}

function quotaOf(said: Spoken, verdict: Verdict, context: OutcomeContext): Quota {
  const until = instantOf(said.detail.resetAt) ?? instantOf(said.detail.opensAt);
  const waitMs = until === null ? null : Math.max(SHORTEST_WAIT_MS, until - context.nationalNowMs);
  const retryAfterMs = wholeOf(said.detail.retryAfterMs) ?? waitMs ?? said.retryAfterMs ?? verdict.rule.waitMs ?? 0;
  return { class: 'QUOTA', code: said.code, message: said.message, scope: quotaScope(verdict), retryAfterMs };
}

function quotaScope({ rule }: Verdict): Quota['scope'] {
  const { scope } = rule;
  return scope === 'qps' || scope === 'concurrency' || scope === 'day' || scope === 'writes' ? scope : 'all';
}

function haltScope({ rule }: Verdict): 'profile' | 'entity' | 'operation' {
  return rule.scope === 'entity' || rule.scope === 'operation' ? rule.scope : 'profile';
}

function pollAfterMs(said: Spoken, spec: OutcomeSpec, context: OutcomeContext): number {
  // Among the items of a receipt, whose kind is not known, only certificates are "accepted" (B18).
  const isCertificate = context.kind === null || context.kind === spec.rules.certificateKind;
  const usual = isCertificate ? spec.polling.certificatePollMs : spec.polling.receiptPollMs;
  // The reply's own figure wins over any constant of ours (G7).
  return wholeOf(said.payload.pollAfterMs) ?? wholeOf(said.detail.retryAfterMs) ?? said.retryAfterMs ?? usual;
}

function missingOf(said: Spoken): MissingParent[] {
  return listOf(said.detail.missing).map((entry) => ({
    entity: textOf(entry.entity) ?? '',
    bizNo: textOf(entry.bizNo),
  }));
}

/** Paths and rules only: the texts beside them may quote a value. */
function fieldsOf(said: Spoken): { path: string; rule: string }[] {
  return listOf(said.detail.fields).map((entry) => ({
    path: textOf(entry.path) ?? '',
    rule: textOf(entry.rule) ?? '',
  }));
}

/** Of the sentence and of those beside the fields: an item often says no more than that its fields are wrong. */
function templateOf(said: Spoken): string {
  const beside = listOf(said.detail.fields).map((entry) => textOf(entry.message) ?? '');
  return messageTemplate([said.rawMessage, ...beside].join('；'));
}

function idInMessage(said: Spoken, pattern: RegExp | null): string | null {
  return pattern?.exec(said.rawMessage)?.[1] ?? null;
}

export function listOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isMembers) : [];
}

/** Ids may come as numbers (F42); empty is none. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A whole number that is not negative, also written as text (F41). */
export function wholeOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
}
