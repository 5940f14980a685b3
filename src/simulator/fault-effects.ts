// What a fault does: to the way of a call (before the reply exists), to the reply, and to its bytes.
import { messageOf } from './codes.js';
import type { Call } from './call.js';
import { bringCallbackForward } from './callback-faults.js';
import type { FaultEffect } from './faults.js';
import { passGate } from './gate.js';
import type { Reply } from './model.js';
import type { Nation } from './nation.js';
import { addSecondRows, editReply } from './reply-edits.js';
import type { Route } from './routes.js';
import { storeForeignTwin, storeOtherCopy } from './write-fault-effects.js';

/** How a call goes on after a fault on its way. */
export type Turn =
  | { kind: 'go' }
  | { kind: 'reply'; reply: Reply; httpStatus?: number }
  | { kind: 'raw'; status: number; headers: Record<string, string>; body: Buffer; delayMs: number }
  | { kind: 'reset' }
  | { kind: 'hang' };

/** Open end of the call as far as a fault may need it. */
export interface CallEnd {
  nation: Nation;
  call: Call;
  route: Route;
  /** Present at before-commit: what would be stored. */
  commit?: () => Reply;
  /** Present from after-commit-before-reply on. */
  reply?: Reply;
}

const GO: Turn = { kind: 'go' };
/** F04 in life: 90 s of the 120 s that a commit may be late. */
const LATE_SHARE = 0.75;
const DEFAULT_READ_LAG_MS = 60_000;
const WAF_PAGE =
  '<html><head><title>访问被拦截</title></head><body><h1>您的访问被阻断</h1><p>Request blocked by WAF.</p></body></html>';
const GATEWAY_PAGE = (status: number): string =>
  `<html><head><title>${status}</title></head><body><center><h1>${status}</h1></center><hr>nginx</body></html>`;

type Strike = (effect: FaultEffect, end: CallEnd) => Turn | Promise<Turn>;

const numberOf = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);
const textOf = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

function rawReply(effect: FaultEffect, status: number, body: string, contentType: string): Turn {
  const headers = {
    'Content-Type': textOf(effect.contentType, contentType),
    ...(typeof effect.headers === 'object' ? (effect.headers as Record<string, string>) : {}),
  };
  return {
    kind: 'raw',
    status: numberOf(effect.status, status),
    headers,
    body: Buffer.from(textOf(effect.body, body), effect.encoding === 'base64' ? 'base64' : 'utf8'),
    delayMs: numberOf(effect.delayMs, 0),
  };
}

/** F04: the caller hears nothing, the commit comes afterMs later by the virtual clock. */
function lateCommit(effect: FaultEffect, { nation, commit }: CallEnd): Turn {
  if (commit !== undefined)
    nation.agenda.at(
      nation.clock.now() + numberOf(effect.afterMs, LATE_SHARE * nation.settings.maxCommitLatencyMs),
      () => void commit(),
    );
  return effect.then === 'reset' ? { kind: 'reset' } : { kind: 'hang' };
}

const STRIKES: Readonly<Record<string, Strike>> = {
  reset: () => ({ kind: 'reset' }),
  hang: () => ({ kind: 'hang' }),
  delay: async (effect) => {
    await new Promise((resolve) => setTimeout(resolve, numberOf(effect.ms, 1_000)));
    return GO;
  },
  status: (effect) => {
    const status = numberOf(effect.status, 502);
    return rawReply(effect, status, GATEWAY_PAGE(status), 'text/html');
  },
  html: (effect) => rawReply(effect, 403, WAF_PAGE, 'text/html; charset=utf-8'),
  body: (effect) => rawReply(effect, 200, '', 'application/json; charset=utf-8'),
  redirect: (effect) =>
    rawReply(
      { ...effect, headers: { Location: textOf(effect.location, 'http://127.0.0.1/login') } },
      302,
      '',
      'text/html',
    ),
  code: (effect) => {
    const code = textOf(effect.code, '9999');
    const detail = typeof effect.detail === 'object' && effect.detail !== null ? { ...effect.detail } : undefined;
    const reply = {
      code,
      message: textOf(effect.message, messageOf(code)),
      detail,
      data: effect.data as Reply['data'],
    };
    return { kind: 'reply', reply, httpStatus: typeof effect.status === 'number' ? effect.status : undefined };
  },
  'late-commit': lateCommit,
  'expire-tokens': (_effect, { nation }) => {
    nation.books.expireTokens();
    return GO;
  },
  'displace-tokens': (_effect, { nation }) => {
    nation.books.displaceTokens();
    return GO;
  },
  'never-process': (_effect, { call }) => {
    call.neverProcess = true;
    return GO;
  },
  'read-lag': (effect, { nation, call }) => {
    call.readLagMs = numberOf(effect.ms, nation.settings.readLagMs.maxMs || DEFAULT_READ_LAG_MS);
    return GO;
  },
  'expired-token': (_effect, { call }) => {
    call.expiredToken = true;
    return GO;
  },
  'commit-first': (_effect, { commit }) => {
    commit?.();
    return GO;
  },
  'other-copy': (effect, { nation, call }) => {
    storeOtherCopy(nation, call, effect);
    return GO;
  },
  'foreign-twin': (effect, { nation, call }) => {
    storeForeignTwin(nation, call, effect);
    return GO;
  },
  'second-row': (effect, { reply }) => {
    if (reply !== undefined) addSecondRows(reply, effect);
    return GO;
  },
  // F30: a proxy on the way sent the request twice, and the answer to the second copy came through.
  'proxy-twice': (_effect, { nation, call, route }) => ({
    kind: 'reply',
    reply: passGate({ nation, call, route }) ?? { code: '1004' },
  }),
  'callback-first': async (_effect, { nation, reply }) => {
    await bringCallbackForward(nation, reply);
    return GO;
  },
  patch: (effect, { reply }) => {
    if (reply !== undefined) editReply(reply, effect);
    return GO;
  },
  receipt: (effect, { reply }) => {
    if (reply !== undefined) editReply(reply, effect);
    return GO;
  },
};

/** Runs the effects of one point; the first that ends the call wins. */
export async function sufferFaults(effects: readonly FaultEffect[], end: CallEnd): Promise<Turn> {
  for (const effect of effects) {
    const turn = (await STRIKES[effect.type]?.(effect, end)) ?? GO;
    if (turn.kind !== 'go') return turn;
  }
  return GO;
}
