import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The checkout's folder, found from this file upwards, so that it is the same from `src/` (jest), from `dist/`
 * (production) and in the container image, whatever the working directory is.
 */
export function projectRoot(from: string = __dirname): string {
  let folder = from;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${from}`);
    folder = parent;
  }
  return folder;
}
