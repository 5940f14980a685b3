import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from 'pg';
import { Administrators, SEALED_SECRETS, SourceSystems } from '../access/index.js';
import { runMigrations } from '../app/index.js';
import { appendEvidence } from '../evidence/index.js';
import { SEALED_VERSIONS } from '../ledger/index.js';
import { SEALED_WEBHOOK_SECRETS, Webhooks } from '../notify/index.js';
import { systemClock } from '../platform/clock/index.js';
import { projectRoot, type Settings } from '../platform/config/index.js';
import { Database } from '../platform/database/index.js';
import { systemIds } from '../platform/ids/index.js';
import { openLineDesk, type LineDesk } from './line.js';
import { openRemapDesk, type RemapDesk } from './remap-desk.js';
import { ProblemDesk, ReplayDesk } from '../problems/index.js';
import { shippedCalendar } from '../records/index.js';
import { addDataKey, createVault, openKeyStore, resealColumn } from '../platform/vault/index.js';

/** Whom the evidence names: whoever has the shell of the server. */
export const CLI_ACTOR = 'cli';

/** What the commands work with. */
export interface Desk {
  readonly sourceSystems: SourceSystems;
  readonly webhooks: Webhooks;
  readonly administrators: Administrators;
  readonly problems: ProblemDesk;
  readonly replays: ReplayDesk;
  readonly line: LineDesk;
  readonly remap: RemapDesk;
  /** A new data key, and everything sealed so far sealed with it (S33). */
  rotateKeys(): Promise<{ keyId: string; resealed: number }>;
}

/** The command cannot be carried out as things are; the message says what to do. */
export class DeskError extends Error {
  override name = 'DeskError';
}

/** DATABASE_URL, else the database of the `npm start` that runs in this checkout (G-78). */
export function findDatabaseUrl(settings: Pick<Settings, 'databaseUrl'>, root = projectRoot()): string {
  if (settings.databaseUrl !== null) return settings.databaseUrl;
  try {
    const { databaseUrl } = JSON.parse(readFileSync(join(root, 'var', 'run.json'), 'utf8')) as {
      databaseUrl?: unknown;
    };
    if (typeof databaseUrl === 'string') return databaseUrl;
  } catch {
    // No start is running here.
  }
  throw new DeskError('No database: set DATABASE_URL, or run npm start in this checkout first.');
}

async function holdsRecords(database: Database): Promise<boolean> {
  const [row] = await database.query<{ held: boolean }>('SELECT EXISTS (SELECT 1 FROM record) AS held');
  return row?.held === true;
}

/** Opens database and keys, does the work, closes both. */
export async function atDesk<T>(settings: Settings, work: (desk: Desk) => Promise<T>): Promise<T> {
  const url = findDatabaseUrl(settings);
  await runMigrations(url);
  const pool = new Pool({
    connectionString: url,
    max: 2,
    connectionTimeoutMillis: 5_000,
    application_name: 'zhiqiao-cli',
  });
  pool.on('error', () => undefined);
  const database = new Database(pool);
  try {
    const mayCreate = !(await holdsRecords(database));
    const keys = openKeyStore(settings.secretsDir, { mayCreate, nowIso: new Date(systemClock.nowMs()).toISOString() });
    const vault = createVault(keys);
    const ids = systemIds;
    return await work({
      sourceSystems: new SourceSystems(database, vault, ids),
      administrators: new Administrators(database, ids),
      problems: new ProblemDesk({ database, ids, calendar: shippedCalendar() }),
      replays: new ReplayDesk({ database, ids }),
      line: openLineDesk(database, ids),
      remap: openRemapDesk(settings, database),
      webhooks: new Webhooks({
        database,
        vault,
        ids,
        allowInternal: settings.webhookAllowInternal,
        prove: (tx, act) => appendEvidence(tx, [{ kind: 'admin.action', actor: CLI_ACTOR, ...act }]),
      }),
      rotateKeys: () => rotateKeys(settings.secretsDir, database),
    });
  } finally {
    await pool.end();
  }
}

/** Killed half way, it is finished by running it again: both keys stay readable all the time (R81). */
async function rotateKeys(secretsDir: string, database: Database): Promise<{ keyId: string; resealed: number }> {
  const keyId = addDataKey(secretsDir);
  await database.transaction((tx) =>
    appendEvidence(tx, [{ kind: 'admin.action', actor: CLI_ACTOR, act: 'keys.rotate', keyId }]),
  );
  const vault = createVault(openKeyStore(secretsDir, { mayCreate: false, nowIso: '' }));
  let resealed = 0;
  for (const column of [SEALED_VERSIONS, SEALED_SECRETS, SEALED_WEBHOOK_SECRETS]) {
    resealed += await resealColumn(database, vault, column);
  }
  return { keyId, resealed };
}
