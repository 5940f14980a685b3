// The checks before the body is looked at, in the order of §1.16 A1.
import { beijingMidnight, beijingMinuteOfDay, beijingTime, DAY_MS } from './clock.js';
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

/** null when the call may go on. */
export function passGate(passage: Passage): ItemResult | null {
  for (const check of IDENTITY_CHECKS) {
    const refusal = check(passage);
    if (refusal !== null) return refusal;
  }
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
function nonce({ nation, call, route }: Passage): ItemResult | null {
  const value = header(call, 'x-nonce');
  const keepMs = 2 * nation.settings.timestampToleranceMs;
  if (!nation.books.burnNonce(value, keepMs)) return refuse('1004');
  nation.journal.append({
    k: 'req',
    atMs: nation.clock.now(),
    nonce: value,
    op: route.operation,
    path: call.path,
    requestId: call.requestId,
  });
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

function concurrency({ nation }: Passage): ItemResult | null {
  const limit = nation.settings.limits.concurrency;
  return limit === null || nation.books.inFlight < limit ? null : refuse('1305', { retryAfterMs: BUSY_RETRY_MS });
}

function rate({ nation }: Passage): ItemResult | null {
  const { qps, burst } = nation.settings.limits;
  const waitMs = qps === null ? 0 : nation.books.takeRate(qps, burst);
  return waitMs === 0 ? null : refuse('1301', { retryAfterMs: waitMs });
}

const UNCOUNTED = new Set(['token', 'time', 'status']);

function countCall({ nation, route }: Passage): number {
  return UNCOUNTED.has(route.operation) ? -1 : nation.books.countCall();
}

function quota(passage: Passage): ItemResult | null {
  const usedBefore = countCall(passage);
  const limit = passage.nation.settings.quotaPerDay;
  if (limit === null || usedBefore < limit) return null;
  const { nation } = passage;
  return refuse('1302', { resetAt: beijingTime(quotaResetMs(nation)), limit, used: nation.books.usedToday() });
}

export const quotaResetMs = (nation: Nation): number => beijingMidnight(nation.clock.now()) + DAY_MS;

/** Maintenance closes everything that is not needed to learn about it; read-only and the window close writes (A15). */
function serviceHours({ nation, route }: Passage): ItemResult | null {
  if (UNCOUNTED.has(route.operation)) return null;
  const { mode, maintenanceRetryMs } = nation.settings;
  if (mode === 'closed' || (mode === 'read-only' && route.write))
    return refuse('1304', { retryAfterMs: maintenanceRetryMs });
  if (!route.write) return null;
  const opensAtMs = nextOpening(nation);
  return opensAtMs === null ? null : refuse('1303', { opensAt: beijingTime(opensAtMs) });
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
