import type { Database } from '../database/index.js';
import type { Vault } from './vault.js';

/** Where a room keeps sealed values. Names are constants of that room, never input. */
export interface SealedColumn {
  readonly table: string;
  readonly idColumn: string;
  readonly column: string;
  /** The place that the value was sealed for is `prefix` and this column's value. */
  readonly placeColumn: string;
  readonly placePrefix: string;
}

const ROWS_PER_TURN = 500;

interface SealedRow extends Record<string, unknown> {
  id: string;
  place: string;
  sealed: Buffer;
}

/**
 * Seals again, with the newest key, whatever an older one has sealed. Each turn is a transaction of its own: a kill
 * loses nothing and the next run goes on (S33). Answers how many values were sealed again.
 */
export async function resealColumn(database: Database, vault: Vault, at: SealedColumn): Promise<number> {
  let total = 0;
  for (;;) {
    const done = await database.transaction(async (tx) => {
      const rows = await tx.query<SealedRow>(
        `SELECT ${at.idColumn} AS id, ${at.placeColumn}::text AS place, ${at.column} AS sealed FROM ${at.table}
         WHERE substring(${at.column} FROM 1 FOR $1::int) <> $2 LIMIT ${ROWS_PER_TURN} FOR UPDATE SKIP LOCKED`,
        [vault.newestHeader.length, vault.newestHeader],
      );
      const sealed = rows.map((row) => {
        const place = `${at.placePrefix}${row.place}`;
        return vault.seal(vault.open(row.sealed, place), place).toString('base64');
      });
      await tx.query(
        `UPDATE ${at.table} t SET ${at.column} = decode(x.sealed, 'base64')
         FROM unnest($1::uuid[], $2::text[]) AS x(id, sealed) WHERE t.${at.idColumn} = x.id`,
        [rows.map((row) => row.id), sealed],
      );
      return rows.length;
    });
    total += done;
    if (done < ROWS_PER_TURN) return total;
  }
}
