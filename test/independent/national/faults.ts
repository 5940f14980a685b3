/** Fault hooks (§2.3): scripts by match, nth hit, times and probability over a seeded generator. */
import { seeded, type JsonObject, type Random } from '../canonical.js';
import type { Batches } from './batches.js';
import { isWrite, type Call } from './calls.js';
import type { Gate } from './gate.js';
import type { FailRule, Reviews } from './reviews.js';

export interface When {
  /** Chance per matching call, 0…1 (default 1). */
  probability?: number;
  /** Only the nth matching call, counted from 1. */
  nth?: number;
  /** At most so many hits (default: no end, 1 with `nth`). */
  times?: number;
  /** Which calls; without it: writes (single and batch). */
  match?: (call: Call) => boolean;
}

export type CallFault =
  | { kind: 'reset-before-commit' }
  | { kind: 'lose-reply' }
  | { kind: 'late-commit'; ms: number }
  | { kind: 'html'; status: number; after: 'before' | 'commit'; text?: string }
  | { kind: 'code'; code: string; after: 'before' | 'commit'; text?: string };

/** What a careless nation says: for instance what was just sent to it. */
export interface Words {
  text?: string;
}

interface Script {
  when: When;
  fault: CallFault;
  seen: number;
  hits: number;
}

export interface FaultHandle {
  hits(): number;
  stop(): void;
}

export class Faults {
  private scripts: Script[] = [];
  private readonly random: Random;

  constructor(
    seed: number,
    private readonly parts: { gate: Gate; batches: Batches; reviews: Reviews },
  ) {
    this.random = seeded(seed);
  }

  /** F03: the write is committed, then the socket is destroyed. */
  loseReply(when: When & { after?: 'commit' } = {}): FaultHandle {
    return this.add(when, { kind: 'lose-reply' });
  }

  /** F02: the request is read, nothing is committed, the socket is destroyed. */
  resetBeforeCommit(when: When = {}): FaultHandle {
    return this.add(when, { kind: 'reset-before-commit' });
  }

  /** F04: no reply, and the commit happens only this much later. */
  lateCommit(ms: number, when: When = {}): FaultHandle {
    return this.add(when, { kind: 'late-commit', ms });
  }

  /** F05, F07: an HTML page with this status instead of an envelope; by default nothing was committed. */
  htmlError(status: number, when: When & Words & { after?: 'before' | 'commit' } = {}): FaultHandle {
    return this.add(when, { kind: 'html', status, after: when.after ?? 'before', ...wordsOf(when) });
  }

  /** 5000, 5001, 5002, 9999 and other business codes, before or after the commit. */
  codeError(code: string, when: When & Words & { after?: 'before' | 'commit' } = {}): FaultHandle {
    return this.add(when, { kind: 'code', code, after: when.after ?? 'before', ...wordsOf(when) });
  }

  /** F36: writes answer 1303 with opensAt until this epoch ms. */
  closeWindow(untilMs: number): void {
    this.parts.gate.closedUntil = untilMs;
  }

  /** F23: every token is expired at once. */
  expireTokens(): void {
    this.parts.gate.expireTokens();
  }

  /** The review of this number (or of every row the rule fits) ends FAILED, a certificate REJECTED. */
  failReview(rule: FailRule): void {
    this.parts.reviews.failReview(rule);
  }

  /** F20: receipts of later batches come this much later than `receiptDelayMs`. */
  delayReceipts(ms: number): void {
    this.parts.batches.extraDelayMs = ms;
  }

  /** F22: items are missing from receipts with this chance, each time a receipt is shown. */
  dropReceiptItems(when: { probability?: number; times?: number } = {}): void {
    const chance = when.probability ?? 1;
    let left = when.times ?? Number.POSITIVE_INFINITY;
    this.parts.batches.spoil = (items: JsonObject[]) =>
      items.filter(() => {
        if (left <= 0 || this.random() >= chance) return true;
        left -= 1;
        return false;
      });
  }

  clear(): void {
    this.scripts = [];
    this.parts.batches.spoil = (items) => items;
    this.parts.batches.extraDelayMs = 0;
    this.parts.gate.closedUntil = 0;
  }

  /** The fault of this call, if any; the first script that hits wins. */
  pick(call: Call): CallFault | null {
    for (const script of this.scripts) {
      const matches = script.when.match === undefined ? isWrite(call.route) : script.when.match(call);
      if (!matches) continue;
      script.seen += 1;
      const limit = script.when.times ?? (script.when.nth === undefined ? Number.POSITIVE_INFINITY : 1);
      if (script.hits >= limit) continue;
      if (script.when.nth !== undefined && script.seen !== script.when.nth) continue;
      if (script.when.probability !== undefined && this.random() >= script.when.probability) continue;
      script.hits += 1;
      return script.fault;
    }
    return null;
  }

  private add(when: When, fault: CallFault): FaultHandle {
    const script: Script = { when, fault, seen: 0, hits: 0 };
    this.scripts.push(script);
    return {
      hits: () => script.hits,
      stop: () => {
        this.scripts = this.scripts.filter((one) => one !== script);
      },
    };
  }
}

const wordsOf = ({ text }: Words): Words => (text === undefined ? {} : { text });
