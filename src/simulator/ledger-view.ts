// What tests and proofs read of the truth ledger through the control port (§2.1.2).
import { plainData, type Ledger } from './ledger.js';
import { beijingTime } from './clock.js';
import { ENTITIES, type Entity, type RowState } from './model.js';

export interface EntitySummary {
  /** Rows of ours; foreign rows are counted apart. */
  rows: number;
  active: number;
  voided: number;
  merged: number;
  deleted: number;
  /** Minutes of ACTIVE rows of ours. */
  minutes: number;
  foreign: number;
  foreignMinutes: number;
  byStatus: Record<string, number>;
  /** Numbers that stand on more than one row. */
  duplicates: string[];
}

const COUNTED = { ACTIVE: 'active', VOIDED: 'voided', MERGED: 'merged', DELETED: 'deleted' } as const;

const minutesOf = (state: RowState): number => (typeof state.data.minutes === 'number' ? state.data.minutes : 0);

function summaryOf(ledger: Ledger, entity: Entity): EntitySummary {
  const summary: EntitySummary = {
    rows: 0,
    active: 0,
    voided: 0,
    merged: 0,
    deleted: 0,
    minutes: 0,
    foreign: 0,
    foreignMinutes: 0,
    byStatus: {},
    duplicates: ledger.duplicates(entity),
  };
  for (const { state } of ledger.rows(entity)) {
    const minutes = state.status === 'ACTIVE' ? minutesOf(state) : 0;
    if (state.bizNo === null) {
      summary.foreign += 1;
      summary.foreignMinutes += minutes;
      continue;
    }
    summary.rows += 1;
    summary.minutes += minutes;
    summary[COUNTED[state.status]] += 1;
    summary.byStatus[state.status] = (summary.byStatus[state.status] ?? 0) + 1;
  }
  return summary;
}

export function summaries(ledger: Ledger): Record<string, EntitySummary> {
  return Object.fromEntries(ENTITIES.map((entity) => [entity, summaryOf(ledger, entity)]));
}

export interface LedgerFilter {
  entity: Entity | null;
  status: string | null;
  bizNo: string | null;
  limit: number;
}

/** Full rows with plain data, for a handful of rows at a time. */
export function plainRows(ledger: Ledger, filter: LedgerFilter): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  for (const entity of filter.entity === null ? ENTITIES : [filter.entity]) {
    const rows = filter.bizNo === null ? ledger.rows(entity) : ledger.allByBiz(entity, filter.bizNo);
    for (const row of rows) {
      if (filter.status !== null && row.state.status !== filter.status) continue;
      if (found.length >= filter.limit) return found;
      found.push(plainRow(row.state, row.liveChildren, ledger));
    }
  }
  return found;
}

function plainRow(state: RowState, liveChildren: number, ledger: Ledger): Record<string, unknown> {
  const { createdAtMs, updatedAtMs, reviewDueMs, ...rest } = state;
  return {
    ...rest,
    createdAt: beijingTime(createdAtMs),
    updatedAt: beijingTime(updatedAtMs),
    reviewDueAt: typeof reviewDueMs === 'number' ? beijingTime(reviewDueMs) : reviewDueMs,
    liveChildren,
    data: plainData(state, ledger.cipher),
  };
}

const LINES_PER_CHUNK = 2_000;

/** NDJSON in chunks: number, id, version, status, hash and minutes of every row of an entity. */
export function* rowChunks(ledger: Ledger, entity: Entity): Generator<string> {
  let lines: string[] = [];
  for (const { state } of ledger.rows(entity)) {
    const { bizNo, nationalId, version, status, contentHash } = state;
    const minutes = typeof state.data.minutes === 'number' ? state.data.minutes : undefined;
    lines.push(JSON.stringify({ bizNo, nationalId, version, status, contentHash, minutes }));
    if (lines.length < LINES_PER_CHUNK) continue;
    yield `${lines.join('\n')}\n`;
    lines = [];
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}
