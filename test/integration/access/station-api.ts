import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Pool } from 'pg';
import type { QueryRunner } from 'typeorm';
import { AccessModule, SourceSystems, type NewSourceSystem, type ShownSecret } from '../../../src/access/index.js';
import { Admission1764000100000 } from '../../../src/app/migrations/1764000100000-admission.js';
import { catalogueWords, IngestModule, IntakeService, serveOpenApi } from '../../../src/ingest/index.js';
import { ChangeSequencer, Ledger } from '../../../src/ledger/index.js';
import { systemClock, type Clock } from '../../../src/platform/clock/index.js';
import { Database } from '../../../src/platform/database/index.js';
import { createHttpFace } from '../../../src/platform/http/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { createLogger } from '../../../src/platform/logging/index.js';
import { CLOCK, DATABASE, IDS, INTAKE, LOGGER, VAULT } from '../../../src/platform/tokens.js';
import { createVault, openKeyStore, type Vault } from '../../../src/platform/vault/index.js';
import { RECORD_KINDS, shippedCalendar } from '../../../src/records/index.js';
import { signatureOf, type SignMethod } from '../../../src/access/request-signature.js';
import { createTestDatabase, type TestDatabase } from '../../harness/database.js';

/** A database with the keys that belong to it; several apis may be opened on one. */
export interface StationHouse {
  readonly url: string;
  readonly database: Database;
  readonly vault: Vault;
  readonly systems: SourceSystems;
  readonly sequencer: ChangeSequencer;
  createSystem(wanted?: Partial<NewSourceSystem>): Promise<ShownSecret>;
  openApi(options?: ApiOptions): Promise<StationApi>;
  close(): Promise<void>;
}

export interface ApiOptions {
  readonly clock?: Clock;
  /** Another database than the house's. */
  readonly databaseUrl?: string;
  readonly trustedProxies?: readonly string[];
  readonly allowPlainHttp?: boolean;
}

export interface StationApi {
  readonly app: NestFastifyApplication;
  readonly origin: string;
  readonly lines: object[];
  /** What was logged as an error; print it when an answer is 500. */
  readonly failures: object[];
  close(): Promise<void>;
}

const silent = { debug: () => undefined, info: () => undefined, error: () => undefined };

function composition(parts: { database: Database; vault: Vault; clock: Clock }): object {
  const { database, vault, clock } = parts;
  const ids = systemIds;
  const ledger = new Ledger(vault, ids, shippedCalendar(), {
    supportedKinds: new Set(RECORD_KINDS.map(({ name }) => name)),
    maxRecordAgeDays: 365,
  });
  const intake = new IntakeService({ database, ledger, vault, ids, clock, profile: { guardianRequiredUnder: 18 } });
  const tokens = [
    { provide: DATABASE, useValue: database },
    { provide: VAULT, useValue: vault },
    { provide: CLOCK, useValue: clock },
    { provide: IDS, useValue: ids },
    { provide: LOGGER, useValue: createLogger({ level: 'silent', role: 'api' }) },
    { provide: INTAKE, useValue: intake },
  ];
  @Global()
  @Module({ providers: tokens, exports: tokens })
  class PlatformModule {}
  @Module({ imports: [PlatformModule, AccessModule, IngestModule] })
  class TestApiModule {}
  return TestApiModule;
}

async function openApi(url: string, vault: Vault, options: ApiOptions): Promise<StationApi> {
  const pool = new Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => undefined);
  const lines: object[] = [];
  const failures: object[] = [];
  const face = createHttpFace({
    settings: { trustedProxies: options.trustedProxies ?? [], allowPlainHttp: options.allowPlainHttp ?? false },
    words: catalogueWords,
    log: { ...silent, info: (fields) => lines.push(fields), error: (fields) => failures.push(fields) },
  });
  const module = composition({ database: new Database(pool), vault, clock: options.clock ?? systemClock });
  const app = await NestFactory.create<NestFastifyApplication>(module as never, face.adapter, {
    logger: ['error', 'fatal'],
    abortOnError: false,
  });
  app.useGlobalFilters(face.filter);
  serveOpenApi(app);
  await app.listen(0, '127.0.0.1');
  return {
    app,
    origin: (await app.getUrl()).replace('[::1]', '127.0.0.1'),
    lines,
    failures,
    close: async () => {
      await app.close();
      await pool.end();
    },
  };
}

/** Until the migration is in the list of data-source.ts, the test database lacks it. */
async function ensureAdmission(database: Database): Promise<void> {
  const [row] = await database.query<{ present: boolean }>(`SELECT to_regproc('admit_request') IS NOT NULL AS present`);
  const query = (sql: string): Promise<unknown> => database.query(sql);
  if (row?.present !== true) await new Admission1764000100000().up({ query } as unknown as QueryRunner);
}

export async function openStationHouse(): Promise<StationHouse> {
  const test: TestDatabase = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'zhiqiao-secrets-'));
  const vault = createVault(openKeyStore(folder, { mayCreate: true, nowIso: new Date().toISOString() }));
  const pool = new Pool({ connectionString: test.url, max: 5 });
  pool.on('error', () => undefined);
  const database = new Database(pool);
  const systems = new SourceSystems(database, vault, systemIds);
  const apis: StationApi[] = [];
  await ensureAdmission(database);
  return {
    url: test.url,
    database,
    vault,
    systems,
    sequencer: new ChangeSequencer(database, () => undefined),
    createSystem: (wanted = {}) =>
      systems.create({ name: 'test', areaCode: '5334', ratePerSecond: 10_000, maxParallel: 100, ...wanted }, 'test'),
    openApi: async (options = {}) => {
      const api = await openApi(options.databaseUrl ?? test.url, vault, options);
      apis.push(api);
      return api;
    },
    close: async () => {
      for (const api of apis) await api.close().catch(() => undefined);
      await pool.end();
      rmSync(folder, { recursive: true, force: true });
      await test.drop();
    },
  };
}

export const bearer = ({ appKey, secret }: ShownSecret): Record<string, string> => ({
  Authorization: `Bearer ${appKey}.${secret}`,
});

export interface Signing {
  readonly method: string;
  readonly target: string;
  readonly body?: string;
  readonly signMethod?: SignMethod;
  readonly timestamp?: string;
  readonly nonce?: string;
}

/** Headers of a request signed as station-contract §1 says. */
export function signed({ appKey, secret }: ShownSecret, signing: Signing): Record<string, string> {
  const { method, target, body = '', signMethod = 'HMAC-SHA256' } = signing;
  const [path = '', query = ''] = target.split(/\?(.*)/s);
  const timestamp = signing.timestamp ?? String(Date.now());
  const nonce = signing.nonce ?? randomUUID();
  const parts = { method, path, query, appKey, timestamp, nonce, body: Buffer.from(body) };
  return {
    'X-App-Key': appKey,
    'X-Timestamp': timestamp,
    'X-Nonce': nonce,
    'X-Sign-Method': signMethod,
    'X-Sign': signatureOf(signMethod, secret, parts).toString('hex'),
  };
}

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A station that the door takes. */
export const stationItem = (sourceId: string, data: object = {}): object => ({
  kind: 'station',
  sourceId,
  data: { ...RECORD_KINDS.find(({ name }) => name === 'station')?.examples[0], ...data },
});
