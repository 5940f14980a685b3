import pRetry from 'p-retry';
import { codeWords } from '../../records/index.js';
import type { Signer } from '../plugins/plugin.js';
import type { Clock, GatewayLogger, Random } from '../ports.js';
import type { ErrorRules, Verdict } from '../profile/error-rules.js';
import type { ProfileSpec } from '../profile/profile.schema.js';
import { silent, type Answer } from './answer.js';
import { stringToSign } from './canonical-query.js';
import { orAborted } from './or-aborted.js';
import { createNationalClock, type NationalClock } from './national-clock.js';
import { readReply, type ReadReply } from './reply-reading.js';
import type { Secrets } from './secrets.js';
import type { Wire, WireFault, WireReply } from './wire.js';

/** One national operation, before headers. `path` begins with /; `query` is percent-encoded, without `?`. */
export interface NationalCall {
  /** Word for the log: `write`, `lookup`, `token` … */
  readonly operation: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: string;
  readonly body: Buffer | null;
  readonly isWrite: boolean;
  /** Asked right before the first byte of each try; false = the caller stood still for too long. */
  readonly mayLeave?: () => boolean;
}

export interface SignedCaller {
  readonly clock: NationalClock;
  /** Repairs a wrong clock (1003) and a rotated secret (1002) once each; everything else is the caller's. */
  call(call: NationalCall, token: string, signal: AbortSignal): Promise<Answer>;
}

export interface CallerParts {
  readonly spec: ProfileSpec;
  readonly endpoint: { readonly baseUrl: string; readonly appKey: string };
  readonly secrets: Secrets;
  readonly errors: ErrorRules;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: GatewayLogger;
}

const STOOD_STILL: WireFault = { status: 'fault', code: 'DEADLINE', reason: 'stood still', mayHaveSent: false };
const NO_BYTES = Buffer.alloc(0);
const REQUEST_ID_BYTES = 16;
const TIME_TRIES = { retries: 2, minTimeout: 50, maxTimeout: 500 } as const;

export function createSignedCaller(parts: CallerParts): SignedCaller {
  const clock = createNationalClock(parts.clock, parts.spec.clock, parts.logger);
  const resync = singleFlight(() => resyncClock(parts, clock));
  return {
    clock,
    async call(call, token, signal) {
      let isResynced = false;
      let hasMovedOn = false;
      for (;;) {
        const signer = parts.secrets.active();
        const answer = await attempt(parts, clock, { call, token, signal, signer });
        if (answer.verdict.class === 'CLOCK' && !isResynced && !signal.aborted) {
          isResynced = true;
          await orAborted(resync(), signal, () => undefined);
          if (signal.aborted) return answer;
        } else if (
          answer.verdict.rule.nextSecret &&
          !hasMovedOn &&
          !signal.aborted &&
          parts.secrets.moveOnFrom(signer)
        ) {
          hasMovedOn = true;
          parts.logger.warn({ operation: call.operation }, 'signature refused: trying the next secret');
        } else {
          return answer;
        }
      }
    },
  };
}

interface Attempt {
  readonly call: NationalCall;
  readonly token: string;
  readonly signal: AbortSignal;
  readonly signer: Signer;
}

async function attempt(parts: CallerParts, clock: NationalClock, one: Attempt): Promise<Answer> {
  const requestId = parts.random.bytes(REQUEST_ID_BYTES).toString('hex');
  const { call, signer } = one;
  const target = targetOf(parts.endpoint.baseUrl, call);
  const headers = signedHeaders(parts, { ...one, requestId, path: target.path, timestampMs: clock.nowMs() });
  if (call.mayLeave?.() === false) return faultAnswer(parts, STOOD_STILL, { call, requestId });
  const reply = await parts.wire.send({
    method: call.method,
    url: target.url,
    headers,
    body: call.body,
    signal: one.signal,
  });
  if (reply.status === 'fault') return faultAnswer(parts, reply, { call, requestId });
  const signers = [signer, ...parts.secrets.all().filter((other) => other !== signer)];
  const context = { requestId, isWrite: call.isWrite, signers, isSigned: true };
  const read = await readReply(reply, context, { spec: parts.spec, errors: parts.errors });
  if (read.serverMs !== null) clock.observe({ serverMs: read.serverMs, ...timesOf(reply) });
  logAnswer(parts.logger, call, { read, requestId, httpStatus: reply.httpStatus });
  return { verdict: read.verdict, spoken: read.spoken, requestId };
}

const timesOf = ({ sentAtMs, receivedAtMs }: WireReply): { sentAtMs: number; receivedAtMs: number } => ({
  sentAtMs,
  receivedAtMs,
});

/** The base address may carry a path of its own; what is signed is the whole path as sent (A6). */
function targetOf(baseUrl: string, call: Pick<NationalCall, 'path' | 'query'>): { url: string; path: string } {
  const { origin, pathname } = new URL(baseUrl);
  const path = pathname.replace(/\/+$/, '') + call.path;
  return { path, url: `${origin}${path}${call.query === '' ? '' : `?${call.query}`}` };
}

interface HeaderParts extends Attempt {
  readonly requestId: string;
  readonly path: string;
  readonly timestampMs: number;
}

function signedHeaders(parts: CallerParts, one: HeaderParts): Record<string, string> {
  const { spec, endpoint } = parts;
  const timestamp = String(one.timestampMs);
  const nonce = parts.random.bytes(spec.signing.nonceBytes).toString('hex');
  const { method, query } = one.call;
  const bodyDigest = one.signer.digest(one.call.body ?? NO_BYTES);
  const { appKey } = endpoint;
  const text = stringToSign({ method, path: one.path, query, appKey, timestamp, nonce, token: one.token, bodyDigest });
  return {
    'X-App-Key': appKey,
    'X-Access-Token': one.token,
    'X-Timestamp': timestamp,
    'X-Nonce': nonce,
    'X-Sign-Method': one.signer.method,
    'X-Sign': one.signer.sign(text),
    'X-Request-Id': one.requestId,
    'X-Contract': spec.signing.contractHeader,
    'User-Agent': spec.transport.userAgent,
    ...(one.call.body ? { 'Content-Type': 'application/json; charset=utf-8' } : {}),
  };
}

/** No byte left → certainly not processed → RETRY, whatever the direction; else silence (§1.12). */
function faultAnswer(
  parts: CallerParts,
  fault: WireFault,
  { call, requestId }: { readonly call: NationalCall; readonly requestId: string },
): Answer {
  const notSent: Verdict = { ruleId: 'not-sent', class: 'RETRY', rule: { class: 'RETRY' } };
  const verdict = fault.mayHaveSent ? parts.errors.ofSilence(call.isWrite) : notSent;
  const fields = { operation: call.operation, requestId, reason: fault.reason, mayHaveSent: fault.mayHaveSent };
  parts.logger.warn(fields, 'national call without a complete reply');
  return { verdict, spoken: silent(codeWords(fault.code)), requestId };
}

function logAnswer(
  logger: GatewayLogger,
  call: NationalCall,
  seen: { readonly read: ReadReply; readonly requestId: string; readonly httpStatus: number },
): void {
  const { verdict, spoken } = seen.read;
  const fields = {
    operation: call.operation,
    requestId: seen.requestId,
    httpStatus: seen.httpStatus,
    code: spoken.code,
    class: verdict.class,
    ruleId: verdict.ruleId,
  };
  if (verdict.class === 'HALT' || verdict.ruleId === 'default') logger.warn(fields, 'national call needs attention');
  else logger.info(fields, 'national call answered');
}

/** Asks `/sys/time`, unsigned both ways (A3). Failing is no fault of its own: the 1003 then stands. */
async function resyncClock(parts: CallerParts, clock: NationalClock): Promise<void> {
  const signal = AbortSignal.timeout(parts.spec.transport.deadlineMs.time);
  try {
    await pRetry(() => askTime(parts, clock, signal), { ...TIME_TRIES, signal });
  } catch {
    parts.logger.warn({ operation: 'time' }, 'national time could not be read');
  }
}

async function askTime(parts: CallerParts, clock: NationalClock, signal: AbortSignal): Promise<void> {
  const { url } = targetOf(parts.endpoint.baseUrl, { path: parts.spec.clock.timePath, query: '' });
  const headers = { 'User-Agent': parts.spec.transport.userAgent };
  const reply = await parts.wire.send({ method: 'GET', url, headers, body: null, signal });
  if (reply.status === 'fault') throw new Error(reply.code);
  const context = { requestId: '', isWrite: false, signers: [], isSigned: false };
  const read = await readReply(reply, context, { spec: parts.spec, errors: parts.errors });
  const said = read.spoken.payload.epochMs;
  const serverMs = typeof said === 'number' ? said : read.serverMs;
  if (serverMs === null) throw new Error('no time in the reply');
  clock.observe({ serverMs, ...timesOf(reply) });
}

/** N callers at once, one run. */
export function singleFlight<T>(run: () => Promise<T>): () => Promise<T> {
  let flying: Promise<T> | null = null;
  return () => {
    flying ??= run().finally(() => {
      flying = null;
    });
    return flying;
  };
}
