import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { projectRoot } from './project-root.js';

const ShippedDefaults = z.strictObject({ nationalProfile: z.string() });

/** Names of contract profiles stand in config/ only: a new one must not need a change in src/. */
export function shippedDefaults(): z.infer<typeof ShippedDefaults> {
  return ShippedDefaults.parse(JSON.parse(readFileSync(join(projectRoot(), 'config', 'defaults.json'), 'utf8')));
}
