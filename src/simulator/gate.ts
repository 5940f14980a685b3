// The checks before the body is looked at, in the order of §1.16 A1.
import { beijingMidnight, beijingMinuteOfDay, beijingTime, DAY_MS } from './clock.js';
import type { LimitName } from './limit-watch.js';
import { qpsInForce, quotaResetMs } from './limits.js';
import { header, type Call } from './call.js';
import { CONTRACT } from './contract-name.js';
import { ID_PATTERN } from './field-checks.js';
import { refuse, type ItemResult } from './model.js';
import type { Nation } from './nation.js';
import type { Route } from './routes.js';
import { sameSignature, sign, type HmacMethod, type SignedParts } from './signing.js';

const TIMESTAMP_PATTERN = /^\d{1,15}$/;
const NONCE_PATTERN = /^[\x21-\x7e]{16,64}$/;
const BUSY_RETRY_MS = 200;

interface Passage {
  nation: Nation;
  call: Call;
  route: Route;
  nonceBurnt?: boolean;
  counted?: boolean;
}

type Check = (passage: Passage) => ItemResult | null;

const IDENTITY_CHECKS: readonly Check[] = [
  headers,
  contract,
  appKey,
  address,
  timestamp,
  signature,
  nonce,
  token,
  right,
];
const LIMIT_CHECKS: readonly Check[] = [concurrency, rate, quota, serviceHours];

/** null when the call may go on. What is remembered of the call goes to the journal in one line, counted or not. */
export function passGate(passage: Passage): ItemResult | null {
  const refusal = judge(passage);
  const { nation, call, route } = passage;
  const counted = passage.counted === true;
  if (passage.nonceBurnt === true) {
    nation.journal.append({
      k: 'req',
      atMs: nation.clock.now(),
      nonce: header(call, 'x-nonce'),
      op: route.operation,
      path: call.path,
      requestId: call.requestId,
      counted,
    });
  }
  return refusal;
}

function judge(passage: Passage): ItemResult | null {
  for (const check of IDENTITY_CHECKS) {
    const refusal = check(passage);
    if (refusal !== null) return refusal;
  }
  const { nation, call, route } = passage;
  nation.watch.arrived({ op: route.operation, requestId: call.requestId, atMs: nation.clock.now() });
  for (const check of LIMIT_CHECKS) {
    const refusal = check(passage);
    if (refusal !== null) {
      if (check !== quota && check !== serviceHours) countCall(passage);
      return refusal;
    }
  }
  return null;
}

function headers({ nation, call, route }: Passage): ItemResult | null {
  const missing = (name: string): ItemResult => refuse('1001', { header: name });
  if (header(call, 'x-app-key') === '') return missing('X-App-Key');
  if (!TIMESTAMP_PATTERN.test(header(call, 'x-timestamp'))) return missing('X-Timestamp');
  if (!NONCE_PATTERN.test(header(call, 'x-nonce'))) return missing('X-Nonce');
  const method = header(call, 'x-sign-method');
  if (!nation.settings.signMethods.includes(method)) return missing('X-Sign-Method');
  if (header(call, 'x-sign') === '') return missing('X-Sign');
  if (!ID_PATTERN.test(call.requestId)) return missing('X-Request-Id');
  if (header(call, 'x-contract') === '') return missing('X-Contract');
  // §1.16 A2: a token on the token call is a mistake of the caller.
  if (route.operation === 'token' && header(call, 'x-access-token') !== '') return missing('X-Access-Token');
  call.signMethod = method as HmacMethod;
  return null;
}

function contract({ nation, call }: Passage): ItemResult | null {
  const closed = nation.settings.deprecations.some(
    (d) => d.contract === CONTRACT && Date.parse(d.closesAt) <= nation.clock.now(),
  );
  return header(call, 'x-contract') === CONTRACT && !closed ? null : refuse('1011');
}

function appKey({ nation, call }: Passage): ItemResult | null {
  const known = header(call, 'x-app-key') === nation.identity.appKey;
  return known && nation.settings.appEnabled ? null : refuse('1007');
}

function address({ nation, call }: Passage): ItemResult | null {
  const { allowIps } = nation.settings;
  return allowIps === null || allowIps.includes(call.remoteIp) ? null : refuse('1008');
}

function timestamp({ nation, call }: Passage): ItemResult | null {
  const skewMs = Math.abs(Number(header(call, 'x-timestamp')) - nation.clock.now());
  return skewMs <= nation.settings.timestampToleranceMs ? null : refuse('1003');
}

function signature({ nation, call }: Passage): ItemResult | null {
  const parts: SignedParts = {
    method: call.method,
    path: call.path,
    rawQuery: call.rawQuery,
    appKey: header(call, 'x-app-key'),
    timestamp: header(call, 'x-timestamp'),
    nonce: header(call, 'x-nonce'),
    token: header(call, 'x-access-token'),
    body: call.body,
  };
  const given = header(call, 'x-sign');
  for (const { secret } of nation.books.validSecrets()) {
    if (!sameSignature(signOrNothing(parts, call.signMethod, secret), given)) continue;
    call.signSecret = secret;
    return null;
  }
  return refuse('1002');
}

function signOrNothing(parts: SignedParts, method: HmacMethod, secret: string): string {
  try {
    return sign(parts, method, secret);
  } catch {
    return ''; // the query is not valid percent-encoded UTF-8, so no signature can fit it
  }
}

/** Burnt only once the signature is known to be good, and whatever follows. */
function nonce(passage: Passage): ItemResult | null {
  const { nation, call } = passage;
  const value = header(call, 'x-nonce');
  const keepMs = 2 * nation.settings.timestampToleranceMs;
  if (!nation.books.burnNonce(value, keepMs)) return refuse('1004');
  passage.nonceBurnt = true;
  return null;
}

function token({ nation, call, route }: Passage): ItemResult | null {
  if (route.operation === 'token') return null;
  const verdict = nation.books.judgeToken(header(call, 'x-access-token'));
  if (verdict === 'valid') return null;
  return refuse(verdict === 'displaced' ? '1006' : '1005');
}

function right({ nation, call }: Passage): ItemResult | null {
  const denied = nation.settings.deniedEntities.includes(call.entity ?? call.operation);
  return denied ? refuse('1009') : null;
}

/** Every refusal for a limit is a breach of it, however kindly it is answered (I17). */
function breach(
  { nation, call, route }: Passage,
  limit: LimitName,
  allowed: number | string,
  seen: number | string,
): void {
  const { requestId } = call;
  nation.watch.breach({ limit, allowed, seen, atMs: nation.clock.now(), op: route.operation, requestId });
}

function concurrency(passage: Passage): ItemResult | null {
  const { settings, books } = passage.nation;
  const limit = settings.limits.concurrency;
  if (limit === null || books.inFlight < limit) return null;
  breach(passage, 'concurrency', limit, books.inFlight + 1);
  return refuse('1305', { retryAfterMs: BUSY_RETRY_MS });
}

function rate(passage: Passage): ItemResult | null {
  const { settings, books, watch } = passage.nation;
  const qps = qpsInForce(settings);
  const { burst, callsPerMinute } = settings.limits;
  const inMinute = callsPerMinute === null ? 0 : watch.countInMinute();
  if (callsPerMinute !== null && inMinute > callsPerMinute) {
    breach(passage, 'callsPerMinute', callsPerMinute, inMinute);
    return refuse('1301', { retryAfterMs: watch.minuteFreesAfter() });
  }
  const waitMs = qps === null ? 0 : books.takeRate(qps, burst);
  if (qps === null || waitMs === 0) return null;
  breach(passage, 'qps', qps, watch.countInSecond());
  return refuse('1301', { retryAfterMs: waitMs });
}

const UNCOUNTED = new Set(['token', 'time', 'status']);

function countCall(passage: Passage): number {
  const { nation, route } = passage;
  if (UNCOUNTED.has(route.operation)) return -1;
  passage.counted = true;
  return nation.books.countCall();
}

function quota(passage: Passage): ItemResult | null {
  const usedBefore = countCall(passage);
  const limit = passage.nation.settings.quotaPerDay;
  if (limit === null || usedBefore < limit) return null;
  const { nation } = passage;
  breach(passage, 'quotaPerDay', limit, usedBefore + 1);
  return refuse('1302', { resetAt: beijingTime(quotaResetMs(nation)), limit, used: nation.books.usedToday() });
}

/** Maintenance closes everything that is not needed to learn about it; read-only and the window close writes (A15). */
function serviceHours(passage: Passage): ItemResult | null {
  const { nation, route } = passage;
  if (UNCOUNTED.has(route.operation)) return null;
  const { mode, maintenanceRetryMs } = nation.settings;
  if (mode === 'closed' || (mode === 'read-only' && route.write)) {
    breach(passage, 'maintenance', mode, route.operation);
    return refuse('1304', { retryAfterMs: maintenanceRetryMs });
  }
  if (!route.write) return null;
  const opensAtMs = nextOpening(nation);
  if (opensAtMs === null) return null;
  const { writesFrom, writesTo } = nation.settings.window;
  breach(passage, 'window', `${writesFrom}-${writesTo}`, beijingTime(nation.clock.now()));
  return refuse('1303', { opensAt: beijingTime(opensAtMs) });
}

const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

/** null while writes are open. The window may also span midnight. */
export function nextOpening(nation: Nation): number | null {
  const from = minuteOf(nation.settings.window.writesFrom);
  const to = minuteOf(nation.settings.window.writesTo);
  const nowMs = nation.clock.now();
  const minute = beijingMinuteOfDay(nowMs);
  const open = from <= to ? minute >= from && minute < to : minute >= from || minute < to;
  if (open) return null;
  const today = beijingMidnight(nowMs) + from * 60_000;
  return today > nowMs ? today : today + DAY_MS;
}
