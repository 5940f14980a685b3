// Restart: the journal read from its beginning gives the nation back as it was.
import { scheduleBatch, type Batch, type ReceiptItem } from './batches.js';
import type { CallbackBody } from './callbacks.js';
import { applyRow, type RowLine } from './commit.js';
import type { DictionaryItem, DictionaryName } from './dictionaries.js';
import type { Breach } from './limit-watch.js';
import { migrate, type MigrationLine, type OldHostMode } from './migration.js';
import { ENTITIES, type Entity } from './model.js';
import type { Nation } from './nation.js';
import { replyRead } from './observation.js';
import type { ReadReply } from './resend-watch.js';
import { scheduleReview } from './reviews.js';
import { patchSettings } from './settings.js';

/** How a nation was started; settings changed while it ran belong to that start. */
export interface Start {
  setting: string;
  overrides: Readonly<Record<string, unknown>>;
}

type Line =
  | RowLine
  | { k: 'start'; setting: string; overrides: Readonly<Record<string, unknown>> }
  | { k: 'req'; atMs: number; nonce: string; op: string; counted?: boolean }
  | { k: 'rep'; op: string; code: string; requestId: string; batchNo?: string }
  | ({ k: 'read' } & ReadReply)
  | { k: 'batch'; batch: Batch; items: unknown[] | null }
  | { k: 'receipt'; batchNo: string; receipt: ReceiptItem[] }
  | { k: 'token'; accessToken: string; expiresAtMs: number; singleSession: boolean }
  | { k: 'tokens'; displace: boolean }
  | { k: 'gone'; nationalId: string }
  | { k: 'clock'; offsetMs: number }
  | { k: 'secret'; secret: string; formerUntilMs: number }
  | { k: 'settings'; patch: Readonly<Record<string, unknown>> }
  | { k: 'quota'; used: number; atMs: number }
  | { k: 'dictionary'; name: DictionaryName; version: string; items: DictionaryItem[] }
  | MigrationLine
  | { k: 'old-host'; oldHost: OldHostMode }
  | ({ k: 'breach' } & Breach)
  | {
      k: 'try';
      entity: Entity;
      requestId: string;
      clientBatchNo: string | null;
      items: [string, number][];
      atMs: number;
    }
  | { k: 'asked'; entity: Entity; bizNos: string[] }
  | { k: 'told'; entity: Entity; items: [string, boolean][] }
  | { k: 'unread'; requestId: string }
  | { k: 'callback'; body: CallbackBody }
  | { k: 'called-back'; eventId: string; attempt: number; done: boolean }
  | { k: 'file' };

/** What is only known once the last line has been read. */
interface Reading {
  nation: Nation;
  patches: Readonly<Record<string, unknown>>[];
  start: Start | null;
  callbacks: Map<string, { body: CallbackBody; attempt: number }>;
  /** Replies to writes of which the journal does not say whether anybody has read them. */
  replies: Map<string, ReadReply>;
}

/** `start`: how the nation is started now; null = in the middle of a run, every setting of the journal counts. */
export function replayJournal(nation: Nation, start: Start | null): void {
  const reading: Reading = { nation, patches: [], start: null, callbacks: new Map(), replies: new Map() };
  nation.ledger.deferRebuild(true);
  nation.journal.replay((line) => replayLine(reading, line as Line));
  nation.ledger.deferRebuild(false);
  nation.batches.dropTorn();
  assumeRead(reading);
  const sameStart = start === null || JSON.stringify(start) === JSON.stringify(reading.start);
  if (sameStart) for (const patch of reading.patches) patchSettings(nation.settings, patch);
  for (const batch of nation.batches.unfinished()) scheduleBatch(nation, batch);
  for (const entity of ENTITIES) for (const row of nation.ledger.rows(entity)) scheduleReview(nation, row);
  const nowMs = nation.clock.now();
  for (const { body, attempt } of reading.callbacks.values()) nation.callbacks.schedule(body, attempt, nowMs);
}

function replayLine(reading: Reading, line: Line): void {
  switch (line.k) {
    case 'start':
      return replayStart(reading, line);
    case 'settings':
      return void reading.patches.push(line.patch);
    case 'callback':
      return void reading.callbacks.set(line.body.eventId, { body: line.body, attempt: 0 });
    case 'called-back':
      return replayCallback(reading, line);
    case 'try':
    case 'asked':
    case 'told':
    case 'unread':
    case 'read':
    case 'rep':
      return replayWatch(reading, line);
    default:
      return replayNation(reading.nation, line);
  }
}

type WatchLine = Extract<Line, { k: 'try' | 'asked' | 'told' | 'unread' | 'read' | 'rep' }>;
type NationLine = Exclude<Line, WatchLine | { k: 'start' | 'settings' | 'callback' | 'called-back' }>;

/** Another setting or override is another world: what was changed in the old one is forgotten. */
function replayStart(reading: Reading, { setting, overrides }: Start): void {
  assumeRead(reading);
  const start = { setting, overrides };
  if (JSON.stringify(start) !== JSON.stringify(reading.start)) reading.patches = [];
  reading.start = start;
}

function replayCallback({ callbacks }: Reading, line: { eventId: string; attempt: number; done: boolean }): void {
  const known = callbacks.get(line.eventId);
  if (line.done) callbacks.delete(line.eventId);
  else if (known !== undefined) known.attempt = line.attempt + 1;
}

function replayNation(nation: Nation, line: NationLine): void {
  switch (line.k) {
    case 'row':
      applyRow(nation, line);
      nation.clock.noteCommit(line.state.updatedAtMs);
      return raiseCounters(nation, line);
    case 'batch':
      nation.batches.add(line.batch, line.items);
      return nation.counters.raise('batch', Number(line.batch.batchNo.slice(-6)));
    case 'receipt': {
      const batch = nation.batches.get(line.batchNo);
      return batch === undefined ? undefined : nation.batches.finish(batch, line.receipt);
    }
    case 'gone':
      return nation.ledger.remove(line.nationalId);
    case 'clock':
      return nation.clock.setOffset(line.offsetMs);
    case 'dictionary':
      return nation.dictionaries.publish(line.name, line.version, line.items);
    case 'migration':
      return void migrate(nation, line);
    case 'old-host':
      if (nation.migration !== null) nation.migration.oldHost = line.oldHost;
      return;
    case 'file':
      return;
    default:
      return replayGate(nation, line);
  }
}

type GateLine = Extract<NationLine, { k: 'req' | 'token' | 'tokens' | 'secret' | 'quota' | 'breach' }>;

function replayGate(nation: Nation, line: GateLine): void {
  const { books, settings, clock } = nation;
  switch (line.k) {
    case 'req': {
      const keepMs = 2 * settings.timestampToleranceMs;
      if (line.atMs > clock.now() - keepMs) books.burnNonce(line.nonce, keepMs, line.atMs);
      if (line.counted ?? (line.op !== 'token' && line.op !== 'status')) books.countCall(line.atMs);
      return;
    }
    case 'token':
      if (line.singleSession) books.displaceTokens();
      books.issued += 1;
      return books.storeToken(line.accessToken, line.expiresAtMs);
    case 'tokens':
      return line.displace ? books.displaceTokens() : void books.expireTokens();
    case 'secret':
      return void books.rotateSecret(line.secret, line.formerUntilMs);
    case 'quota':
      return books.setUsedToday(line.used, line.atMs);
    case 'breach': {
      const { k: _k, ...breach } = line;
      return nation.watch.note(breach);
    }
  }
}

function replayWatch({ nation, replies }: Reading, line: WatchLine): void {
  const { resends } = nation;
  switch (line.k) {
    case 'rep':
      nation.journal.count(line.op, line.code);
      if (line.op === 'write' || line.op === 'batch') replies.set(line.requestId, replyRead(line));
      return;
    case 'read':
      replies.delete(line.requestId);
      return resends.noteRead(line);
    case 'unread':
      return void replies.delete(line.requestId);
    case 'try': {
      const items = line.items.map(([bizNo, version]) => ({ bizNo, version, raw: null }));
      return resends.noteAttempt({ ...line, items });
    }
    case 'asked':
      return resends.noteLooked(line.entity, line.bizNos);
    case 'told':
      return resends.noteTold(line.entity, line.items);
  }
}

/** What went out in the instant before a kill gets the benefit of the doubt: nobody is accused for want of a line. */
function assumeRead({ nation, replies }: Pick<Reading, 'nation' | 'replies'>): void {
  for (const reply of replies.values()) nation.resends.noteRead(reply);
  replies.clear();
}

const SERIAL = /(\d{9})$/;

function raiseCounters(nation: Nation, { state }: RowLine): void {
  nation.counters.raise(state.entity, Number(SERIAL.exec(state.nationalId)?.[1]));
  if (state.volunteerNo !== undefined)
    nation.counters.raise('volunteerNo', Number(SERIAL.exec(state.volunteerNo)?.[1]));
  const certNo = state.certificate?.certNo;
  if (certNo !== undefined) nation.counters.raise('certificate', Number(certNo.slice(-6)));
}
