import { createHash } from 'node:crypto';
import { isObject, parseJson, type JsonObject } from '../../independent/canonical.js';
import type { HistoryFile } from './history-file.js';
import type { LinkWatcher } from './tcp-proxy.js';

/** What the link to the nation saw, written by us and not by either side (`wire.ndjson`). */
export type WireEvent =
  | {
      readonly type: 'request';
      readonly id: number;
      /** Epoch ms of the first byte. */
      readonly at: number;
      readonly method: string;
      readonly path: string;
      readonly requestId: string;
      readonly bodySha256: string;
      readonly clientBatchNo?: string;
      /** Entries of a write. */
      readonly items?: readonly { bizNo: string; version: number; op: string }[];
      /** Numbers of a look-up. */
      readonly keys?: readonly string[];
    }
  | {
      /** The client has it whole. */
      readonly type: 'reply';
      readonly id: number;
      readonly at: number;
      readonly status: number;
      readonly code: string | null;
      readonly batchNo?: string;
      readonly batchStatus?: string;
      readonly clientBatchNo?: string;
      readonly asOf?: string;
      /** Entries of a receipt, or of a look-up (`found` rows). */
      readonly items?: readonly { bizNo: string; code?: string; found?: number }[];
    }
  | { readonly type: 'lost'; readonly id: number; readonly at: number };

interface Message {
  readonly startLine: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

let lastId = 0;

/** Reads HTTP/1.1 off one connection of the link between worker and nation; never holds personal data. */
export class WireTap implements LinkWatcher {
  private asked = Buffer.alloc(0);
  private answered = Buffer.alloc(0);
  private begunAt: number | null = null;
  private open: number | null = null;

  constructor(private readonly log: HistoryFile) {}

  request(bytes: Buffer): void {
    this.begunAt ??= Date.now();
    this.asked = Buffer.concat([this.asked, bytes]);
    const message = readMessage(this.asked);
    if (message === null) return;
    this.asked = Buffer.alloc(0);
    lastId += 1;
    this.open = lastId;
    this.log.append({ id: lastId, at: this.begunAt, ...describeRequest(message) });
    this.begunAt = null;
  }

  reply(bytes: Buffer): void {
    if (this.open === null) return;
    this.answered = Buffer.concat([this.answered, bytes]);
    const message = readMessage(this.answered);
    if (message === null) return;
    this.answered = Buffer.alloc(0);
    this.log.append({ id: this.open, at: Date.now(), ...describeReply(message) });
    this.open = null;
  }

  /** A request of which not all left, too, may have been understood. */
  closed(): void {
    if (this.open !== null) this.log.append({ type: 'lost', id: this.open, at: Date.now() } satisfies WireEvent);
    this.open = null;
  }
}

function readMessage(bytes: Buffer): Message | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [startLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const rest = bytes.subarray(end + 4);
  const body = headers.get('transfer-encoding') === 'chunked' ? dechunk(rest) : sized(rest, headers);
  return body === null ? null : { startLine, headers, body };
}

function sized(rest: Buffer, headers: ReadonlyMap<string, string>): Buffer | null {
  const length = Number(headers.get('content-length') ?? 0);
  return rest.length < length ? null : rest.subarray(0, length);
}

function dechunk(rest: Buffer): Buffer | null {
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = parseInt(rest.subarray(at, lineEnd).toString('latin1'), 16);
    if (size === 0) return Buffer.concat(pieces);
    if (rest.length < lineEnd + 2 + size + 2) return null;
    pieces.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

function jsonOf(body: Buffer): JsonObject {
  try {
    const parsed = parseJson(body.toString('utf8'));
    return isObject(parsed) ? parsed : {};
  } catch {
    return {}; // a page, or bytes that are no JSON: there is nothing to be read in it
  }
}

const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

function describeRequest({ startLine, headers, body }: Message): object {
  const [method = '', path = ''] = startLine.split(' ');
  const said = jsonOf(body);
  const isLookup = path.endsWith('/lookup');
  const written = 'items' in said ? objects(said.items) : [said];
  const items = written
    .filter((item) => typeof item.bizNo === 'string' && typeof item.version === 'number')
    .map((item) => ({ bizNo: item.bizNo, version: item.version, op: item.op }));
  return {
    type: 'request', method, path, requestId: headers.get('x-request-id') ?? '',
    bodySha256: createHash('sha256').update(body).digest('hex'),
    ...(typeof said.clientBatchNo === 'string' ? { clientBatchNo: said.clientBatchNo } : {}),
    ...(items.length > 0 && !isLookup ? { items } : {}),
    ...(isLookup ? { keys: texts(said.keys) } : {}),
  }; // prettier-ignore
}

function describeReply({ startLine, body }: Message): object {
  const said = jsonOf(body);
  const payload = isObject(said.data) ? said.data : {};
  const code = typeof said.code === 'string' || typeof said.code === 'number' ? String(said.code) : null;
  const items = objects(payload.items).flatMap((item) => {
    const name = item.bizNo ?? item.key;
    if (typeof name !== 'string') return [];
    const found = Array.isArray(item.rows) ? { found: item.rows.length } : {};
    return [{ bizNo: name, ...(typeof item.code === 'string' ? { code: item.code } : {}), ...found }];
  });
  const text = (name: string, value: unknown): object => (typeof value === 'string' ? { [name]: value } : {});
  return {
    type: 'reply', status: Number(startLine.split(' ')[1]), code,
    ...text('batchNo', payload.batchNo), ...text('batchStatus', payload.status),
    ...text('clientBatchNo', payload.clientBatchNo), ...text('asOf', payload.asOf),
    ...(items.length > 0 ? { items } : {}),
  }; // prettier-ignore
}
