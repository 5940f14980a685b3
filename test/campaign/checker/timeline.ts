import { keyOf, type Evidence, type LedgerRecord } from './evidence.js';
import { textOf } from './text.js';

/** One moment in the life of a key, and the file that tells of it. Contents are left out. */
export interface Moment {
  readonly at: number;
  readonly file: string;
  readonly [more: string]: unknown;
}

const SHOWN = 60;

/** What the five files say about a key, a record id or a national number, in order of time. */
export function timelineOf(evidence: Evidence, key: string): Moment[] {
  const record = evidence.ledger.records.find(
    (one) => keyOf(one.source, one) === key || [one.id, one.bizNo, one.nationalId].includes(key),
  );
  if (record === undefined) return [];
  const own = [
    ...ofStations(evidence, record),
    ...ofWire(evidence, record),
    ...ofLog(evidence, record),
    ...ofLedger(evidence, record),
  ];
  return [...own, ...ofNemesis(evidence, own)].sort((a, b) => a.at - b.at).slice(0, SHOWN);
}

function ofStations({ taken }: Evidence, record: LedgerRecord): Moment[] {
  return (taken.get(keyOf(record.source, record)) ?? []).map(({ at, outcome, version, item }) => ({
    at, file: 'stations', outcome, version, revision: item.revision, op: item.op ?? 'upsert',
  })); // prettier-ignore
}

/** Calls that name the number, and what came of them. */
function ofWire({ wire }: Evidence, { bizNo }: LedgerRecord): Moment[] {
  const calls = new Set<number>();
  for (const event of wire) {
    if (event.type !== 'request') continue;
    const isNamed = event.items?.some((item) => item.bizNo === bizNo) ?? false;
    if (isNamed || event.keys?.includes(bizNo)) calls.add(event.id);
  }
  return wire
    .filter(
      (event) => calls.has(event.id) || (event.type === 'reply' && event.items?.some((one) => one.bizNo === bizNo)),
    )
    .map((event) => ({ ...event, items: undefined, keys: undefined, file: 'wire' }));
}

function ofLog({ leaves }: Evidence, { id }: LedgerRecord): Moment[] {
  return leaves
    .filter(({ entry }) => entry.uid === id)
    .map(({ kind, entry: { at, from, to, ver, code } }) => ({
      at: Date.parse(textOf(at)), file: 'log', kind, from, to, ver, code,
    })); // prettier-ignore
}

function ofLedger({ ledger }: Evidence, { bizNo }: LedgerRecord): Moment[] {
  return ledger.attempts
    .filter((attempt) => attempt.bizNo === bizNo)
    .map((attempt) => ({ at: attempt.sentAtMs ?? 0, file: 'ledger', ...attempt }));
}

/** Faults that began while the key was alive. */
function ofNemesis({ nemesis }: Evidence, own: readonly Moment[]): Moment[] {
  const times = own.map(({ at }) => at).filter((at) => at > 0);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return nemesis
    .filter(({ type, at }) => type === 'start' && at >= first && at <= last)
    .map((event) => ({ ...event, file: 'nemesis' }));
}
