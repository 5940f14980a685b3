import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders that an ordinary user's PATH may lack. */
const MORE_FOLDERS = ['/usr/local/bin', '/usr/bin', '/usr/sbin'] as const;

export function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...MORE_FOLDERS];
  for (const folder of folders) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // not in this folder
    }
  }
  return null;
}

/**
 * A suite that cannot run without a program. Where it is missing the tests count as skipped, and their names say
 * why; scripts/test.mjs lists them, and CI, which installs all programs, fails on any of them.
 */
export function describeNeeding(programs: string | readonly string[], name: string, suite: () => void): void {
  const missing = [programs].flat().filter((program) => findProgram(program) === null);
  if (missing.length === 0) describe(name, suite);
  else describe.skip(`${name} (skipped: needs ${missing.join(', ')})`, suite);
}
