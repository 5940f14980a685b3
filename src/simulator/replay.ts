// Restart: the journal read from its beginning gives the nation back as it was.
import { scheduleBatch, type Batch, type ReceiptItem } from './batches.js';
import { applyRow, type RowLine } from './commit.js';
import { ENTITIES } from './model.js';
import type { Nation } from './nation.js';
import { scheduleReview } from './reviews.js';

interface RequestLine {
  k: 'req';
  atMs: number;
  nonce: string;
  op: string;
}

type Line =
  | RowLine
  | RequestLine
  | { k: 'batch'; batch: Batch; items: unknown[] | null }
  | { k: 'receipt'; batchNo: string; receipt: ReceiptItem[] }
  | { k: 'token'; accessToken: string; expiresAtMs: number; singleSession: boolean }
  | { k: 'gone'; nationalId: string }
  | { k: 'clock'; offsetMs: number }
  | { k: 'secret'; secret: string; formerUntilMs: number }
  | { k: 'rep'; op: string; code: string }
  | { k: 'file' };

export function replayJournal(nation: Nation): void {
  nation.ledger.deferRebuild(true);
  nation.journal.replay((line) => replayLine(nation, line as Line));
  nation.ledger.deferRebuild(false);
  nation.batches.dropTorn();
  for (const batch of nation.batches.unfinished()) scheduleBatch(nation, batch);
  for (const entity of ENTITIES) for (const row of nation.ledger.rows(entity)) scheduleReview(nation, row);
}

function replayLine(nation: Nation, line: Line): void {
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
    case 'req':
      return replayRequest(nation, line);
    case 'token':
      if (line.singleSession) nation.books.displaceTokens();
      return nation.books.storeToken(line.accessToken, line.expiresAtMs);
    case 'gone':
      return nation.ledger.remove(line.nationalId);
    case 'clock':
      return nation.clock.setOffset(line.offsetMs);
    case 'secret':
      return void nation.books.rotateSecret(line.secret, line.formerUntilMs);
    case 'rep':
      return nation.journal.count(line.op, line.code);
    case 'file':
      return;
  }
}

function replayRequest(nation: Nation, line: RequestLine): void {
  const keepMs = 2 * nation.settings.timestampToleranceMs;
  if (line.atMs > nation.clock.now() - keepMs) nation.books.burnNonce(line.nonce, keepMs, line.atMs);
  if (line.op !== 'token' && line.op !== 'status') nation.books.countCall(line.atMs);
}

const SERIAL = /(\d{9})$/;

function raiseCounters(nation: Nation, { state }: RowLine): void {
  nation.counters.raise(state.entity, Number(SERIAL.exec(state.nationalId)?.[1]));
  if (state.volunteerNo !== undefined)
    nation.counters.raise('volunteerNo', Number(SERIAL.exec(state.volunteerNo)?.[1]));
  const certNo = state.certificate?.certNo;
  if (certNo !== undefined) nation.counters.raise('certificate', Number(certNo.slice(-6)));
}
