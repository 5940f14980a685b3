import type { Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import { isCatalogueCode, type RecordState } from '../records/index.js';
import { moveRecords } from './delivery-moves.js';
import { upsertPromises } from './ledger.queries.js';
import { LANE_RANK, type Lane } from './ledger.types.js';
import { raiseVersions } from './raise-version.js';

/**
 * Promises of refused records, opened again and taken back: what a replay does to the ledger. A replay sends what a
 * record holds now, under the order in which the given records stand.
 */

/** A record as a person saw it when choosing it. */
export interface ReopenWish {
  readonly recordId: string;
  readonly version: number;
}

/** Conflicts in which the nation holds our number under this very version, or a row that no resending changes. */
const HELD_CODES = ['2002'];
/** A person has to decide first; sending again would decide for him. */
const UNDECIDED_CODES = ['PERSON_CONFLICT'];

interface ReopenRow extends Record<string, unknown> {
  id: string;
  biz_no: string;
  source_system_id: string;
  kind: string;
  version: number;
  county_code: string;
  lane: Lane;
  carrier_id: string;
  carrier_source: string;
  must_rise: boolean;
}

/**
 * Opens the promises of records that stand in `attention` again, in the given order (which becomes their order of
 * delivery). A record whose version the nation may hold already rises by one, as the nation takes nothing else (G-13);
 * of one person's records all show the person's version, and the newest content is what is sent (G-49).
 *
 * Shape    wishes → the version that will be sent, by record; a record that changed, or is under way, is not in it
 * Needs    an open transaction; locks the records in the global order
 */
export async function reopenRefused(
  tx: Tx,
  ids: Ids,
  wishes: readonly ReopenWish[],
): Promise<ReadonlyMap<string, number>> {
  if (wishes.length === 0) return new Map();
  await lockGroups(
    tx,
    wishes.map(({ recordId }) => recordId),
  );
  const rows = await readReopening(tx, wishes);
  const sent = await raise(tx, ids, rows);
  // Promises get their places in the line in the order of the rows.
  await upsertPromises(tx, oneEach(rows).map((row) => ({
    biz_no: row.biz_no, record_id: row.carrier_id, source_system_id: row.carrier_source, kind: row.kind,
    version: sent.get(row.biz_no) ?? row.version, county_code: row.county_code, lane: row.lane,
    lane_rank: LANE_RANK[row.lane], stage: 'ready',
  }))); // prettier-ignore
  const moving = await refusedOf(
    tx,
    rows.map((row) => row.biz_no),
  );
  await moveRecords(
    tx,
    ids,
    moving.map((id) => ({ id, from: 'attention', to: 'queued' })),
  );
  return new Map(rows.map((row) => [row.id, sent.get(row.biz_no) ?? row.version]));
}

/** All records that share a number move together, so all are locked, whatever one was asked for. */
async function lockGroups(tx: Tx, recordIds: readonly string[]): Promise<void> {
  await tx.query(
    `SELECT 1 FROM record WHERE biz_no IN (SELECT biz_no FROM record WHERE id = ANY ($1::uuid[]))
     ORDER BY id FOR UPDATE`,
    [recordIds],
    'ledger-lock-reopening',
  );
}

async function readReopening(tx: Tx, wishes: readonly ReopenWish[]): Promise<ReopenRow[]> {
  return tx.query<ReopenRow>(
    `SELECT r.id, r.biz_no, r.source_system_id, r.kind, r.version, r.county_code, r.lane,
       coalesce(c.id, r.id) AS carrier_id, coalesce(c.source_system_id, r.source_system_id) AS carrier_source,
       (coalesce(r.national_version >= r.version, false) OR r.outcome_code = ANY ($3::text[])) AS must_rise
     FROM unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS w(id, version, place)
     JOIN record r ON r.id = w.id AND r.version = w.version AND r.state = 'attention'
       AND NOT coalesce(r.outcome_code = ANY ($4::text[]), false)
     LEFT JOIN LATERAL (SELECT g.id, g.source_system_id FROM record g
       JOIN record_version v ON v.record_id = g.id AND v.version IS NOT NULL
       WHERE g.biz_no = r.biz_no AND NOT g.is_void AND coalesce(g.outcome_code, '') <> ALL ($4::text[])
       ORDER BY v.version DESC LIMIT 1) AS c ON r.kind = 'volunteer' AND NOT r.is_void
     WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.biz_no = r.biz_no)
     ORDER BY w.place`,
    [wishes.map(({ recordId }) => recordId), wishes.map(({ version }) => version), HELD_CODES, UNDECIDED_CODES],
    'ledger-read-reopening',
  );
}

/** Number → version that will be sent. */
async function raise(tx: Tx, ids: Ids, rows: readonly ReopenRow[]): Promise<ReadonlyMap<string, number>> {
  const rising = oneEach(rows.filter((row) => row.must_rise));
  const next = rising.map((row) => row.version + 1);
  await raiseVersions(
    tx,
    ids,
    rising.map((row) => ({ recordId: row.carrier_id, version: row.version + 1 })),
  );
  const numbers = rising.map((row) => row.biz_no);
  if (numbers.length > 0) {
    // One counter for all records of a person (G-13); a withdrawn one knows nothing of it.
    await tx.query(
      `WITH x AS (SELECT * FROM unnest($1::text[], $2::int[]) AS x(biz_no, version)),
       persons AS (UPDATE person p SET version = greatest(p.version, x.version) FROM x WHERE p.biz_no = x.biz_no)
       UPDATE record r SET version = x.version FROM x WHERE r.biz_no = x.biz_no AND r.state <> 'voided'
         AND coalesce(r.outcome_code, '') <> ALL ($3::text[])`,
      [numbers, next, UNDECIDED_CODES],
      'ledger-raise-reopened',
    );
  }
  const raised = new Map(rising.map((row) => [row.biz_no, row.version + 1]));
  return new Map(rows.map((row) => [row.biz_no, raised.get(row.biz_no) ?? row.version]));
}

async function refusedOf(tx: Tx, bizNos: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `SELECT id FROM record WHERE biz_no = ANY ($1::text[]) AND state = 'attention'
       AND NOT coalesce(outcome_code = ANY ($2::text[]), false)`,
    [bizNos, UNDECIDED_CODES],
    'ledger-refused-group',
  );
  return rows.map((row) => row.id);
}

function oneEach<Row extends { biz_no: string }>(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [row.biz_no, row])).values()];
}

/** A promise that was opened again, with the version promised and the outcome that stood before. */
export interface Reopened extends ReopenWish {
  readonly outcomeCode: string;
}

/**
 * Takes reopened promises back that are not in flight: their records stand in `attention` again, with the outcome that
 * they had. What is in flight goes on, and so does what a newer push has taken over.
 *
 * Shape    what was reopened → ids of the records that are back
 */
export async function withdrawReopened(tx: Tx, ids: Ids, opened: readonly Reopened[]): Promise<ReadonlySet<string>> {
  if (opened.length === 0) return new Set();
  await lockGroups(
    tx,
    opened.map(({ recordId }) => recordId),
  );
  const withdrawn = await tx.query<{ biz_no: string }>(
    `DELETE FROM outbox o USING record r, unnest($1::uuid[], $2::int[]) AS x(id, version)
     WHERE r.id = x.id AND r.version = x.version AND o.biz_no = r.biz_no AND o.version = x.version
       AND o.call_id IS NULL AND r.state IN ('queued', 'waiting') RETURNING o.biz_no`,
    [opened.map(({ recordId }) => recordId), opened.map(({ version }) => version)],
    'ledger-withdraw-promises',
  );
  const back = await tx.query<{ id: string; state: RecordState; outcome_code: string | null }>(
    `SELECT id, state, outcome_code FROM record WHERE biz_no = ANY ($1::text[]) AND state IN ('queued', 'waiting') ORDER BY id`,
    [withdrawn.map((row) => row.biz_no)],
    'ledger-withdrawn-records',
  );
  await tx.query(
    `DELETE FROM record_wait WHERE record_id = ANY ($1::uuid[])`,
    [back.map(({ id }) => id)],
    'ledger-withdrawn-waits',
  );
  const before = new Map(opened.map(({ recordId, outcomeCode }) => [recordId, outcomeCode]));
  await moveRecords(tx, ids, back.map(({ id, state, outcome_code: code }) => {
    const earlier = before.get(id) ?? code;
    // Sent in vain meanwhile (busy, throttled): what a person must know is still the refusal.
    const outcome = earlier === null || earlier === code ? null : outcomeAgain(earlier);
    return { id, from: state, to: 'attention', ...(outcome ? { outcome } : {}) };
  })); // prettier-ignore
  return new Set(back.map(({ id }) => id));
}

/** What no catalogue of ours has is the nation's (G-66). */
function outcomeAgain(code: string): { code: string; message: null; actor: 'adapter' | 'national' } {
  return { code, message: null, actor: isCatalogueCode(code) ? 'adapter' : 'national' };
}
