import { readChangesOfAll } from '../ledger/index.js';
import type { Queryable } from '../platform/database/index.js';

/** One change of a record's state, of whatever source system. */
export interface Change {
  readonly seq: number;
  readonly recordId: string;
  readonly kind: string;
  readonly state: string;
  readonly version: number;
  readonly code: string | null;
}

/** The ledger's feed over all source systems, in order and complete up to the newest number (G-65). */
export interface ChangeSource {
  read(database: Queryable, afterSeq: number, limit: number): Promise<Change[]>;
  /** Newest number given out, and up to which number the feed is no longer kept. */
  ends(database: Queryable): Promise<{ newest: number; purgedThrough: number }>;
}

/** Straight from the ledger. */
export const ledgerChanges: ChangeSource = {
  read: readChangesOfAll,
  ends: async (database) => {
    const [row] = await database.query<{ newest: number; purgedThrough: number }>(
      `SELECT last_seq::float8 AS newest, purged_through::float8 AS "purgedThrough" FROM change_sequence WHERE id = 1`,
      [],
      'problems-feed-ends',
    );
    return row ?? { newest: 0, purgedThrough: 0 };
  },
};
