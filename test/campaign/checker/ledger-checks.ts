/** I01, I02, I09, I10: what stations were told against what the ledger holds. */
import { keyOf, type Evidence, type LedgerRecord, type LedgerVersion, type Taken } from './evidence.js';
import { broken, type Check, type Violation } from './violation.js';

const TOOK = new Set(['accepted', 'duplicate', 'superseded']);

export function recordsByKey({ ledger }: Evidence): Map<string, LedgerRecord[]> {
  const found = new Map<string, LedgerRecord[]>();
  for (const record of ledger.records) {
    const key = keyOf(record.source, record);
    found.set(key, [...(found.get(key) ?? []), record]);
  }
  return found;
}

export function versionsByRecord({ ledger }: Evidence): Map<string, LedgerVersion[]> {
  const found = new Map<string, LedgerVersion[]>();
  for (const version of ledger.versions) found.set(version.recordId, [...(found.get(version.recordId) ?? []), version]);
  return found;
}

/** The newest of what was accepted, by the station's own number (G-10): what must stand at rest. */
export function newestOf(taken: readonly Taken[]): Taken | null {
  const held = taken.filter(({ outcome }) => outcome === 'accepted' || outcome === 'duplicate');
  return held.reduce<Taken | null>(
    (best, one) => (best === null || (one.item.revision ?? 0) > (best.item.revision ?? 0) ? one : best),
    null,
  );
}

/** I01: every receipt has exactly one record with that key, version and content. */
export const receiptsAreKept: Check = (evidence) => {
  const records = recordsByKey(evidence);
  const versions = versionsByRecord(evidence);
  const found: Violation[] = [];
  for (const event of evidence.stations) {
    if (event.type === 'ok')
      for (const problem of event.problems) found.push(broken('I01', `call ${event.id}`, problem));
  }
  for (const [key, taken] of evidence.taken) {
    const own = records.get(key) ?? [];
    const named = taken.filter(({ outcome }) => TOOK.has(outcome));
    if (named.length > 0 && own.length !== 1) {
      found.push(broken('I01', key, `a receipt was given, the ledger has ${own.length} records`));
      continue;
    }
    const record = own[0];
    for (const { outcome, recordId, version, hash } of named) {
      if (record === undefined) continue;
      if (recordId !== record.id)
        found.push(broken('I01', key, `receipt names record ${recordId}, the ledger ${record.id}`));
      if (outcome !== 'accepted') continue;
      const kept = (versions.get(record.id) ?? []).filter((one) => one.version === version);
      if (kept.length !== 1 || kept[0]?.contentHash !== hash) {
        found.push(
          broken('I01', key, `version ${version} was accepted with ${hash.slice(0, 12)}…, kept ${kept.length} such`),
        );
      }
    }
  }
  return found;
};

/** I02: at rest everything accepted is mirrored, or shows a person why not. */
export const everythingHasItsFate: Check = (evidence) => {
  const records = recordsByKey(evidence);
  const found: Violation[] = [];
  for (const [key, taken] of evidence.taken) {
    const record = records.get(key)?.[0];
    const newest = newestOf(taken);
    if (record === undefined || newest === null) continue;
    const { fate, codes } = evidence.plans.get(key) ?? { fate: 'mirrored', codes: [] };
    const expected = newest.item.op === 'void' ? 'voided' : fate;
    const { state, outcomeCode } = record;
    if (expected.startsWith('clash:')) {
      if (state === 'mirrored' || (state === 'attention' && codes.includes(outcomeCode ?? ''))) continue;
    } else if (state === expected) {
      if (state !== 'attention' || codes.includes(outcomeCode ?? '')) continue;
    }
    found.push(broken('I02', key, `should be ${expected}, is ${state} (${outcomeCode ?? 'no code'})`));
  }
  return found;
};

/** I09: the same content any number of times is one record; other content under the same number changes nothing. */
export const repeatsChangeNothing: Check = ({ taken }) => {
  const found: Violation[] = [];
  for (const [key, list] of taken) {
    const byRevision = new Map<number, Taken[]>();
    for (const one of list) {
      if (one.outcome !== 'accepted' || one.item.revision === undefined) continue;
      byRevision.set(one.item.revision, [...(byRevision.get(one.item.revision) ?? []), one]);
    }
    for (const [revision, accepted] of byRevision) {
      if (accepted.length > 1)
        found.push(broken('I09', key, `revision ${revision} was accepted ${accepted.length} times`));
    }
    const ids = new Set(list.flatMap(({ recordId }) => (recordId === null ? [] : [recordId])));
    if (ids.size > 1) found.push(broken('I09', key, `${ids.size} record ids for one key`));
  }
  return found;
};

/** I10: versions only go up, and the newest number wins whatever arrived last. */
export const newestWins: Check = (evidence) => {
  const records = recordsByKey(evidence);
  const versions = versionsByRecord(evidence);
  const found: Violation[] = [];
  for (const [key, taken] of evidence.taken) {
    const record = records.get(key)?.[0];
    const newest = newestOf(taken);
    if (record === undefined || newest === null) continue;
    if (newest.item.revision !== undefined && record.revision < newest.item.revision) {
      found.push(
        broken('I10', key, `revision ${newest.item.revision} was accepted, the ledger stands at ${record.revision}`),
      );
    }
    if (record.revision === newest.item.revision && record.contentHash !== newest.hash) {
      found.push(broken('I10', key, `revision ${record.revision} stands with other content than was accepted`));
    }
    const own = (versions.get(record.id) ?? []).filter(({ version }) => version !== null);
    own.sort((a, b) => Number(a.version) - Number(b.version));
    own.forEach((one, at) => {
      const before = own[at - 1];
      if (before && one.revision < before.revision) {
        found.push(
          broken('I10', key, `version ${one.version} carries revision ${one.revision} after ${before.revision}`),
        );
      }
    });
    if (own.at(-1) && own.at(-1)?.version !== record.version) {
      found.push(broken('I10', key, `newest kept version ${own.at(-1)?.version}, the record says ${record.version}`));
    }
  }
  for (const [nationalId, line] of nationalVersions(evidence)) {
    found.push(broken('I10', nationalId, line));
  }
  return found;
};

/** The nation's own journal: a row that we wrote never goes back to an older version. */
function nationalVersions({ journal }: Evidence): [string, string][] {
  const last = new Map<string, number>();
  const found: [string, string][] = [];
  for (const { nationalId, version, origin } of journal) {
    const before = last.get(nationalId) ?? 0;
    if (origin === 'self' && version < before)
      found.push([nationalId, `version ${version} was written after ${before}`]);
    last.set(nationalId, Math.max(before, version));
  }
  return found;
}
