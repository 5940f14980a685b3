import type { Pool, QueryResultRow } from 'pg';
import { CommitUnknownError, Database, DatabaseUnavailableError, type Tx } from '../../src/platform/database/index.js';
import type { PortFaults } from './faults.js';

/** admin_shutdown: what a statement meets when the server is restarted under it. */
const SERVER_GONE = '57P01';
const DEADLOCK = '40P01';

class RolledBack extends Error {
  override name = 'RolledBack';
}

/** The real database behind a port that fails as databases do. A transaction is one call: its statements share its fate. */
export class FaultyDatabase extends Database {
  constructor(
    pool: Pool,
    private readonly faults: PortFaults,
  ) {
    super(pool);
  }

  override async query<Row extends QueryResultRow>(
    sql: string,
    params: readonly unknown[] = [],
    name?: string,
  ): Promise<Row[]> {
    const { faults } = this;
    const kind = faults.next('statement')?.kind;
    if (kind === 'hold') await faults.hold();
    if (kind === 'crash-before') faults.crash();
    if (kind === 'refuse' || kind === 'vanish') throw this.serverGone();
    const rows = await super.query<Row>(sql, params, name);
    if (kind === 'crash-after') faults.crash();
    if (kind === 'lose') throw this.serverGone();
    return rows;
  }

  override async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const { faults } = this;
    const kind = faults.next('transaction')?.kind;
    if (kind === 'hold') await faults.hold();
    if (kind === 'crash-before') faults.crash();
    if (kind === 'refuse') throw faults.mark(new DatabaseUnavailableError('database unavailable'));
    if (kind === 'vanish') return this.rolledBack(work);
    let isFirst = true;
    const result = await super.transaction(async (tx) => {
      const made = await work(tx);
      if (kind === 'late' && isFirst) {
        isFirst = false;
        throw Object.assign(faults.mark(new Error('deadlock detected')), { code: DEADLOCK });
      }
      return made;
    });
    if (kind === 'crash-after') faults.crash();
    if (kind === 'lose') throw faults.mark(new CommitUnknownError('reply to COMMIT lost'));
    return result;
  }

  /** All was done, nothing was kept, and nobody was told so. */
  private async rolledBack<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    await super
      .transaction(async (tx) => {
        await work(tx);
        throw new RolledBack();
      })
      .catch((error: unknown) => {
        if (!(error instanceof RolledBack)) throw error;
      });
    throw this.faults.mark(new CommitUnknownError('reply to COMMIT lost'));
  }

  private serverGone(): Error {
    return this.faults.mark(Object.assign(new Error('terminating connection'), { code: SERVER_GONE }));
  }
}
