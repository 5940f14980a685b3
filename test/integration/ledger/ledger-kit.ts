import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { IntakeService } from '../../../src/ingest/intake.service.js';
import type { ItemAnswer, PushAnswer, SourceIdentity } from '../../../src/ingest/intake.types.js';
import { Ledger } from '../../../src/ledger/index.js';
import { systemClock } from '../../../src/platform/clock/index.js';
import { Database } from '../../../src/platform/database/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { SHOWN_STATE } from '../../../src/ledger/delivery-moves.js';
import { createVault, openKeyStore, type Vault } from '../../../src/platform/vault/index.js';
import { RECORD_KINDS, shippedCalendar } from '../../../src/records/index.js';
import { createTestDatabase } from '../../harness/database.js';

/** One item as a station pushes it. */
export interface StationItem {
  readonly kind: string;
  readonly sourceId: string;
  readonly revision?: number;
  readonly op?: 'upsert' | 'void';
  readonly reason?: string;
  readonly data?: Record<string, unknown>;
}

export interface KitOptions {
  readonly unsupported?: readonly string[];
  readonly poolSize?: number;
}

/** A real database with a ledger and the door in front of it; the nation is not here. */
export interface LedgerKit {
  readonly url: string;
  readonly database: Database;
  readonly vault: Vault;
  readonly ledger: Ledger;
  readonly intake: IntakeService;
  newSource(areaCode?: string): SourceIdentity;
  push(source: SourceIdentity, items: readonly StationItem[], mode?: 'commit' | 'validate'): Promise<PushAnswer>;
  /** Pushes one item that must be accepted, and answers for it. */
  accept(source: SourceIdentity, item: StationItem): Promise<ItemAnswer>;
  rows<Row extends Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  record(source: SourceIdentity, kind: string, sourceId: string): Promise<RecordView>;
  /** As if the nation had taken this record's newest version: the ledger's own columns, without a delivery. */
  land(source: SourceIdentity, kind: string, sourceId: string): Promise<void>;
  close(): Promise<void>;
}

export interface RecordView extends Record<string, unknown> {
  id: string;
  biz_no: string;
  version: number;
  revision: string;
  state: string;
  is_void: boolean;
  county_code: string;
  due_by: Date | null;
  national_version: number | null;
  outcome_code: string | null;
  warnings: { code: string; pointer: string }[] | null;
  /** Of the open promise under the record's number. */
  stage: string | null;
  promised: number | null;
  promised_record: string | null;
  waits: string[];
}

const RECORD_VIEW = `SELECT r.*, ${SHOWN_STATE} AS state, o.stage, o.version AS promised, o.record_id AS promised_record,
  ARRAY(SELECT waits_key FROM record_wait w WHERE w.record_id = r.id ORDER BY 1) AS waits
  FROM record r LEFT JOIN outbox o ON o.biz_no = r.biz_no
  WHERE r.source_system_id = $1 AND r.kind = $2 AND r.source_id = $3`;

export async function openLedgerKit(options: KitOptions = {}): Promise<LedgerKit> {
  const testDatabase = await createTestDatabase();
  const dir = mkdtempSync(join(tmpdir(), 'zhiqiao-ledger-'));
  const vault = createVault(openKeyStore(dir, { mayCreate: true, nowIso: '2026-01-01T00:00:00.000Z' }));
  const pool = new Pool({ connectionString: testDatabase.url, max: options.poolSize ?? 8 });
  pool.on('error', () => undefined);
  const database = new Database(pool);
  const unsupported = new Set(options.unsupported ?? []);
  const ledger = new Ledger(vault, systemIds, shippedCalendar(), {
    supportedKinds: new Set(RECORD_KINDS.map(({ name }) => name).filter((name) => !unsupported.has(name))),
    maxRecordAgeDays: 365,
  });
  const intake = new IntakeService({
    database,
    ledger,
    vault,
    ids: systemIds,
    clock: systemClock,
    profile: { guardianRequiredUnder: 18 },
  });
  const push: LedgerKit['push'] = (source, items, mode = 'commit') =>
    intake.push(
      source,
      items.map((value) => ({ value, faults: [] })),
      { mode },
    );
  const record: LedgerKit['record'] = async (source, kind, sourceId) => {
    const [row] = await database.query<RecordView>(RECORD_VIEW, [source.id, kind, sourceId]);
    if (!row) throw new Error(`no record ${kind}/${sourceId}`);
    return row;
  };
  return {
    url: testDatabase.url,
    database,
    vault,
    ledger,
    intake,
    newSource: (areaCode = '5334') => ({
      id: randomUUID(),
      appKey: `k_${randomBytes(6).toString('hex')}`,
      areaCode,
    }),
    push,
    accept: async (source, item) => {
      const answer = await push(source, [item]);
      expect(answer.items[0]).toMatchObject({ outcome: 'accepted' });
      return answer.items[0] as ItemAnswer;
    },
    rows: (sql, params = []) => database.query(sql, params),
    record,
    land: async (source, kind, sourceId) => {
      const row = await record(source, kind, sourceId);
      await database.query(
        `UPDATE record SET state = 'mirrored', national_status = 'ACTIVE', national_review = 'PASSED',
           national_version = version, national_id = 'N-' || biz_no WHERE biz_no = $1`,
        [row.biz_no],
      );
      await database.query('DELETE FROM outbox WHERE biz_no = $1', [row.biz_no]);
    },
    close: async () => {
      await pool.end();
      await testDatabase.drop();
      rmSync(dir, { recursive: true });
    },
  };
}
