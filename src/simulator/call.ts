// One request as read from the socket.
import type { IncomingHttpHeaders } from 'node:http';
import { sha256Hex } from './canonical-form.js';
import type { Entity } from './model.js';
import type { HmacMethod } from './signing.js';

export interface Call {
  method: string;
  path: string;
  rawQuery: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  remoteIp: string;
  host: string;
  requestId: string;
  operation: string;
  entity: Entity | null;
  /** Path parameter: a number, a name, an id. */
  argument: string;
  /** Set by the gate, used to sign the reply (§1.16 A4). */
  signMethod: HmacMethod;
  signSecret: string | null;
  /** Set by fault F43: how far behind this one read shall be. */
  readLagMs: number | null;
  /** Set by fault F20: the batch is taken in and never worked on. */
  neverProcess: boolean;
  /** Set by fault F24: the token issued by this call has run out already, whatever the reply says. */
  expiredToken: boolean;
  /** The call came in at the address that a migration left behind (F63). */
  oldHost: boolean;
  /** The body as JSON, once somebody asked for it. */
  json?: { value: unknown };
}

export const header = (call: Pick<Call, 'headers'>, name: string): string => {
  const value = call.headers[name];
  return typeof value === 'string' ? value : '';
};

/** undefined when the body is not UTF-8 JSON (§1.16 A9). */
export function parseBody(call: Call): unknown {
  return (call.json ??= { value: jsonOf(call.body) }).value;
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)) as unknown;
  } catch {
    return undefined; // the caller answers 2201 rule json
  }
}

export const bodySha256 = (call: Call): string => sha256Hex(call.body);
