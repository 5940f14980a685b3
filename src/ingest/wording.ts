import { CallRefusal, type Language, type ProblemWords } from '../platform/http/index.js';
import type { RecordStatus } from '../ledger/index.js';
import {
  catalogueEntry,
  isCatalogueCode,
  nationalSentence,
  present,
  presentWarning,
  remedy,
  sentence,
  type ItemProblem,
} from '../records/index.js';
import type { ItemAnswer, PushAnswer, RawItem } from './intake.types.js';
import { isUnreadable, type CallFault, type Read } from './raw-items.js';

/** The catalogue of records/ as the words of problems, for `createHttpFace`. */
export const catalogueWords: ProblemWords = {
  find(code, language, params) {
    if (!isCatalogueCode(code)) return null;
    const status = catalogueEntry(code).status ?? DEFAULT_STATUS;
    return { status, title: sentence(code, language, params), detail: remedy(code, language) };
  },
};

/** What is wrong with an item refuses a call about that one item as 422 (G-21). */
const DEFAULT_STATUS = 422;

/** Refuses a call as a whole, each problem in the caller's language. */
export function refusalOf(fault: CallFault, language: Language): CallRefusal {
  const [first] = fault.problems;
  const isListed = fault.status === 422;
  return new CallRefusal(first.code, {
    status: fault.status,
    ...(first.params ? { params: first.params } : {}),
    ...(isListed ? { errors: fault.problems.map((problem) => present(problem, language)) } : {}),
  });
}

/** The value, or the refusal thrown. */
export function valueOf<T>(read: Read<T>, language: Language): T {
  if (read.ok) return read.value;
  throw refusalOf(read.fault, language);
}

const MALFORMED: readonly ItemProblem[] = [{ code: 'MALFORMED_JSON', pointer: '' }];

function wordedItem(answer: ItemAnswer, language: Language): object {
  const { errors, warnings, ...rest } = answer;
  if (errors === undefined && warnings === undefined) return rest;
  return {
    ...rest,
    ...(errors ? { errors: errors.map((problem) => present(problem, language)) } : {}),
    ...(warnings ? { warnings: warnings.map((problem) => presentWarning(problem, language)) } : {}),
  };
}

/** The answer to a batch (station-contract §2); without a receipt it was only validated (G-22). */
export function wordedBatch(answer: PushAnswer, items: readonly RawItem[], language: Language): object {
  const { batchId, counts, receipt } = answer;
  const worded = answer.items.map((item) => {
    const raw = items[item.index];
    // Of a line that is no JSON nothing else can be said (G-25).
    const isBroken = raw !== undefined && isUnreadable(raw);
    return wordedItem(isBroken ? { ...item, errors: MALFORMED } : item, language);
  });
  return { batchId, counts, items: worded, ...(receipt ? { receipt } : {}) };
}

/** The answer to PUT and DELETE; a refused item is the problem of the call (G-21). */
export function wordedSingle(answer: PushAnswer, language: Language): object {
  const [item] = answer.items;
  if (item === undefined) throw new Error('a push of one item was answered without it');
  const [first, ...rest] = item.errors ?? [];
  if (item.outcome === 'rejected' && first !== undefined) {
    const problems = [first, ...rest];
    const isConflict = problems.some(({ code }) => code === 'REVISION_CONFLICT');
    throw new CallRefusal(isConflict ? 'REVISION_CONFLICT' : first.code, {
      status: isConflict ? 409 : DEFAULT_STATUS,
      ...(first.params ? { params: first.params } : {}),
      errors: problems.map((problem) => present(problem, language)),
    });
  }
  const { outcome, recordId, version, warnings } = item;
  return {
    batchId: answer.batchId,
    outcome,
    ...(recordId === undefined ? {} : { recordId, version }),
    ...(warnings ? { warnings: warnings.map((problem) => presentWarning(problem, language)) } : {}),
    ...(answer.receipt ? { receipt: answer.receipt } : {}),
  };
}

const timeOf = (date: Date | null): string | null => date?.toISOString() ?? null;

/** Every member is always present (G-66). */
export function wordedStatus(status: RecordStatus, language: Language): object {
  return {
    recordId: status.recordId,
    kind: status.kind,
    sourceId: status.sourceId,
    bizNo: status.bizNo,
    version: status.version,
    state: status.state,
    since: timeOf(status.since),
    nationalId: status.nationalId,
    nationalVersion: status.nationalVersion,
    waitingFor: status.waitingFor.map(({ kind, sourceId, reason }) => ({ kind, sourceId, reason })),
    lastOutcome: wordedOutcome(status.lastOutcome, language),
    nextAttemptAt: timeOf(status.nextAttemptAt),
    dueBy: timeOf(status.dueBy),
    warnings: status.warnings.map((problem) => presentWarning(problem, language)),
    samePersonAs: status.samePersonAs.map((sourceId) => ({ sourceId })),
  };
}

function wordedOutcome(outcome: RecordStatus['lastOutcome'], language: Language): object | null {
  if (outcome === null) return null;
  const { code, message, at, actor } = outcome;
  return { code, message: messageOf(code, message, language), at: at.toISOString(), actor };
}

/** What was written at the time is in Chinese and more exact; English has the sentence of the code. */
function messageOf(code: string, message: string | null, language: Language): string {
  if (message !== null && (language === 'zh' || !isCatalogueCode(code))) return message;
  return isCatalogueCode(code) ? sentence(code, language) : nationalSentence(code);
}
