/** After the run: takes down what both sides hold, as files that the judge reads. */
import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { ENTITY_OF } from '../independent/expected-national.js';
import type { Leaf, LedgerDump, NationalRow, RunFacts } from './checker/evidence.js';
import type { Stage } from './stage/stage.js';
import { textOf } from './checker/text.js';

/**
 * The judge's own witness in the database: every change of a call's row after it was made, whoever made it. It is put
 * there by the stage, in the database of the run only.
 */
const WITNESS = `
CREATE TABLE IF NOT EXISTS judge_call_change (
  ord bigint GENERATED ALWAYS AS IDENTITY, call_id uuid, at timestamptz, from_stage text, to_stage text, had_lease boolean);
CREATE OR REPLACE FUNCTION judge_note_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.stage = 'closed' OR NEW.stage IS DISTINCT FROM OLD.stage THEN
    INSERT INTO judge_call_change (call_id, at, from_stage, to_stage, had_lease)
    VALUES (OLD.id, clock_timestamp(), OLD.stage, NEW.stage, OLD.lease_token IS NOT NULL);
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS judge_calls ON national_call;
CREATE TRIGGER judge_calls AFTER UPDATE ON national_call FOR EACH ROW EXECUTE FUNCTION judge_note_call();
`;

async function asking<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: 'zhiqiao-judge' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export const installWitness = (url: string): Promise<unknown> => asking(url, (client) => client.query(WITNESS));

const epoch = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

const DUMP = {
  records: `SELECT r.id, s.app_key AS source, r.kind, r.source_id AS "sourceId", r.biz_no AS "bizNo", r.version,
      r.revision::float8 AS revision, encode(r.content_hash, 'hex') AS "contentHash", r.is_void AS "isVoid", r.state,
      r.national_id AS "nationalId", r.national_version AS "nationalVersion", r.outcome_code AS "outcomeCode"
    FROM record r JOIN source_system s ON s.id = r.source_system_id`,
  versions: `SELECT record_id AS "recordId", version, revision::float8 AS revision, op, cause,
      encode(content_hash, 'hex') AS "contentHash" FROM record_version`,
  attempts: `SELECT a.call_id AS "callId", a.biz_no AS "bizNo", a.version, a.stage, a.outcome_class AS "outcomeClass",
      a.outcome_code AS "outcomeCode", a.lookups, ${epoch('a.sent_at')} AS "sentAtMs", ${epoch('a.closed_at')} AS "closedAtMs",
      c.client_batch_no AS "clientBatchNo", c.body_sha256 AS "bodySha256", ${epoch('c.sent_at')} AS "callSentAtMs"
    FROM attempt a JOIN national_call c ON c.id = a.call_id`,
  callChanges: `SELECT call_id AS "callId", ${epoch('at')} AS "atMs", from_stage AS "fromStage", to_stage AS "toStage",
      had_lease AS "hadLease" FROM judge_call_change ORDER BY ord`,
  events: `SELECT record_id AS "recordId", version, state FROM change_event ORDER BY ord, place`,
  promises: `SELECT biz_no AS "bizNo", stage FROM outbox`,
} as const;

async function dumpLedger(client: Client): Promise<LedgerDump> {
  const found: Record<string, unknown[]> = {};
  for (const [name, sql] of Object.entries(DUMP)) found[name] = (await client.query(sql)).rows as unknown[];
  return found as unknown as LedgerDump;
}

/** The one place that knows how leaves are stored: a row each (`evidence_leaf`), or pages of them (`evidence_page`). */
async function readLeaves(client: Client): Promise<Leaf[]> {
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_name IN ('evidence_leaf', 'evidence_page')`,
  );
  const isPaged = tables.some(({ name }) => name === 'evidence_page');
  const sql = isPaged
    ? `SELECT e.entry FROM evidence_page p CROSS JOIN LATERAL unnest(p.entries) WITH ORDINALITY AS e(entry, at)
       ORDER BY p.ord, e.at`
    : 'SELECT entry FROM evidence_leaf ORDER BY ord';
  const { rows } = await client.query<{ entry: string }>(sql);
  return rows.map(({ entry }) => {
    const parsed = JSON.parse(entry) as Leaf['entry'];
    return { kind: textOf(parsed.kind), entry: parsed };
  });
}

const ndjson = (list: readonly unknown[]): string => list.map((one) => `${JSON.stringify(one)}\n`).join('');

/** Writes `ledger.dump.json`, `log.export.ndjson`, `national.rows.ndjson`, `national.journal.ndjson` and `run.json`. */
export async function collect(stage: Stage, facts: RunFacts): Promise<void> {
  const { folder } = stage.options;
  await asking(stage.databaseUrl, async (client) => {
    // One snapshot: nothing moves any more, and if something does, the parts agree all the same.
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    writeFileSync(join(folder, 'ledger.dump.json'), JSON.stringify(await dumpLedger(client)));
    writeFileSync(join(folder, 'log.export.ndjson'), ndjson(await readLeaves(client)));
    await client.query('COMMIT');
  });
  const rows: NationalRow[] = [];
  for (const entity of Object.values(ENTITY_OF)) {
    const found = await stage.control<{ rows: NationalRow[] }>('GET', `ledger?entity=${entity}`);
    if (found.rows.length >= MOST_ROWS) throw new Error(`more ${entity} than one answer of the nation holds`);
    rows.push(...found.rows);
  }
  writeFileSync(join(folder, 'national.rows.ndjson'), ndjson(rows));
  copyFileSync(join(stage.nationFolder, 'journal.ndjson'), join(folder, 'national.journal.ndjson'));
  writeFileSync(join(folder, 'run.json'), JSON.stringify(facts));
}

/** The control port shows no more rows of one entity at once. */
const MOST_ROWS = 10_000;

/** Size and handles of the adapter's programs now. */
export function measurePrograms(stage: Stage): RunFacts['programs'] {
  return [...stage.names('api'), ...stage.names('worker')].flatMap((name) => {
    const { pid } = stage.program(name);
    if (pid === null || !existsSync(`/proc/${pid}/status`)) return [];
    const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
    return [{ name, rssMb: Math.round(Number(kilobytes) / 1024), handles: readdirSync(`/proc/${pid}/fd`).length }];
  });
}

/** Jobs that the queue still holds; the queue's own tables when it lives in PostgreSQL. */
export async function queueLength(stage: Stage): Promise<number> {
  if (stage.options.queue === 'redis') return 0;
  return asking(stage.databaseUrl, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_name IN ('bullmq_jobs', 'jobs') AND table_type = 'BASE TABLE'`,
    );
    let sum = 0;
    for (const { name } of tables) {
      const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${name}`);
      sum += rows[0]?.count ?? 0;
    }
    return sum;
  });
}
