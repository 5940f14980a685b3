import type { Pool, QueryResultRow } from 'pg';

/**
 * Everything that the model reads from tables of the adapter, in one place: when storage changes, only this file follows.
 * State changes are witnessed by a trigger of the model's own, so that leaves and events are held against what happened
 * and not against what the ledger says happened.
 */

export interface RecordNow extends QueryResultRow {
  readonly id: string;
  readonly kind: string;
  readonly source_id: string;
  readonly biz_no: string;
  readonly version: number;
  readonly state: string;
  readonly is_void: boolean;
  readonly national_version: number | null;
  readonly national_status: string | null;
  readonly outcome_code: string | null;
}

/** A change of state as the database saw it; `from` is null at birth. */
export interface Witnessed extends QueryResultRow {
  readonly record_id: string;
  readonly from_state: string | null;
  readonly to_state: string;
}

const WITNESS = `
CREATE TABLE model.state_change (ord bigint GENERATED ALWAYS AS IDENTITY, record_id uuid, from_state text, to_state text);
CREATE FUNCTION model.witness() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO model.state_change (record_id, to_state) VALUES (NEW.id, NEW.state);
  ELSIF OLD.state <> NEW.state THEN
    INSERT INTO model.state_change (record_id, from_state, to_state) VALUES (NEW.id, OLD.state, NEW.state);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER model_witness AFTER INSERT OR UPDATE ON public.record FOR EACH ROW EXECUTE FUNCTION model.witness()`;

const CLEAR = `
DELETE FROM model.state_change; DELETE FROM delivery_attempt; DELETE FROM national_call; DELETE FROM national_watch;
DELETE FROM national_gate; DELETE FROM outbox; DELETE FROM record_wait; DELETE FROM record_version; DELETE FROM record;
DELETE FROM person_binding; DELETE FROM person; DELETE FROM evidence_page; DELETE FROM change_page;
DELETE FROM national_breaker; DELETE FROM national_speed; DELETE FROM national_quota_block; DELETE FROM national_quota_day;
DELETE FROM delivery_pause; DELETE FROM delivery_promise; DELETE FROM delivery_promise_score; DELETE FROM delivery_throughput;
UPDATE change_sequence SET last_seq = 0, purged_through = 0`;

/** What a house at rest has none of, by name. */
const UNFINISHED = `
SELECT 'promise' AS what, kind || ' ' || stage AS detail FROM outbox
UNION ALL SELECT 'call', operation || ' ' || stage FROM national_call WHERE stage <> 'closed'
UNION ALL SELECT 'attempt', kind || ' v' || version || ' ' || stage FROM attempt WHERE stage <> 'closed'
UNION ALL SELECT 'watch', kind || ' ' || purpose FROM national_watch
UNION ALL SELECT 'wait', waits_key FROM record_wait
UNION ALL SELECT 'record', kind || '/' || source_id || ' ' || state FROM record
  WHERE state IN ('queued', 'waiting', 'sending', 'unknown', 'pending')`;

export class LedgerView {
  constructor(private readonly pool: Pool) {}

  async install(): Promise<void> {
    await this.pool.query(WITNESS);
  }

  async clear(): Promise<void> {
    await this.pool.query(CLEAR);
  }

  async records(): Promise<RecordNow[]> {
    return this.rows(
      `SELECT id, kind, source_id, biz_no, version, state, is_void, national_version, national_status, outcome_code
       FROM record ORDER BY kind, source_id`,
    );
  }

  /** Numbers whose write is in flight or unknown; a number that occurs twice has two attempts open. */
  async openNumbers(): Promise<string[]> {
    const rows = await this.rows<{ biz_no: string }>(`SELECT biz_no FROM attempt WHERE stage <> 'closed'`);
    return rows.map((row) => row.biz_no);
  }

  async unfinished(): Promise<string[]> {
    const rows = await this.rows<{ what: string; detail: string }>(UNFINISHED);
    return rows.map(({ what, detail }) => `${what}: ${detail}`);
  }

  async witnessed(): Promise<Witnessed[]> {
    return this.rows(`SELECT record_id, from_state, to_state FROM model.state_change ORDER BY ord`);
  }

  /** Leaves in the order of the log, as the entries that they hold. */
  async leaves(): Promise<Record<string, unknown>[]> {
    const rows = await this.rows<{ entry: string }>(`SELECT entry FROM evidence_leaf ORDER BY ord, place`);
    return rows.map(({ entry }) => JSON.parse(entry) as Record<string, unknown>);
  }

  /** Takes one proof of one move away, as a transition without a leaf would leave it; for the checker's own spec. */
  async forgetOneLeaf(): Promise<void> {
    await this.pool.query(
      `DELETE FROM evidence_page WHERE ord = (SELECT max(ord) FROM evidence_leaf WHERE kind = 'state.changed')`,
    );
  }

  async forgetOneEvent(): Promise<void> {
    await this.pool.query(`DELETE FROM change_page WHERE ord = (SELECT max(ord) FROM change_page)`);
  }

  private async rows<Row extends QueryResultRow>(sql: string): Promise<Row[]> {
    return (await this.pool.query<Row>(sql)).rows;
  }
}
