import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { systemClock, type Clock } from '../platform/clock/index.js';
import { projectRoot, type Role, type Settings } from '../platform/config/index.js';
import { Database } from '../platform/database/index.js';
import { systemIds, type Ids } from '../platform/ids/index.js';
import { createLogger, type Logger } from '../platform/logging/index.js';
import { createVault, openKeyStore, type Vault } from '../platform/vault/index.js';
import { createGateway, loadProfile, type NationalGateway, type Profile } from '../national/index.js';
import { createDataSource, runMigrations } from './data-source.js';

/** What every role stands on: migrated database, our keys, the contract profile. */
export interface Foundation {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly dataSource: DataSource;
  readonly database: Database;
  readonly databaseUrl: string;
  readonly vault: Vault;
  readonly profile: Profile;
}

/** The settings are complete but cannot be used as they are; starting again would not help. */
export class StartRefusedError extends Error {
  override name = 'StartRefusedError';
  readonly exitCode = 2;
}

export async function openFoundation(settings: Settings, role: Role): Promise<Foundation> {
  const logger = createLogger({ level: settings.logLevel, role });
  const profile = loadProfile({
    profilesDir: join(projectRoot(), 'config', 'national'),
    id: settings.nationalProfile,
    ...(settings.nationalProfileOverrides === null ? {} : { overridesFile: settings.nationalProfileOverrides }),
  });
  const { databaseUrl } = settings;
  if (databaseUrl === null)
    throw new StartRefusedError('DATABASE_URL is missing: set it, or use npm start, which brings a database along.');
  await runMigrations(databaseUrl);
  const dataSource = createDataSource({
    url: databaseUrl,
    poolSize: settings.databasePoolSize,
    applicationName: `zhiqiao-${role}`,
  });
  await dataSource.initialize();
  const database = new Database(poolOf(dataSource, logger));
  const keys = await openKeys(settings, database);
  const vault = createVault(keys, () => openKeyStore(settings.secretsDir, { mayCreate: false, nowIso: '' }));
  return { settings, logger, clock: systemClock, ids: systemIds, dataSource, database, databaseUrl, vault, profile };
}

/** TypeORM's own pool: one pool a process, whoever asks. A connection that dies idle must not end the process. */
function poolOf(dataSource: DataSource, logger: Logger): Pool {
  const { master } = dataSource.driver as unknown as { master: Pool };
  master.on('error', (err) => logger.warn({ err }, 'idle database connection lost'));
  return master;
}

async function openKeys(settings: Settings, database: Database): Promise<ReturnType<typeof openKeyStore>> {
  const [row] = await database.query<{ held: boolean }>('SELECT EXISTS (SELECT 1 FROM record) AS held');
  return openKeyStore(settings.secretsDir, {
    mayCreate: row?.held !== true,
    nowIso: new Date(systemClock.nowMs()).toISOString(),
  });
}

export function openGateway({ settings, profile, clock, logger }: Foundation): NationalGateway {
  const { nationalBaseUrl, nationalAppKey, nationalAppSecret, nationalFieldKey } = settings;
  if (nationalBaseUrl === null || nationalAppKey === null || nationalAppSecret === null || nationalFieldKey === null) {
    throw new StartRefusedError(
      'NATIONAL_BASE_URL is missing: set it, or use npm start, which brings the simulator along.',
    );
  }
  return createGateway({
    profile, clock, logger,
    baseUrl: nationalBaseUrl, appKey: nationalAppKey, appSecret: nationalAppSecret, fieldKeyHex: nationalFieldKey,
    random: { bytes: randomBytes },
  }); // prettier-ignore
}
