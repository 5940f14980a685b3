import type { Tx } from '../platform/database/index.js';
import { recordAliases } from './national-alias.js';

/** One line of the nation's map: the row of this number had `from` and has `to` (F63). */
export interface RemapLine {
  readonly kind: string;
  readonly bizNo: string;
  readonly from: string;
  readonly to: string;
}

/**
 * What a line of the map is to us: `match` = our records have the old id; `done` = they have the new one already;
 * `miss` = we know no such number; `unlinked` = we know the number and no id of it yet, so the next look-up brings the
 * new one; `conflict` = they have a third id, which no map may overwrite.
 */
export type RemapFit = 'match' | 'done' | 'miss' | 'unlinked' | 'conflict';

interface FitRow extends Record<string, unknown> {
  readonly place: number;
  readonly fit: RemapFit;
}

/** Records that share a number are bound to one row; one of them with a third id is enough for a conflict. */
const FIT = `SELECT x.place::int AS place, CASE
    WHEN count(r.id) = 0 THEN 'miss'
    WHEN count(r.national_id) FILTER (WHERE r.national_id NOT IN (x.from_id, x.to_id)) > 0 THEN 'conflict'
    WHEN count(r.national_id) FILTER (WHERE r.national_id = x.from_id) > 0 THEN 'match'
    WHEN count(r.national_id) FILTER (WHERE r.national_id = x.to_id) > 0 THEN 'done'
    ELSE 'unlinked' END AS fit
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS x(kind, biz_no, from_id, to_id, place)
  LEFT JOIN record r ON r.biz_no = x.biz_no AND r.kind = x.kind
  GROUP BY x.place ORDER BY x.place`;

const columns = (lines: readonly RemapLine[]): string[][] => [
  lines.map(({ kind }) => kind),
  lines.map(({ bizNo }) => bizNo),
  lines.map(({ from }) => from),
  lines.map(({ to }) => to),
];

/** How each line fits what we hold, in the order of the lines. */
export async function fitRemap(tx: Tx, lines: readonly RemapLine[]): Promise<RemapFit[]> {
  if (lines.length === 0) return [];
  const rows = await tx.query<FitRow>(FIT, columns(lines), 'ledger-fit-remap');
  return rows.map(({ fit }) => fit);
}

/**
 * Gives the records of the matching lines their new national id, with alias and leaf; adoptions under way follow.
 * Done once, a line is `done` the next time, so a run that was cut short is run again.
 *
 * Shape    lines → how each fitted before
 * Needs    an open transaction; locks the records in the global order
 */
export async function remapNationalIds(tx: Tx, lines: readonly RemapLine[]): Promise<RemapFit[]> {
  if (lines.length === 0) return [];
  await tx.query(
    `SELECT 1 FROM record WHERE biz_no = ANY ($1::text[]) ORDER BY id FOR UPDATE`,
    [lines.map(({ bizNo }) => bizNo)],
    'ledger-lock-remap',
  );
  const fits = await fitRemap(tx, lines);
  const matching = lines.filter((_, place) => fits[place] === 'match');
  await tx.query(
    `UPDATE record r SET national_id = x.to_id
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS x(kind, biz_no, from_id, to_id)
     WHERE r.biz_no = x.biz_no AND r.kind = x.kind AND r.national_id = x.from_id`,
    columns(matching),
    'ledger-remap-records',
  );
  await recordAliases(
    tx,
    matching.map(({ kind, from, to }) => ({ kind, from, to, cause: 'reminted' })),
  );
  return fits;
}

/** Adoptions that wait for their turn name a row by its id, ours or not. Answers how many follow. */
export async function remapAdoptions(tx: Tx, ids: readonly { from: string; to: string }[]): Promise<number> {
  if (ids.length === 0) return 0;
  const rows = await tx.query(
    `UPDATE outbox o SET link_to = x.to_id FROM unnest($1::text[], $2::text[]) AS x(from_id, to_id)
     WHERE o.link_to = x.from_id RETURNING 1`,
    [ids.map(({ from }) => from), ids.map(({ to }) => to)],
    'ledger-remap-adoptions',
  );
  return rows.length;
}

/** National numbers of ours with an id, by kind: what a complete map must name. */
export async function countLinked(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ linked: number }>(
    `SELECT count(DISTINCT biz_no)::int AS linked FROM record WHERE national_id IS NOT NULL`,
  );
  return row?.linked ?? 0;
}
