import type { PreparedCall } from '../national/index.js';

/** Some 0.5 MB each at the largest batch that the contract allows. */
const MOST_CALLS = 64;

/**
 * Calls that this process has planned and put together, waiting for one of its workers: what is in hand need not be
 * read, opened and mapped a second time, nor rung for. It is a short cut only. The call's row is the truth; whoever
 * finds nothing here loads the call from the ledger.
 */
export class PreparedCalls {
  private readonly calls = new Map<string, PreparedCall | null>();
  private readonly waiters: ((callId: string) => void)[] = [];

  /** `null` = planned, but to be loaded by its worker. True when somebody was waiting and takes it now. */
  put(callId: string, prepared: PreparedCall | null): boolean {
    // Calls whose worker never came, because another process took them.
    if (this.calls.size >= MOST_CALLS) this.calls.delete(this.oldest() ?? '');
    this.calls.set(callId, prepared);
    const waiter = this.waiters.shift();
    waiter?.(callId);
    return waiter !== undefined;
  }

  take(callId: string): PreparedCall | null {
    const prepared = this.calls.get(callId) ?? null;
    this.calls.delete(callId);
    return prepared;
  }

  /** The oldest that nobody has taken. */
  oldest(): string | null {
    return this.calls.keys().next().value ?? null;
  }

  /** How many wait in `next`. */
  get waiting(): number {
    return this.waiters.length;
  }

  /** The oldest, or the next one that is planned within the time (0 = do not wait); null = none. */
  next(withinMs: number): Promise<string | null> {
    const oldest = this.oldest();
    if (oldest !== null || withinMs === 0) return Promise.resolve(oldest);
    return new Promise((resolve) => {
      const waiter = (callId: string): void => {
        clearTimeout(timer);
        resolve(callId);
      };
      const timer = setTimeout(() => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        resolve(null);
      }, withinMs);
      this.waiters.push(waiter);
    });
  }
}
