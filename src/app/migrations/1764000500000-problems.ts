import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Failures by cause, and their bulk replay. `actor` is whoever acts: administrators with a token now, accounts of the
 * console later. The two columns of `record` keep what the nation complained about in words of a closed vocabulary of
 * ours, never its own text. No index names `record.state`: its moves stay HOT, the collector follows the change feed.
 */
const UP = `
CREATE TABLE actor (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('administrator', 'cli', 'system')),
  name text NOT NULL,
  -- Region prefix; everything that the actor sees or touches lies below it.
  scope text CHECK (scope ~ '^([0-9]{2}|[0-9]{4}|[0-9]{6})$'),
  token_hash bytea UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid REFERENCES actor (id),
  revoked_at timestamptz,
  CHECK (kind <> 'administrator' OR scope IS NOT NULL)
);
INSERT INTO actor (id, kind, name) VALUES
  ('00000000-0000-7000-8000-000000000001', 'system', 'system'),
  ('00000000-0000-7000-8000-000000000002', 'cli', 'cli');

ALTER TABLE record ADD COLUMN outcome_fields text[], ADD COLUMN outcome_template text;

CREATE TABLE problem (
  id uuid PRIMARY KEY,
  -- Version and hash of what is grouped by; an older version's problems are never grouped anew.
  fingerprint text NOT NULL UNIQUE,
  aspect text NOT NULL CHECK (aspect IN ('failure', 'warning')),
  kind text NOT NULL,
  op text NOT NULL CHECK (op IN ('upsert', 'void')),
  code text NOT NULL,
  template text NOT NULL,
  fields text[] NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved-watching', 'closed', 'regressed')),
  hits bigint NOT NULL DEFAULT 0,
  regressions integer NOT NULL DEFAULT 0,
  first_hit_at timestamptz NOT NULL,
  last_hit_at timestamptz NOT NULL,
  -- Beginning of the present opening: deadlines count from here.
  opened_at timestamptz NOT NULL,
  resolved_at timestamptz
) WITH (fillfactor = 80);

-- One record under one cause. Columns of the record that are counted by stand here too: a page of problems adds up
-- tens of thousands of items, and reads no record for it.
CREATE TABLE problem_item (
  problem_id uuid NOT NULL REFERENCES problem (id),
  record_id uuid NOT NULL,
  version integer NOT NULL,
  hit_at timestamptz NOT NULL,
  hits integer NOT NULL DEFAULT 1,
  state text NOT NULL CHECK (state IN ('open', 'moving', 'healed')),
  healed_at timestamptz,
  county_code text NOT NULL,
  person_key text,
  station_key text NOT NULL,
  minutes integer,
  due_by timestamptz,
  PRIMARY KEY (problem_id, record_id)
) WITH (fillfactor = 70);
CREATE INDEX problem_item_record ON problem_item (record_id);

CREATE TABLE problem_act (
  id uuid PRIMARY KEY,
  problem_id uuid NOT NULL REFERENCES problem (id),
  at timestamptz NOT NULL DEFAULT now(),
  actor_id uuid NOT NULL REFERENCES actor (id),
  act text NOT NULL CHECK (act IN ('acknowledge', 'resolve', 'close', 'regress')),
  from_state text NOT NULL,
  to_state text NOT NULL,
  reason text
);
CREATE INDEX problem_act_problem ON problem_act (problem_id, at);

-- How far the change feed was read; while a scan runs, up to which record everything was looked at.
CREATE TABLE problem_collection (
  id smallint PRIMARY KEY CHECK (id = 1),
  after_seq bigint NOT NULL,
  is_scanning boolean NOT NULL,
  scanned_through uuid
);
INSERT INTO problem_collection (id, after_seq, is_scanning) VALUES (1, 0, true);

CREATE TABLE replay (
  id uuid PRIMARY KEY,
  problem_id uuid NOT NULL REFERENCES problem (id),
  scope text NOT NULL,
  state text NOT NULL CHECK (state IN ('planned', 'approved', 'running', 'paused', 'stopped', 'finished')),
  reason text NOT NULL,
  item_count integer NOT NULL CHECK (item_count > 0),
  stage smallint NOT NULL DEFAULT 1 CHECK (stage BETWEEN 1 AND 4),
  stop_cause text CHECK (stop_cause IN ('person', 'same-cause', 'new-cause')),
  requested_by uuid NOT NULL REFERENCES actor (id),
  requested_at timestamptz NOT NULL DEFAULT now(),
  approved_by uuid REFERENCES actor (id),
  approved_at timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  CONSTRAINT replay_two_people CHECK (item_count <= 200 OR approved_by IS NULL OR approved_by <> requested_by),
  CONSTRAINT replay_approved_first CHECK (state IN ('planned', 'stopped') OR approved_by IS NOT NULL)
);
CREATE UNIQUE INDEX replay_one_live ON replay (problem_id, scope) WHERE state IN ('approved', 'running', 'paused');
CREATE INDEX replay_problem ON replay (problem_id, requested_at);

CREATE TABLE replay_item (
  replay_id uuid NOT NULL REFERENCES replay (id),
  ord integer NOT NULL,
  record_id uuid NOT NULL,
  version integer NOT NULL,
  state text NOT NULL CHECK (state IN ('planned', 'sent', 'done', 'failed', 'waits', 'overtaken', 'skipped')),
  stage smallint,
  sent_version integer,
  sent_at timestamptz,
  settled_at timestamptz,
  outcome_code text,
  is_new_cause boolean,
  PRIMARY KEY (replay_id, ord),
  UNIQUE (replay_id, record_id)
) WITH (fillfactor = 70);
CREATE INDEX replay_item_planned ON replay_item (replay_id, ord) WHERE state = 'planned';
-- Looked at all the time: stopped replays keep what they never sent, and must not be walked for it.
CREATE INDEX replay_item_sent ON replay_item (replay_id) WHERE state = 'sent';

-- What was approved is what runs: nothing joins a selection later, and its size and its requester stay.
CREATE FUNCTION refuse_late_replay_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM (SELECT DISTINCT replay_id FROM added) a JOIN replay r ON r.id = a.replay_id
      WHERE r.state <> 'planned'
        OR (SELECT count(*) FROM replay_item i WHERE i.replay_id = r.id) > r.item_count) THEN
    RAISE EXCEPTION 'the selection of a replay is frozen' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER replay_item_frozen AFTER INSERT ON replay_item REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_late_replay_items();
CREATE FUNCTION refuse_replay_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.item_count, NEW.requested_by, NEW.problem_id, NEW.scope)
      IS DISTINCT FROM (OLD.item_count, OLD.requested_by, OLD.problem_id, OLD.scope) THEN
    RAISE EXCEPTION 'what a replay was asked for does not change' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER replay_as_asked BEFORE UPDATE ON replay FOR EACH ROW EXECUTE FUNCTION refuse_replay_change();
`;

const DOWN = `
DROP TABLE replay_item, replay, problem_collection, problem_act, problem_item, problem;
DROP FUNCTION refuse_late_replay_items();
DROP FUNCTION refuse_replay_change();
ALTER TABLE record DROP COLUMN outcome_fields, DROP COLUMN outcome_template;
DROP TABLE actor;
`;

export class Problems1764000500000 implements MigrationInterface {
  name = 'Problems1764000500000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
