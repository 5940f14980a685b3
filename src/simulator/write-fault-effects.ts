// What others do to the same number or the same person in the instant before our write is stored (F14, F16, F17).
import type { Call } from './call.js';
import { bodySha256, parseBody } from './call.js';
import type { FaultEffect } from './faults.js';
import type { Entity, Fields, Origin } from './model.js';
import { loadRow } from './national-acts.js';
import type { Nation } from './nation.js';
import { writeItem } from './write.js';

type Item = Record<string, unknown> & { data: Fields };

/** The items of a write or a batch that carry data. */
function itemsOf(call: Call): Item[] {
  const body = parseBody(call) as { items?: unknown } | undefined;
  const list = call.operation === 'batch' ? body?.items : [body];
  const isItem = (value: unknown): value is Item =>
    typeof value === 'object' && value !== null && typeof (value as Item).data === 'object';
  return Array.isArray(list) ? list.filter(isItem) : [];
}

const FREE_TEXT = ['content', 'text', 'name', 'purpose', 'postBizNo'];
const OTHER_MARK = '-另';

function otherData(data: Fields, set: unknown): Fields {
  if (typeof set === 'object' && set !== null) return { ...data, ...(set as Fields) };
  const field = FREE_TEXT.find((name) => typeof data[name] === 'string');
  if (field === undefined) return { ...data, purpose: OTHER_MARK };
  return { ...data, [field]: field === 'postBizNo' ? 'SIM-OTHER' : `${String(data[field])}${OTHER_MARK}` };
}

/** F16: somebody else has stored another content under our number and version. */
export function storeOtherCopy(nation: Nation, call: Call, effect: FaultEffect): void {
  const trace = { requestId: `other-${call.requestId}`.slice(0, 64), bodySha256: bodySha256(call) };
  for (const item of itemsOf(call)) {
    writeItem(nation, call.entity as Entity, { ...item, data: otherData(item.data, effect.set) }, trace);
  }
}

/** F17: the person, place or service is there already, from another channel; `copies: 2` makes it 2011. */
export function storeForeignTwin(nation: Nation, call: Call, effect: FaultEffect): void {
  const copies = typeof effect.copies === 'number' ? effect.copies : 1;
  for (const { data } of itemsOf(call)) {
    for (let i = 0; i < copies; i += 1) {
      loadRow(nation, { entity: call.entity as Entity, data, origin: (effect.origin as Origin) ?? 'portal' });
    }
  }
}
