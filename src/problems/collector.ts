import { SYSTEM_ACTOR_ID } from '../access/index.js';
import type { Database, Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import { failureOf, judgementsOf, readCollected, type CollectedRow } from './causes.js';
import type { ChangeSource } from './change-source.js';
import {
  countHits, ensureProblems, findHealed, findQuiet, followCounties, leaveItems, readItems, writeItems, type ItemWrite, type StoredItem,
} from './collector.queries.js'; // prettier-ignore
import type { Fingerprint } from './fingerprint.js';
import { WATCH_DAYS, type ProblemAct, type ProblemState } from './life-cycle.js';
import { moveProblem } from './moving-problems.js';

/** One collector at a time over all workers. */
const COLLECT_LOCK = 5341;
/** Of the change feed; a page holds what one transaction changed. */
const PAGES_PER_TURN = 20;
/** Records looked at in one step of a scan. */
const RECORDS_PER_SCAN = 2_000;
/** Between looks for what no change tells: problems that were quiet long enough, counties learnt late. */
const QUIET_EVERY_TURNS = 600;

export interface CollectorParts {
  readonly database: Database;
  readonly ids: Ids;
  readonly changes: ChangeSource;
}

interface Position {
  readonly after_seq: number;
  readonly is_scanning: boolean;
  readonly scanned_through: string | null;
}

const AT_REST = new Set(['mirrored', 'voided', 'unsupported']);

/**
 * Groups what went wrong into problems, and heals what went right again.
 *
 * It stands beside the hot path: it follows the change feed in order, reads the records as they stand now, and writes
 * only tables of its own. A feed that no longer keeps what was not read yet leads to one scan of all records.
 */
export class ProblemCollector {
  private turns = 0;

  constructor(private readonly parts: CollectorParts) {}

  /** Takes in one page; false when there was nothing more, or another process is at it. */
  async turn(): Promise<boolean> {
    const { database } = this.parts;
    this.turns += 1;
    if (this.turns % QUIET_EVERY_TURNS === 1) await this.tidy();
    if (!(await this.isAnythingNew())) return false;
    return database.transaction(async (tx) => {
      if (!(await isAlone(tx))) return false;
      const position = await readPosition(tx);
      return position.is_scanning ? this.scan(tx, position) : this.follow(tx, position);
    });
  }

  /** A look without a transaction first: an idle house costs two probes a turn. */
  private async isAnythingNew(): Promise<boolean> {
    const { database, changes } = this.parts;
    const position = await readPosition(database);
    const { newest } = await changes.ends(database);
    return position.is_scanning || newest > position.after_seq;
  }

  private async follow(tx: Tx, { after_seq: after }: Position): Promise<boolean> {
    const { changes } = this.parts;
    if ((await changes.ends(tx)).purgedThrough > after) {
      await savePosition(tx, { after_seq: after, is_scanning: true, scanned_through: null });
      return true;
    }
    const { recordIds, throughSeq } = await changes.touched(tx, after, PAGES_PER_TURN);
    if (throughSeq === null) return false;
    if (recordIds.length > 0) await this.collect(tx, recordIds);
    await savePosition(tx, { after_seq: throughSeq, is_scanning: false, scanned_through: null });
    return (await changes.ends(tx)).newest > throughSeq;
  }

  /** What changes while the scan runs is read again from the feed afterwards. */
  private async scan(tx: Tx, position: Position): Promise<boolean> {
    const isFirst = position.scanned_through === null;
    const after = isFirst ? (await this.parts.changes.ends(tx)).newest : position.after_seq;
    const rows = await tx.query<{ id: string }>(
      `SELECT id FROM record WHERE id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY id LIMIT $2`,
      [position.scanned_through, RECORDS_PER_SCAN],
      'problems-scan',
    );
    await this.collect(
      tx,
      rows.map(({ id }) => id),
    );
    const isOver = rows.length < RECORDS_PER_SCAN;
    const through = rows.at(-1)?.id ?? position.scanned_through;
    await savePosition(tx, { after_seq: after, is_scanning: !isOver, scanned_through: isOver ? null : through });
    return true;
  }

  private async collect(tx: Tx, recordIds: readonly string[]): Promise<void> {
    const rows = await readCollected(tx, recordIds);
    if (rows.length === 0) return;
    const now = await databaseNow(tx);
    const stored = await readItems(
      tx,
      rows.map(({ id }) => id),
    );
    const found = rows.map((row) => ({ row, causes: causesOf(row) }));
    const problems = await ensureProblems(tx, this.parts.ids, distinct(found, now));
    const known = new Map(stored.map((item) => [`${item.problem_id}|${item.record_id}`, item]));
    const writes = found.flatMap(({ row, causes }) =>
      causes.map((cause) => itemOf(row, problems.get(cause.id) ?? '', { known, now, cause })),
    );
    await writeItems(tx, writes);
    const leaving = leavingItems(rows, stored, writes);
    await leaveItems(tx, leaving);
    await this.moveAll(tx, 'regress', await countHits(tx, hitsByProblem(writes)));
    const healed = leaving.filter(({ state }) => state === 'healed').map(({ problem_id: id }) => id);
    await this.moveAll(tx, 'resolve', await findHealed(tx, [...new Set(healed)]));
  }

  /** Closes what stayed quiet, and follows counties that records learnt through a parent, which is no news of theirs. */
  private async tidy(): Promise<void> {
    await this.parts.database.transaction(async (tx) => {
      if (!(await isAlone(tx))) return;
      await this.moveAll(tx, 'close', await findQuiet(tx, WATCH_DAYS));
      await followCounties(tx);
    });
  }

  private async moveAll(tx: Tx, act: ProblemAct, problems: readonly { id: string; state: string }[]): Promise<void> {
    for (const { id, state } of problems) {
      const on = { act, actorId: SYSTEM_ACTOR_ID, via: 'system', reason: null } as const;
      await moveProblem(tx, this.parts.ids, { id, state: state as ProblemState }, on);
    }
  }
}

async function isAlone(tx: Tx): Promise<boolean> {
  const [row] = await tx.query<{ locked: boolean }>(
    'SELECT pg_try_advisory_xact_lock($1) AS locked',
    [COLLECT_LOCK],
    'problems-lock',
  );
  return row?.locked === true;
}

async function readPosition(tx: Pick<Tx, 'query'>): Promise<Position> {
  const [row] = await tx.query<Position & Record<string, unknown>>(
    `SELECT after_seq::float8 AS after_seq, is_scanning, scanned_through FROM problem_collection WHERE id = 1`,
    [],
    'problems-position',
  );
  if (!row) throw new Error('problem_collection has lost its row');
  return row;
}

async function savePosition(tx: Tx, position: Position): Promise<void> {
  await tx.query(
    `UPDATE problem_collection SET after_seq = $1, is_scanning = $2, scanned_through = $3 WHERE id = 1`,
    [position.after_seq, position.is_scanning, position.scanned_through],
    'problems-save-position',
  );
}

async function databaseNow(tx: Tx): Promise<Date> {
  const [row] = await tx.query<{ now: Date }>('SELECT now() AS now', [], 'problems-now');
  if (!row) throw new Error('the database did not tell the time');
  return row.now;
}

function causesOf(row: CollectedRow): Fingerprint[] {
  const failure = row.state === 'attention' ? [failureOf(row)] : [];
  // One warning may stand twice on a record; it is one item.
  return [...new Map([...failure, ...judgementsOf(row)].map((cause) => [cause.id, cause])).values()];
}

type Found = readonly { readonly row: CollectedRow; readonly causes: readonly Fingerprint[] }[];

const isFailure = ({ basis }: Fingerprint): boolean => basis.aspect === 'failure';

function distinct(found: Found, now: Date): Map<string, { cause: Fingerprint; firstHitAt: Date }> {
  const all = new Map<string, { cause: Fingerprint; firstHitAt: Date }>();
  for (const { row, causes } of found) {
    for (const cause of causes) {
      const hitAt = isFailure(cause) ? row.hit_at : now;
      const known = all.get(cause.id);
      if (!known || hitAt < known.firstHitAt) all.set(cause.id, { cause, firstHitAt: hitAt });
    }
  }
  return all;
}

interface ItemContext {
  readonly known: ReadonlyMap<string, StoredItem>;
  readonly now: Date;
  readonly cause: Fingerprint;
}

/** A warning has no time of its own: it hits when it is first seen. */
function itemOf(row: CollectedRow, problemId: string, { known, now, cause }: ItemContext): ItemWrite {
  const before = known.get(`${problemId}|${row.id}`);
  const seenAt = before && before.state !== 'healed' ? before.hit_at : now;
  const hitAt = isFailure(cause) ? row.hit_at : seenAt;
  return {
    problem_id: problemId, record_id: row.id, version: row.version, hit_at: hitAt,
    hits: before === undefined || hitAt > before.hit_at ? 1 : 0,
    county_code: row.county_code, person_key: row.person_key, station_key: row.station_key, minutes: row.minutes,
    due_by: row.due_by,
  }; // prettier-ignore
}

interface Leaving {
  readonly problem_id: string;
  readonly record_id: string;
  readonly state: 'moving' | 'healed';
}

/** A failure that is being sent again may come back; what rests, or failed for another cause, has left this one. */
function leavingItems(
  rows: readonly CollectedRow[],
  stored: readonly StoredItem[],
  writes: readonly ItemWrite[],
): Leaving[] {
  const stays = new Set(writes.map((item) => `${item.problem_id}|${item.record_id}`));
  const byId = new Map(rows.map((row) => [row.id, row]));
  return stored.flatMap((item): Leaving[] => {
    const row = byId.get(item.record_id);
    if (!row || item.state === 'healed' || stays.has(`${item.problem_id}|${item.record_id}`)) return [];
    const isOver = item.aspect === 'warning' || AT_REST.has(row.state) || row.state === 'attention';
    return [{ problem_id: item.problem_id, record_id: item.record_id, state: isOver ? 'healed' : 'moving' }];
  });
}

function hitsByProblem(writes: readonly ItemWrite[]): { problem_id: string; hits: number; last_hit_at: Date }[] {
  const all = new Map<string, { problem_id: string; hits: number; last_hit_at: Date }>();
  for (const { problem_id: id, hits, hit_at: at } of writes) {
    if (hits === 0) continue;
    const known = all.get(id);
    const last = known && known.last_hit_at > at ? known.last_hit_at : at;
    all.set(id, { problem_id: id, hits: (known?.hits ?? 0) + 1, last_hit_at: last });
  }
  return [...all.values()];
}
