import { spawnSync } from 'node:child_process';
import { chownSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** PostgreSQL refuses to run as root; this is the account that it runs under instead. */
export interface ServerUser {
  uid: number;
  gid: number;
}

/** Debian's package makes `postgres`; where it is missing we make our own. */
const ACCOUNT_NAMES = ['postgres', 'zhiqiao'] as const;
/** Candidates for what root keeps outside a checkout that the server account may not enter. */
const OUTSIDE_ROOTS = ['/var/lib/zhiqiao', '/var/tmp/zhiqiao'] as const;

const isRoot = (): boolean => process.getuid?.() === 0;

function findAccount(): ServerUser | null {
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ACCOUNT_NAMES) {
    const account = accounts.find((fields) => fields[0] === name);
    if (account && Number(account[2]) > 0) return { uid: Number(account[2]), gid: Number(account[3]) };
  }
  return null;
}

/** null = we are an ordinary user, and the server runs as ourselves. */
export function serverUser(): ServerUser | null {
  if (!isRoot()) return null;
  const found = findAccount();
  if (found) return found;
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'zhiqiao']);
  const made = findAccount();
  if (made) return made;
  throw new Error(
    'PostgreSQL does not run as root and no account for it could be made: create a user named postgres, start as an ordinary user, or set DATABASE_URL',
  );
}

/** Asks the system itself (`test -x` as that user), so that groups, ACLs and mounts count too. */
export function canEnter(user: ServerUser | null, path: string): boolean {
  if (user === null) return true;
  return spawnSync('/usr/bin/test', ['-x', path], { uid: user.uid, gid: user.gid, cwd: '/' }).status === 0;
}

/** A folder that only the server account can read. */
export function makePrivateFolder(user: ServerUser | null, path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (user) chownSync(path, user.uid, user.gid);
  return path;
}

/** A place outside the checkout: its parent can be passed through but not listed, itself is the server account's alone. */
export function outsideFolder(user: ServerUser, name: string): string {
  for (const root of OUTSIDE_ROOTS) {
    try {
      mkdirSync(root, { mode: 0o711, recursive: true });
      const found = lstatSync(root);
      // A folder (or link) that somebody else put there in advance is not ours to trust.
      if (!found.isDirectory() || found.uid !== 0) continue;
      const folder = makePrivateFolder(user, join(root, name));
      if (canEnter(user, folder)) return folder;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }
  throw new Error(
    `none of ${OUTSIDE_ROOTS.join(', ')} can hold the embedded PostgreSQL: start as an ordinary user, or set DATABASE_URL`,
  );
}
