import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The first schema. Times are timestamptz by the database clock; ids are UUIDv7 made in the application.
 * `record` is left room on its pages (fillfactor) and keeps `state` out of every index, so that the three or
 * four state changes of a record's life are HOT updates.
 */
const UP = `
CREATE TABLE source_system (
  id uuid PRIMARY KEY,
  app_key text NOT NULL UNIQUE,
  name text NOT NULL,
  area_code text NOT NULL CHECK (area_code ~ '^[0-9]{2,12}$'),
  rate_per_second integer NOT NULL CHECK (rate_per_second > 0),
  max_parallel integer NOT NULL CHECK (max_parallel > 0),
  is_signature_required boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);
CREATE TABLE source_system_secret (
  id uuid PRIMARY KEY,
  source_system_id uuid NOT NULL REFERENCES source_system (id),
  secret_hash bytea NOT NULL,
  sealed_secret bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz
);
CREATE INDEX source_system_secret_owner ON source_system_secret (source_system_id);
CREATE TABLE request_nonce (
  app_key text NOT NULL,
  nonce text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (app_key, nonce)
);
CREATE INDEX request_nonce_expiry ON request_nonce (expires_at);
-- Counters that may be forgotten by a crash: nothing is promised by them.
CREATE UNLOGGED TABLE request_rate (
  source_system_id uuid PRIMARY KEY,
  tokens double precision NOT NULL,
  refilled_at timestamptz NOT NULL
);
CREATE UNLOGGED TABLE request_slot (
  id uuid PRIMARY KEY,
  source_system_id uuid NOT NULL,
  held_until timestamptz NOT NULL
);
CREATE INDEX request_slot_owner ON request_slot (source_system_id);

CREATE TABLE person (
  biz_no text PRIMARY KEY,
  id_index bytea NOT NULL UNIQUE,
  name_index bytea NOT NULL,
  version integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE person_binding (
  id uuid PRIMARY KEY,
  person_biz_no text NOT NULL REFERENCES person (biz_no),
  record_id uuid NOT NULL,
  action text NOT NULL CHECK (action IN ('bound', 'split')),
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX person_binding_record ON person_binding (record_id);

CREATE TABLE record (
  id uuid PRIMARY KEY,
  source_system_id uuid NOT NULL,
  kind text NOT NULL,
  source_id text NOT NULL,
  biz_no text NOT NULL,
  version integer NOT NULL,
  revision bigint NOT NULL,
  content_hash bytea NOT NULL,
  is_void boolean NOT NULL DEFAULT false,
  state text NOT NULL CHECK (state IN
    ('queued', 'waiting', 'sending', 'unknown', 'pending', 'mirrored', 'attention', 'voided', 'unsupported')),
  since timestamptz NOT NULL,
  subject_ref text,
  context_ref text,
  membership_key text,
  starts_at timestamptz,
  ends_at timestamptz,
  minutes integer,
  county_code text NOT NULL,
  lane text NOT NULL CHECK (lane IN ('certificate', 'urgent', 'normal', 'backfill')),
  due_by timestamptz,
  promised_by timestamptz,
  national_id text,
  national_version integer,
  national_hash bytea,
  national_status text CHECK (national_status IN ('ACTIVE', 'VOIDED', 'DELETED', 'MERGED')),
  national_review text CHECK (national_review IN ('NONE', 'REVIEWING', 'PASSED', 'FAILED')),
  last_seen_at timestamptz,
  waiting_for jsonb,
  outcome_code text,
  outcome_message text,
  outcome_at timestamptz,
  outcome_actor text CHECK (outcome_actor IN ('station', 'adapter', 'national', 'operator')),
  warnings jsonb,
  UNIQUE (source_system_id, kind, source_id)
) WITH (fillfactor = 70);
CREATE INDEX record_biz_no ON record (biz_no);
CREATE INDEX record_subject ON record (source_system_id, subject_ref, starts_at) WHERE subject_ref IS NOT NULL;
CREATE INDEX record_context ON record (source_system_id, context_ref) WHERE context_ref IS NOT NULL;
CREATE INDEX record_membership ON record (source_system_id, membership_key) WHERE membership_key IS NOT NULL;

-- Append-only history of everything accepted; \`version\` is null for a superseded item (G-15).
CREATE TABLE record_version (
  id uuid PRIMARY KEY,
  record_id uuid NOT NULL,
  version integer,
  revision bigint NOT NULL,
  op text NOT NULL CHECK (op IN ('upsert', 'void')),
  cause text NOT NULL DEFAULT 'station' CHECK (cause IN ('station', 'adapter')),
  is_reopening boolean NOT NULL DEFAULT false,
  payload jsonb NOT NULL,
  sealed bytea NOT NULL,
  content_hash bytea NOT NULL,
  batch_id uuid,
  accepted_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX record_version_number ON record_version (record_id, version) WHERE version IS NOT NULL;

-- The open promise for one national number: deleted when what it promised is settled.
CREATE TABLE outbox (
  biz_no text PRIMARY KEY,
  record_id uuid NOT NULL,
  source_system_id uuid NOT NULL,
  kind text NOT NULL,
  version integer NOT NULL,
  county_code text NOT NULL,
  lane text NOT NULL,
  lane_rank smallint NOT NULL,
  stage text NOT NULL CHECK (stage IN ('ready', 'waiting', 'flying')),
  ready_at timestamptz NOT NULL DEFAULT now(),
  accepted_ord bigint GENERATED ALWAYS AS IDENTITY,
  tries integer NOT NULL DEFAULT 0,
  link_to text
) WITH (fillfactor = 70);
CREATE INDEX outbox_ready ON outbox (kind, lane_rank, accepted_ord) WHERE stage = 'ready';
CREATE INDEX outbox_waiting ON outbox (record_id) WHERE stage = 'waiting';

CREATE TABLE record_wait (
  record_id uuid NOT NULL,
  source_system_id uuid NOT NULL,
  waits_key text NOT NULL,
  looked_at timestamptz,
  PRIMARY KEY (record_id, waits_key)
);
CREATE INDEX record_wait_key ON record_wait (source_system_id, waits_key);

CREATE TABLE national_call (
  id uuid PRIMARY KEY,
  profile_id text NOT NULL,
  profile_hash text NOT NULL,
  overrides_hash text NOT NULL,
  operation text NOT NULL,
  kind text NOT NULL,
  client_batch_no text UNIQUE,
  batch_no text,
  body_sha256 text,
  bytes integer,
  item_count integer NOT NULL,
  -- Numbers that a reading call asks for; a write has its delivery_attempt rows.
  biz_nos text[],
  request_id text,
  stage text NOT NULL CHECK (stage IN ('planned', 'sending', 'receipt', 'closed')),
  lease_token uuid,
  lease_until timestamptz,
  due_at timestamptz NOT NULL DEFAULT now(),
  polls integer NOT NULL DEFAULT 0,
  rung_until timestamptz,
  outcome_class text,
  outcome_code text,
  planned_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz,
  closed_at timestamptz
) WITH (fillfactor = 70);
CREATE INDEX national_call_open ON national_call (due_at) WHERE stage <> 'closed';

CREATE TABLE delivery_attempt (
  call_id uuid NOT NULL REFERENCES national_call (id),
  biz_no text NOT NULL,
  record_id uuid NOT NULL,
  kind text NOT NULL,
  version integer NOT NULL,
  op text NOT NULL CHECK (op IN ('UPSERT', 'VOID', 'CORRECT')),
  content_hash text,
  volunteer_biz_no text,
  starts_at timestamptz,
  ends_at timestamptz,
  stage text NOT NULL CHECK (stage IN ('open', 'unknown', 'closed')),
  sent_at timestamptz,
  lookup_at timestamptz,
  lookups integer NOT NULL DEFAULT 0,
  outcome_class text,
  outcome_code text,
  closed_at timestamptz,
  PRIMARY KEY (call_id, biz_no)
) WITH (fillfactor = 70);
-- Never two entries of one number in flight together (G-48).
CREATE UNIQUE INDEX delivery_attempt_one_open ON delivery_attempt (biz_no) WHERE stage <> 'closed';
CREATE INDEX delivery_attempt_interval ON delivery_attempt (volunteer_biz_no)
  WHERE stage <> 'closed' AND volunteer_biz_no IS NOT NULL;
CREATE INDEX delivery_attempt_unknown ON delivery_attempt (kind, lookup_at) WHERE stage = 'unknown';

-- Rows that stand nationally but are not at rest: reviews, real names, certificates.
CREATE TABLE national_watch (
  biz_no text PRIMARY KEY,
  kind text NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('review', 'certificate')),
  due_at timestamptz NOT NULL,
  polls integer NOT NULL DEFAULT 0
);
CREATE INDEX national_watch_due ON national_watch (purpose, kind, due_at);

-- What must pause until when: written from what the nation answers, never from constants of ours (G-76).
CREATE TABLE national_gate (
  scope text PRIMARY KEY,
  closed_until timestamptz NOT NULL,
  code text NOT NULL,
  reason text NOT NULL,
  since timestamptz NOT NULL DEFAULT now()
);
CREATE UNLOGGED TABLE national_pace (
  id smallint PRIMARY KEY,
  next_free_at timestamptz NOT NULL
);
CREATE UNLOGGED TABLE national_slot (
  id uuid PRIMARY KEY,
  held_until timestamptz NOT NULL
);
-- A turn to call the nation: at most \`concurrency\` at once and \`qps\` a second over all workers (null = no limit).
-- Answers the milliseconds to wait before calling, or -1 when every slot is taken.
CREATE FUNCTION take_national_turn(turn uuid, concurrency integer, qps double precision, lease_ms integer)
RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
  start_at timestamptz := clock_timestamp();
BEGIN
  PERFORM pg_advisory_xact_lock(5335);
  IF concurrency IS NOT NULL THEN
    DELETE FROM national_slot WHERE held_until < clock_timestamp();
    IF (SELECT count(*) FROM national_slot) >= concurrency THEN
      RETURN -1;
    END IF;
    INSERT INTO national_slot (id, held_until)
    VALUES (turn, clock_timestamp() + make_interval(secs => lease_ms / 1000.0));
  END IF;
  IF qps IS NOT NULL THEN
    INSERT INTO national_pace AS p (id, next_free_at)
    VALUES (1, clock_timestamp() + make_interval(secs => 1 / qps))
    ON CONFLICT (id) DO UPDATE SET
      next_free_at = greatest(p.next_free_at, clock_timestamp()) + make_interval(secs => 1 / qps)
    RETURNING p.next_free_at - make_interval(secs => 1 / qps) INTO start_at;
  END IF;
  RETURN greatest(0, extract(epoch FROM start_at - clock_timestamp()) * 1000);
END $$;
CREATE TABLE national_alias (
  national_id text PRIMARY KEY,
  current_national_id text NOT NULL,
  kind text NOT NULL,
  cause text NOT NULL CHECK (cause IN ('merged', 'reassigned', 'reminted')),
  at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE certificate (
  record_id uuid PRIMARY KEY,
  request_version integer NOT NULL,
  status text NOT NULL CHECK (status IN
    ('FROZEN', 'THAWED', 'ACCEPTED', 'REVIEWING', 'ISSUED', 'REJECTED', 'CANCELLED', 'REVOKED', 'REISSUED', 'STALE')),
  total_minutes integer NOT NULL,
  record_count integer NOT NULL,
  refreezes integer NOT NULL DEFAULT 0,
  cert_no text,
  frozen_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE certificate_line (
  certificate_record_id uuid NOT NULL REFERENCES certificate (record_id),
  record_id uuid NOT NULL,
  biz_no text NOT NULL,
  version integer NOT NULL,
  minutes integer NOT NULL,
  PRIMARY KEY (certificate_record_id, record_id)
);
CREATE INDEX certificate_line_record ON certificate_line (record_id);

CREATE TABLE evidence_leaf (
  ord bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL,
  entry text NOT NULL
);

CREATE TABLE change_event (
  ord bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  seq bigint,
  event_id uuid NOT NULL,
  source_system_id uuid NOT NULL,
  record_id uuid NOT NULL,
  kind text NOT NULL,
  source_id text NOT NULL,
  version integer NOT NULL,
  state text NOT NULL,
  since timestamptz NOT NULL,
  code text
) WITH (fillfactor = 80);
CREATE INDEX change_event_unsequenced ON change_event (ord) WHERE seq IS NULL;
CREATE UNIQUE INDEX change_event_feed ON change_event (source_system_id, seq) WHERE seq IS NOT NULL;
CREATE TABLE change_sequence (
  id smallint PRIMARY KEY CHECK (id = 1),
  last_seq bigint NOT NULL,
  -- Newest number that retention removed; a cursor below it is CURSOR_EXPIRED (G-65).
  purged_through bigint NOT NULL DEFAULT 0
);
INSERT INTO change_sequence (id, last_seq) VALUES (1, 0);

CREATE TABLE webhook (
  id uuid PRIMARY KEY,
  source_system_id uuid NOT NULL REFERENCES source_system (id),
  url text NOT NULL,
  sealed_secret bytea NOT NULL,
  delivered_seq bigint NOT NULL,
  failures integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  last_error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  removed_at timestamptz
);
CREATE INDEX webhook_due ON webhook (next_attempt_at) WHERE removed_at IS NULL;
`;

const TABLES = [
  'webhook', 'change_sequence', 'change_event', 'evidence_leaf', 'certificate_line', 'certificate', 'national_alias',
  'national_slot', 'national_pace', 'national_gate', 'national_watch', 'delivery_attempt', 'national_call',
  'record_wait', 'outbox', 'record_version', 'record', 'person_binding', 'person', 'request_slot', 'request_rate',
  'request_nonce', 'source_system_secret', 'source_system',
]; // prettier-ignore

export class Foundation1764000000000 implements MigrationInterface {
  name = 'Foundation1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION take_national_turn');
    for (const table of TABLES) await runner.query(`DROP TABLE ${table}`);
  }
}
