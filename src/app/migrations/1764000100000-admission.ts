import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Admission of a request in one round trip (G-08): rate and parallel slots of one source system, counted over all
 * processes because the row is locked while it is judged.
 *
 * The rate is a sliding second in ticks of 50 ms (`counts`, newest last): in no second are more admitted than the
 * rate, and a client that waits the second it was told gets its full rate again. A token bucket of the same burst
 * would let 10 s of flood take 10 % more and 2 s of it 50 % more.
 */
const UP = `
DROP TABLE request_rate;
CREATE UNLOGGED TABLE request_rate (
  source_system_id uuid PRIMARY KEY,
  tick bigint NOT NULL,
  counts integer[] NOT NULL
) WITH (fillfactor = 50);

CREATE FUNCTION admit_request(p_source uuid, p_slot uuid, p_rate integer, p_parallel integer, p_lease_seconds integer)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  c_ticks CONSTANT integer := 20;
  v_tick bigint;
  v_old_tick bigint;
  v_counts integer[];
  v_gone integer;
  v_used integer;
BEGIN
  INSERT INTO request_rate VALUES (p_source, 0, array_fill(0, ARRAY[c_ticks])) ON CONFLICT DO NOTHING;
  SELECT tick, counts INTO v_old_tick, v_counts FROM request_rate WHERE source_system_id = p_source FOR UPDATE;
  -- Read after the lock was won; a clock set back counts as standing still.
  v_tick := greatest(v_old_tick, floor(extract(epoch FROM clock_timestamp()) * c_ticks)::bigint);
  v_gone := least(c_ticks, v_tick - v_old_tick)::integer;
  IF v_gone > 0 THEN
    v_counts := v_counts[v_gone + 1 : c_ticks] || array_fill(0, ARRAY[v_gone]);
  END IF;
  SELECT coalesce(sum(n), 0) INTO v_used FROM unnest(v_counts) n;
  IF v_used >= p_rate THEN
    RETURN 'rate';
  END IF;
  DELETE FROM request_slot WHERE source_system_id = p_source AND held_until < clock_timestamp();
  IF (SELECT count(*) FROM request_slot WHERE source_system_id = p_source) >= p_parallel THEN
    RETURN 'parallel';
  END IF;
  v_counts[c_ticks] := v_counts[c_ticks] + 1;
  UPDATE request_rate SET tick = v_tick, counts = v_counts WHERE source_system_id = p_source;
  INSERT INTO request_slot VALUES (p_slot, p_source, clock_timestamp() + make_interval(secs => p_lease_seconds));
  RETURN 'admitted';
END $$;
`;

const DOWN = `
DROP FUNCTION admit_request(uuid, uuid, integer, integer, integer);
DROP TABLE request_rate;
CREATE UNLOGGED TABLE request_rate (
  source_system_id uuid PRIMARY KEY,
  tokens double precision NOT NULL,
  refilled_at timestamptz NOT NULL
);
`;

export class Admission1764000100000 implements MigrationInterface {
  name = 'Admission1764000100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
