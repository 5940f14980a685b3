// The move itself (F63): new ids at once, a new door, the map file on disk, and what the old address does from now on.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from './canonical-form.js';
import { mapLines, migrate, type MigrationLine, type OldHostMode } from './migration.js';
import { ActRefused } from './national-acts.js';
import type { Nation } from './nation.js';

export const MAP_FILE = 'national-id-map.ndjson';

export async function moveAway(nation: Nation, oldHost: OldHostMode, wantedPort: number): Promise<object> {
  if (nation.migration !== null)
    throw new ActRefused('catalogue: the platform has moved already; POST reset first', 'catalogue');
  const port = await nation.line.open('moved', wantedPort);
  const line: MigrationLine = { k: 'migration', atMs: nation.clock.commitAt(), port, oldHost };
  nation.journal.append(line);
  const { toNew } = migrate(nation, line);
  await applyOldHost(nation, oldHost);
  const bytes = mapBytes(nation);
  const path = join(nation.directory, MAP_FILE);
  writeFileSync(path, bytes);
  return {
    port,
    oldPort: nation.line.port(),
    oldHost,
    map: { path, rows: toNew.size, sha256: sha256Hex(bytes) },
  };
}

export function mapBytes(nation: Nation): Buffer {
  return Buffer.from([...mapLines(nation)].map((line) => `${JSON.stringify(line)}\n`).join(''), 'utf8');
}

export async function changeOldHost(nation: Nation, oldHost: OldHostMode): Promise<object> {
  if (nation.migration === null)
    throw new ActRefused('oldHost: the platform has not moved; use {"catalogue":"F63"}', 'oldHost');
  nation.migration.oldHost = oldHost;
  nation.journal.append({ k: 'old-host', oldHost });
  await applyOldHost(nation, oldHost);
  return { oldHost };
}

const applyOldHost = (nation: Nation, mode: OldHostMode): Promise<void> =>
  nation.line.set(mode === 'off' ? 'refuse' : 'open');

/** After a restart: both doors as they were. */
export async function reopenDoors(nation: Nation): Promise<void> {
  if (nation.migration === null) return;
  await nation.line.open('moved', nation.migration.port);
  await applyOldHost(nation, nation.migration.oldHost);
}
