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
`;

const DOWN = `
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
