// A change of settings that can be taken back: only the values it touched return.
import type { Undo } from './fault-states.js';
import type { Nation } from './nation.js';
import { patchSettings } from './settings.js';

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The present values under the shape of a patch. */
function savedUnder(target: Tree, patch: Tree): Tree {
  return Object.fromEntries(
    Object.entries(patch).map(([key, value]) => {
      const current = target[key];
      return [key, isTree(current) && isTree(value) ? savedUnder(current, value) : structuredClone(current)];
    }),
  );
}

export function patched(nation: Nation, patch: Tree): Undo {
  const saved = savedUnder(nation.settings as unknown as Tree, patch);
  patchSettings(nation.settings, patch);
  return () => patchSettings(nation.settings, saved);
}
