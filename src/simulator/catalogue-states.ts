// Catalogue entries that are a state of the nation: doors, clocks, keys, limits, dictionaries, the great move.
import { choice, number, one, text, type CatalogueEntry } from './catalogue-entry.js';
import { changeDictionary } from './dictionary-acts.js';
import type { LineState } from './line.js';
import { OLD_HOST_MODES } from './migration.js';
import { moveAway } from './migration-acts.js';
import { moveClock, rotateSecret } from './nation-acts.js';
import { changeLimits, setUsed } from './limit-acts.js';
import { resumeReviews } from './reviews.js';
import { entityOf } from './row-picking.js';
import type { ReviewKind } from './settings.js';
import { patched } from './state-patch.js';

const MINUTE_MS = 60_000;
const REVIEWED: readonly ReviewKind[] = ['volunteers', 'teams', 'projects', 'certificate-requests'];

/** A door that cannot be opened again (its port was taken) is the caller's to see, not the end of the program. */
const sayOnStderr = (error: unknown): void => void process.stderr.write(`simulator: F01: ${String(error)}\n`);

const reach: Readonly<Record<string, CatalogueEntry>> = {
  F01: {
    title: 'the gateway cannot be reached',
    kind: 'state',
    params: {
      how: 'refuse (default): nobody listens; reset: accepted and reset before a byte',
      forMs: 'real ms; default until lifted',
    },
    async apply(nation, params) {
      const state: LineState = choice(params, 'how', ['refuse', 'reset']);
      const forMs = number(params, 'forMs', 0);
      await nation.line.set(state);
      const undo = (): Promise<void> => nation.line.set('open');
      if (forMs > 0) setTimeout(() => void undo().catch(sayOnStderr), forMs).unref();
      return { result: { line: state, port: nation.line.port() }, undo };
    },
  },
  F26: {
    title: 'the secret is rotated',
    kind: 'state',
    params: { secret: 'the new one', overlapMs: 'how long the former one is valid, default 0' },
    apply(nation, params) {
      return {
        result: rotateSecret(nation, text(params, 'secret', 'vgw-next-secret'), number(params, 'overlapMs', 0)),
      };
    },
  },
  F28: {
    title: 'the address is not on the list: 1008',
    kind: 'state',
    params: { allowIps: 'default one that nobody has' },
    apply: (nation, { allowIps }) => ({ undo: patched(nation, { allowIps: allowIps ?? ['203.0.113.1'] }) }),
  },
  F29: {
    title: 'the clocks differ',
    kind: 'state',
    params: { byMs: 'default 600000; negative = the nation is behind' },
    apply(nation, params) {
      const before = nation.clock.offsetMs();
      moveClock(nation, { offsetMs: before + number(params, 'byMs', 10 * MINUTE_MS) });
      return { result: { offsetMs: nation.clock.offsetMs() }, undo: () => moveClock(nation, { offsetMs: before }) };
    },
  },
  F32: {
    title: 'parents await approval for days: 2102, 2103',
    kind: 'state',
    params: {
      entity: 'volunteers, teams, projects or certificate-requests; default all four',
      item: '2102 or 2103: items are told so at once, without any review',
    },
    script: (params) =>
      params.item === undefined
        ? null
        : one('before-item', { type: 'parent', code: choice(params, 'item', ['2102', '2103']) }),
    apply(nation, params) {
      const held =
        params.entity === undefined ? REVIEWED : REVIEWED.filter((kind) => kind === entityOf(params, 'teams'));
      const undo = patched(nation, { reviews: Object.fromEntries(held.map((kind) => [kind, { auto: false }])) });
      return {
        result: { held },
        undo: async () => {
          await undo();
          for (const kind of held) if (nation.settings.reviews[kind].auto) resumeReviews(nation, kind);
        },
      };
    },
  },
};

const limits: Readonly<Record<string, CatalogueEntry>> = {
  F34: {
    title: 'too many calls a second: by the limit itself, or as code, HTTP 429 or text',
    kind: 'state',
    params: {
      as: 'limit (default), code, http or text',
      qps: 'default 1',
      burst: 'default qps',
      announce: 'false = /sys/status goes on telling the former limit; default true',
      retryAfterMs: 'of code and http, default 1000',
    },
    script(params) {
      const as = choice(params, 'as', ['limit', 'code', 'http', 'text']);
      const retryAfterMs = number(params, 'retryAfterMs', 1_000);
      if (as === 'limit') return null;
      if (as === 'code') return one('before-validate', { type: 'code', code: '1301', detail: { retryAfterMs } });
      if (as === 'text')
        return one('before-validate', { type: 'code', code: '9999', message: '操作过于频繁，请稍后再试' });
      const headers = { 'Retry-After': String(Math.ceil(retryAfterMs / 1_000)) };
      return one('before-auth', { type: 'status', status: 429, headers });
    },
    apply(nation, params) {
      const qps = number(params, 'qps', 1);
      return { undo: changeLimits(nation, { qps, burst: number(params, 'burst', qps) }, params.announce !== false) };
    },
  },
  F35: {
    title: 'the daily quota is used up: 1302',
    kind: 'state',
    params: { limit: 'default what is used already', used: 'default unchanged', announce: 'as F34' },
    apply(nation, params) {
      if (params.used !== undefined) setUsed(nation, number(params, 'used', 0));
      const quotaPerDay = number(params, 'limit', nation.books.usedToday());
      return { undo: changeLimits(nation, { quotaPerDay }, params.announce !== false) };
    },
  },
  F36: {
    title: 'outside service hours (1303), or maintenance (1304)',
    kind: 'state',
    params: {
      mode: 'closed (default), read-only or open',
      writesFrom: 'HH:MM; with writesTo and mode open: a window',
      writesTo: 'HH:MM',
      retryAfterMs: 'told with 1304',
    },
    apply(nation, params) {
      const window = Object.fromEntries(
        ['writesFrom', 'writesTo'].flatMap((name) =>
          params[name] === undefined ? [] : [[name, text(params, name, '')]],
        ),
      );
      const mode = choice(
        params,
        'mode',
        Object.keys(window).length > 0 ? ['open', 'closed', 'read-only'] : ['closed', 'read-only', 'open'],
      );
      const maintenanceRetryMs = number(params, 'retryAfterMs', nation.settings.maintenanceRetryMs);
      return { undo: patched(nation, { mode, window, maintenanceRetryMs }) };
    },
  },
  F37: {
    title: 'refused calls count against the quota too: always so (§1.16 A15); a short quota makes it felt',
    kind: 'state',
    params: { limit: 'default 10 more than are used' },
    apply: (nation, params) => ({
      undo: changeLimits(nation, { quotaPerDay: number(params, 'limit', nation.books.usedToday() + 10) }, true),
    }),
  },
};

const knowledge: Readonly<Record<string, CatalogueEntry>> = {
  F18: {
    title: 'a duplicate makes a silent second row',
    kind: 'state',
    params: {},
    apply: (nation) => ({ undo: patched(nation, { duplicateMode: 'silent-second-row' }) }),
  },
  F39: {
    title: 'a dictionary changed overnight: its codes are 2202',
    kind: 'state',
    params: {
      name: 'default service-fields',
      withdraw: 'codes; default all of the table',
      from: 'now (default) or midnight: valid until the end of this Beijing day',
      version: 'default one higher than the current one',
    },
    apply: (nation, params) => changeDictionary(nation, params),
  },
  F42: {
    title: 'national ids are JSON numbers of 19 digits',
    kind: 'state',
    params: { asNumber: 'false = digits, but in quotes' },
    apply: (nation, { asNumber }) => ({
      undo: patched(nation, { nationalIds: { shape: 'digits', asNumber: asNumber !== false } }),
    }),
  },
  F53: {
    title: 'cursors of the change feed expire: 3101',
    kind: 'state',
    params: { validMs: 'default -1: every cursor given out is too old' },
    apply: (nation, params) => ({ undo: patched(nation, { feed: { cursorValidMs: number(params, 'validMs', -1) } }) }),
  },
  F54: {
    title: 'the change feed repeats and reorders inside the safe lag',
    kind: 'state',
    params: { rate: 'share of unsettled events, default 1', safeLagMs: 'default 60000' },
    apply: (nation, params) => ({
      undo: patched(nation, {
        feed: { disorderRate: number(params, 'rate', 1), safeLagMs: number(params, 'safeLagMs', MINUTE_MS) },
      }),
    }),
  },
  F56: {
    title: 'totals are those of the last midnight',
    kind: 'state',
    params: {},
    apply: (nation) => ({ undo: patched(nation, { totals: { refresh: 'nightly' } }) }),
  },
  F63: {
    title: 'the platform moves: new address, new national ids, a bulk map file',
    kind: 'state',
    params: {
      oldHost: `${OLD_HOST_MODES.join(', ')}; default read-only`,
      port: 'of the new address, default a free one',
    },
    apply: async (nation, params) => ({
      result: await moveAway(nation, choice(params, 'oldHost', OLD_HOST_MODES), number(params, 'port', 0)),
    }),
  },
};

export const stateFaults: Readonly<Record<string, CatalogueEntry>> = { ...reach, ...limits, ...knowledge };
