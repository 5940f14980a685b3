import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Storm control: breakers, learnt speed, daily quota, pauses; fair lanes and promised times. Everything is shared by
 * all workers through rows, goes by the database clock and survives restarts.
 *
 * `outbox_ready` is replaced, not joined by a second index: promises are the hottest rows of the house. `fair_key`
 * stands for (county, source system) in eight bytes, so that the index grows by one word and the heads of all queues
 * of a lane are found by as many probes as there are queues.
 */
const UP = `
CREATE TABLE national_breaker (
  operation text PRIMARY KEY,
  state text NOT NULL CHECK (state IN ('closed', 'open', 'half-open', 'slow')),
  window_from timestamptz NOT NULL DEFAULT now(),
  calls integer NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  streak integer NOT NULL DEFAULT 0,
  -- Operations that failed in this streak: the whole nation is down only when several do.
  streak_operations text[] NOT NULL DEFAULT '{}',
  -- Share of failures that is usual here; only refusals have one worth knowing (F39).
  normal_ratio double precision NOT NULL DEFAULT 0,
  trips integer NOT NULL DEFAULT 0,
  retry_at timestamptz,
  probe_token uuid,
  probe_until timestamptz,
  slow_from timestamptz,
  code text NOT NULL DEFAULT '',
  reason text NOT NULL DEFAULT '',
  since timestamptz NOT NULL DEFAULT now()
);

-- What 1301, 429 and 1305 taught: a factor on the announced limit, or on the measured rate where none is announced.
CREATE TABLE national_speed (
  dimension text PRIMARY KEY CHECK (dimension IN ('qps', 'concurrency')),
  base double precision NOT NULL,
  factor double precision NOT NULL,
  lowered_at timestamptz NOT NULL DEFAULT now()
);

-- One row per quota window (a Beijing day unless the nation names another end).
CREATE TABLE national_quota_day (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  starts_at timestamptz NOT NULL DEFAULT now(),
  resets_at timestamptz NOT NULL,
  quota_limit integer,
  used integer NOT NULL DEFAULT 0,
  announced_at timestamptz
);
-- Calls handed out to a process and perhaps not yet seen by the nation.
CREATE TABLE national_quota_block (
  quota_id bigint NOT NULL,
  size integer NOT NULL,
  held_until timestamptz NOT NULL
);

-- The window that holds now; advisory lock 5339 is the caller's, so that a midnight makes one row.
CREATE FUNCTION current_national_quota() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  v_id bigint;
BEGIN
  SELECT id INTO v_id FROM national_quota_day WHERE resets_at > now() ORDER BY id DESC LIMIT 1;
  IF v_id IS NULL THEN
    INSERT INTO national_quota_day (resets_at, quota_limit)
    VALUES ((date_trunc('day', now() AT TIME ZONE 'Asia/Shanghai') + interval '1 day') AT TIME ZONE 'Asia/Shanghai',
      (SELECT quota_limit FROM national_quota_day ORDER BY id DESC LIMIT 1))
    RETURNING id INTO v_id;
  END IF;
  RETURN v_id;
END $$;

-- Hands out up to \`wanted\` calls of today's quota; writes leave \`reserve\` of it for reads.
CREATE FUNCTION reserve_national_quota(is_write boolean, wanted integer, reserve double precision, hold_ms integer)
RETURNS TABLE (granted integer, resets_in_ms double precision) LANGUAGE plpgsql AS $$
DECLARE
  v_id bigint;
  v_day national_quota_day;
  v_top integer;
BEGIN
  PERFORM pg_advisory_xact_lock(5339);
  -- A statement of its own, so that the next one sees the row that it may have made.
  v_id := current_national_quota();
  SELECT * INTO v_day FROM national_quota_day WHERE id = v_id;
  v_top := CASE WHEN is_write THEN floor(v_day.quota_limit * (1 - reserve))::integer ELSE v_day.quota_limit END;
  granted := CASE WHEN v_top IS NULL THEN wanted ELSE greatest(0, least(wanted, v_top - v_day.used)) END;
  resets_in_ms := extract(epoch FROM v_day.resets_at - now()) * 1000;
  IF granted > 0 THEN
    UPDATE national_quota_day SET used = used + granted WHERE id = v_day.id;
    DELETE FROM national_quota_block WHERE held_until < now();
    INSERT INTO national_quota_block VALUES (v_day.id, granted, now() + make_interval(secs => hold_ms / 1000.0));
  END IF;
  RETURN NEXT;
END $$;

-- Takes over what the nation says; what is handed out and may still be on its way is added on top.
CREATE FUNCTION adopt_national_quota(p_limit integer, p_used integer, p_resets_in_ms double precision)
RETURNS TABLE (quota_limit integer, used integer, resets_in_ms double precision) LANGUAGE plpgsql AS $$
DECLARE
  v_id bigint;
  v_out integer;
BEGIN
  PERFORM pg_advisory_xact_lock(5339);
  v_id := current_national_quota();
  SELECT coalesce(sum(b.size), 0) INTO v_out FROM national_quota_block b WHERE b.quota_id = v_id AND b.held_until >= now();
  RETURN QUERY UPDATE national_quota_day d SET quota_limit = p_limit, used = p_used + v_out, announced_at = now(),
      resets_at = CASE WHEN p_resets_in_ms IS NULL OR p_resets_in_ms <= 0 THEN d.resets_at
        ELSE now() + make_interval(secs => p_resets_in_ms / 1000) END
    WHERE d.id = v_id
    RETURNING d.quota_limit, d.used, (extract(epoch FROM d.resets_at - now()) * 1000)::double precision;
END $$;

CREATE TABLE delivery_pause (
  id uuid PRIMARY KEY,
  scope text NOT NULL,
  is_stop boolean NOT NULL DEFAULT false,
  reason text NOT NULL,
  actor text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  until timestamptz,
  -- Open-ended ones are brought to mind again at this time.
  remind_at timestamptz NOT NULL,
  ended_at timestamptz,
  ended_by text,
  CHECK (until IS NULL OR until > at)
);
CREATE INDEX delivery_pause_open ON delivery_pause (scope) WHERE ended_at IS NULL;

-- Times promised to records that wait, until they are kept or broken; then only the counts remain.
CREATE TABLE delivery_promise (
  record_id uuid PRIMARY KEY,
  version integer NOT NULL,
  kind text NOT NULL,
  promised_by timestamptz NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE delivery_promise_score (
  day date NOT NULL,
  kind text NOT NULL,
  kept integer NOT NULL DEFAULT 0,
  broken integer NOT NULL DEFAULT 0,
  PRIMARY KEY (day, kind)
);
-- What went out in each minute, added to by every process now and then.
CREATE TABLE delivery_throughput (
  minute timestamptz PRIMARY KEY,
  calls integer NOT NULL,
  entries integer NOT NULL
);

ALTER TABLE outbox ADD COLUMN fair_key bigint NOT NULL
  GENERATED ALWAYS AS (hashtextextended(county_code || '/' || source_system_id::text, 0)) STORED;
DROP INDEX outbox_ready;
CREATE INDEX outbox_ready ON outbox (kind, lane_rank, fair_key, accepted_ord) WHERE stage = 'ready';
`;

const DOWN = `
DROP INDEX outbox_ready;
ALTER TABLE outbox DROP COLUMN fair_key;
CREATE INDEX outbox_ready ON outbox (kind, lane_rank, accepted_ord) WHERE stage = 'ready';
DROP TABLE delivery_throughput;
DROP TABLE delivery_promise_score;
DROP TABLE delivery_promise;
DROP TABLE delivery_pause;
DROP FUNCTION adopt_national_quota;
DROP FUNCTION reserve_national_quota;
DROP FUNCTION current_national_quota;
DROP TABLE national_quota_block;
DROP TABLE national_quota_day;
DROP TABLE national_speed;
DROP TABLE national_breaker;
`;

export class StormControl1764000400000 implements MigrationInterface {
  name = 'StormControl1764000400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
