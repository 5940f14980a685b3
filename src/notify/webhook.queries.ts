/** Statements of the webhook deliverer. */
export const WEBHOOK_QUERIES = {
  /**
   * Takes one webhook that is due and has something to say. The due time moved ahead is the lease: a worker that dies
   * loses it by time, and no other one looks at the row before.
   */
  claim: `
WITH due AS (
  SELECT w.id FROM webhook w
   WHERE w.removed_at IS NULL AND w.next_attempt_at <= now()
     AND EXISTS (SELECT 1 FROM change_page p WHERE p.source_system_id = w.source_system_id AND p.last_seq > w.delivered_seq)
   ORDER BY w.next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE webhook w SET next_attempt_at = now() + make_interval(secs => $1)
  FROM due, source_system s
 WHERE w.id = due.id AND s.id = w.source_system_id
RETURNING w.id, w.url, encode(w.sealed_secret, 'hex') AS sealed, w.source_system_id, w.delivered_seq, s.revoked_at`,

  /** Renews the lease with every event that arrived; never goes back behind what another worker delivered. */
  delivered: `
UPDATE webhook SET delivered_seq = greatest(delivered_seq, $2), failures = 0, last_error = NULL,
       next_attempt_at = now() + make_interval(secs => $3)
 WHERE id = $1 AND removed_at IS NULL RETURNING 1 AS stands`,

  release: `UPDATE webhook SET next_attempt_at = now() WHERE id = $1 AND failures = 0`,

  /** 5 s, 10 s, 20 s … 1 h, by the database clock. */
  failed: `
UPDATE webhook SET failures = failures + 1, last_error = $2,
       next_attempt_at = now() + make_interval(secs => least(3600, 5 * power(2, least(failures, 20))))
 WHERE id = $1`,

  removeRevoked: `UPDATE webhook SET removed_at = now() WHERE id = $1`,
} as const;
