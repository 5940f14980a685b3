// Edits of a reply before it is signed: F15, F22, F41, F44 and their kin are data here.
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

/** `data` as a string that holds JSON, as some gateways send it (F41). */
function stringifyPaths(root: Tree, paths: unknown): void {
  if (!Array.isArray(paths)) return;
  for (const path of paths as string[]) {
    const place = parentOf(root, path);
    if (place !== null && place.parent[place.key] !== undefined)
      place.parent[place.key] = JSON.stringify(place.parent[place.key]);
  }
}

/** `{nationalId}` in a message is replaced by what the reply knows, so that an id may stand in the text only (F15). */
function fillMessage(root: Tree, known: Tree): void {
  if (typeof root.message !== 'string') return;
  root.message = root.message.replace(/\{(\w+)\}/g, (_all, name: string) => String(known[name] ?? ''));
}

function editTree(root: Tree, effect: FaultEffect): void {
  const known = {
    ...(isTree(root.data) ? root.data : {}),
    ...(isTree(root.detail) ? root.detail : {}),
    ...(typeof root.bizNo === 'string' ? { bizNo: root.bizNo, nationalId: root.nationalId } : {}),
    ...(isTree(root.detail) && root.detail.nationalId !== undefined ? { nationalId: root.detail.nationalId } : {}),
  };
  setPaths(root, effect.set);
  fillMessage(root, known);
  removePaths(root, effect.remove);
  stringifyPaths(root, effect.stringify);
}

/** The same edit for every line of a receipt, or for those with one code. */
function editLines(data: unknown, lines: unknown): void {
  if (!isTree(lines) || !isTree(data) || !Array.isArray(data.items)) return;
  for (const item of data.items as Tree[]) {
    if (lines.code === undefined || item.code === lines.code) editTree(item, { type: 'patch', ...lines });
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
  if (effect.indexKeyed === true)
    items = items.map((item, index) => {
      const { bizNo: _bizNo, ...rest } = item as Tree;
      return { index, ...rest };
    });
  data.items = items;
}

/** F44: every row that a lookup found comes twice, the second time under another national id. */
export function addSecondRows(reply: Reply, effect: FaultEffect): void {
  if (!Array.isArray(reply.data?.items)) return;
  const items = (reply.data.items as { rows?: Tree[] }[]).map((item) => ({
    ...item,
    rows: (item.rows ?? []).flatMap((row) => [row, { ...row, nationalId: `${String(row.nationalId)}-2` }]),
  }));
  reply.data = { ...reply.data, items };
  if (typeof effect.message === 'string') reply.message = effect.message;
}

/** Works on a deep copy, so that stored receipts never change. */
export function editReply(reply: Reply, effect: FaultEffect): void {
  const copy = structuredClone({
    code: reply.code,
    message: reply.message,
    data: reply.data,
    detail: reply.detail,
  }) as Tree;
  editTree(copy, effect);
  editLines(copy.data, effect.lines);
  if (effect.type === 'receipt' && isTree(copy.data)) editReceipt(copy.data, effect);
  Object.assign(reply, { message: undefined, data: undefined, detail: undefined }, copy);
}
