import { codeWords } from '../records/index.js';
import type { GatewayOutcome, NationalRow } from '../national/index.js';
import type { AttemptRow } from './answers.queries.js';

/**
 * What a look-up says of an attempt whose outcome is unknown (§1.8); pure.
 *
 * A hit settles at once. A miss settles only when the reply shows a moment after which the attempt can no longer be
 * committed; until then the attempt stays unknown and is asked for again.
 */
export type LookupVerdict =
  { readonly settled: true; readonly outcome: GatewayOutcome } | { readonly settled: false; readonly afterMs: number };

export interface LookupMoment {
  /** What the reply shows is the state of this moment, by the national clock. */
  readonly asOfMs: number;
  /** When the first byte may have left, by the national clock. */
  readonly sentMs: number;
  readonly readAfterWriteMs: number;
  readonly maxCommitLatencyMs: number;
}

/**
 * So long after the sending was written down the first byte may leave, never later: a process may stand still (a busy
 * machine, SIGSTOP) just before it, and would otherwise write what a look-up had already proven missing.
 */
export const FIRST_BYTE_WITHIN_MS = 1_000;
const FIRST_PAUSE_MS = 500;
/** Asks a little after the moment at which a miss becomes proof. */
const PROOF_MARGIN_MS = 250;
const OWN_NUMBER_MISSING = '2101';

const done = (result: 'CREATED' | 'VOIDED' | 'DUPLICATE', row: NationalRow | null): GatewayOutcome => ({
  class: 'DONE',
  code: '0000',
  message: '经查询核实',
  result,
  nationalId: row?.nationalId ?? null,
  storedVersion: row?.version ?? null,
  review: row?.review ?? null,
});

const conflict = (words: { code: string; message: string }, row: NationalRow | null): GatewayOutcome => ({
  class: 'CONFLICT',
  ...words,
  nationalId: row?.nationalId ?? null,
});

export function judgeLookup(attempt: AttemptRow, rows: readonly NationalRow[], moment: LookupMoment): LookupVerdict {
  const live = rows.filter((row) => row.status === 'ACTIVE');
  if (live.length > 1) {
    return { settled: true, outcome: conflict(codeWords('DUPLICATE_NATIONALLY'), null) };
  }
  const row = live[0] ?? rows[0] ?? null;
  const outcome = row === null ? null : judgeRow(attempt, row);
  if (outcome) return { settled: true, outcome };
  return judgeMiss(attempt, row, moment);
}

function judgeRow(attempt: AttemptRow, row: NationalRow): GatewayOutcome | null {
  if (row.status === 'MERGED')
    return { class: 'REMAP', code: '2012', message: '国家系统已合并该记录', mergedTo: row.mergedTo };
  const version = row.version ?? 0;
  if (attempt.op === 'VOID') {
    return row.status !== 'ACTIVE' ? done('VOIDED', row) : version > attempt.version ? changed(row) : null;
  }
  if (version < attempt.version) return null;
  const isSame = row.contentHash !== null && row.contentHash === attempt.content_hash;
  if (row.status === 'ACTIVE' && isSame) return done('DUPLICATE', row);
  return version === attempt.version ? conflict(OTHER_CONTENT, row) : changed(row);
}

const OTHER_CONTENT = { code: '2002', message: '同一版本在国家系统中内容不同' };
const changed = (row: NationalRow): GatewayOutcome => conflict(codeWords('NATIONAL_ROW_CHANGED'), row);

function judgeMiss(attempt: AttemptRow, row: NationalRow | null, moment: LookupMoment): LookupVerdict {
  // B1: the nation itself said that the number is not there; one look after that is proof enough.
  const isToldMissing = attempt.op === 'VOID' && attempt.outcome_code === OWN_NUMBER_MISSING;
  const proofAtMs = moment.sentMs + (isToldMissing ? 0 : FIRST_BYTE_WITHIN_MS + moment.maxCommitLatencyMs);
  if (moment.asOfMs > proofAtMs) {
    if (attempt.op === 'VOID' && row === null) return { settled: true, outcome: done('VOIDED', null) };
    return { settled: true, outcome: { class: 'RETRY', ...codeWords('NOT_COMMITTED'), retryAfterMs: 0 } };
  }
  const untilProofMs = proofAtMs - moment.asOfMs + PROOF_MARGIN_MS;
  const grownMs = Math.min(FIRST_PAUSE_MS * 2 ** attempt.lookups, moment.readAfterWriteMs);
  return { settled: false, afterMs: Math.max(FIRST_PAUSE_MS, Math.min(grownMs, untilProofMs)) };
}
