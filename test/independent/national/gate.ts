/** A1: the checks before the body, in their order; tokens, nonces, limits, quota and service window. */
import { timingSafeEqual } from 'node:crypto';
import { token, type HmacMethod } from '../canonical.js';
import { beijingAt, beijingDate, beijingMinute, beijingMs, DAY_MS } from '../beijing.js';
import { isWrite, type Call } from './calls.js';
import { fail, ok, type NationalSettings, type Outcome } from './model.js';
import { signRequest } from './wire.js';

const SKEW_MS = 300_000;

export interface Passed {
  method: HmacMethod;
  secret: string;
}

export interface GateResult {
  refusal: Outcome | null;
  /** What the reply is signed with; null when the app key was not accepted (A4). */
  signer: Passed | null;
}

export class Gate {
  private readonly nonces = new Map<string, number>();
  private readonly tokens = new Map<string, number>();
  private readonly displaced = new Set<string>();
  private bucket = { tokens: Number.POSITIVE_INFINITY, at: 0 };
  private used = 0;
  private quotaDay = '';
  closedUntil = 0;
  parallel = 0;

  constructor(private readonly settings: NationalSettings) {}

  expireTokens(): void {
    this.tokens.clear();
  }

  issueToken(now: number): Outcome {
    const accessToken = token('t-');
    if (this.settings.singleSession) {
      for (const old of this.tokens.keys()) this.displaced.add(old);
      this.tokens.clear();
    }
    this.tokens.set(accessToken, now + this.settings.tokenTtlSec * 1000);
    return ok({ accessToken, expiresInSec: this.settings.tokenTtlSec, keyVersion: this.settings.secrets.length });
  }

  /** route → headers → contract → app key → timestamp → signature → nonce → token → limits → window (A1). */
  check(call: Call): GateResult {
    const method = this.methodOf(call);
    const headers = this.headerFault(call, method);
    if (headers !== null || method === null) {
      return { refusal: fail('1001', headers ?? '签名方法不支持'), signer: null };
    }
    if (call.headers.get('x-contract') !== 'ref-v1') return { refusal: fail('1011', '契约版本不可用'), signer: null };
    if (call.headers.get('x-app-key') !== this.settings.appKey)
      return { refusal: fail('1007', '应用不存在'), signer: null };
    const current: Passed = { method, secret: this.settings.secrets.at(-1) ?? '' };
    const stamp = Number(call.headers.get('x-timestamp'));
    if (Math.abs(stamp - call.receivedAt) > SKEW_MS)
      return { refusal: fail('1003', '时间戳超出范围'), signer: current };
    const secret = this.verified(call, method);
    if (secret === null) return { refusal: fail('1002', '签名错误'), signer: current };
    const signer: Passed = { method, secret };
    if (this.burn(call)) return { refusal: fail('1004', '随机串重复'), signer };
    const session = this.sessionFault(call);
    if (session !== null) return { refusal: session, signer };
    return { refusal: this.limitFault(call) ?? this.windowFault(call), signer };
  }

  private methodOf(call: Call): HmacMethod | null {
    const given = call.headers.get('x-sign-method');
    return this.settings.methods.find((method) => method === given) ?? null;
  }

  private headerFault(call: Call, method: HmacMethod | null): string | null {
    const rules: [string, RegExp][] = [
      ['x-app-key', /^[!-~]{1,64}$/],
      ['x-timestamp', /^\d{13}$/],
      ['x-nonce', /^[!-~]{16,64}$/],
      ['x-sign-method', /^[!-~]+$/],
      ['x-sign', /^[0-9A-Za-z+/=]+$/],
      ['x-request-id', /^[0-9A-Za-z_-]{1,64}$/],
      ['x-contract', /^[!-~]{1,32}$/],
    ];
    const bad = rules.find(([name, form]) => !form.test(call.headers.get(name) ?? ''));
    if (bad !== undefined) return `请求头缺失或格式错误：${bad[0]}`;
    if (method === null) return '签名方法不支持';
    // A2: a non-empty token on /auth/token is 1001.
    if (call.route.name === 'token' && (call.headers.get('x-access-token') ?? '') !== '') return '不应携带令牌';
    return null;
  }

  private verified(call: Call, method: HmacMethod): string | null {
    const given = Buffer.from(call.headers.get('x-sign') ?? '');
    for (const secret of [...this.settings.secrets].reverse()) {
      const wanted = Buffer.from(
        signRequest(method, secret, {
          method: call.method,
          path: call.path,
          query: call.rawQuery,
          appKey: this.settings.appKey,
          timestamp: call.headers.get('x-timestamp') ?? '',
          nonce: call.nonce,
          token: call.headers.get('x-access-token') ?? '',
          body: call.body,
        }),
      );
      if (given.length === wanted.length && timingSafeEqual(given, wanted)) return secret;
    }
    return null;
  }

  /** True when the nonce was used before; kept for twice the tolerance. */
  private burn(call: Call): boolean {
    for (const [nonce, until] of this.nonces) {
      if (until > call.receivedAt) break;
      this.nonces.delete(nonce);
    }
    if (this.nonces.has(call.nonce)) return true;
    this.nonces.set(call.nonce, call.receivedAt + 2 * SKEW_MS);
    return false;
  }

  private sessionFault(call: Call): Outcome | null {
    if (call.route.name === 'token') return null;
    const given = call.headers.get('x-access-token') ?? '';
    if (this.displaced.has(given)) return fail('1006', '令牌已被顶替');
    const until = this.tokens.get(given);
    return until === undefined || until <= call.receivedAt ? fail('1005', '令牌缺失或过期') : null;
  }

  /** 1305 → 1301 → 1302; token, time and status do not count towards the quota (A15). */
  private limitFault(call: Call): Outcome | null {
    const { qps, burst, concurrency, quota } = this.settings.limits;
    if (concurrency !== null && this.parallel > concurrency) return fail('1305', '并发过高', { retryAfterMs: 200 });
    if (qps !== null && !this.takeToken(qps, burst ?? qps * 2, call.receivedAt)) {
      return fail('1301', '调用过于频繁', { retryAfterMs: Math.ceil(1000 / qps) });
    }
    if (call.route.name === 'token' || call.route.name === 'status') return null;
    this.rollQuota(call.receivedAt);
    if (quota !== null && this.used >= quota) {
      const resetAt = beijingMs(this.resetAt(call.receivedAt));
      return fail('1302', '当日调用次数已用完', { resetAt, limit: quota, used: this.used });
    }
    this.used += 1;
    return null;
  }

  private takeToken(rate: number, burst: number, now: number): boolean {
    const grown = this.bucket.tokens + ((now - this.bucket.at) / 1000) * rate;
    this.bucket = { tokens: Math.min(burst, grown), at: now };
    if (this.bucket.tokens < 1) return false;
    this.bucket.tokens -= 1;
    return true;
  }

  private rollQuota(now: number): void {
    const day = beijingDate(now);
    if (day === this.quotaDay) return;
    this.quotaDay = day;
    this.used = 0;
  }

  private resetAt(now: number): number {
    return beijingAt(beijingDate(now), 0) + DAY_MS;
  }

  quotaState(now: number): { limit: number | null; used: number; resetAt: string } {
    this.rollQuota(now);
    return { limit: this.settings.limits.quota, used: this.used, resetAt: beijingMs(this.resetAt(now)) };
  }

  /** 1304 maintenance, then 1303 outside service hours; only writes are bound to the hours (A15). */
  private windowFault(call: Call): Outcome | null {
    if (this.settings.mode === 'closed' && call.route.name !== 'token' && call.route.name !== 'status') {
      return fail('1304', '系统维护', { retryAfterMs: 1000 });
    }
    const name = call.route.name;
    if (!isWrite(call.route) && name !== 'file') return null;
    if (this.settings.mode === 'read-only') return fail('1304', '系统维护，只读', { retryAfterMs: 1000 });
    const opensAt = this.opensAt(call.receivedAt);
    return opensAt === null ? null : fail('1303', '不在服务时间', { opensAt: beijingMs(opensAt) });
  }

  /** Epoch ms of the next opening, or null when writes are open now. */
  opensAt(now: number): number | null {
    if (now < this.closedUntil) return this.closedUntil;
    const from = minutes(this.settings.window.writesFrom);
    const to = minutes(this.settings.window.writesTo);
    const minute = beijingMinute(now);
    if (minute >= from && minute < to) return null;
    const today = beijingAt(beijingDate(now), from);
    return minute < from ? today : today + DAY_MS;
  }
}

function minutes(clock: string): number {
  const [hours = '0', rest = '0'] = clock.split(':');
  return Number(hours) * 60 + Number(rest);
}
