import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atDesk, findDatabaseUrl } from '../../../src/cli/desk.js';
import { loadSettings } from '../../../src/platform/config/index.js';
import { createEmptyDatabase } from '../../harness/database.js';

describe('the desk of the command line', () => {
  it('migrates an empty database, makes the keys and creates a source system', async () => {
    const database = await createEmptyDatabase();
    const folder = mkdtempSync(join(tmpdir(), 'zhiqiao-cli-'));
    try {
      const settings = loadSettings({ DATABASE_URL: database.url, SECRETS_DIR: folder });
      const made = await atDesk(settings, (desk) => desk.sourceSystems.create({ name: 'N', areaCode: '5334' }, 'cli'));
      expect(made).toEqual({
        appKey: expect.stringMatching(/^[0-9A-Za-z_]{6,40}$/) as string,
        secret: expect.stringMatching(/^[0-9A-Za-z_-]{43}$/) as string,
      });
      const hook = await atDesk(settings, (desk) => desk.webhooks.add(made.appKey, 'https://example.com/hook'));
      expect(hook.secret).toMatch(/^whsec_/);
      const listed = await atDesk(settings, (desk) => desk.webhooks.list(made.appKey));
      expect(listed).toEqual([
        { id: hook.id, appKey: made.appKey, url: 'https://example.com/hook', failures: 0, lastError: null },
      ]);
      await expect(atDesk(settings, (desk) => desk.sourceSystems.revoke('ss_unknown', 'cli'))).rejects.toThrow(
        'no source system',
      );
    } finally {
      rmSync(folder, { recursive: true });
      await database.drop();
    }
  });

  it('finds the database of a running start, and says so when there is none (G-78)', () => {
    const root = mkdtempSync(join(tmpdir(), 'zhiqiao-root-'));
    expect(() => findDatabaseUrl({ databaseUrl: null }, root)).toThrow('set DATABASE_URL, or run npm start');
    mkdirSync(join(root, 'var'));
    writeFileSync(join(root, 'var', 'run.json'), JSON.stringify({ databaseUrl: 'postgres://127.0.0.1:1/x' }));
    expect(findDatabaseUrl({ databaseUrl: null }, root)).toBe('postgres://127.0.0.1:1/x');
    expect(findDatabaseUrl({ databaseUrl: 'postgres://127.0.0.1:2/y' }, root)).toBe('postgres://127.0.0.1:2/y');
    rmSync(root, { recursive: true });
  });
});
