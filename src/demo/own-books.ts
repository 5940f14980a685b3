import { Client } from 'pg';
import type { RecordState } from '../records/index.js';
import type { KindName } from './world-record.js';

/** A record as the adapter has it. */
export interface OwnRecord {
  /** Of its source system; the sourceId is unique only there. */
  readonly appKey: string;
  readonly sourceId: string;
  readonly bizNo: string;
  readonly state: RecordState;
  readonly code: string | null;
  readonly minutes: number | null;
  /** Whether the adapter knows of a row in force, be it of an older version (G-69). */
  readonly standsNationally: boolean;
}

/**
 * Our own books, read and never written. The number under which a record went to the nation stands in its status, one
 * call each; over many thousand records one query says the same.
 */
export class OwnBooks {
  private readonly client: Client;

  constructor(databaseUrl: string) {
    this.client = new Client({ connectionString: databaseUrl, application_name: 'zhiqiao-demo' });
  }

  async open(): Promise<void> {
    await this.client.connect();
    await this.client.query('SET default_transaction_read_only = on');
  }

  async records(kind: KindName): Promise<OwnRecord[]> {
    const { rows } = await this.client.query<OwnRecord>(
      `SELECT s.app_key AS "appKey", r.source_id AS "sourceId", r.biz_no AS "bizNo", r.state, r.outcome_code AS code,
              r.minutes, coalesce(r.national_status = 'ACTIVE', false) AS "standsNationally"
         FROM record r JOIN source_system s ON s.id = r.source_system_id
        WHERE r.kind = $1`,
      [kind],
    );
    return rows;
  }

  close(): Promise<void> {
    return this.client.end();
  }
}
