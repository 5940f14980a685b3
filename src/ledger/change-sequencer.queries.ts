/** Statements of the change sequencer; each runs under its lock. */
export const CHANGE_QUERIES = {
  anyWaiting: 'SELECT 1 FROM change_event WHERE seq IS NULL LIMIT 1',

  number: `
WITH waiting AS (
  SELECT ord, row_number() OVER (ORDER BY ord) AS place FROM
    (SELECT ord FROM change_event WHERE seq IS NULL ORDER BY ord LIMIT $1) oldest
), counter AS (
  UPDATE change_sequence SET last_seq = last_seq + (SELECT count(*) FROM waiting) WHERE id = 1
  RETURNING last_seq - (SELECT count(*) FROM waiting) AS before
), numbered AS (
  UPDATE change_event e SET seq = counter.before + waiting.place
    FROM waiting, counter WHERE e.ord = waiting.ord
  RETURNING 1
)
SELECT count(*)::integer AS numbered FROM numbered`,

  // Identity order is nearly the order of numbers; a straggler below `purged_through` is expired all the same.
  purge: `
WITH gone AS (
  DELETE FROM change_event WHERE ord IN
    (SELECT ord FROM (SELECT ord, seq, since FROM change_event ORDER BY ord LIMIT $1) oldest
      WHERE seq IS NOT NULL AND since < now() - make_interval(days => $2))
  RETURNING seq
), marked AS (
  UPDATE change_sequence SET purged_through = greatest(purged_through, (SELECT max(seq) FROM gone))
   WHERE id = 1 AND EXISTS (SELECT 1 FROM gone)
)
SELECT count(*)::integer AS purged FROM gone`,
} as const;
