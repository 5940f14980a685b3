// Catalogue entries that strike calls: connection, HTTP layer, encoding, identity, limits (F02–F13, F23–F43, F57, F58).
import { choice, number, one, RECEIPTS, sideOfCommit, text, WRITES, type CatalogueEntry } from './catalogue-entry.js';

const COMMITTED = 'true = the write is stored all the same; default false';

const transport: Readonly<Record<string, CatalogueEntry>> = {
  F02: {
    title: 'reset after the request was sent, before the commit',
    kind: 'wire',
    params: {},
    script: () => one('before-commit', { type: 'reset' }, WRITES),
  },
  F03: {
    title: 'stored, and no reply',
    kind: 'wire',
    params: { how: 'hang (default) or reset' },
    script: (params) => one('after-commit-before-reply', { type: choice(params, 'how', ['hang', 'reset']) }, WRITES),
  },
  F04: {
    title: 'no reply, and the commit comes late',
    kind: 'wire',
    params: { afterMs: 'default three quarters of maxCommitLatencyMs', then: 'hang (default) or reset' },
    script: (params) =>
      one(
        'before-commit',
        { type: 'late-commit', afterMs: params.afterMs, then: choice(params, 'then', ['hang', 'reset']) },
        WRITES,
      ),
  },
  F05: {
    title: 'a burst of 502, 503, 504 with an HTML body',
    kind: 'wire',
    params: { status: 'default 503', retryAfterSec: 'Retry-After header, default none', committed: COMMITTED },
    script: (params) =>
      one(sideOfCommit(params, 'before-auth'), {
        type: 'status',
        status: number(params, 'status', 503),
        headers:
          params.retryAfterSec === undefined
            ? undefined
            : { 'Retry-After': String(number(params, 'retryAfterSec', 1)) },
      }),
  },
  F06: {
    title: 'HTTP 200 whose message wraps an upstream 502',
    kind: 'wire',
    params: { code: 'default 2201', message: 'default 系统异常：502 Bad Gateway', committed: COMMITTED },
    script: (params) =>
      one(
        sideOfCommit(params),
        {
          type: 'code',
          code: text(params, 'code', '2201'),
          message: text(params, 'message', '系统异常：502 Bad Gateway'),
        },
        WRITES,
      ),
  },
  F07: {
    title: 'block page of a web application firewall',
    kind: 'wire',
    params: { status: '200, 403 (default), 405 or 468', committed: COMMITTED },
    script: (params) =>
      one(sideOfCommit(params, 'before-auth'), { type: 'html', status: number(params, 'status', 403) }, WRITES),
  },
  F57: {
    title: 'redirect to a login page',
    kind: 'wire',
    params: { location: 'default http://127.0.0.1/login', status: 'default 302' },
    script: (params) =>
      one('before-auth', { type: 'redirect', location: params.location, status: number(params, 'status', 302) }),
  },
  F58: {
    title: 'the kept-alive connection closed by the peer at idle',
    kind: 'wire',
    params: { on: 'reuse (default): found dead by the next call; idle: reset after ms', ms: 'default 0' },
    script: (params) =>
      one('during-reply', {
        type: 'close-after',
        on: choice(params, 'on', ['reuse', 'idle']),
        ms: number(params, 'ms', 0),
      }),
  },
};

const bytes: Readonly<Record<string, CatalogueEntry>> = {
  F08: {
    title: 'malformed or truncated JSON, byte order mark, trailing bytes',
    kind: 'wire',
    params: { how: 'truncated (default), malformed, bom or trailing', bytes: 'kept when truncated, default half' },
    script(params) {
      const how = choice(params, 'how', ['truncated', 'malformed', 'bom', 'trailing']);
      if (how === 'truncated') return one('during-reply', { type: 'truncate', bytes: params.bytes }, WRITES);
      if (how === 'malformed')
        return one('after-commit-before-reply', { type: 'body', body: '{"code":"0000","data":{' }, WRITES);
      return one('during-reply', { type: 'wire', ...(how === 'bom' ? { bom: true } : { trailing: '\n<!-- ok -->' }) });
    },
  },
  F09: {
    title: 'wrong Content-Type over a right body',
    kind: 'wire',
    params: { contentType: 'default text/html' },
    script: (params) => one('during-reply', { type: 'wire', contentType: text(params, 'contentType', 'text/html') }),
  },
  F10: {
    title: 'GBK body, declared as utf-8, undeclared, or declared rightly',
    kind: 'wire',
    params: { declared: 'utf-8 (default), nothing or gbk' },
    script(params) {
      const declared = choice(params, 'declared', ['utf-8', 'nothing', 'gbk']);
      return one('during-reply', {
        type: 'wire',
        charset: 'gbk',
        declared: declared === 'nothing' ? null : declared,
      });
    },
  },
  F11: {
    title: 'gzip: wrong, broken, twice, unasked, as a bomb; or a huge plain body',
    kind: 'wire',
    params: { how: 'twice (default), false, broken, unasked, bomb or huge', mib: 'size of bomb or huge, default 64' },
    script(params) {
      const how = choice(params, 'how', ['twice', 'false', 'broken', 'unasked', 'bomb', 'huge']);
      const mib = number(params, 'mib', 64);
      return one('during-reply', { type: 'wire', ...(how === 'huge' ? { padMiB: mib } : { gzip: how, mib }) });
    },
  },
  F12: {
    title: 'slow trickle',
    kind: 'wire',
    params: { chunkBytes: 'default 1', everyMs: 'default 1000', chunked: 'true = without a length' },
    script: ({ chunkBytes, everyMs, chunked }) =>
      one('during-reply', { type: 'trickle', chunkBytes, everyMs, chunked }),
  },
  F13: {
    title: 'cut in the middle of the body',
    kind: 'wire',
    params: { chunked: 'true (default) = in the middle of chunks', bytes: 'kept, default half' },
    script: (params) =>
      one('during-reply', { type: 'cut', chunked: params.chunked !== false, bytes: params.bytes }, WRITES),
  },
  F41: {
    title: 'the shape of the envelope changes',
    kind: 'wire',
    params: { how: 'int-code (default), null-data, sentinel or json-string' },
    script(params) {
      const how = choice(params, 'how', ['int-code', 'null-data', 'sentinel', 'json-string']);
      const edits = {
        'int-code': { set: { code: 0 } },
        'null-data': { set: { data: null } },
        sentinel: { set: { data: 'SELECT_NULL' } },
        'json-string': { stringify: ['data'] },
      };
      return one('after-commit-before-reply', { type: 'patch', ...edits[how] }, { ...WRITES, code: '0000' });
    },
  },
};

const identity: Readonly<Record<string, CatalogueEntry>> = {
  F23: {
    title: 'all tokens expire, in the middle of everything',
    kind: 'wire',
    params: {},
    script: () => one('before-auth', { type: 'expire-tokens' }, WRITES),
  },
  F24: {
    title: 'the token call fails, or gives out a token that has run out',
    kind: 'wire',
    params: { how: 'expired (default) or fails' },
    script: (params) =>
      one(
        'before-validate',
        choice(params, 'how', ['expired', 'fails']) === 'expired'
          ? { type: 'expired-token' }
          : { type: 'code', code: '5000' },
        { op: 'token' },
      ),
  },
  F25: {
    title: 'another session kicks the token out',
    kind: 'wire',
    params: {},
    script: () => one('before-auth', { type: 'displace-tokens' }, WRITES),
  },
  F27: {
    title: 'every signature is called wrong',
    kind: 'wire',
    params: {},
    script: () => [
      {
        point: 'before-auth',
        match: { path: '^/gw/v1/(?!sys/time|auth/token)' },
        effect: { type: 'code', code: '1002' },
      },
    ],
  },
  F30: {
    title: 'a proxy sent the request twice: 1004',
    kind: 'wire',
    params: { first: 'committed (default): the first copy was stored; lost: it was not' },
    script: (params) =>
      choice(params, 'first', ['committed', 'lost']) === 'committed'
        ? one('after-commit-before-reply', { type: 'proxy-twice' }, WRITES)
        : one('before-validate', { type: 'code', code: '1004' }, WRITES),
  },
  F40: {
    title: 'a code that nobody knows',
    kind: 'wire',
    params: { code: 'default 7777', committed: COMMITTED },
    script: (params) =>
      one(
        sideOfCommit(params),
        { type: 'code', code: text(params, 'code', '7777'), message: '未登记的返回码' },
        WRITES,
      ),
  },
};

const receiptsAndReads: Readonly<Record<string, CatalogueEntry>> = {
  F20: {
    title: 'a batch is taken in and its receipt never comes',
    kind: 'wire',
    params: { how: 'processing (default): PROCESSING for ever; 3002 or 3001: said as an error' },
    script(params) {
      const how = choice(params, 'how', ['processing', '3002', '3001']);
      if (how === 'processing') return one('before-commit', { type: 'never-process' }, { op: 'batch' });
      return one('before-validate', { type: 'code', code: how }, RECEIPTS);
    },
  },
  F21: {
    title: 'the receipt has expired',
    kind: 'wire',
    params: {},
    script: () => one('before-validate', { type: 'code', code: '3003' }, RECEIPTS),
  },
  F22: {
    title: 'receipt lines reordered, missing, invented, doubled or keyed by index',
    kind: 'wire',
    params: {
      reorder: 'true = reversed',
      missing: 'how many are left out',
      extra: 'how many are invented',
      duplicate: 'how many come twice',
      indexKeyed: 'true = index in place of bizNo; without any of them: reorder',
    },
    script(params) {
      const effect = Object.keys(params).length === 0 ? { reorder: true } : params;
      return one('after-commit-before-reply', { type: 'receipt', ...effect }, RECEIPTS);
    },
  },
  F43: {
    title: 'a lookup that lags behind',
    kind: 'wire',
    params: { ms: 'default the longest of readLagMs, or 60000' },
    script: ({ ms }) => one('before-validate', { type: 'read-lag', ms }, { op: 'lookup' }),
  },
};

export const callFaults: Readonly<Record<string, CatalogueEntry>> = {
  ...transport,
  ...bytes,
  ...identity,
  ...receiptsAndReads,
};
