// Faults of one written item, single or inside a batch: refused, waiting for a parent, or stored as something else.
import { REFERENCES } from './entity-fields.js';
import { messageOf } from './codes.js';
import type { FaultEffect } from './faults.js';
import { isGbk } from './gbk.js';
import { isEntity, refuse, type Entity, type ItemResult } from './model.js';
import type { Nation, Trace } from './nation.js';
import { writeItem } from './write.js';

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The one way a written item reaches the ledger; everything but scripted faults is writeItem's. */
export function writeUnderFaults(nation: Nation, entity: Entity, raw: unknown, trace: Trace): ItemResult {
  if (nation.faults.list().length === 0) return writeItem(nation, entity, raw, trace);
  const body = Buffer.from(JSON.stringify(raw) ?? '', 'utf8');
  const struck = { method: 'POST', path: `/gw/v1/${entity}`, operation: 'item', entity, body };
  let item = raw;
  for (const effect of nation.faults.strike('before-item', struck)) {
    if (effect.type === 'mangle') item = mangled(item, effect);
    else return refusedItem({ nation, entity, item, trace }, effect);
  }
  return writeItem(nation, entity, item, trace);
}

interface ItemCase {
  nation: Nation;
  entity: Entity;
  item: unknown;
  trace: Trace;
}

/** `committed`: the row is stored and the answer says something else. */
function refusedItem({ nation, entity, item, trace }: ItemCase, effect: FaultEffect): ItemResult {
  if (effect.committed === true) writeItem(nation, entity, item, trace);
  const code = typeof effect.code === 'string' ? effect.code : effect.type === 'parent' ? '2101' : '9999';
  const detail = effect.type === 'parent' ? { missing: [parentOf(entity, item, effect.parent)] } : effect.detail;
  return refuse(
    code,
    isTree(detail) ? detail : undefined,
    typeof effect.message === 'string' ? effect.message : messageOf(code),
  );
}

/** The first parent that the item names, or the one of the entity that was asked for. */
function parentOf(entity: Entity, item: unknown, wanted: unknown): Tree {
  const data = isTree(item) && isTree(item.data) ? item.data : {};
  const named = REFERENCES[entity].filter(([field]) => typeof data[field] === 'string');
  const [field, parent] = named.find(([, of]) => !isEntity(wanted) || of === wanted) ?? named[0] ?? [];
  if (field === undefined) return { entity, bizNo: isTree(item) ? item.bizNo : null };
  return { entity: parent, bizNo: data[field] };
}

const TEXT_FIELDS = ['name', 'content', 'text', 'intro', 'address', 'hostUnit', 'grantingUnit', 'contactName'];

/** F59: what the server keeps is not what it was sent; the reply says that all is well. */
function mangled(item: unknown, effect: FaultEffect): unknown {
  if (!isTree(item) || !isTree(item.data)) return item;
  const fields = Array.isArray(effect.fields) ? (effect.fields as string[]) : TEXT_FIELDS;
  const data = { ...item.data };
  for (const name of fields) {
    const value = data[name];
    if (typeof value === 'string') data[name] = mangledText(value, effect);
  }
  return { ...item, data };
}

function mangledText(text: string, effect: FaultEffect): string {
  let chars = [...text];
  if (typeof effect.replaceUnknown === 'string') {
    const mark = effect.replaceUnknown;
    chars = chars.map((char) => (isGbk(char) ? char : mark));
  } else if (effect.dropUnknown === true) {
    chars = chars.filter(isGbk);
  }
  const kept = chars.slice(0, typeof effect.maxChars === 'number' ? effect.maxChars : undefined).join('');
  return kept === '' ? '?' : kept;
}
