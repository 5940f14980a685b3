// The one way a row changes: ledger, feed and journal together. Replay goes through the same door.
import { randomUUID } from 'node:crypto';
import type { Row } from './ledger.js';
import type { FeedType, Origin, RowState } from './model.js';
import type { Nation, Trace } from './nation.js';

export interface RowChange {
  state: RowState;
  /** null for changes that the feed does not tell (a certificate going into review). */
  type: FeedType | null;
  origin: Origin;
  formerId?: string;
  toNationalId?: string;
}

export interface RowLine extends RowChange {
  k: 'row';
  seq?: number;
  eventId?: string;
  /** What was asked and answered, for whoever reads the ledger afterwards (§2.1.2). */
  op?: string;
  outcome?: string;
  trace?: Trace;
}

const RUN_ID = randomUUID().slice(0, 8);

export function commitRow(
  nation: Nation,
  change: RowChange,
  told: Pick<RowLine, 'op' | 'outcome' | 'trace'> = {},
): Row {
  const line: RowLine = { k: 'row', ...change, ...told };
  if (change.type !== null) {
    line.seq = nation.feed.nextSeq();
    line.eventId = `e-${RUN_ID}-${line.seq}`;
  }
  nation.journal.append(line);
  return applyRow(nation, line);
}

export function applyRow(nation: Nation, line: RowLine): Row {
  const row = nation.ledger.put(line.state);
  if (line.type !== null && line.seq !== undefined && line.eventId !== undefined) {
    nation.feed.add({
      seq: line.seq,
      eventId: line.eventId,
      type: line.type,
      state: line.state,
      origin: line.origin,
      occurredAtMs: line.state.updatedAtMs,
      formerId: line.formerId,
      toNationalId: line.toNationalId,
    });
  }
  return row;
}
