/** Statements of the change sequencer; each runs under its lock. */
export const CHANGE_QUERIES = {
  anyWaiting: 'SELECT 1 FROM change_page WHERE last_seq IS NULL LIMIT 1',

  number: `
WITH waiting AS (
  SELECT ord, size, sum(size) OVER (ORDER BY ord) AS upto FROM
    (SELECT ord, size FROM change_page WHERE last_seq IS NULL ORDER BY ord LIMIT $1) oldest
), counter AS (
  UPDATE change_sequence SET last_seq = last_seq + (SELECT coalesce(sum(size), 0) FROM waiting) WHERE id = 1
  RETURNING last_seq - (SELECT coalesce(sum(size), 0) FROM waiting) AS before
), numbered AS (
  UPDATE change_page p
     SET first_seq = counter.before + waiting.upto - waiting.size + 1, last_seq = counter.before + waiting.upto
    FROM waiting, counter WHERE p.ord = waiting.ord
  RETURNING 1
)
SELECT count(*)::integer AS numbered FROM numbered`,

  // Identity order is nearly the order of numbers; a straggler below `purged_through` is expired all the same.
  purge: `
WITH gone AS (
  DELETE FROM change_page WHERE ord IN
    (SELECT ord FROM (SELECT ord, last_seq, since FROM change_page ORDER BY ord LIMIT $1) oldest
      WHERE last_seq IS NOT NULL AND since < now() - make_interval(days => $2))
  RETURNING last_seq
), marked AS (
  UPDATE change_sequence SET purged_through = greatest(purged_through, (SELECT max(last_seq) FROM gone))
   WHERE id = 1 AND EXISTS (SELECT 1 FROM gone)
)
SELECT count(*)::integer AS purged FROM gone`,
} as const;
