import { SHOWN_STATE } from './delivery-moves.js';

/**
 * The first `$3` numbered events after `$2`, of the pages that `where` names. Only as many pages are opened as hold
 * them. An event's id is its page's with its place in the last eight digits: made once, the same at every reading.
 */
function eventsAfter(where: string): string {
  return `
SELECT p.first_seq + e.place - 1 AS seq,
       overlay(p.page_id::text PLACING lpad(to_hex(('x' || right(p.page_id::text, 8))::bit(32)::int
         # (p.first_index + e.place::int - 1)), 8, '0') FROM 29)::uuid AS event_id,
       r.kind, r.source_id, e.record_id, e.version, e.state, p.since, e.code
  FROM (SELECT page.*, sum(page.unread) OVER (ORDER BY page.last_seq) - page.unread AS before
          FROM (SELECT p.*, p.last_seq - greatest(p.first_seq - 1, $2::bigint) AS unread FROM change_page p
                 WHERE ${where} AND p.last_seq > $2::bigint ORDER BY p.last_seq LIMIT $3::int) page) p
 CROSS JOIN LATERAL unnest(p.record_ids, p.versions, p.states, p.codes) WITH ORDINALITY
       AS e(record_id, version, state, code, place)
  JOIN record r ON r.id = e.record_id
 WHERE p.before < $3::int AND p.first_seq + e.place - 1 > $2::bigint
 ORDER BY seq LIMIT $3::int`;
}

/** Statements of LedgerReader. All are bound to one source system: another's rows do not exist for it (G-73). */
export const READER_QUERIES = {
  /**
   * One record with everything that can say when it moves next. `closed_until` is the latest gate that holds its
   * kind or everything.
   */
  status: `
SELECT r.id AS record_id, r.kind, r.source_id, r.biz_no, r.version, ${SHOWN_STATE} AS state,
       CASE WHEN ${SHOWN_STATE} = r.state THEN r.since ELSE coalesce(c.planned_at, r.since) END AS since, r.national_id,
       r.national_version, r.waiting_for, r.outcome_code, r.outcome_message, r.outcome_at, r.outcome_actor,
       r.due_by, r.warnings,
       CASE WHEN o.ready_at > now() THEN o.ready_at END AS ready_at,
       gate.closed_until, o.lookup_at, c.due_at AS call_due_at, w.due_at AS watch_due_at,
       coalesce(same.ids, '{}') AS same_person_as, live.waits AS live_waits
  FROM record r
  LEFT JOIN outbox o ON o.biz_no = r.biz_no
  LEFT JOIN national_call c ON c.id = o.call_id AND c.stage <> 'closed'
  LEFT JOIN national_watch w ON w.biz_no = r.biz_no
  LEFT JOIN LATERAL (
    SELECT max(g.closed_until) AS closed_until FROM national_gate g
     WHERE g.closed_until > now() AND g.scope = ANY (ARRAY['all', 'writes', 'kind:' || r.kind])
  ) gate ON r.state IN ('queued', 'waiting')
  LEFT JOIN LATERAL (
    SELECT array_agg(t.source_id ORDER BY t.source_id) AS ids FROM record t
     WHERE t.biz_no = r.biz_no AND t.source_system_id = r.source_system_id AND t.kind = r.kind AND t.id <> r.id
  ) same ON r.kind = 'volunteer'
  LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('key', w.waits_key, 'state', p.state) ORDER BY w.waits_key) AS waits
      FROM record_wait w
      LEFT JOIN record p ON p.source_system_id = w.source_system_id AND p.kind = split_part(w.waits_key, '/', 1)
                        AND p.source_id = split_part(w.waits_key, '/', 2)
     WHERE w.record_id = r.id
  ) live ON r.state = 'waiting'
 WHERE r.source_system_id = $1 AND r.kind = $2 AND r.source_id = $3`,

  /** One snapshot for counter and events: what is at or below `last_seq` in it is complete. */
  changes: `
SELECT s.last_seq, s.purged_through, e.*
  FROM change_sequence s
  LEFT JOIN LATERAL (${eventsAfter('p.source_system_id = $1')}) e ON true
 WHERE s.id = 1
 ORDER BY e.seq`,

  events: eventsAfter('p.source_system_id = $1'),

  summary: `
WITH counted AS (
  SELECT kind, state, count(*) AS records FROM record WHERE source_system_id = $1 GROUP BY kind, state
), flying AS (
  SELECT r.kind, count(*) AS records
    FROM national_call c CROSS JOIN LATERAL unnest(c.biz_nos) AS n(biz_no)
    JOIN outbox o ON o.biz_no = n.biz_no AND o.call_id = c.id
    JOIN record r ON r.id = o.flight_record_id
   WHERE c.stage <> 'closed' AND r.source_system_id = $1 AND r.state = 'queued' AND ${SHOWN_STATE} = 'sending'
   GROUP BY r.kind
)
SELECT n.as_of, c.kind, c.state, c.records
  FROM (SELECT now() AS as_of) n
  LEFT JOIN (
    SELECT kind, state, sum(records)::integer AS records FROM (
      SELECT * FROM counted
      UNION ALL SELECT kind, 'queued', -records FROM flying
      UNION ALL SELECT kind, 'sending', records FROM flying) every_state
     GROUP BY kind, state HAVING sum(records) > 0
  ) c ON true`,
} as const;
