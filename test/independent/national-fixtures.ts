/** Helpers of the pair's own specs: a started national side, a signed caller, a small world as write items. */
import { isObject, type JsonObject } from './canonical.js';
import { ENTITY_OF, expectedNational } from './expected-national.js';
import { FIELD_RULES } from './national/fields.js';
import { encryptField } from './national/wire.js';
import { NationalCaller, type Envelope } from './national-caller.js';
import { startNationalSide, type NationalSide, type SettingsPatch } from './national-side.js';
import { makeWorld } from './world.js';

const open: NationalSide[] = [];
const KEY = '0123456789abcdeffedcba9876543210';

export async function start(settings: SettingsPatch = {}): Promise<{ national: NationalSide; caller: NationalCaller }> {
  const national = await startNationalSide({ settings });
  open.push(national);
  const caller = new NationalCaller({ baseUrl: national.baseUrl });
  await caller.login();
  return { national, caller };
}

/** Closes every national side that was started. */
export async function closeAll(): Promise<void> {
  for (const national of open.splice(0)) await national.close();
}

export interface Item {
  kind: string;
  body: JsonObject;
}

/** The whole small world as national write items, parents first; bizNo = sourceId with dots replaced. */
export function worldItems(seed: number): Item[] {
  const world = makeWorld({ seed, sizes: { blocked: false, certificates: 0 } });
  const order = ['station', 'volunteer', 'team', 'project', 'activity', 'membership', 'service-record'];
  const rank = (kind: string): number => (order.includes(kind) ? order.indexOf(kind) : order.length);
  const data = new Map(world.records.map((one) => [`${one.item.kind}/${one.item.sourceId}`, one.item.data]));
  const bizNo = (_kind: string, sourceId: string): string => sourceId.replaceAll('.', '_');
  const resolver = { bizNo, data: (kind: string, sourceId: string) => data.get(`${kind}/${sourceId}`) ?? {} };
  const sorted = [...world.records].sort((a, b) => rank(a.item.kind) - rank(b.item.kind));
  return sorted.map(({ item }) => {
    const number = bizNo(item.kind, item.sourceId);
    const plain = expectedNational(item.kind, item.data, resolver, number);
    return { kind: item.kind, body: { bizNo: number, version: 1, op: 'UPSERT', data: sealed(item.kind, plain) } };
  });
}

function sealed(kind: string, plain: JsonObject): JsonObject {
  const entity = ENTITY_OF[kind];
  const rules = entity === undefined ? {} : FIELD_RULES[entity];
  const out: JsonObject = { ...plain };
  for (const [key, value] of Object.entries(plain)) {
    if (rules[key]?.encrypted === true && typeof value === 'string') out[key] = encryptField(KEY, value);
  }
  return out;
}

export function write(caller: NationalCaller, item: Item, patch: JsonObject = {}): Promise<Envelope> {
  return caller.post(`/gw/v1/${String(ENTITY_OF[item.kind])}`, { ...item.body, ...patch });
}

export async function populated(
  settings: SettingsPatch = {},
): Promise<{ national: NationalSide; caller: NationalCaller; items: Item[] }> {
  const { national, caller } = await start(settings);
  const items = worldItems(11);
  for (const item of items) {
    const reply = await write(caller, item);
    if (reply.code !== '0000')
      throw new Error(`${item.kind} ${JSON.stringify(item.body)} → ${reply.code} ${JSON.stringify(reply.detail)}`);
  }
  return { national, caller, items };
}

export const find = (items: Item[], kind: string): Item => items.find((one) => one.kind === kind) as Item;
export const dataOf = (item: Item): JsonObject => (isObject(item.body.data) ? item.body.data : {});

export const batchOf = (items: Item[]): JsonObject => ({ clientBatchNo: 'C-1', items: items.map((one) => one.body) });
