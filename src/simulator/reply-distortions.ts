// Faults that strike the bytes of a reply (F08–F13, F58): cut, slow, wrongly encoded, or followed by a dead connection.
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { FaultEffect } from './faults.js';
import { encodeGbk } from './gbk.js';

/** A reply as it will go out. */
export interface Wire {
  status: number;
  headers: Record<string, string>;
  /** Before content-encoding; what the signature covers (§1.16 A4, H6). */
  body: Buffer;
  zipped: boolean;
  /** Set when an effect has made the bytes itself; nothing is encoded after that. */
  raw: Buffer | null;
  sign(body: Buffer): string;
}

/** `ended`: the effect has finished the response. `readable`: a tolerant reader still gets the answer. */
export interface Distortion {
  ended: boolean;
  readable: boolean;
}

const PLAIN: Distortion = { ended: false, readable: true };
const UNREADABLE: Distortion = { ended: false, readable: false };
const GONE: Distortion = { ended: true, readable: false };
const MIB = 1_048_576;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

export const bytesOf = (wire: Wire): Buffer =>
  wire.raw ?? (wire.zipped ? gzipSync(wire.body, { level: 1 }) : wire.body);

const numberOf = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

export async function distort(effect: FaultEffect, wire: Wire, response: ServerResponse): Promise<Distortion> {
  switch (effect.type) {
    case 'reset':
      response.socket?.resetAndDestroy();
      return GONE;
    case 'hang':
      return GONE;
    case 'delay':
      await new Promise((resolve) => setTimeout(resolve, numberOf(effect.ms, 1_000)));
      return PLAIN;
    case 'truncate': // F08: a whole HTTP message whose JSON is not whole
      wire.raw = bytesOf(wire).subarray(0, keptBytes(effect, wire));
      return UNREADABLE;
    case 'cut':
      cut(effect, wire, response);
      return GONE;
    case 'trickle':
      trickle(effect, wire, response);
      return { ended: true, readable: true };
    case 'close-after':
      closeAfter(effect, response);
      return PLAIN;
    default:
      return rewire(effect, wire);
  }
}

const keptBytes = (effect: FaultEffect, wire: Wire): number =>
  numberOf(effect.bytes, Math.floor(bytesOf(wire).length * numberOf(effect.ratio, 0.5)));

/** F13: the connection ends before the announced length, or in the middle of a chunk. */
function cut(effect: FaultEffect, wire: Wire, response: ServerResponse): void {
  const bytes = bytesOf(wire);
  const length = effect.chunked === true ? {} : { 'Content-Length': String(bytes.length) };
  response.writeHead(wire.status, { ...wire.headers, ...length });
  response.write(bytes.subarray(0, keptBytes(effect, wire)), () => response.socket?.destroy());
}

/** F12: a few bytes at a time until done or until the caller gives up. */
function trickle(effect: FaultEffect, wire: Wire, response: ServerResponse): void {
  const bytes = bytesOf(wire);
  const chunkBytes = numberOf(effect.chunkBytes, 1);
  const length = effect.chunked === true ? {} : { 'Content-Length': String(bytes.length) };
  response.writeHead(wire.status, { ...wire.headers, ...length });
  let sent = 0;
  const timer = setInterval(
    () => {
      response.write(bytes.subarray(sent, sent + chunkBytes));
      sent += chunkBytes;
      if (sent < bytes.length) return;
      clearInterval(timer);
      response.end();
    },
    numberOf(effect.everyMs, 1_000),
  );
  response.on('close', () => clearInterval(timer));
}

/** Connections whose next call is met with a reset, as if the peer had closed them while they were idle. */
const dead = new WeakSet<object>();

export const isDeadConnection = (socket: object): boolean => dead.has(socket);

/** F58: closed at idle after some ms, or found dead only when it is used again. */
function closeAfter(effect: FaultEffect, response: ServerResponse): void {
  const { socket } = response;
  if (socket === null) return;
  if (effect.on === 'reuse') dead.add(socket);
  else response.once('finish', () => setTimeout(() => socket.resetAndDestroy(), numberOf(effect.ms, 0)));
}

/** F08–F11: byte order mark, trailing bytes, other content type, headers, charsets and encodings. */
function rewire(effect: FaultEffect, wire: Wire): Distortion {
  if (effect.bom === true) wire.body = Buffer.concat([BOM, wire.body]);
  if (typeof effect.trailing === 'string') wire.body = Buffer.concat([wire.body, Buffer.from(effect.trailing)]);
  if (effect.charset === 'gbk') recode(effect, wire);
  if (typeof effect.contentType === 'string') wire.headers['Content-Type'] = effect.contentType;
  if (typeof effect.status === 'number') wire.status = effect.status;
  if (typeof effect.headers === 'object' && effect.headers !== null) Object.assign(wire.headers, effect.headers);
  if (typeof effect.padMiB === 'number') wire.raw = Buffer.concat([wire.body, Buffer.alloc(effect.padMiB * MIB, ' ')]);
  return typeof effect.gzip === 'string' ? regzip(effect.gzip, effect, wire) : PLAIN;
}

/** The server itself speaks GBK, so the signature is over what is sent; `declared: null` names no charset at all. */
function recode(effect: FaultEffect, wire: Wire): void {
  wire.body = encodeGbk(wire.body.toString('utf8'));
  const declared = effect.declared === undefined ? 'utf-8' : effect.declared;
  wire.headers['Content-Type'] =
    declared === null ? 'application/json' : `application/json; charset=${String(declared)}`;
  if (wire.headers['X-Resp-Sign'] !== undefined) wire.headers['X-Resp-Sign'] = wire.sign(wire.body);
}

function regzip(how: string, effect: FaultEffect, wire: Wire): Distortion {
  wire.headers['Content-Encoding'] = 'gzip';
  switch (how) {
    case 'twice':
      wire.raw = gzipSync(gzipSync(wire.body));
      return UNREADABLE;
    case 'false': // called gzip, sent plain
      wire.raw = wire.body;
      return UNREADABLE;
    case 'broken': {
      const whole = gzipSync(wire.body);
      wire.raw = whole.subarray(0, Math.floor(whole.length / 2));
      return UNREADABLE;
    }
    case 'bomb':
      wire.raw = bomb(wire.body, numberOf(effect.mib, 64));
      return PLAIN;
    default: // 'unasked': right, but nobody asked for it
      wire.raw = gzipSync(wire.body);
      return PLAIN;
  }
}

/** The true answer followed by so many MiB of blanks, some kilobytes on the wire: gzip members may follow each other. */
function bomb(body: Buffer, mib: number): Buffer {
  const blanks = gzipSync(Buffer.alloc(MIB, ' '));
  return Buffer.concat([gzipSync(body), ...Array.from({ length: mib }, () => blanks)]);
}
