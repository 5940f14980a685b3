import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { SEALED_SECRETS, SourceSystems } from '../../../src/access/index.js';
import { Database } from '../../../src/platform/database/index.js';
import { systemIds } from '../../../src/platform/ids/index.js';
import { addDataKey, createVault, openKeyStore, resealColumn, VaultError } from '../../../src/platform/vault/index.js';
import { createTestDatabase, type TestDatabase } from '../../harness/database.js';

const NEW = { mayCreate: true, nowIso: '2026-11-01T00:00:00Z' };
const OLD = { mayCreate: false, nowIso: '' };
const SECRETS = 7;

/** Real: PostgreSQL, the key file, the vault. */
describe('rotating the data key', () => {
  let test: TestDatabase;
  let pool: Pool;
  let database: Database;
  const folder = mkdtempSync(join(tmpdir(), 'zhiqiao-keys-'));

  beforeAll(async () => {
    test = await createTestDatabase();
    pool = new Pool({ connectionString: test.url, max: 2 });
    database = new Database(pool);
  }, 60_000);

  afterAll(async () => {
    await pool.end();
    await test.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const sealedRows = async (): Promise<{ id: string; sealed: Buffer }[]> =>
    database.query<{ id: string; sealed: Buffer }>('SELECT id, sealed_secret AS sealed FROM source_system_secret');

  it('seals everything again, and a process that runs with the old keys goes on reading', async () => {
    const running = createVault(openKeyStore(folder, NEW), () => openKeyStore(folder, OLD));
    const withoutReload = createVault(openKeyStore(folder, OLD));
    const sources = new SourceSystems(database, running, systemIds);
    for (let n = 0; n < SECRETS; n += 1) await sources.create({ name: `测试${n}`, areaCode: '5334' }, 'cli');
    const plain = new Map(
      (await sealedRows()).map((row) => [row.id, running.open(row.sealed, `${SEALED_SECRETS.placePrefix}${row.id}`)]),
    );

    expect(addDataKey(folder)).toBe('d2');
    const rotated = createVault(openKeyStore(folder, OLD));
    expect(await resealColumn(database, rotated, SEALED_SECRETS)).toBe(SECRETS);
    expect(await resealColumn(database, rotated, SEALED_SECRETS)).toBe(0);

    const rows = await sealedRows();
    expect(rows).toHaveLength(SECRETS);
    for (const row of rows) {
      expect(row.sealed.subarray(0, rotated.newestHeader.length)).toEqual(rotated.newestHeader);
      expect(running.open(row.sealed, `${SEALED_SECRETS.placePrefix}${row.id}`)).toBe(plain.get(row.id));
    }
    const [first] = rows;
    expect(() => withoutReload.open(first?.sealed as Buffer, `${SEALED_SECRETS.placePrefix}${first?.id}`)).toThrow(
      VaultError,
    );
  });
});
