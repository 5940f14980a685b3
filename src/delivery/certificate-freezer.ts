import type { Database, Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { Vault } from '../platform/vault/index.js';
import { CERTIFICATE_SET_KEY, moveRecords, openContent, queueFree, type WaitingFor } from '../ledger/index.js';

const FREEZE_LOCK = 5338;
const REQUESTS_PER_ROUND = 50;
const NAMED_RECORDS = 20;

interface RequestRow extends Record<string, unknown> {
  id: string;
  source_system_id: string;
  version: number;
  state: 'waiting' | 'queued';
  payload: Record<string, unknown>;
  sealed: Buffer;
}

interface LineRow extends Record<string, unknown> {
  id: string;
  biz_no: string;
  source_id: string;
  version: number;
  minutes: number;
  state: string;
  is_own: boolean;
  is_hopeful: boolean;
}

type Decision =
  | { readonly kind: 'freeze'; readonly lines: readonly LineRow[] }
  | { readonly kind: 'wait'; readonly waitingFor: readonly WaitingFor[] }
  | { readonly kind: 'refuse' };

/**
 * Freezes the set of records that a certificate-request covers (G-52): the named ones once all are mirrored, or every
 * mirrored one of the period once none of them is still under way.
 */
export class CertificateFreezer {
  constructor(private readonly parts: { database: Database; ids: Ids; vault: Vault }) {}

  async freeze(): Promise<number> {
    const { database } = this.parts;
    const [any] = await database.query(`SELECT 1 FROM record_wait WHERE waits_key = $1 LIMIT 1`, [CERTIFICATE_SET_KEY]);
    if (!any) return 0;
    return database.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock($1)', [FREEZE_LOCK]);
      let frozen = 0;
      for (const request of await readRequests(tx)) if (await this.decide(tx, request)) frozen += 1;
      return frozen;
    });
  }

  private async decide(tx: Tx, request: RequestRow): Promise<boolean> {
    const { data } = openContent(this.parts.vault, request.id, request);
    const decision = await decideSet(tx, request, data);
    if (decision.kind === 'wait') {
      await this.wait(tx, request, decision.waitingFor);
      return false;
    }
    await tx.query(`DELETE FROM record_wait WHERE record_id = $1 AND waits_key = $2`, [
      request.id,
      CERTIFICATE_SET_KEY,
    ]);
    if (decision.kind === 'refuse') {
      await this.refuse(tx, request);
      return false;
    }
    await writeSet(tx, request, decision.lines);
    await queueFree(tx, this.parts.ids, [request.id]);
    return true;
  }

  /** Shown afresh each round; a wait that is only shown differently is no change of state. */
  private async wait(tx: Tx, request: RequestRow, waitingFor: readonly WaitingFor[]): Promise<void> {
    await tx.query(
      `UPDATE record SET waiting_for = $2::jsonb WHERE id = $1 AND waiting_for IS DISTINCT FROM $2::jsonb`,
      [request.id, JSON.stringify(waitingFor)],
    );
    await tx.query(`UPDATE record_wait SET looked_at = now() WHERE record_id = $1 AND waits_key = $2`, [
      request.id,
      CERTIFICATE_SET_KEY,
    ]);
  }

  /** A named record of somebody else, or one that is withdrawn, cannot be certified (R67-20). */
  private async refuse(tx: Tx, request: RequestRow): Promise<void> {
    await tx.query(`DELETE FROM outbox WHERE record_id = $1 AND stage = 'waiting'`, [request.id]);
    const outcome = { code: 'R67-20', message: null, actor: 'adapter' } as const;
    await moveRecords(tx, this.parts.ids, [{ id: request.id, from: request.state, to: 'attention', outcome }]);
  }
}

async function readRequests(tx: Tx): Promise<RequestRow[]> {
  return tx.query<RequestRow>(
    `SELECT r.id, r.source_system_id, r.version, r.state, v.payload, v.sealed FROM record_wait w
     JOIN record r ON r.id = w.record_id
     JOIN record_version v ON v.record_id = r.id AND v.version = r.version
     WHERE w.waits_key = $1 AND r.state IN ('waiting', 'queued') AND NOT r.is_void
       AND NOT EXISTS (SELECT 1 FROM record_wait o WHERE o.record_id = r.id AND o.waits_key <> $1)
     ORDER BY w.looked_at NULLS FIRST LIMIT ${REQUESTS_PER_ROUND} FOR UPDATE OF r SKIP LOCKED`,
    [CERTIFICATE_SET_KEY],
  );
}

async function decideSet(tx: Tx, request: RequestRow, data: Readonly<Record<string, unknown>>): Promise<Decision> {
  const named = data.serviceRecordIds;
  return Array.isArray(named) ? decideNamed(tx, request, data, named as string[]) : decidePeriod(tx, request, data);
}

/** The records that a wait may be ended by: the one it names, or a membership. */
const upstreamOf = (wait: string, alias: string): string => `(
    SELECT r.id, r.state FROM record r WHERE r.source_system_id = ${wait}.source_system_id
      AND r.kind = split_part(${wait}.waits_key, '/', 1) AND r.source_id = split_part(${wait}.waits_key, '/', 2)
    UNION ALL
    SELECT r.id, r.state FROM record r WHERE r.source_system_id = ${wait}.source_system_id
      AND r.membership_key = ${wait}.waits_key) AS ${alias}`;

/**
 * Columns of candidate lines. `is_own`: the record is of the person who asks, under whichever sourceId (G-49).
 * `is_hopeful`: it is under way, or waits for something that is under way itself, however many records lie between.
 */
const LINE_COLUMNS = `l.id, l.biz_no, l.source_id, l.version, coalesce(l.minutes, 0) AS minutes, l.state,
  EXISTS (SELECT 1 FROM person_of p WHERE l.subject_ref = p.ref AND l.source_system_id = p.source_system_id) AS is_own,
  (l.state IN ('queued', 'sending', 'unknown', 'pending') OR (l.state = 'waiting' AND NOT EXISTS (
    WITH RECURSIVE chain (id) AS (
      SELECT l.id
      UNION
      SELECT up.id FROM chain c JOIN record_wait w ON w.record_id = c.id
        JOIN LATERAL ${upstreamOf('w', 'up')} ON up.state = 'waiting')
    SELECT 1 FROM chain c JOIN record_wait w ON w.record_id = c.id WHERE NOT EXISTS (
      SELECT 1 FROM ${upstreamOf('w', 'up')}
      WHERE up.state IN ('queued', 'sending', 'unknown', 'pending', 'waiting', 'mirrored'))))) AS is_hopeful`;

const PERSON_OF = `WITH person_of AS (
  SELECT 'volunteer/' || s.source_id AS ref, s.source_system_id FROM record v JOIN record s ON s.biz_no = v.biz_no
  WHERE v.source_system_id = $1 AND v.kind = 'volunteer' AND v.source_id = $2)`;

async function decideNamed(
  tx: Tx,
  request: RequestRow,
  data: Readonly<Record<string, unknown>>,
  named: readonly string[],
): Promise<Decision> {
  const lines = await tx.query<LineRow>(
    `${PERSON_OF} SELECT ${LINE_COLUMNS} FROM record l
     WHERE l.source_system_id = $1 AND l.kind = 'service-record' AND l.source_id = ANY ($3::text[])`,
    [request.source_system_id, data.volunteerId, named],
  );
  const isRefused = lines.some((line) => !line.is_own || line.state === 'voided' || line.state === 'unsupported');
  if (isRefused) return { kind: 'refuse' };
  const byId = new Map(lines.map((line) => [line.source_id, line]));
  const open = named.filter((id) => byId.get(id)?.state !== 'mirrored');
  if (open.length === 0) return { kind: 'freeze', lines };
  const waitingFor = open.slice(0, NAMED_RECORDS).map((sourceId) => ({
    kind: 'service-record',
    sourceId,
    reason: byId.has(sourceId) ? '该服务记录尚未同步到国家系统' : '尚未收到该服务记录',
  }));
  return { kind: 'wait', waitingFor };
}

async function decidePeriod(tx: Tx, request: RequestRow, data: Readonly<Record<string, unknown>>): Promise<Decision> {
  const lines = await tx.query<LineRow>(
    `${PERSON_OF} SELECT ${LINE_COLUMNS} FROM person_of o
     JOIN record l ON l.source_system_id = o.source_system_id AND l.subject_ref = o.ref AND l.kind = 'service-record'
     WHERE (l.starts_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN $3::date AND $4::date AND NOT l.is_void`,
    [request.source_system_id, data.volunteerId, data.periodFrom, data.periodTo],
  );
  const underWay = lines.filter((line) => line.is_hopeful);
  if (underWay.length > 0) {
    const reason = '期间内还有服务记录正在同步';
    const waitingFor = underWay
      .slice(0, NAMED_RECORDS)
      .map((line) => ({ kind: 'service-record', sourceId: line.source_id, reason }));
    return { kind: 'wait', waitingFor };
  }
  const mirrored = lines.filter((line) => line.state === 'mirrored');
  if (mirrored.length > 0) return { kind: 'freeze', lines: mirrored };
  return {
    kind: 'wait',
    waitingFor: [{ kind: 'service-record', sourceId: null, reason: '期间内没有已同步的服务记录' }],
  };
}

async function writeSet(tx: Tx, request: RequestRow, lines: readonly LineRow[]): Promise<void> {
  const minutes = lines.reduce((sum, line) => sum + line.minutes, 0);
  await tx.query(
    `INSERT INTO certificate (record_id, request_version, status, total_minutes, record_count)
     VALUES ($1, $2, 'FROZEN', $3, $4)
     ON CONFLICT (record_id) DO UPDATE SET request_version = excluded.request_version, status = 'FROZEN',
       total_minutes = excluded.total_minutes, record_count = excluded.record_count, frozen_at = now(),
       refreezes = CASE WHEN certificate.request_version = excluded.request_version THEN certificate.refreezes ELSE 0 END`,
    [request.id, request.version, minutes, lines.length],
  );
  await tx.query(`DELETE FROM certificate_line WHERE certificate_record_id = $1`, [request.id]);
  await tx.query(
    `INSERT INTO certificate_line (certificate_record_id, record_id, biz_no, version, minutes)
     SELECT $1, x.id, x.biz_no, x.version, x.minutes
     FROM jsonb_to_recordset($2::jsonb) AS x(id uuid, biz_no text, version int, minutes int)`,
    [
      request.id,
      JSON.stringify(lines.map(({ id, biz_no, version, minutes: own }) => ({ id, biz_no, version, minutes: own }))),
    ],
  );
}
