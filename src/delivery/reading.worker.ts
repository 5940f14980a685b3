import type { Database, Tx } from '../platform/database/index.js';
import {
  exponentialDelayMs, hastenWatches, judgeLookup, lockUnknown, postponeLookups, type AnsweredAttempt,
  type CertificateProgress, type ObservationService, type SettlementService,
} from '../answers/index.js'; // prettier-ignore
import type { GatewayOutcome, LookupAnswer, NationalGateway } from '../national/index.js';
import { closeCall, holdLease, type CallRow } from './calls.queries.js';
import { closeGate, gateOf } from './gates.js';
import type { NationalLine } from './storm/national-line.js';

export interface ReadingParts {
  readonly database: Database;
  readonly gateway: NationalGateway;
  readonly settlement: SettlementService;
  readonly observation: ObservationService;
  readonly certificates: CertificateProgress;
  readonly line: NationalLine;
}

/** A read that failed says nothing; what it asked for is asked for again after this, longer each time (look-ups). */
const FAILED_READ_MS = 1_000;
const FAILED_READ_MAX_MS = 30_000;

export class ReadingWorker {
  constructor(private readonly parts: ReadingParts) {}

  async work(call: CallRow, token: string): Promise<void> {
    if (call.operation === 'certificate') return this.certificate(call, token);
    const { gateway, line } = this.parts;
    const answer = await line.lookup(() => gateway.lookup(call.kind, call.biz_nos ?? []));
    if (answer.status === 'failed') return this.failed(call, token, answer.outcome);
    await this.finish(call, token, async (tx) => {
      if (call.operation === 'lookup') await this.judge(tx, call, answer);
      else
        await this.parts.observation.observeReviews(
          tx,
          call.kind,
          answer.rows,
          await readPolls(tx, call.biz_nos ?? []),
        );
    });
  }

  private async certificate(call: CallRow, token: string): Promise<void> {
    const { gateway, line, certificates } = this.parts;
    const bizNo = call.biz_nos?.[0] ?? '';
    const answer = await line.certificate(() => gateway.certificate(bizNo));
    if (answer.status === 'failed') return this.failed(call, token, answer.outcome);
    await this.finish(call, token, async (tx) => {
      const polls = await readPolls(tx, [bizNo]);
      await certificates.observe(tx, bizNo, answer, polls.get(bizNo) ?? 0);
    });
  }

  private async judge(tx: Tx, call: CallRow, answer: Extract<LookupAnswer, { status: 'found' }>): Promise<void> {
    const { gateway, settlement } = this.parts;
    const settled: AnsweredAttempt[] = [];
    const postponed: { callId: string; bizNo: string; afterMs: number }[] = [];
    const { readAfterWriteMs, maxCommitLatencyMs } = gateway.facts;
    const { attempts, records } = await lockUnknown(tx, call.biz_nos ?? []);
    for (const attempt of attempts) {
      const sentMs = gateway.nationalNowMs() - (attempt.sent_age_ms ?? 0);
      const moment = { asOfMs: answer.asOfMs, sentMs, readAfterWriteMs, maxCommitLatencyMs };
      const verdict = judgeLookup(attempt, answer.rows.get(attempt.biz_no) ?? [], moment);
      if (verdict.settled) settled.push({ attempt, outcome: verdict.outcome });
      else postponed.push({ callId: attempt.call_id, bizNo: attempt.biz_no, afterMs: verdict.afterMs });
    }
    await settlement.settle(tx, settled, records);
    await postponeLookups(tx, postponed);
  }

  private async failed(call: CallRow, token: string, outcome: GatewayOutcome): Promise<void> {
    const gate = gateOf(outcome, call.kind);
    if (gate) await closeGate(this.parts.database, gate, outcome);
    await this.finish(call, token, (tx) => askAgain(tx, call), outcome);
  }

  private async finish(
    call: CallRow,
    token: string,
    work: (tx: Tx) => Promise<void>,
    outcome: { class: string; code: string } = { class: 'DONE', code: '0000' },
  ): Promise<void> {
    await this.parts.database.transaction(async (tx) => {
      if (!(await holdLease(tx, call.id, token))) return;
      await work(tx);
      await closeCall(tx, call.id, { class: outcome.class, code: outcome.code, requestId: null });
    });
  }
}

/** Sooner than the planner's lease, which is for workers that died. */
async function askAgain(tx: Tx, call: CallRow): Promise<void> {
  const numbers = call.biz_nos ?? [];
  if (call.operation !== 'lookup') return hastenWatches(tx, numbers, FAILED_READ_MS);
  const { attempts } = await lockUnknown(tx, numbers);
  await postponeLookups(
    tx,
    attempts.map((attempt) => ({
      callId: attempt.call_id,
      bizNo: attempt.biz_no,
      afterMs: exponentialDelayMs(attempt.lookups, FAILED_READ_MS, FAILED_READ_MAX_MS),
    })),
  );
}

async function readPolls(tx: Tx, bizNos: readonly string[]): Promise<Map<string, number>> {
  const rows = await tx.query<{ biz_no: string; polls: number }>(
    `SELECT biz_no, polls FROM national_watch WHERE biz_no = ANY ($1::text[])`,
    [bizNos],
    'delivery-read-polls',
  );
  return new Map(rows.map((row) => [row.biz_no, row.polls]));
}
