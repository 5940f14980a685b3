// One callback as bytes: headers signed as in §1.2 with the app's own key (§1.16 G5), or forged on purpose (F52).
import { randomBytes, randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { CONTRACT } from './contract-name.js';
import { sign } from './signing.js';

export const FORGERIES = ['signature', 'body', 'app-key', 'stale', 'unsigned'] as const;
export type Forgery = (typeof FORGERIES)[number];

export interface Signer {
  appKey: string;
  secret: string;
  nowMs: number;
}

/** What goes over the wire; sending it twice is a replay. */
export interface CallbackMessage {
  url: URL;
  headers: Record<string, string>;
  bytes: Buffer;
}

export interface CallbackAnswer {
  /** null = no answer at all. */
  status: number | null;
  /** 200 with {"code":"0000"} in time. */
  accepted: boolean;
}

const ANSWER_WITHIN_MS = 3_000;
/** Past the tolerance of §1.2 in any reading. */
const STALE_BY_MS = 3_600_000;

export function callbackMessage(url: URL, body: object, signer: Signer, forgery?: Forgery): CallbackMessage {
  const bytes = Buffer.from(JSON.stringify(body), 'utf8');
  const appKey = forgery === 'app-key' ? 'vgw-nobody' : signer.appKey;
  const timestamp = String(forgery === 'stale' ? signer.nowMs - STALE_BY_MS : signer.nowMs);
  const nonce = randomBytes(16).toString('hex');
  const signed = { method: 'POST', path: url.pathname, rawQuery: url.search.slice(1), appKey, timestamp, nonce };
  const secret = forgery === 'signature' ? `not-${signer.secret}` : signer.secret;
  const headers: Record<string, string> = {
    'Content-Type': 'application/json; charset=utf-8',
    'X-App-Key': appKey,
    'X-Access-Token': '',
    'X-Timestamp': timestamp,
    'X-Nonce': nonce,
    'X-Sign-Method': 'HMAC-SHA256',
    'X-Sign': sign({ ...signed, token: '', body: bytes }, 'HMAC-SHA256', secret),
    'X-Request-Id': randomUUID(),
    'X-Contract': CONTRACT,
  };
  if (forgery === 'unsigned') delete headers['X-Sign'];
  // Signed rightly, then changed on the way: another number in the same message.
  const sent = forgery === 'body' ? Buffer.from(JSON.stringify({ ...body, bizNo: 'SIM-FORGED' }), 'utf8') : bytes;
  return { url, headers: { ...headers, 'Content-Length': String(sent.length) }, bytes: sent };
}

export function postCallback({ url, headers, bytes }: CallbackMessage): Promise<CallbackAnswer> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const request = send(url, { method: 'POST', headers, timeout: ANSWER_WITHIN_MS });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve({ status: null, accepted: false }));
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      const status = response.statusCode ?? null;
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status, accepted: status === 200 && isAccepted(Buffer.concat(chunks)) }));
      response.on('error', () => resolve({ status, accepted: false }));
    });
    request.end(bytes);
  });
}

function isAccepted(bytes: Buffer): boolean {
  try {
    return (JSON.parse(bytes.toString('utf8')) as { code?: unknown }).code === '0000';
  } catch {
    return false; // not JSON counts as not delivered
  }
}
