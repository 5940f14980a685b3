import type { PreparedCall } from '../national/index.js';

/** Some 0.5 MB each at the largest batch that the contract allows. */
const MOST_CALLS = 64;
const LINGER_MS = 50;
/** Looks of the dispatcher, 100 ms apart when nothing new is planned. */
const LOOKS_BEFORE_RING = 5;

interface Held {
  readonly prepared: PreparedCall | null;
  isSpokenFor: boolean;
  looks: number;
}

/**
 * Calls that this process has planned and put together, waiting for one of its workers: what is in hand need not be
 * read, opened and mapped a second time, nor rung for. It is a short cut only. The call's row is the truth; whoever
 * finds nothing here loads the call from the ledger.
 */
export class PreparedCalls {
  private readonly calls = new Map<string, Held>();
  private readonly waiters: ((callId: string) => void)[] = [];

  /** `lingerMs`: how long a slot waits for what is planned next before it is given back. */
  constructor(private readonly lingerMs = LINGER_MS) {}

  /** `null` = planned, but to be loaded by its worker. Who waits for one is given it. */
  put(callId: string, prepared: PreparedCall | null): void {
    // Calls whose worker never came, because another process took them.
    if (this.calls.size >= MOST_CALLS) this.calls.delete(this.oldest() ?? '');
    const waiter = this.waiters.shift();
    this.calls.set(callId, { prepared, isSpokenFor: waiter !== undefined, looks: 0 });
    waiter?.(callId);
  }

  take(callId: string): PreparedCall | null {
    const held = this.calls.get(callId);
    this.calls.delete(callId);
    return held?.prepared ?? null;
  }

  /** The oldest that nobody has taken. */
  oldest(): string | null {
    return this.calls.keys().next().value ?? null;
  }

  /**
   * The calls to ring for: as many of the oldest as there are free slots here, and those that were passed over several
   * times, for which a slot of another process may be free. None is named twice.
   */
  takeUnrung(freeSlots: number): string[] {
    const unrung = [...this.calls].filter(([, held]) => !held.isSpokenFor);
    const chosen = unrung.filter(([, held], at) => at < freeSlots || held.looks >= LOOKS_BEFORE_RING);
    for (const [, held] of unrung) held.looks += 1;
    for (const [, held] of chosen) held.isSpokenFor = true;
    return chosen.map(([callId]) => callId);
  }

  /** How many wait in `next`. */
  get waiting(): number {
    return this.waiters.length;
  }

  /** The oldest, or what is planned while the caller lingers; null = none. */
  next(mayLinger: boolean): Promise<string | null> {
    const oldest = this.oldest();
    if (oldest !== null || !mayLinger || this.lingerMs === 0) return Promise.resolve(oldest);
    return new Promise((resolve) => {
      const waiter = (callId: string): void => {
        clearTimeout(timer);
        resolve(callId);
      };
      const timer = setTimeout(() => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        resolve(null);
      }, this.lingerMs);
      this.waiters.push(waiter);
    });
  }
}
