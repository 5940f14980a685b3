import type { Database } from '../../platform/database/index.js';
import { codeWords } from '../../records/index.js';
import type {
  CertificateAnswer, GatewayOutcome, LookupAnswer, ReceiptAnswer, StatusAnswer, WriteAnswer,
} from '../../national/index.js'; // prettier-ignore
import { closeGate } from '../gates.js';
import type { Turns, TurnLimits } from '../turns.js';
import { healthOf, healthOfItems, judgedOf, NOT_SENT, type Health } from './health.js';
import type { Quota } from './quota.js';
import { STATUS, writeOf, type Permit, type Refusal, type Storm } from './storm.js';
import { pausedCounties, type StormView } from './storm-view.js';

export interface LineParts {
  readonly database: Database;
  readonly storm: Storm;
  readonly quota: Quota;
  readonly turns: Turns;
  /** Announced limits as they hold now. */
  readonly limits: { current(): TurnLimits };
  readonly clock: { nowMs(): number };
  /** Concurrency when the nation announces none. */
  readonly usualConcurrency: number;
}

interface Question<T> {
  readonly operation: string;
  readonly purpose: 'write' | 'read' | 'free';
  readonly kind: string | null;
  readonly callId: string | null;
  readonly run: () => Promise<T>;
  /** Outcome of the whole call, or of its entries. */
  readonly heard: (answer: T) => GatewayOutcome | ReadonlyMap<string, GatewayOutcome> | null;
  readonly held: (outcome: GatewayOutcome) => T;
}

/** A pause shorter than this is waited for without asking the ledger again and again. */
const LOOK_AGAIN_MS = 1_000;
const PAUSED_LOOK_MS = 5_000;
/** One refusal on a quiet line must not slow it to a crawl. */
const LEAST_TOO_FAST_QPS = 20;
/** Of the rate that was measured when the nation announces none. */
const RATE_WINDOW_MS = 10_000;

/**
 * The only way to the nation: before a call it asks breakers, pauses, the day's quota and the turn; afterwards it tells
 * them how it went. A call that may not go comes back as `NOT_SENT`, which is certain: not a byte has left.
 */
export class NationalLine {
  private readonly recent: number[] = [];
  private readonly delivered = { calls: 0, entries: 0 };

  constructor(private readonly parts: LineParts) {}

  write(call: { id: string; kind: string }, run: () => Promise<WriteAnswer>): Promise<WriteAnswer> {
    return this.ask({
      operation: writeOf(call.kind), purpose: 'write', kind: call.kind, callId: call.id, run,
      heard: (answer) => (answer.level === 'items' ? answer.items : answer.outcome),
      held: (outcome) => ({ level: 'call', outcome, requestId: '' }),
    }); // prettier-ignore
  }

  receipt(kind: string, run: () => Promise<ReceiptAnswer>): Promise<ReceiptAnswer> {
    return this.ask({
      operation: 'receipt', purpose: 'read', kind, callId: null, run,
      heard: (answer) => (answer.status === 'done' ? answer.items : answer.status === 'failed' ? answer.outcome : null),
      held: (outcome) => ({ status: 'failed', outcome }),
    }); // prettier-ignore
  }

  lookup(run: () => Promise<LookupAnswer>): Promise<LookupAnswer> {
    return this.ask({
      operation: 'lookup', purpose: 'read', kind: null, callId: null, run,
      heard: (answer) => (answer.status === 'failed' ? answer.outcome : null),
      held: (outcome) => ({ status: 'failed', outcome }),
    }); // prettier-ignore
  }

  certificate(run: () => Promise<CertificateAnswer>): Promise<CertificateAnswer> {
    return this.ask({
      operation: 'certificate', purpose: 'read', kind: null, callId: null, run,
      heard: (answer) => (answer.status === 'failed' ? answer.outcome : null),
      held: (outcome) => ({ status: 'failed', outcome }),
    }); // prettier-ignore
  }

  /** `/sys/status`: counts against no quota and takes no turn; the one call that tries whether the nation is back. */
  status(run: () => Promise<StatusAnswer>): Promise<StatusAnswer> {
    return this.ask({
      operation: STATUS, purpose: 'free', kind: null, callId: null, run,
      heard: (answer) => (answer.status === 'failed' ? answer.outcome : null),
      held: (outcome) => ({ status: 'failed', outcome }),
    }); // prettier-ignore
  }

  /** What went out since the last time this was asked. */
  takeDelivered(): { calls: number; entries: number } {
    const taken = { ...this.delivered };
    this.delivered.calls = 0;
    this.delivered.entries = 0;
    return taken;
  }

  private async ask<T>(question: Question<T>): Promise<T> {
    const { quota, turns, limits } = this.parts;
    const early = await this.refusalOf(question);
    if (early) return question.held(notSent(early));
    const { purpose } = question;
    if (purpose === 'free') return this.go(question);
    const turn = await quota.take(purpose);
    if (!turn.granted) return question.held(await this.usedUp(purpose, turn.resetsInMs));
    let hasGone = false;
    try {
      return await turns.take(limits.current(), () => this.go(question, () => (hasGone = true)));
    } finally {
      if (!hasGone) quota.giveBack(purpose);
    }
  }

  /** The turn has come: looks once more, since waiting for it took time, then calls and tells how it went. */
  private async go<T>(question: Question<T>, onGone: () => void = () => undefined): Promise<T> {
    const { storm } = this.parts;
    const late = await this.refusalOf(question);
    if (late) return question.held(notSent(late));
    const admission = await storm.admit(question.operation, question.kind);
    if ('refusal' in admission) return question.held(notSent(admission.refusal));
    const { permit } = admission;
    let isTold = false;
    try {
      onGone();
      this.count();
      const answer = await question.run();
      isTold = true;
      await this.tell(question, answer, permit);
      return answer;
    } finally {
      // Trouble of our own before the first byte (a lease that was lost) says nothing of the nation.
      if (!isTold) await storm.giveBack(permit);
    }
  }

  private async refusalOf<T>({ purpose, kind, callId }: Question<T>): Promise<Refusal | null> {
    const view = await this.parts.storm.view();
    if (view.pauses.length === 0) return null;
    for (const pause of view.pauses) {
      const isHit = pause.isStop || (purpose === 'write' && (pause.scope === 'all' || pause.scope === `kind:${kind}`));
      if (isHit) return { reason: pause.reason, afterMs: Math.max(LOOK_AGAIN_MS, Math.min(PAUSED_LOOK_MS, pause.remainingMs)) };
    }
    if (purpose !== 'write' || callId === null) return null;
    return (await this.carriesPaused(view, callId)) ? { reason: '所在县市已暂停', afterMs: LOOK_AGAIN_MS } : null;
  } // prettier-ignore

  /** A call that was planned before its county was paused goes back as a whole; the next plan leaves the county out. */
  private async carriesPaused(view: StormView, callId: string): Promise<boolean> {
    const counties = pausedCounties(view);
    if (counties.length === 0) return false;
    const rows = await this.parts.database.query(
      `SELECT 1 FROM national_call c JOIN outbox o ON o.biz_no = ANY (c.biz_nos)
       WHERE c.id = $1 AND EXISTS (SELECT 1 FROM unnest($2::text[]) AS p(prefix) WHERE starts_with(o.county_code, p.prefix))
       LIMIT 1`,
      [callId, counties],
      'delivery-carries-paused',
    );
    return rows.length > 0;
  }

  private async usedUp(purpose: 'write' | 'read', resetsInMs: number): Promise<GatewayOutcome> {
    const words = codeWords(QUOTA_RESERVED);
    const scope = purpose === 'write' ? 'writes' : 'all';
    await closeGate(this.parts.database, { scope, forMs: resetsInMs }, words);
    return notSent({ reason: words.message, afterMs: LOOK_AGAIN_MS });
  }

  private async tell<T>(question: Question<T>, answer: T, permit: Permit): Promise<void> {
    const { storm } = this.parts;
    const { operation, kind, purpose } = question;
    const heard = question.heard(answer);
    const isItems = heard instanceof Map;
    const outcome = heard as GatewayOutcome | null;
    const health: Health = heard === null ? 'good' : isItems ? healthOfItems(heard) : healthOf(outcome!);
    if (health === 'good') await storm.good(operation, permit);
    else if (health === 'bad') await storm.bad(operation, permit, wordsOf(heard));
    else await storm.giveBack(permit);
    if (purpose === 'write') this.delivered.calls += 1;
    if (kind !== null) await this.tellJudged(question, heard, permit);
    if (!isItems && outcome?.class === 'QUOTA') await this.hurried(outcome);
  }

  private async tellJudged<T>({ kind, purpose }: Question<T>, heard: Heard, permit: Permit): Promise<void> {
    if (kind === null || heard === null) return;
    const outcomes = heard instanceof Map ? [...(heard as ReadonlyMap<string, GatewayOutcome>).values()] : [heard as GatewayOutcome];
    // A refusal of a whole call is one of its entries only when it has one; 0100 judges nothing yet.
    const isSpoken = heard instanceof Map || purpose === 'write';
    const judged = judgedOf(isSpoken ? outcomes.filter((one) => !isBatchTaken(one)) : []);
    this.delivered.entries += outcomes.filter((one) => one.class === 'DONE' || (one.class === 'ACCEPTED' && !isBatchTaken(one))).length;
    await this.parts.storm.judged(kind, judged, permit);
  } // prettier-ignore

  private async hurried(outcome: Extract<GatewayOutcome, { class: 'QUOTA' }>): Promise<void> {
    const { storm, limits, usualConcurrency } = this.parts;
    const { qps, concurrency } = limits.current();
    if (outcome.scope === 'qps') await storm.slower('qps', this.tooFast(qps));
    if (outcome.scope === 'concurrency') await storm.slower('concurrency', concurrency ?? usualConcurrency);
  }

  /** The pace that was refused: what is announced, or what was measured where that is less (a limit nobody announced). */
  private tooFast(announced: number | null): number {
    return Math.min(announced ?? Infinity, Math.max(LEAST_TOO_FAST_QPS, this.rate()));
  }

  private count(): void {
    const now = this.parts.clock.nowMs();
    this.recent.push(now);
    while (this.recent.length > 0 && now - (this.recent[0] ?? now) > RATE_WINDOW_MS) this.recent.shift();
  }

  /** Calls a second of this process lately. */
  private rate(): number {
    const SECOND = 1_000;
    const spanMs = Math.max(SECOND, (this.recent.at(-1) ?? 0) - (this.recent[0] ?? 0));
    return Math.max(1, (this.recent.length * SECOND) / spanMs);
  }
}

const isBatchTaken = (one: GatewayOutcome): boolean => one.class === 'ACCEPTED' && one.batchNo !== null;

type Heard = GatewayOutcome | ReadonlyMap<string, GatewayOutcome> | null;

export const QUOTA_RESERVED = 'QUOTA_RESERVED';

function notSent({ reason, afterMs }: Refusal): GatewayOutcome {
  return { class: 'RETRY', ...codeWords(NOT_SENT, { why: reason.replace(/。$/, '') }), retryAfterMs: afterMs };
}

function wordsOf(heard: Heard): { code: string; message: string } {
  if (heard === null) return { code: '', message: '' };
  return heard instanceof Map ? codeWords('NO_ENTRY_DONE') : (heard as GatewayOutcome);
}
