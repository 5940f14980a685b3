// Edits of a reply before it is signed: F15, F22, F41 and their kin are data here.
import type { FaultEffect } from './faults.js';
import type { Reply } from './model.js';

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

function parentOf(root: Tree, path: string): { parent: Tree; key: string } | null {
  const steps = path.split('.');
  const key = steps.pop() ?? '';
  let at: unknown = root;
  for (const step of steps) at = isTree(at) ? at[step] : undefined;
  return isTree(at) ? { parent: at, key } : null;
}

function setPaths(root: Tree, set: unknown): void {
  if (!isTree(set)) return;
  for (const [path, value] of Object.entries(set)) {
    const place = parentOf(root, path);
    if (place !== null) place.parent[place.key] = value;
  }
}

function removePaths(root: Tree, remove: unknown): void {
  if (!Array.isArray(remove)) return;
  for (const path of remove as string[]) {
    const place = parentOf(root, path);
    if (place !== null) delete place.parent[place.key];
  }
}

/** Receipt lines reversed, dropped, repeated or invented (F22). */
function editReceipt(data: Tree, effect: FaultEffect): void {
  if (!Array.isArray(data.items)) return;
  let items = [...(data.items as unknown[])];
  if (effect.reorder === true) items.reverse();
  if (typeof effect.missing === 'number') items = items.slice(effect.missing);
  if (typeof effect.duplicate === 'number') items.push(...items.slice(0, effect.duplicate));
  for (let i = 0; i < Number(effect.extra ?? 0); i += 1) {
    items.push({
      bizNo: `SIM-EXTRA-${i + 1}`,
      version: 1,
      code: '0000',
      outcome: 'CREATED',
      nationalId: `SR000000000000${i}`,
    });
  }
  data.items = items;
}

/** Works on a deep copy, so that stored receipts never change. */
export function editReply(reply: Reply, effect: FaultEffect): void {
  const copy = structuredClone({
    code: reply.code,
    message: reply.message,
    data: reply.data,
    detail: reply.detail,
  }) as Tree;
  setPaths(copy, effect.set);
  removePaths(copy, effect.remove);
  if (effect.type === 'receipt' && isTree(copy.data)) editReceipt(copy.data, effect);
  Object.assign(reply, { message: undefined, data: undefined, detail: undefined }, copy);
}
