import type { Database, Tx } from '../platform/database/index.js';
import { groupBy } from '../platform/group-by.js';
import type { Ids } from '../platform/ids/index.js';
import type { NationalGateway } from '../national/index.js';
import { insertCalls, type CallOperation, type DueCall } from './calls.queries.js';

/** Numbers that one look-up may ask for (national-contract §1.4 endpoint 8). */
const LOOKUP_ITEMS = 100;
/** What is asked for comes due again after this, unless the answer says otherwise: a lost ring costs this long. */
const READ_LEASE_MS = 30_000;
const CERTIFICATES_PER_ROUND = 20;
const READ_LOCK = 5337;

interface DueGroup {
  readonly operation: CallOperation;
  readonly kind: string;
  readonly bizNos: readonly string[];
}

/** Plans the calls that only read: look-ups of unknown outcomes first, then reviews and certificates. */
export class ReadingPlanner {
  constructor(private readonly parts: { database: Database; gateway: NationalGateway; ids: Ids }) {}

  async plan(): Promise<DueCall[]> {
    const { database, gateway, ids } = this.parts;
    const [due] = await database.query<{ due: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM outbox WHERE stage = 'unknown' AND lookup_at <= now())
         OR EXISTS (SELECT 1 FROM national_watch WHERE due_at <= now()) AS due`,
      [],
      'delivery-reads-due',
    );
    if (!due?.due) return [];
    return database.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock($1)', [READ_LOCK], 'delivery-read-lock');
      const groups = [...(await takeUnknown(tx)), ...(await takeReviews(tx)), ...(await takeCertificates(tx))];
      const calls = groups.map((group) => ({ id: ids.uuid(), clientBatchNo: null, ...group }));
      await insertCalls(tx, calls, gateway.facts);
      return calls.map(({ id }) => ({ callId: id, ring: 0 }));
    });
  }
}

async function takeUnknown(tx: Tx): Promise<DueGroup[]> {
  const rows = await tx.query<{ kind: string; biz_no: string }>(
    `UPDATE outbox o SET lookup_at = now() + make_interval(secs => $2::float8 / 1000)
     FROM (SELECT biz_no FROM outbox WHERE stage = 'unknown' AND lookup_at <= now()
       ORDER BY lookup_at LIMIT $1 FOR UPDATE SKIP LOCKED) AS due
     WHERE o.biz_no = due.biz_no RETURNING o.kind, o.biz_no`,
    [LOOKUP_ITEMS * 4, READ_LEASE_MS],
    'delivery-take-unknown',
  );
  return grouped('lookup', rows);
}

async function takeReviews(tx: Tx): Promise<DueGroup[]> {
  return grouped('review', await takeWatches(tx, 'review', LOOKUP_ITEMS * 4));
}

async function takeCertificates(tx: Tx): Promise<DueGroup[]> {
  const rows = await takeWatches(tx, 'certificate', CERTIFICATES_PER_ROUND);
  return rows.map((row) => ({ operation: 'certificate', kind: row.kind, bizNos: [row.biz_no] }));
}

async function takeWatches(tx: Tx, purpose: string, limit: number): Promise<{ kind: string; biz_no: string }[]> {
  return tx.query<{ kind: string; biz_no: string }>(
    `UPDATE national_watch w SET due_at = now() + make_interval(secs => $3::float8 / 1000)
     FROM (SELECT biz_no FROM national_watch WHERE purpose = $1 AND due_at <= now()
       ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS due
     WHERE w.biz_no = due.biz_no RETURNING w.kind, w.biz_no`,
    [purpose, limit, READ_LEASE_MS],
    'delivery-take-watches',
  );
}

/** One call asks for numbers of one entity. */
function grouped(operation: CallOperation, rows: readonly { kind: string; biz_no: string }[]): DueGroup[] {
  const groups: DueGroup[] = [];
  for (const [kind, due] of groupBy(rows, (row) => row.kind)) {
    const bizNos = due.map((row) => row.biz_no);
    for (let at = 0; at < bizNos.length; at += LOOKUP_ITEMS) {
      groups.push({ operation, kind, bizNos: bizNos.slice(at, at + LOOKUP_ITEMS) });
    }
  }
  return groups;
}
