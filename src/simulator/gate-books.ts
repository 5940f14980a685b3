// What the gate remembers between calls: secrets, tokens, nonces, quota, rate and parallel calls.
import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.js';
import type { Journal } from './journal.js';
import { quotaDayStart } from './limits.js';

export interface Secret {
  secret: string;
  keyVersion: number;
  /** null = no end known. */
  validUntilMs: number | null;
}

interface Token {
  expiresAtMs: number;
  displaced: boolean;
}

const NONCE_SWEEP_AT = 50_000;

export class GateBooks {
  private secrets: Secret[];
  private tokens = new Map<string, Token>();
  private nonces = new Map<string, number>();
  private sweepAt = NONCE_SWEEP_AT;
  private quotaDay = 0;
  private quotaUsed = 0;
  private bucketTokens = 0;
  private bucketAtMs = 0;
  inFlight = 0;
  /** Tokens given out, for the control port. */
  issued = 0;

  constructor(
    private readonly clock: Clock,
    private readonly journal: Journal,
    firstSecret: string,
    private readonly timeScale: () => number,
  ) {
    this.secrets = [{ secret: firstSecret, keyVersion: 3, validUntilMs: null }];
  }

  // Secrets: the newest signs, older ones verify until their overlap ends (§1.16 A13).

  currentSecret(): Secret {
    return this.secrets[0] as Secret;
  }

  validSecrets(): Secret[] {
    return this.secrets.filter(({ validUntilMs }) => validUntilMs === null || this.clock.now() < validUntilMs);
  }

  rotateSecret(secret: string, formerUntilMs: number): Secret {
    const current = this.currentSecret();
    current.validUntilMs = formerUntilMs;
    const next = { secret, keyVersion: current.keyVersion + 1, validUntilMs: null };
    this.secrets = [next, ...this.secrets];
    return next;
  }

  // Tokens (§2.2 B1).

  issueToken(ttlSec: number, singleSession: boolean): string {
    this.issued += 1;
    if (singleSession) for (const token of this.tokens.values()) token.displaced = true;
    const accessToken = `t-${randomBytes(18).toString('base64url')}`;
    this.storeToken(accessToken, this.clock.now() + ttlSec * 1_000);
    this.journal.append({ k: 'token', accessToken, expiresAtMs: this.clock.now() + ttlSec * 1_000, singleSession });
    return accessToken;
  }

  storeToken(accessToken: string, expiresAtMs: number): void {
    this.tokens.set(accessToken, { expiresAtMs, displaced: false });
  }

  validTokens(): number {
    return [...this.tokens.keys()].filter((token) => this.judgeToken(token) === 'valid').length;
  }

  displaceTokens(): void {
    for (const token of this.tokens.values()) token.displaced = true;
  }

  expireTokens(): number {
    const count = this.tokens.size;
    this.tokens.clear();
    return count;
  }

  judgeToken(accessToken: string): 'valid' | 'expired' | 'displaced' {
    const token = this.tokens.get(accessToken);
    if (token === undefined || token.expiresAtMs <= this.clock.now()) return 'expired';
    return token.displaced ? 'displaced' : 'valid';
  }

  // Nonces: unique for twice the tolerance (§1.2).

  /** false when the nonce was used before; otherwise it is burnt from now on. */
  burnNonce(nonce: string, keepMs: number, usedAtMs = this.clock.now()): boolean {
    const known = this.nonces.get(nonce);
    if (known !== undefined && known > this.clock.now() - keepMs) return false;
    this.nonces.set(nonce, usedAtMs);
    if (this.nonces.size >= this.sweepAt) this.sweepNonces(keepMs);
    return true;
  }

  private sweepNonces(keepMs: number): void {
    const oldestMs = this.clock.now() - keepMs;
    for (const [nonce, usedAtMs] of this.nonces) if (usedAtMs <= oldestMs) this.nonces.delete(nonce);
    this.sweepAt = Math.max(NONCE_SWEEP_AT, 2 * this.nonces.size);
  }

  // Quota: per Beijing day; refused calls count too (§1.16 A15).

  countCall(atMs = this.clock.now()): number {
    this.turnDay(atMs);
    return this.quotaUsed++;
  }

  usedToday(): number {
    this.turnDay(this.clock.now());
    return this.quotaUsed;
  }

  setUsedToday(used: number, atMs = this.clock.now()): void {
    this.turnDay(atMs);
    this.quotaUsed = used;
  }

  private turnDay(atMs: number): void {
    const day = quotaDayStart(atMs, this.timeScale());
    if (day === this.quotaDay) return;
    this.quotaDay = day;
    this.quotaUsed = 0;
  }

  /** Token bucket on real time: 0 when the call may pass, else the wait in ms. */
  takeRate(qps: number, burst: number): number {
    const nowMs = performance.now();
    if (this.bucketAtMs === 0) this.bucketTokens = burst;
    else this.bucketTokens = Math.min(burst, this.bucketTokens + ((nowMs - this.bucketAtMs) * qps) / 1_000);
    this.bucketAtMs = nowMs;
    if (this.bucketTokens < 1) return Math.max(1, Math.ceil(((1 - this.bucketTokens) * 1_000) / qps));
    this.bucketTokens -= 1;
    return 0;
  }

  clear(): void {
    this.tokens.clear();
    this.nonces.clear();
    this.quotaDay = 0;
    this.quotaUsed = 0;
    this.issued = 0;
    this.bucketAtMs = 0;
  }
}
