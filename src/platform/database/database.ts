import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Hot paths speak plain SQL through this class; TypeORM owns entities and migrations and lends its pool.
 * A statement given a `name` is prepared once per connection.
 */
export interface Queryable {
  query<Row extends QueryResultRow>(sql: string, params?: readonly unknown[], name?: string): Promise<Row[]>;
}

/** An open transaction. Rooms that write are given one; they never open their own (house law 1). */
export interface Tx extends Queryable {
  readonly isTransaction: true;
}

/** The reply to COMMIT was lost: it may or may not have happened. The caller must look, never assume. */
export class CommitUnknownError extends Error {
  override name = 'CommitUnknownError';
}

/** The database cannot be reached or has no connection to give: nothing was written. */
export class DatabaseUnavailableError extends Error {
  override name = 'DatabaseUnavailableError';
}

const MAX_TRANSACTION_TRIES = 5;
/** 40001 serialization_failure, 40P01 deadlock_detected: safe to run the whole transaction again. */
const RETRYABLE = new Set(['40001', '40P01']);
const RETRY_PAUSE_MS = 20;

const sqlState = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;

/** Whether the error says that the server or the wire went away rather than that the statement was wrong. */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return true;
  const code = sqlState(error);
  if (code !== undefined && (/^(08|57P|53)/.test(code) || /^E[A-Z]+$/.test(code))) return true;
  return error instanceof Error && /terminat|timeout exceeded|closed|not queryable/i.test(error.message);
}

class OpenTransaction implements Tx {
  readonly isTransaction = true;
  constructor(private readonly client: PoolClient) {}

  async query<Row extends QueryResultRow>(sql: string, params: readonly unknown[] = [], name?: string): Promise<Row[]> {
    const result = await this.client.query<Row>({ text: sql, values: [...params], ...(name ? { name } : {}) });
    return result.rows;
  }
}

export class Database implements Queryable {
  constructor(readonly pool: Pool) {}

  async query<Row extends QueryResultRow>(sql: string, params: readonly unknown[] = [], name?: string): Promise<Row[]> {
    const result = await this.pool.query<Row>({ text: sql, values: [...params], ...(name ? { name } : {}) });
    return result.rows;
  }

  /**
   * Runs `work` in one transaction; deadlocks and serialization failures run it again.
   * Throws CommitUnknownError when the reply to COMMIT was lost, DatabaseUnavailableError when nothing was begun.
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.runOnce(work);
      } catch (error) {
        if (attempt >= MAX_TRANSACTION_TRIES || !RETRYABLE.has(sqlState(error) ?? '')) throw error;
        await sleep(RETRY_PAUSE_MS * attempt);
      }
    }
  }

  private async runOnce<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.connect();
    let broken: Error | undefined;
    // A connection that dies between two statements tells so by an event; unheard it would end the process.
    const onLost = (error: Error): void => {
      broken = error;
    };
    client.on('error', onLost);
    try {
      await client.query('BEGIN');
      const result = await work(new OpenTransaction(client));
      await this.commit(client);
      return result;
    } catch (error) {
      if (error instanceof CommitUnknownError || isConnectionError(error)) broken = error as Error;
      else await client.query('ROLLBACK').catch((rollback: Error) => (broken = rollback));
      throw error;
    } finally {
      client.off('error', onLost);
      client.release(broken);
    }
  }

  private async connect(): Promise<PoolClient> {
    try {
      return await this.pool.connect();
    } catch (error) {
      throw new DatabaseUnavailableError('database unavailable', { cause: error });
    }
  }

  private async commit(client: PoolClient): Promise<void> {
    const reply = await client.query('COMMIT').catch((error: unknown) => {
      if (isConnectionError(error)) throw new CommitUnknownError('reply to COMMIT lost', { cause: error });
      throw error;
    });
    // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error.
    if (reply.command !== 'COMMIT') throw new Error('transaction was rolled back: a statement in it had failed');
  }
}
