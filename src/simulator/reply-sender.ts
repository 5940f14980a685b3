// From a reply to bytes: envelope, signature, encoding, and the faults that strike while sending (§1.3, §1.16 A4, A5, A7, H6).
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { header, type Call } from './call.js';
import { beijingTime } from './clock.js';
import { httpStatusOf, messageOf } from './codes.js';
import type { Reply } from './model.js';
import type { Nation } from './nation.js';
import { bytesOf, distort, type Wire } from './reply-distortions.js';
import { signReply } from './signing.js';

export interface Sending {
  nation: Nation;
  call: Call;
  response: ServerResponse;
  reply: Reply;
  httpStatus?: number;
}

export function sendRaw(response: ServerResponse, status: number, headers: Record<string, string>, body: Buffer): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, 'Content-Length': String(body.length) });
  response.end(body);
}

/** false when what goes out cannot be read as the answer that it is. */
export async function sendReply(sending: Sending): Promise<boolean> {
  const { nation, call, response } = sending;
  if (response.destroyed) return false;
  const wire = toWire(sending);
  let readable = true;
  for (const effect of nation.faults.strike('during-reply', call, sending.reply.code)) {
    const distortion = await distort(effect, wire, response);
    readable &&= distortion.readable;
    if (distortion.ended) return readable;
  }
  sendRaw(response, wire.status, wire.headers, bytesOf(wire));
  return readable;
}

/** Ids without their quotes (F42): JSON numbers of 19 digits, which a careless reader rounds. */
const ID_AS_TEXT = /"(nationalId|mergedTo|toNationalId|storedNationalId)":"(\d{16,19})"/g;

function envelopeOf(nation: Nation, reply: Reply): Buffer {
  const { code, message = messageOf(code), data = {}, detail } = reply;
  const serverTime = beijingTime(nation.clock.now());
  const text = JSON.stringify({ code, message, traceId: `n-${randomUUID()}`, serverTime, data, detail });
  return Buffer.from(nation.settings.nationalIds.asNumber ? text.replace(ID_AS_TEXT, '"$1":$2') : text, 'utf8');
}

function toWire({ nation, call, reply, httpStatus }: Sending): Wire {
  const { file } = reply;
  const body = file === undefined ? envelopeOf(nation, reply) : file.bytes;
  const headers: Record<string, string> = {
    'Content-Type': file === undefined ? 'application/json; charset=utf-8' : file.contentType,
    'X-Server-Time': String(nation.clock.now()),
  };
  const secret = call.signSecret ?? nation.books.currentSecret().secret;
  const signed = (bytes: Buffer): string =>
    signReply({ requestId: call.requestId, code: reply.code, body: bytes }, call.signMethod, secret);
  if (call.operation !== 'time') headers['X-Resp-Sign'] = signed(body);
  const status = httpStatus ?? httpStatusOf(reply.code, nation.settings.httpStatusMode);
  const retryAfterMs = reply.detail?.retryAfterMs;
  if (status === 429 && typeof retryAfterMs === 'number')
    headers['Retry-After'] = String(Math.ceil(retryAfterMs / 1_000));
  // The signature covers the body before content-encoding.
  const zipped = acceptsGzip(call) && body.length >= nation.settings.gzipMinBytes && file === undefined;
  if (zipped) headers['Content-Encoding'] = 'gzip';
  return { status, headers, body, zipped, raw: null, sign: signed };
}

function acceptsGzip(call: Call): boolean {
  return header(call, 'accept-encoding')
    .split(',')
    .some((part) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/.test(part));
}
