import { systemPause, type Pause } from '../../platform/clock/index.js';
import { codeWords } from '../../records/index.js';
import type { Clock, GatewayLogger, Random } from '../ports.js';
import type { Verdict } from '../profile/error-rules.js';
import type { ProfileSpec } from '../profile/profile.schema.js';
import { silent, type Answer } from './answer.js';
import { singleFlight, type SignedCaller } from './signed-caller.js';

/** A token, or why there is none; then nothing of the real call has been sent. */
export type TokenAnswer = { readonly token: string } | { readonly failed: Answer };

export interface TokenKeeper {
  current(): Promise<TokenAnswer>;
  /** `refused` was answered 1005 (expired) or 1006 (displaced by another session). */
  renew(refused: string, isDisplaced: boolean): Promise<TokenAnswer>;
  /** The nation let a call with the token through. */
  accepted(): void;
}

interface KeeperParts {
  readonly spec: ProfileSpec;
  readonly caller: SignedCaller;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: GatewayLogger;
  /** How the jitter of F25 is waited for. */
  readonly pause?: Pause;
}

interface KeeperState {
  token: string;
  issuedAtMs: number;
  validUntilMs: number;
  /** Token calls that failed in a row. */
  failures: number;
  /** Tokens in a row that were refused while young: a kicking session, or a nation that hands out dead tokens. */
  youngRefusals: number;
  notBeforeMs: number;
  lastFailure: Answer | null;
}

/**
 * One token for everybody. All who need a new one wait for the same call (F23). A token call that fails, or tokens
 * that die young again and again, make it wait longer and longer before the next (F24, F25): there is never a loop.
 */
export function createTokenKeeper(parts: KeeperParts): TokenKeeper {
  const state: KeeperState = {
    token: '', issuedAtMs: 0, validUntilMs: 0, failures: 0, youngRefusals: 0, notBeforeMs: 0, lastFailure: null,
  }; // prettier-ignore
  let jitterMs = 0;
  const fetchOnce = singleFlight(() => fetchToken(parts, state, jitterMs));
  return {
    async current() {
      return state.token !== '' && parts.clock.nowMs() < state.validUntilMs ? { token: state.token } : fetchOnce();
    },
    async renew(refused, isDisplaced) {
      if (state.token !== '' && state.token !== refused) return { token: state.token };
      if (state.token === refused) noteRefusal(parts, state, isDisplaced);
      jitterMs = isDisplaced ? randomUpTo(parts.random, parts.spec.credentials.displacedJitterMs) : 0;
      return fetchOnce();
    },
    accepted() {
      state.youngRefusals = 0;
    },
  };
}

/** Runs once per dead token: the first to report it empties `state.token`. */
function noteRefusal(parts: KeeperParts, state: KeeperState, isDisplaced: boolean): void {
  const { credentials } = parts.spec;
  const now = parts.clock.nowMs();
  const isYoung = now - state.issuedAtMs < credentials.youngTokenMs;
  state.token = '';
  state.youngRefusals = isYoung ? state.youngRefusals + 1 : 0;
  if (state.youngRefusals <= credentials.maxYoungRenewals) return;
  const waitMs = backoffMs(parts, state.youngRefusals - credentials.maxYoungRenewals);
  state.notBeforeMs = now + waitMs;
  const reason = isDisplaced
    ? 'another session keeps taking the token'
    : 'tokens are refused as soon as they are issued';
  const why = isDisplaced ? '凭证反复被其他会话替换' : '凭证刚签发就被拒绝';
  state.lastFailure = refusal(codeWords('NO_TOKEN', { why }));
  parts.logger.error({ youngRefusals: state.youngRefusals, waitMs }, reason);
}

async function fetchToken(parts: KeeperParts, state: KeeperState, jitterMs: number): Promise<TokenAnswer> {
  const waitMs = state.notBeforeMs - parts.clock.nowMs();
  if (waitMs > 0) return { failed: laterAnswer(parts, state, waitMs) };
  if (jitterMs > 0) await (parts.pause ?? systemPause)(jitterMs);
  const answer = await askToken(parts);
  const { accessToken, expiresInSec } = answer.spoken.payload;
  const lifeMs = typeof expiresInSec === 'number' ? expiresInSec * 1000 : Number.NaN;
  const isGood = answer.verdict.class === 'OK' && typeof accessToken === 'string' && accessToken !== '' && lifeMs > 0;
  if (!isGood) return { failed: noteFailure(parts, state, answer) };
  const now = parts.clock.nowMs();
  state.token = accessToken;
  state.issuedAtMs = now;
  // A short life must not mean "always expired": at least half of it is used.
  state.validUntilMs = now + Math.max(lifeMs / 2, lifeMs - parts.spec.credentials.refreshLeadMs);
  state.failures = 0;
  state.lastFailure = null;
  return { token: accessToken };
}

function askToken(parts: KeeperParts): Promise<Answer> {
  const { credentials, transport } = parts.spec;
  const body = Buffer.from(JSON.stringify(credentials.tokenRequest), 'utf8');
  const call = {
    operation: 'token',
    method: 'POST',
    path: credentials.tokenPath,
    query: '',
    body,
    isWrite: false,
  } as const;
  return parts.caller.call(call, '', AbortSignal.timeout(transport.deadlineMs.token));
}

/** Halts and pauses that the nation named stand as they are; everything else is "later". */
function noteFailure(parts: KeeperParts, state: KeeperState, answer: Answer): Answer {
  state.failures += 1;
  const waitMs = backoffMs(parts, state.failures);
  state.notBeforeMs = parts.clock.nowMs() + waitMs;
  const isClear = answer.verdict.class === 'HALT' || answer.verdict.class === 'QUOTA';
  const said = answer.verdict.class === 'OK' || answer.spoken.message === '' ? codeWords('NO_TOKEN') : answer.spoken;
  const { code } = said;
  state.lastFailure = isClear ? answer : refusal(said);
  parts.logger.error({ code, failures: state.failures, waitMs }, 'no token from the nation');
  return isClear ? answer : laterAnswer(parts, state, waitMs);
}

function laterAnswer(parts: KeeperParts, state: KeeperState, waitMs: number): Answer {
  const last = state.lastFailure ?? refusal(codeWords('NO_TOKEN'));
  if (last.verdict.class !== 'RETRY') return last;
  const { haltAfterFailures, maxYoungRenewals } = parts.spec.credentials;
  const isHalt = Math.max(state.failures, state.youngRefusals - maxYoungRenewals) >= haltAfterFailures;
  const rule = isHalt ? ({ class: 'HALT', scope: 'profile', isSoft: true } as const) : ({ class: 'RETRY' } as const);
  const spoken = { ...last.spoken, retryAfterMs: waitMs };
  return { verdict: { ruleId: 'token', class: rule.class, rule }, spoken, requestId: last.requestId };
}

function refusal(said: { readonly code: string; readonly message: string }): Answer {
  const verdict: Verdict = { ruleId: 'token', class: 'RETRY', rule: { class: 'RETRY' } };
  return { verdict, spoken: silent(said), requestId: '' };
}

/** Doubling from `first` to `max`, the last fifth of it random so that instances part. */
function backoffMs(parts: KeeperParts, nth: number): number {
  const { first, max } = parts.spec.credentials.backoffMs;
  const whole = Math.min(max, first * 2 ** Math.min(nth - 1, 20));
  return Math.round(whole * 0.8) + randomUpTo(parts.random, Math.round(whole * 0.2));
}

function randomUpTo(random: Random, limit: number): number {
  return Math.floor((random.bytes(4).readUInt32BE(0) / 2 ** 32) * limit);
}
