import type { Queryable } from '../platform/database/index.js';
import { CodedError } from '../platform/errors/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { SourceSystem } from './source-directory.js';

/** A slot of a process that died is free again after this long; no call of ours lasts longer. */
const SLOT_LEASE_SECONDS = 60;
/** The sliding second of the rate has passed by then; a parallel call very likely too. */
const RETRY_AFTER_SECONDS = 1;

type Verdict = 'admitted' | 'rate' | 'parallel';

/**
 * Requests per second and at once of one source system, counted over all processes (G-08).
 * One round trip in, one out; see the migration `admission` for how it counts.
 */
export class Admission {
  constructor(
    private readonly database: Queryable,
    private readonly ids: Ids,
  ) {}

  /**
   * Takes a slot or refuses with 429; answers how to give the slot back.
   * A slot that could not be given back falls free by its lease.
   */
  async admit(system: SourceSystem): Promise<() => Promise<void>> {
    const slot = this.ids.uuid();
    const [row] = await this.database.query<{ verdict: Verdict }>(
      'SELECT admit_request($1, $2, $3, $4, $5) AS verdict',
      [system.id, slot, system.ratePerSecond, system.maxParallel, SLOT_LEASE_SECONDS],
      'access-admit',
    );
    if (row?.verdict !== 'admitted') {
      throw new CodedError('RATE_LIMITED', { retryAfterSecs: RETRY_AFTER_SECONDS });
    }
    return () => this.release(slot);
  }

  private async release(slot: string): Promise<void> {
    try {
      await this.database.query('DELETE FROM request_slot WHERE id = $1', [slot], 'access-release');
    } catch {
      // The answer stands whatever becomes of the slot: its lease frees it.
    }
  }
}
