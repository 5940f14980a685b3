import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Fewer row writes on the way of a record (ADR 0011): leaves and events of one transaction share a page, and the open
 * attempt stands on the promise that it is to keep, so that a number can be in flight only once by the primary key.
 */
const UP = `
CREATE TABLE evidence_page (
  ord bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  -- One leaf each, in the order in which the transaction wrote them.
  entries text[] NOT NULL CHECK (cardinality(entries) > 0)
);
INSERT INTO evidence_page (at, entries)
  SELECT at, array_agg(entry ORDER BY ord) FROM evidence_leaf GROUP BY at ORDER BY min(ord);
DROP TABLE evidence_leaf;

CREATE TABLE change_page (
  ord bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  page_id uuid NOT NULL,
  -- Place of the page's first event among those of its page_id: event ids are made of both.
  first_index integer NOT NULL DEFAULT 0,
  source_system_id uuid NOT NULL,
  size integer NOT NULL CHECK (size > 0),
  -- Numbers of the first and the last event; given after commit.
  first_seq bigint,
  last_seq bigint,
  since timestamptz NOT NULL,
  record_ids uuid[] NOT NULL,
  versions integer[] NOT NULL,
  states text[] NOT NULL,
  codes text[] NOT NULL
) WITH (fillfactor = 80);
INSERT INTO change_page (page_id, source_system_id, size, first_seq, last_seq, since, record_ids, versions, states, codes)
  SELECT event_id, source_system_id, 1, seq, seq, since, ARRAY[record_id], ARRAY[version], ARRAY[state], ARRAY[code]
  FROM change_event ORDER BY ord;
DROP TABLE change_event;
CREATE INDEX change_page_unsequenced ON change_page (ord) WHERE last_seq IS NULL;
CREATE UNIQUE INDEX change_page_feed ON change_page (source_system_id, last_seq) WHERE last_seq IS NOT NULL;
CREATE UNIQUE INDEX change_page_order ON change_page (last_seq) WHERE last_seq IS NOT NULL;

-- Leaf by leaf and event by event, for people and for whoever reads without haste.
CREATE VIEW evidence_leaf AS
  SELECT p.ord, e.place, p.at, e.entry::jsonb ->> 'kind' AS kind, e.entry
  FROM evidence_page p CROSS JOIN LATERAL unnest(p.entries) WITH ORDINALITY AS e(entry, place);
CREATE VIEW change_event AS
  SELECT p.ord, e.place, p.first_seq + e.place - 1 AS seq, p.source_system_id, e.record_id, e.version, e.state, p.since, e.code
  FROM change_page p CROSS JOIN LATERAL unnest(p.record_ids, p.versions, p.states, p.codes) WITH ORDINALITY
    AS e(record_id, version, state, code, place);

-- The records of a page are sent together: each needs room for a second tuple at the same moment, or its update leaves
-- the page and writes every index anew. At 70 that were 44 of 100 updates.
ALTER TABLE record SET (fillfactor = 45);

-- The open attempt of a number. One promise a number, one call a promise: never two in flight together (G-48).
ALTER TABLE outbox
  DROP CONSTRAINT outbox_stage_check,
  ADD CONSTRAINT outbox_stage_check CHECK (stage IN ('ready', 'waiting', 'flying', 'unknown')),
  ADD COLUMN call_id uuid,
  ADD COLUMN flight_record_id uuid,
  ADD COLUMN flight_version integer,
  ADD COLUMN op text CHECK (op IN ('UPSERT', 'VOID', 'CORRECT')),
  ADD COLUMN content_hash text,
  ADD COLUMN volunteer_biz_no text,
  ADD COLUMN starts_at timestamptz,
  ADD COLUMN ends_at timestamptz,
  -- Only while unknown: when it is looked up next, how often it was, and what made it so.
  ADD COLUMN lookup_at timestamptz,
  ADD COLUMN lookups integer NOT NULL DEFAULT 0,
  ADD COLUMN doubt_code text;
UPDATE outbox o SET stage = CASE WHEN a.stage = 'open' THEN 'flying' ELSE 'unknown' END, call_id = a.call_id,
    flight_record_id = a.record_id, flight_version = a.version, op = a.op, content_hash = a.content_hash,
    volunteer_biz_no = a.volunteer_biz_no, starts_at = a.starts_at, ends_at = a.ends_at, lookup_at = a.lookup_at,
    lookups = a.lookups, doubt_code = CASE WHEN a.stage = 'unknown' THEN a.outcome_code END
  FROM delivery_attempt a WHERE a.biz_no = o.biz_no AND a.stage <> 'closed';
ALTER TABLE outbox ADD CONSTRAINT outbox_flight CHECK ((stage IN ('flying', 'unknown')) = (call_id IS NOT NULL));
CREATE INDEX outbox_interval ON outbox (volunteer_biz_no)
  WHERE stage IN ('flying', 'unknown') AND volunteer_biz_no IS NOT NULL;
CREATE INDEX outbox_unknown ON outbox (kind, lookup_at) WHERE stage = 'unknown';
-- Writes name their numbers too.
UPDATE national_call c SET biz_nos = a.biz_nos
  FROM (SELECT call_id, array_agg(biz_no ORDER BY biz_no) AS biz_nos FROM delivery_attempt GROUP BY call_id) a
  WHERE a.call_id = c.id;

-- History: attempts that have ended, each written once.
ALTER TABLE delivery_attempt RENAME TO delivery_attempt_before;
CREATE TABLE delivery_attempt (
  biz_no text NOT NULL,
  call_id uuid NOT NULL,
  record_id uuid NOT NULL,
  kind text NOT NULL,
  version integer NOT NULL,
  op text NOT NULL,
  content_hash text,
  lookups integer NOT NULL,
  outcome_class text NOT NULL,
  outcome_code text NOT NULL,
  closed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (biz_no, call_id)
);
INSERT INTO delivery_attempt (biz_no, call_id, record_id, kind, version, op, content_hash, lookups, outcome_class,
    outcome_code, closed_at)
  SELECT biz_no, call_id, record_id, kind, version, op, content_hash, lookups, coalesce(outcome_class, ''),
    coalesce(outcome_code, ''), coalesce(closed_at, now())
  FROM delivery_attempt_before WHERE stage = 'closed';
DROP TABLE delivery_attempt_before;
-- Open and ended ones together, for whoever counts or draws a timeline.
CREATE VIEW attempt AS
  SELECT a.biz_no, a.call_id, a.record_id, a.kind, a.version, a.op, a.content_hash, 'closed' AS stage, c.sent_at, a.lookups,
    a.outcome_class, a.outcome_code, a.closed_at
  FROM delivery_attempt a JOIN national_call c ON c.id = a.call_id
  UNION ALL
  SELECT o.biz_no, o.call_id, o.flight_record_id, o.kind, o.flight_version, o.op, o.content_hash,
    CASE WHEN o.stage = 'flying' THEN 'open' ELSE 'unknown' END, c.sent_at, o.lookups, NULL, o.doubt_code, NULL
  FROM outbox o JOIN national_call c ON c.id = o.call_id;
`;

const DOWN = `
DROP VIEW attempt;
DROP VIEW change_event;
DROP VIEW evidence_leaf;
CREATE TABLE evidence_leaf (
  ord bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL,
  entry text NOT NULL
);
INSERT INTO evidence_leaf (at, kind, entry)
  SELECT p.at, e.entry::jsonb ->> 'kind', e.entry FROM evidence_page p
  CROSS JOIN LATERAL unnest(p.entries) WITH ORDINALITY AS e(entry, place) ORDER BY p.ord, e.place;
DROP TABLE evidence_page;
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
INSERT INTO change_event (seq, event_id, source_system_id, record_id, kind, source_id, version, state, since, code)
  SELECT p.first_seq + e.place - 1, gen_random_uuid(), p.source_system_id, r.id, r.kind, r.source_id, e.version, e.state,
    p.since, e.code
  FROM change_page p CROSS JOIN LATERAL unnest(p.record_ids, p.versions, p.states, p.codes) WITH ORDINALITY
    AS e(record_id, version, state, code, place)
  JOIN record r ON r.id = e.record_id ORDER BY p.ord, e.place;
CREATE INDEX change_event_unsequenced ON change_event (ord) WHERE seq IS NULL;
CREATE UNIQUE INDEX change_event_feed ON change_event (source_system_id, seq) WHERE seq IS NOT NULL;
DROP TABLE change_page;

ALTER TABLE delivery_attempt RENAME TO delivery_attempt_after;
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
INSERT INTO delivery_attempt (call_id, biz_no, record_id, kind, version, op, content_hash, stage, sent_at, lookups,
    outcome_class, outcome_code, closed_at)
  SELECT a.call_id, a.biz_no, a.record_id, a.kind, a.version, a.op, a.content_hash, 'closed', c.sent_at, a.lookups,
    a.outcome_class, a.outcome_code, a.closed_at
  FROM delivery_attempt_after a JOIN national_call c ON c.id = a.call_id;
INSERT INTO delivery_attempt (call_id, biz_no, record_id, kind, version, op, content_hash, volunteer_biz_no, starts_at,
    ends_at, stage, sent_at, lookup_at, lookups, outcome_code)
  SELECT o.call_id, o.biz_no, o.flight_record_id, o.kind, o.flight_version, o.op, o.content_hash, o.volunteer_biz_no,
    o.starts_at, o.ends_at, CASE WHEN o.stage = 'flying' THEN 'open' ELSE 'unknown' END, c.sent_at, o.lookup_at,
    o.lookups, o.doubt_code
  FROM outbox o JOIN national_call c ON c.id = o.call_id;
DROP TABLE delivery_attempt_after;
CREATE UNIQUE INDEX delivery_attempt_one_open ON delivery_attempt (biz_no) WHERE stage <> 'closed';
CREATE INDEX delivery_attempt_interval ON delivery_attempt (volunteer_biz_no)
  WHERE stage <> 'closed' AND volunteer_biz_no IS NOT NULL;
CREATE INDEX delivery_attempt_unknown ON delivery_attempt (kind, lookup_at) WHERE stage = 'unknown';
ALTER TABLE record SET (fillfactor = 70);
UPDATE national_call SET biz_nos = NULL WHERE operation IN ('write-single', 'write-batch');
DROP INDEX outbox_interval;
DROP INDEX outbox_unknown;
ALTER TABLE outbox DROP CONSTRAINT outbox_flight, DROP CONSTRAINT outbox_stage_check;
UPDATE outbox SET stage = 'flying' WHERE stage = 'unknown';
ALTER TABLE outbox ADD CONSTRAINT outbox_stage_check CHECK (stage IN ('ready', 'waiting', 'flying')),
  DROP COLUMN call_id, DROP COLUMN flight_record_id, DROP COLUMN flight_version, DROP COLUMN op,
  DROP COLUMN content_hash, DROP COLUMN volunteer_biz_no, DROP COLUMN starts_at, DROP COLUMN ends_at,
  DROP COLUMN lookup_at, DROP COLUMN lookups, DROP COLUMN doubt_code;
`;

export class PagesAndFlights1764000300000 implements MigrationInterface {
  name = 'PagesAndFlights1764000300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
