// The nation's counters in one view: requests, writes, resends, rows per key, tokens, breaches, peaks.
import type { LimitName, Peaks } from './limit-watch.js';
import { ENTITIES, type Entity } from './model.js';
import type { Nation } from './nation.js';
import type { BlindResend, WriteCounts } from './resend-watch.js';

const MAX_SHOWN = 100;

interface CrowdedKey {
  entity: Entity;
  rows: { bizNo: string | null; nationalId: string }[];
}

export interface Counted {
  /** Every HTTP request but /sys/time, also those that no route took. */
  requests: number;
  byOperation: Record<string, number>;
  byCode: Record<string, number>;
  unrouted: number;
  resetConnections: number;
  writes: WriteCounts;
  /** Writes whose sender has not been told what became of them. */
  openWrites: number;
  blindResends: readonly BlindResend[];
  live: {
    /** ACTIVE rows of ours that share a number. */
    doubledNumbers: { entity: Entity; bizNo: string; rows: number }[];
    /** ACTIVE rows that share a natural key; no personal value is shown. */
    crowdedKeys: CrowdedKey[];
  };
  tokens: { requests: number; issued: number; valid: number };
  breaches: Partial<Record<LimitName, number>>;
  peaks: Peaks;
}

/** Since a mark: figures that only grow are counted from it, the others are as they are now. */
export function countersOf(nation: Nation, since: Counted | null): Counted {
  const { journal, line, resends, books, watch } = nation;
  const { time = 0, ...byOperation } = journal.counters.byOperation;
  const byCode = Object.fromEntries(
    Object.entries(journal.counters.byCode).filter(([key]) => !key.startsWith('time ')),
  );
  const { unrouted } = journal.counters;
  const now: Counted = {
    requests: journal.counters.requests - time + unrouted,
    byOperation: { ...byOperation },
    byCode,
    unrouted,
    resetConnections: line.resetConnections,
    writes: structuredClone(resends.counts),
    openWrites: resends.openCount(),
    blindResends: resends.blind.slice(-MAX_SHOWN),
    live: liveRows(nation),
    tokens: { requests: byOperation.token ?? 0, issued: books.issued, valid: books.validTokens() },
    breaches: { ...watch.byLimit },
    peaks: { ...watch.peaks },
  };
  return since === null ? now : difference(now, since);
}

function liveRows({ ledger }: Nation): Counted['live'] {
  const doubledNumbers = ENTITIES.flatMap((entity) =>
    ledger.duplicates(entity).flatMap((bizNo) => {
      const rows = ledger.allByBiz(entity, bizNo).filter(({ state }) => state.status === 'ACTIVE').length;
      return rows > 1 ? [{ entity, bizNo, rows }] : [];
    }),
  );
  const crowdedKeys = ENTITIES.flatMap((entity) =>
    ledger.crowdedKeys(entity, MAX_SHOWN).map((rows) => ({ entity, rows })),
  );
  return { doubledNumbers: doubledNumbers.slice(0, MAX_SHOWN), crowdedKeys: crowdedKeys.slice(0, MAX_SHOWN) };
}

function difference(now: Counted, then: Counted): Counted {
  return {
    ...now,
    requests: now.requests - then.requests,
    byOperation: less(now.byOperation, then.byOperation),
    byCode: less(now.byCode, then.byCode),
    unrouted: now.unrouted - then.unrouted,
    resetConnections: now.resetConnections - then.resetConnections,
    writes: {
      calls: now.writes.calls - then.writes.calls,
      items: now.writes.items - then.writes.items,
      overOpen: now.writes.overOpen - then.writes.overOpen,
      resends: resendsSince(now.writes.resends, then.writes.resends),
    },
    blindResends: now.blindResends.filter(
      ({ requestId }) => !then.blindResends.some((known) => known.requestId === requestId),
    ),
    tokens: {
      ...now.tokens,
      requests: now.tokens.requests - then.tokens.requests,
      issued: now.tokens.issued - then.tokens.issued,
    },
    breaches: less(now.breaches, then.breaches),
  };
}

function resendsSince(now: WriteCounts['resends'], then: WriteCounts['resends']): WriteCounts['resends'] {
  return {
    blind: now.blind - then.blind,
    afterAsking: now.afterAsking - then.afterAsking,
    afterRefusal: now.afterRefusal - then.afterRefusal,
    afterSuccess: now.afterSuccess - then.afterSuccess,
  };
}

/** Entries that have grown. */
function less(now: Readonly<Record<string, number>>, then: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(now).flatMap(([key, value]) => {
      const more = value - (then[key] ?? 0);
      return more === 0 ? [] : [[key, more]];
    }),
  );
}
