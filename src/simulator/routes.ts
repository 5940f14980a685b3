// The endpoints of §1.4: which path is which operation, and what each does once the gate is passed.
import { randomUUID } from 'node:crypto';
import { acceptBatch, checkEnvelope, positive, receiptReply } from './batches.js';
import { bodySha256, parseBody, type Call } from './call.js';
import { certificateFile, certificateStatus } from './certificates.js';
import { beijingTime } from './clock.js';
import { exportFile, exportStatus, startExport } from './exports.js';
import { decodeCursor, disorder, wireEvent } from './feed.js';
import { writeUnderFaults } from './item-faults.js';
import { announcedLimits, quotaResetMs } from './limits.js';
import { statusOfOldHost } from './migration.js';
import { lookup } from './lookup.js';
import { invalid, isEntity, refuse, type Entity, type Reply } from './model.js';
import type { Nation } from './nation.js';
import { detail, digest, totals } from './recon.js';

/** A write is prepared first and committed in one step later, so that a fault can stand between (§2.1.3). */
export type Prepared = Reply | { commit: () => Reply };

export interface Route {
  operation: string;
  /** Endpoints 5, 6, 15-POST and 16 are writes (§1.16 A15). */
  write: boolean;
  run(nation: Nation, call: Call): Prepared;
}

export interface RouteMatch {
  route: Route;
  entity: Entity | null;
  argument: string;
}

const PREFIX = '/gw/v1/';
const FILE_KEPT_MS = 24 * 3_600_000;
const CURSOR_MAX_LIMIT = 1_000;
const CURSOR_DEFAULT_LIMIT = 200;

const read = (operation: string, run: Route['run']): Route => ({ operation, write: false, run });
const write = (operation: string, run: Route['run']): Route => ({ operation, write: true, run });

const ROUTES = {
  token: read('token', issueToken),
  time: read('time', (nation) => {
    const epochMs = nation.clock.now();
    return { code: '0000', data: { epochMs, serverTime: beijingTime(epochMs) } };
  }),
  status: read('status', systemStatus),
  dict: read('dict', dictionary),
  write: write('write', singleWrite),
  batch: write('batch', batchWrite),
  receipt: read('receipt', (nation, call) => receiptReply(nation, nation.batches.get(call.argument), call)),
  receiptByClient: read('receipt-by-client', receiptByClient),
  lookup: read('lookup', (nation, call) =>
    call.entity === null ? refuse('2201') : lookup(nation, call, call.entity, parseBody(call)),
  ),
  changes: read('changes', changes),
  totals: read('totals', (nation, call) => totals(nation, parseBody(call))),
  digest: read('digest', (nation, call) => digest(nation, parseBody(call))),
  detail: read('detail', (nation, call) => detail(nation, parseBody(call))),
  export: read('export', (nation, call) => startExport(nation, parseBody(call))),
  exportStatus: read('export-status', (nation, call) => exportStatus(nation, call.argument, call.host)),
  exportFile: read('export-file', (nation, call) => exportFile(nation, call.argument)),
  certificateStatus: read('certificate-status', (nation, call) => certificateStatus(nation, call.argument, call.host)),
  certificateFile: read('certificate-file', (nation, call) => certificateFile(nation, call.argument)),
  file: write('file', uploadFile),
};

const FIXED: Readonly<Record<string, Route>> = {
  'POST auth/token': ROUTES.token,
  'GET sys/time': ROUTES.time,
  'GET sys/status': ROUTES.status,
  'GET changes': ROUTES.changes,
  'GET batches': ROUTES.receiptByClient,
  'POST recon/totals': ROUTES.totals,
  'POST recon/digest': ROUTES.digest,
  'POST recon/detail': ROUTES.detail,
  'POST exports': ROUTES.export,
  'POST files': ROUTES.file,
};

const BY_ARGUMENT: Readonly<Record<string, Route>> = {
  'GET dicts': ROUTES.dict,
  'GET batches': ROUTES.receipt,
  'GET exports': ROUTES.exportStatus,
  'GET certificate-requests': ROUTES.certificateStatus,
};

const FILES: Readonly<Record<string, Route>> = {
  'GET exports': ROUTES.exportFile,
  'GET certificates': ROUTES.certificateFile,
};

const ON_ENTITY: Readonly<Record<string, Route>> = { batch: ROUTES.batch, lookup: ROUTES.lookup };

/** null = HTTP 404 before any other check (§1.16 A8). */
export function findRoute(method: string, path: string): RouteMatch | null {
  if (!path.startsWith(PREFIX)) return null;
  const rest = path.slice(PREFIX.length);
  const fixed = FIXED[`${method} ${rest}`];
  if (fixed !== undefined) return { route: fixed, entity: null, argument: '' };
  const [head = '', argument = '', tail, ...more] = rest.split('/');
  if (more.length > 0) return null;
  if (method === 'POST' && isEntity(head) && tail === undefined) return entityRoute(rest, head, argument);
  if (argument === '') return null;
  const table = tail === undefined ? BY_ARGUMENT : tail === 'file' ? FILES : {};
  const route = table[`${method} ${head}`];
  return route === undefined ? null : { route, entity: null, argument };
}

function entityRoute(rest: string, entity: Entity, action: string): RouteMatch | null {
  const route = rest === entity ? ROUTES.write : ON_ENTITY[action];
  return route === undefined ? null : { route, entity, argument: '' };
}

function issueToken(nation: Nation, call: Call): Prepared {
  const body = parseBody(call) as { grant?: unknown } | undefined;
  if (body === undefined) return invalid('', 'json');
  if (body?.grant !== 'app' || Object.keys(body).length !== 1) return invalid('grant', 'enum');
  const { tokenTtlSec, singleSession } = nation.settings;
  // F24: the reply promises the usual life, the token has none left.
  const accessToken = nation.books.issueToken(call.expiredToken ? 0 : tokenTtlSec, singleSession);
  const { keyVersion } = nation.books.currentSecret();
  return { code: '0000', data: { accessToken, expiresInSec: tokenTtlSec, keyVersion } };
}

function systemStatus(nation: Nation, call: Call): Reply {
  const { mode, window, deprecations } = nation.settings;
  const { batchItems, batchBytes, qps, concurrency, quotaPerDay } = announcedLimits(nation.settings);
  const data = {
    mode,
    window: { ...window, timeZone: 'Asia/Shanghai' },
    quota: { limit: quotaPerDay, used: nation.books.usedToday(), resetAt: beijingTime(quotaResetMs(nation)) },
    limits: { batchItems, batchBytes, qps, concurrency },
    dictionaries: nation.dictionaries.currentVersions(),
    deprecations,
  };
  const moved = call.oldHost ? nation.migration : null;
  return { code: '0000', data: moved === null ? data : statusOfOldHost(data, moved) };
}

function dictionary(nation: Nation, call: Call): Reply {
  const version = call.query.get('version');
  const found = nation.dictionaries.find(call.argument, version === '' ? null : version);
  return found === undefined ? invalid('name', 'unknown', '字典或版本不存在') : { code: '0000', data: { ...found } };
}

function singleWrite(nation: Nation, call: Call): Prepared {
  const { entity } = call;
  const raw = parseBody(call);
  if (raw === undefined || entity === null) return invalid('', 'json');
  const trace = { requestId: call.requestId, bodySha256: bodySha256(call) };
  return { commit: () => writeUnderFaults(nation, entity, raw, trace) };
}

function batchWrite(nation: Nation, call: Call): Prepared {
  const { entity } = call;
  if (entity === null) return refuse('2201');
  const tooLong = call.body.length > nation.settings.limits.batchBytes;
  const checked = checkEnvelope(nation, tooLong ? undefined : parseBody(call), call);
  if ('refusal' in checked) return checked.refusal;
  const trace = { requestId: call.requestId, bodySha256: bodySha256(call) };
  const { envelope } = checked;
  return { commit: () => acceptBatch(nation, { entity, envelope, trace, neverProcess: call.neverProcess }) };
}

function receiptByClient(nation: Nation, call: Call): Reply {
  const clientBatchNo = call.query.get('clientBatchNo');
  if (clientBatchNo === null || clientBatchNo === '') return invalid('clientBatchNo', 'required');
  return receiptReply(nation, nation.batches.byClient(clientBatchNo), call);
}

function changes(nation: Nation, call: Call): Reply {
  const limit = positive(call.query.get('limit'), CURSOR_DEFAULT_LIMIT);
  if (limit === null || limit > CURSOR_MAX_LIMIT) return invalid('limit', 'range');
  const listed = (call.query.get('entities') ?? '').split(',').filter((name) => name !== '');
  if (!listed.every(isEntity)) return invalid('entities', 'enum');
  const text = call.query.get('cursor') ?? '';
  // After a migration the new address starts a feed of its own, and the old one ends where it was left.
  const { migration } = nation;
  const startsAt = migration === null || call.oldHost ? 0 : migration.feedUpTo;
  const upToSeq = migration !== null && call.oldHost ? migration.feedUpTo : undefined;
  const cursor = text === '' ? { seq: startsAt, issuedAtMs: nation.clock.now() } : decodeCursor(text);
  if (cursor === undefined) return invalid('cursor', 'cursor');
  const tooOld = cursor.issuedAtMs + nation.settings.feed.cursorValidMs < nation.clock.now();
  if (text !== '' && (tooOld || cursor.seq < startsAt)) return { code: '3101' };
  const entities = listed.length === 0 ? null : new Set<Entity>(listed);
  const page = nation.feed.page({ afterSeq: cursor.seq, upToSeq, limit, entities }, nation.clock);
  page.safeUpTo = nation.feed.safeUpTo(nation.clock.now(), nation.settings.feed.safeLagMs);
  const events = disorder(page, nation.settings, nation.chance).map(wireEvent);
  return { code: '0000', data: { ...page, events } };
}

/** Attachments are only counted for: ref-v1 never reads them back (§1.16 C16). */
function uploadFile(nation: Nation, call: Call): Prepared {
  if (call.body.length === 0) return invalid('', 'required', '文件为空');
  return {
    commit: () => {
      const expiresAt = beijingTime(nation.clock.now() + FILE_KEPT_MS);
      const data = { fileId: `F${randomUUID()}`, sha256: bodySha256(call), size: call.body.length, expiresAt };
      nation.journal.append({ k: 'file', ...data });
      return { code: '0000', data };
    },
  };
}
