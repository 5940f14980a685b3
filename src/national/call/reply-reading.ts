import { codeWords } from '../../records/index.js';
import type { Signer } from '../plugins/plugin.js';
import type { ErrorRules, Verdict } from '../profile/error-rules.js';
import type { ProfileSpec } from '../profile/profile.schema.js';
import { silent, type Spoken } from './answer.js';
import { parseEnvelope, type Envelope } from './envelope.js';
import { readReplyText, type ReplyText } from './reply-text.js';
import { ownWords } from './own-words.js';
import type { WireReply } from './wire.js';

/** A reply that was read to its end; `serverMs` is only there when the reply could be trusted. */
export interface ReadReply {
  readonly verdict: Verdict;
  readonly spoken: Spoken;
  readonly serverMs: number | null;
}

export interface ReplyContext {
  readonly requestId: string;
  readonly isWrite: boolean;
  /** The signer of the request first, then the other configured secrets. */
  readonly signers: readonly Signer[];
  /** `/sys/time` answers unsigned (A3). */
  readonly isSigned: boolean;
}

export interface ReplyRules {
  readonly spec: Pick<ProfileSpec, 'envelope' | 'signing' | 'transport'>;
  readonly errors: ErrorRules;
}

/**
 * Judges a complete reply in the order of §1.12: size and charset → envelope → signature → message rules → code
 * rules → default. Whatever is no envelope with a valid signature is judged by its HTTP status (A7).
 */
export async function readReply(reply: WireReply, context: ReplyContext, rules: ReplyRules): Promise<ReadReply> {
  const body = await readReplyText(reply.body, rules.spec.transport.maxBodyBytes);
  const envelope = body && parseEnvelope(body.text, rules.spec.envelope);
  if (!body || !envelope) return notAnEnvelope(reply, body?.text ?? '', { context, rules });
  if (!isTrusted(envelope, body, { reply, context, rules })) return notTrusted(reply, body.text, { context, rules });
  const { code, message } = envelope;
  const verdict = rules.errors.ofCode({ code, message, isWrite: context.isWrite });
  return {
    verdict,
    spoken: {
      code,
      message: ownWords(verdict, code),
      rawMessage: message,
      payload: envelope.payload,
      detail: envelope.detail,
      retryAfterMs: retryAfterMs(reply),
    },
    serverMs: serverTimeOf(reply, envelope),
  };
}

interface Judging {
  readonly context: ReplyContext;
  readonly rules: ReplyRules;
}

function isTrusted(envelope: Envelope, body: ReplyText, judging: Judging & { readonly reply: WireReply }): boolean {
  const { context, rules, reply } = judging;
  if (!context.isSigned || rules.spec.signing.uncheckedCodes.includes(envelope.code)) return true;
  const claimed = reply.headers['x-resp-sign'];
  if (claimed === undefined) return false;
  const codes = new Set([envelope.writtenCode, envelope.code]);
  return context.signers.some((signer) =>
    [...codes].some((code) => signer.isReplySignature(claimed, context.requestId, code, body.bytes)),
  );
}

function notAnEnvelope(reply: WireReply, text: string, { context, rules }: Judging): ReadReply {
  const verdict = rules.errors.ofHttp({ status: reply.httpStatus, text, isWrite: context.isWrite });
  const { says } = verdict.rule;
  const params = { status: reply.httpStatus, ...(says === undefined ? {} : { says }) };
  const words = codeWords(reply.httpStatus === 200 ? 'NOT_ENVELOPE' : 'HTTP_ERROR', params);
  return { verdict, spoken: silent(words, retryAfterMs(reply)), serverMs: null };
}

function notTrusted(reply: WireReply, text: string, judging: Judging): ReadReply {
  if (reply.httpStatus !== 200) return notAnEnvelope(reply, text, judging);
  const { context, rules } = judging;
  const spoken = silent(codeWords('SIGNATURE'));
  return { verdict: rules.errors.ofSilence(context.isWrite), spoken, serverMs: null };
}

/** Header in epoch ms (A5), else the envelope's serverTime. */
function serverTimeOf(reply: WireReply, envelope: Envelope): number | null {
  const header = reply.headers['x-server-time'] ?? '';
  return /^\d{1,15}$/.test(header) ? Number(header) : envelope.serverTimeMs;
}

/** Seconds or an HTTP date. */
function retryAfterMs(reply: WireReply): number | null {
  const header = reply.headers['retry-after'];
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isFinite(at) ? Math.max(0, at - reply.receivedAtMs) : null;
}
