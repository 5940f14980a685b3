// From a reply to bytes: envelope, signature, encoding, and the faults that strike while sending (§1.3, §1.16 A4, A5, A7, H6).
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { header, type Call } from './call.js';
import { beijingTime } from './clock.js';
import { httpStatusOf, messageOf } from './codes.js';
import type { FaultEffect } from './faults.js';
import type { Reply } from './model.js';
import type { Nation } from './nation.js';
import { signReply } from './signing.js';

export interface Sending {
  nation: Nation;
  call: Call;
  response: ServerResponse;
  reply: Reply;
  httpStatus?: number;
}

interface Wire {
  status: number;
  headers: Record<string, string>;
  bytes: Buffer;
}

export function sendRaw(response: ServerResponse, status: number, headers: Record<string, string>, body: Buffer): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, 'Content-Length': String(body.length) });
  response.end(body);
}

export async function sendReply(sending: Sending): Promise<void> {
  const { nation, call, response } = sending;
  if (response.destroyed) return;
  const wire = toWire(sending);
  for (const effect of nation.faults.strike('during-reply', call)) {
    const ended = await distort(effect, wire, response);
    if (ended) return;
  }
  sendRaw(response, wire.status, wire.headers, wire.bytes);
}

function envelopeOf(nation: Nation, reply: Reply): Buffer {
  const { code, message = messageOf(code), data = {}, detail } = reply;
  const serverTime = beijingTime(nation.clock.now());
  return Buffer.from(JSON.stringify({ code, message, traceId: `n-${randomUUID()}`, serverTime, data, detail }), 'utf8');
}

function toWire({ nation, call, reply, httpStatus }: Sending): Wire {
  const { file } = reply;
  const body = file === undefined ? envelopeOf(nation, reply) : file.bytes;
  const headers: Record<string, string> = {
    'Content-Type': file === undefined ? 'application/json; charset=utf-8' : file.contentType,
    'X-Server-Time': String(nation.clock.now()),
  };
  if (call.operation !== 'time') {
    const secret = call.signSecret ?? nation.books.currentSecret().secret;
    headers['X-Resp-Sign'] = signReply({ requestId: call.requestId, code: reply.code, body }, call.signMethod, secret);
  }
  const status = httpStatus ?? httpStatusOf(reply.code, nation.settings.httpStatusMode);
  const retryAfterMs = reply.detail?.retryAfterMs;
  if (status === 429 && typeof retryAfterMs === 'number')
    headers['Retry-After'] = String(Math.ceil(retryAfterMs / 1_000));
  // The signature covers the body before content-encoding.
  const zipped = acceptsGzip(call) && body.length >= nation.settings.gzipMinBytes && file === undefined;
  if (zipped) headers['Content-Encoding'] = 'gzip';
  return { status, headers, bytes: zipped ? gzipSync(body, { level: 1 }) : body };
}

function acceptsGzip(call: Call): boolean {
  return header(call, 'accept-encoding')
    .split(',')
    .some((part) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/.test(part));
}

/** true when the effect ended the reply itself. */
async function distort(effect: FaultEffect, wire: Wire, response: ServerResponse): Promise<boolean> {
  const ratio = typeof effect.ratio === 'number' ? effect.ratio : 0.5;
  const keep = typeof effect.bytes === 'number' ? effect.bytes : Math.floor(wire.bytes.length * ratio);
  switch (effect.type) {
    case 'reset':
      response.socket?.resetAndDestroy();
      return true;
    case 'hang':
      return true;
    case 'delay':
      await new Promise((resolve) => setTimeout(resolve, typeof effect.ms === 'number' ? effect.ms : 1_000));
      return false;
    case 'truncate': // F08: a whole HTTP message whose JSON is not whole
      wire.bytes = wire.bytes.subarray(0, keep);
      return false;
    case 'cut': // F13: the connection ends before the announced length
      response.writeHead(wire.status, { ...wire.headers, 'Content-Length': String(wire.bytes.length) });
      response.write(wire.bytes.subarray(0, keep), () => response.socket?.destroy());
      return true;
    case 'trickle':
      trickle(effect, wire, response);
      return true;
    default:
      rewire(effect, wire);
      return false;
  }
}

/** F12: a few bytes at a time until done or until the caller gives up. */
function trickle(effect: FaultEffect, wire: Wire, response: ServerResponse): void {
  const chunkBytes = typeof effect.chunkBytes === 'number' ? effect.chunkBytes : 1;
  const everyMs = typeof effect.everyMs === 'number' ? effect.everyMs : 1_000;
  response.writeHead(wire.status, { ...wire.headers, 'Content-Length': String(wire.bytes.length) });
  let sent = 0;
  const timer = setInterval(() => {
    response.write(wire.bytes.subarray(sent, sent + chunkBytes));
    sent += chunkBytes;
    if (sent < wire.bytes.length) return;
    clearInterval(timer);
    response.end();
  }, everyMs);
  response.on('close', () => clearInterval(timer));
}

/** F08–F11: byte order mark, trailing bytes, other content type, headers, encodings applied twice or not at all. */
function rewire(effect: FaultEffect, wire: Wire): void {
  if (effect.bom === true) wire.bytes = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), wire.bytes]);
  if (typeof effect.trailing === 'string') wire.bytes = Buffer.concat([wire.bytes, Buffer.from(effect.trailing)]);
  if (typeof effect.contentType === 'string') wire.headers['Content-Type'] = effect.contentType;
  if (typeof effect.status === 'number') wire.status = effect.status;
  if (typeof effect.headers === 'object' && effect.headers !== null) Object.assign(wire.headers, effect.headers);
  if (effect.gzip === 'twice') {
    wire.bytes = gzipSync(wire.headers['Content-Encoding'] === 'gzip' ? wire.bytes : gzipSync(wire.bytes));
    wire.headers['Content-Encoding'] = 'gzip';
  }
  if (effect.gzip === 'false') wire.headers['Content-Encoding'] = 'gzip';
}
