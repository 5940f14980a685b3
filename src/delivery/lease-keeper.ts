import type { Queryable } from '../platform/database/index.js';

/** How long a call stays a worker's without a sign of life: a killed worker is noticed after at most this. */
export const LEASE_MS = 8_000;
const RENEW_EVERY_MS = 2_000;

/**
 * Renews the leases of the calls that this process has in hand. One that could not be renewed is lost: its call is
 * recovered by another, and what this process still learns of it changes nothing (I13).
 */
export class LeaseKeeper {
  private readonly tokens = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Queryable,
    private readonly report: (step: string, error: unknown) => void,
  ) {}

  /** Keeps the lease for as long as `work` runs. */
  async during<T>(token: string, work: () => Promise<T>): Promise<T> {
    this.tokens.add(token);
    this.timer ??= setInterval(() => void this.renew(), RENEW_EVERY_MS).unref();
    try {
      return await work();
    } finally {
      this.tokens.delete(token);
      if (this.tokens.size === 0) {
        clearInterval(this.timer);
        this.timer = undefined;
      }
    }
  }

  private async renew(): Promise<void> {
    try {
      await this.database.query(
        `UPDATE national_call SET lease_until = now() + make_interval(secs => $2::float8 / 1000)
         WHERE lease_token = ANY ($1::uuid[]) AND stage <> 'closed' AND lease_until > now()`,
        [[...this.tokens], LEASE_MS],
        'delivery-renew-leases',
      );
    } catch (error) {
      this.report('renew-leases', error);
    }
  }
}
