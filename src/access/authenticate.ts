import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../platform/clock/index.js';
import { CallRefusal } from '../platform/http/index.js';
import { isAppKey, isSecretOf, parseBearer } from './credentials.js';
import { isSignedBy, signMethodOf, type SignedParts } from './request-signature.js';
import type { SourceDirectory, SourceSystem } from './source-directory.js';

/** Of a request: what says who sent it. */
export interface SignedRequest {
  readonly method: string;
  /** The request target as sent, `path?query` (G-02). */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Remembers used nonces (G-03). */
export interface NonceBook {
  /** False when the nonce was used before. */
  use(appKey: string, nonce: string): Promise<boolean>;
}

/** ± 300 s (station-contract §1). */
export const MAX_SKEW_MS = 300_000;
const TIMESTAMP = /^\d{1,15}$/;
/** 16 to 64 visible ASCII characters. */
const NONCE = /^[\x21-\x7e]{16,64}$/;
const CHALLENGE = { 'WWW-Authenticate': 'Bearer' };

const refusal = (code: string): CallRefusal => new CallRefusal(code, { headers: CHALLENGE });

/**
 * Says who calls, or refuses with 401.
 *
 * Promise  a nonce is used up only by a request whose signature was good
 * Source   station-contract §1, G-02…G-04; S01, S03, S04
 */
export class Authenticator {
  constructor(
    private readonly directory: Pick<SourceDirectory, 'find'>,
    private readonly nonces: NonceBook,
    private readonly clock: Clock,
  ) {}

  async authenticate(request: SignedRequest): Promise<SourceSystem> {
    const { authorization } = request.headers;
    const signature = single(request.headers['x-sign']);
    if (authorization !== undefined && signature !== undefined) throw refusal('AUTH_AMBIGUOUS');
    if (signature !== undefined) return this.bySignature(request, signature);
    if (authorization !== undefined) return this.byBearer(authorization);
    throw refusal('UNAUTHENTICATED');
  }

  private async byBearer(authorization: string): Promise<SourceSystem> {
    const credentials = parseBearer(authorization);
    const system = credentials && (await this.directory.find(credentials.appKey));
    if (!system?.secrets.some(({ hash }) => isSecretOf(credentials?.secret ?? '', hash)))
      throw refusal('UNAUTHENTICATED');
    if (system.isSignatureRequired) throw refusal('SIGNATURE_REQUIRED');
    return system;
  }

  private async bySignature(request: SignedRequest, signature: string): Promise<SourceSystem> {
    const { headers } = request;
    const signMethod = signMethodOf(single(headers['x-sign-method']));
    const appKey = single(headers['x-app-key']) ?? '';
    const timestamp = single(headers['x-timestamp']) ?? '';
    const nonce = single(headers['x-nonce']) ?? '';
    if (!isAppKey(appKey)) throw refusal('UNAUTHENTICATED');
    if (signMethod === null || !TIMESTAMP.test(timestamp) || !NONCE.test(nonce)) throw refusal('SIGNATURE_INVALID');
    this.checkTime(Number(timestamp));
    const system = await this.directory.find(appKey);
    if (system === null) throw refusal('UNAUTHENTICATED');
    const parts = partsOf(request, { appKey, timestamp, nonce });
    if (!system.secrets.some((secret) => isSignedBy(signMethod, secret.plain(), parts, signature))) {
      throw refusal('SIGNATURE_INVALID');
    }
    if (!(await this.nonces.use(appKey, nonce))) throw refusal('NONCE_REUSED');
    return system;
  }

  /** A station whose clock is off is told ours, so that it can set its own (S03). */
  private checkTime(timestampMs: number): void {
    const nowMs = this.clock.nowMs();
    if (Math.abs(nowMs - timestampMs) <= MAX_SKEW_MS) return;
    throw new CallRefusal('TIMESTAMP_SKEWED', {
      headers: CHALLENGE,
      members: { serverTime: new Date(nowMs).toISOString(), serverTimeMs: nowMs },
    });
  }
}

function partsOf(request: SignedRequest, names: Pick<SignedParts, 'appKey' | 'timestamp' | 'nonce'>): SignedParts {
  const { method, target, body } = request;
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark + 1);
  return { method, path, query, body, ...names };
}

const single = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(', ') : header;
