import {
  decodeUtf8,
  groupFaultsByItem,
  JsonSyntaxError,
  parseStrict,
  safePointer,
  splitNdjson,
  type Fault,
  type ItemProblem,
  type ParsedJson,
} from '../records/index.js';
import type { RawItem } from './intake.types.js';

/** G-26. */
export const MAX_ITEMS = 1_000;

/** Why a call is refused as a whole; nothing of it is taken (G-06). */
export interface CallFault {
  readonly status: 400 | 413 | 422;
  readonly problems: readonly [ItemProblem, ...ItemProblem[]];
}

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: CallFault };

const good = <T>(value: T): Read<T> => ({ ok: true, value });
const bad = (status: CallFault['status'], problem: ItemProblem): Read<never> => ({
  ok: false,
  fault: { status, problems: [problem] },
});
const notJson = (): Read<never> => bad(400, { code: 'MALFORMED_JSON', pointer: '' });
const tooMany = (): Read<never> => bad(413, { code: 'TOO_LARGE', pointer: '/items', params: { max: MAX_ITEMS } });

type JsonObject = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parse(body: Buffer): ParsedJson | null {
  const text = decodeUtf8(body);
  return text === null ? null : parseText(text);
}

function parseText(text: string): ParsedJson | null {
  try {
    return parseStrict(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return null;
    throw error;
  }
}

/** A key that was written twice is a fault of the text itself, any other of its content. */
function faultOfCall(fault: Fault): Read<never> {
  return bad(fault.code === 'MALFORMED_JSON' ? 400 : 422, fault);
}

function unknownKeys(object: JsonObject, known: readonly string[]): Read<never> | null {
  const [first, ...rest] = Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key): ItemProblem => ({ code: 'FIELD_UNKNOWN', pointer: safePointer([key]) }));
  return first === undefined ? null : { ok: false, fault: { status: 422, problems: [first, ...rest.slice(0, 9)] } };
}

/**
 * The items of `{"items":[…]}`.
 *
 * Shape    raw bytes → items with what the parser found wrong in each
 * Source   station-contract §2, G-06, G-07, G-26, G-28
 */
export function readJsonBatch(body: Buffer): Read<RawItem[]> {
  const parsed = parse(body);
  if (parsed === null) return notJson();
  const { value } = parsed;
  if (!isObject(value)) return bad(422, { code: 'FIELD_TYPE', pointer: '', params: { expected: 'object' } });
  const { ofItem, ofCall } = groupFaultsByItem(parsed.faults);
  if (ofCall[0]) return faultOfCall(ofCall[0]);
  const unknown = unknownKeys(value, ['items']);
  if (unknown) return unknown;
  const { items } = value;
  if (items === undefined) return bad(422, { code: 'FIELD_REQUIRED', pointer: '/items' });
  if (!Array.isArray(items)) return bad(422, { code: 'FIELD_TYPE', pointer: '/items', params: { expected: 'array' } });
  if (items.length === 0) return bad(422, { code: 'FIELD_RANGE', pointer: '/items', params: { min: 1 } });
  if (items.length > MAX_ITEMS) return tooMany();
  return good(items.map((item: unknown, index) => ({ value: item, faults: ofItem.get(index) ?? NO_FAULTS })));
}

const NO_FAULTS: readonly Fault[] = [];
const UNREADABLE: RawItem = { value: undefined, faults: [{ code: 'MALFORMED_JSON', pointer: '' }] };

/** One item a line; a line that is no JSON refuses itself only (G-25). */
export function readNdjsonBatch(body: Buffer): Read<RawItem[]> {
  const text = decodeUtf8(body);
  if (text === null) return notJson();
  const lines = splitNdjson(text, MAX_ITEMS);
  if (lines.length > MAX_ITEMS) return tooMany();
  if (lines.length === 0) return bad(422, { code: 'FIELD_RANGE', pointer: '/items', params: { min: 1 } });
  return good(lines.map((line) => parseText(line) ?? UNREADABLE));
}

/** Whether a line of NDJSON was no JSON. */
export const isUnreadable = (item: RawItem): boolean => item === UNREADABLE;

const PUT_FIELDS = ['revision', 'reason', 'data'] as const;

/** The body of a PUT, `{revision?, reason?, data}`, as the item of that record (G-21). */
export function readPutItem(body: Buffer, kind: string, sourceId: string): Read<RawItem> {
  const parsed = parse(body);
  if (parsed === null) return notJson();
  const { value, faults } = parsed;
  if (!isObject(value)) return bad(422, { code: 'FIELD_TYPE', pointer: '', params: { expected: 'object' } });
  const unknown = unknownKeys(value, PUT_FIELDS);
  if (unknown) return unknown;
  return good({ value: { ...value, kind, sourceId }, faults });
}

const WHOLE_NUMBER = /^(?:0|[1-9]\d{0,15})$/;

/** `DELETE …?reason=&revision=` as the item that voids the record (G-20). */
export function deleteItem(kind: string, sourceId: string, query: { reason?: string; revision?: string }): RawItem {
  const { reason, revision } = query;
  const numbered =
    revision === undefined ? {} : { revision: WHOLE_NUMBER.test(revision) ? Number(revision) : revision };
  return {
    value: { kind, sourceId, op: 'void', ...(reason === undefined ? {} : { reason }), ...numbered },
    faults: [],
  };
}
