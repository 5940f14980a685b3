import { appendEvidence } from '../evidence/index.js';
import type { Tx } from '../platform/database/index.js';

/** Why a row is called otherwise: merged into another, moved to another area, or numbered anew as a whole. */
export type AliasCause = 'merged' | 'reassigned' | 'reminted';

/** A national id that no longer names its row, and the one that does. */
export interface NationalAlias {
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly cause: AliasCause;
}

/**
 * Writes down that a national id was replaced, once each, with one leaf `alias.added`.
 *
 * Promise  every older id leads to the newest at once: aliases of `from` are led on, and `to` is an alias no more
 * Needs    the caller's transaction, in which the records themselves learn the new id
 * Source   national-contract F45, F60, F63; reliability §9.2, I03
 */
export async function recordAliases(tx: Tx, aliases: readonly NationalAlias[]): Promise<void> {
  const changes = aliases.filter(({ from, to }) => from !== to);
  if (changes.length === 0) return;
  const added = await addAliases(tx, [...new Map(changes.map((one) => [one.from, one])).values()]);
  if (added.length === 0) return;
  await leadOn(tx, added);
  await appendEvidence(
    tx,
    added.map(({ kind, from, to, cause }) => ({ kind: 'alias.added', actor: 'adapter', recordKind: kind, from, to, cause })),
  ); // prettier-ignore
}

/** Those that were not known already. */
async function addAliases(tx: Tx, changes: readonly NationalAlias[]): Promise<NationalAlias[]> {
  const rows = await tx.query<{ national_id: string; current_national_id: string; kind: string; cause: AliasCause }>(
    `INSERT INTO national_alias AS a (national_id, current_national_id, kind, cause)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS x(national_id, current_id, kind, cause)
     ORDER BY national_id
     ON CONFLICT (national_id) DO UPDATE SET current_national_id = excluded.current_national_id,
       kind = excluded.kind, cause = excluded.cause, at = now()
       WHERE a.current_national_id <> excluded.current_national_id
     RETURNING national_id, current_national_id, kind, cause`,
    [
      changes.map(({ from }) => from),
      changes.map(({ to }) => to),
      changes.map(({ kind }) => kind),
      changes.map(({ cause }) => cause),
    ],
    'ledger-add-aliases',
  );
  return rows.map((row) => ({
    kind: row.kind,
    from: row.national_id,
    to: row.current_national_id,
    cause: row.cause,
  }));
}

/** An id that is in use again (a merge undone) is no alias; what led to an old id leads to its successor. */
async function leadOn(tx: Tx, added: readonly NationalAlias[]): Promise<void> {
  const [from, to] = [added.map((one) => one.from), added.map((one) => one.to)];
  await tx.query(
    `DELETE FROM national_alias WHERE national_id = ANY ($1::text[]) AND national_id <> ALL ($2::text[])`,
    [to, from],
    'ledger-end-aliases',
  );
  await tx.query(
    `UPDATE national_alias a SET current_national_id = x.current_id
     FROM unnest($1::text[], $2::text[]) AS x(national_id, current_id)
     WHERE a.current_national_id = x.national_id AND a.national_id <> x.current_id`,
    [from, to],
    'ledger-lead-aliases-on',
  );
}
