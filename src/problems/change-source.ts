import type { Queryable } from '../platform/database/index.js';

/** What the newest changes may mean for problems. */
export interface Touched {
  /** Records that a person must see, that carry a judgement, or that stood among the problems. */
  readonly recordIds: readonly string[];
  /** Number of the last change that was looked at; null = there is none. */
  readonly throughSeq: number | null;
}

/** The ledger's feed over all source systems, in order and complete up to the newest number (G-65). */
export interface ChangeSource {
  touched(database: Queryable, afterSeq: number, pages: number): Promise<Touched>;
  /** Newest number given out, and up to which number the feed is no longer kept. */
  ends(database: Queryable): Promise<{ newest: number; purgedThrough: number }>;
}

/**
 * Straight from the ledger's pages. Nearly all changes are of records that go well: they are sorted out by the
 * database, since reading every event and its record cost as much as delivering it.
 */
export const ledgerChanges: ChangeSource = {
  touched: async (database, afterSeq, pages) => {
    const [row] = await database.query<{ through: number | null; ids: string[] | null }>(
      `WITH page AS MATERIALIZED (SELECT last_seq, record_ids, states FROM change_page
         WHERE last_seq > $1 ORDER BY last_seq LIMIT $2)
       SELECT (SELECT max(last_seq)::float8 FROM page) AS through,
         (SELECT array_agg(DISTINCT e.record_id) FROM page p CROSS JOIN LATERAL unnest(p.record_ids, p.states) AS e(record_id, state)
           WHERE e.state <> 'sending' AND (e.state = 'attention'
             OR (e.state IN ('queued', 'waiting')
               AND EXISTS (SELECT 1 FROM record r WHERE r.id = e.record_id AND r.warnings IS NOT NULL))
             OR EXISTS (SELECT 1 FROM problem_item i WHERE i.record_id = e.record_id))) AS ids`,
      [afterSeq, pages],
      'problems-touched',
    );
    return { recordIds: row?.ids ?? [], throughSeq: row?.through ?? null };
  },
  ends: async (database) => {
    const [row] = await database.query<{ newest: number; purgedThrough: number }>(
      `SELECT last_seq::float8 AS newest, purged_through::float8 AS "purgedThrough" FROM change_sequence WHERE id = 1`,
      [],
      'problems-feed-ends',
    );
    return row ?? { newest: 0, purgedThrough: 0 };
  },
};
