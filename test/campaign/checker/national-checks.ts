/** I03–I08: what stands nationally against what was accepted. */
import { instant } from '../../independent/beijing.js';
import { jcs, normalise, type Json, type JsonObject } from '../../independent/canonical.js';
import { ENTITY_OF, expectedNational, type Resolver } from '../../independent/expected-national.js';
import { keyOf, type Evidence, type LedgerRecord, type NationalRow } from './evidence.js';
import { newestOf } from './ledger-checks.js';
import { broken, type Check, type Violation } from './violation.js';
import { textOf } from './text.js';

function liveByNumber({ rows }: Evidence): Map<string, NationalRow[]> {
  const found = new Map<string, NationalRow[]>();
  for (const row of rows) {
    if (row.bizNo === null || row.status !== 'ACTIVE') continue;
    const name = `${row.entity}|${row.bizNo}`;
    found.set(name, [...(found.get(name) ?? []), row]);
  }
  return found;
}

const numberOf = (record: LedgerRecord): string => `${ENTITY_OF[record.kind] ?? record.kind}|${record.bizNo}`;

/** I03: a mirrored record is exactly one living row, and no two records are the same row. */
export const oneRowEach: Check = (evidence) => {
  const live = liveByNumber(evidence);
  const holders = new Map<string, string>();
  const found: Violation[] = [];
  for (const record of evidence.ledger.records) {
    const key = keyOf(record.source, record);
    const rows = live.get(numberOf(record)) ?? [];
    if (rows.length > 1) found.push(broken('I03', key, `${rows.length} living national rows under ${record.bizNo}`));
    if (record.state !== 'mirrored') continue;
    if (rows.length === 0) found.push(broken('I03', key, `is mirrored, but no row stands under ${record.bizNo}`));
    const [row] = rows;
    if (row && row.nationalId !== record.nationalId) {
      found.push(broken('I03', key, `national id ${record.nationalId}, the row has ${row.nationalId}`));
    }
    const other = record.nationalId === null ? undefined : holders.get(record.nationalId);
    if (other !== undefined) found.push(broken('I03', key, `shares national id ${record.nationalId} with ${other}`));
    if (record.nationalId !== null) holders.set(record.nationalId, key);
  }
  return found;
};

/** I04: field by field, the nation holds the newest accepted content at the newest version. */
export const contentIsTheNewest: Check = (evidence) => {
  const live = liveByNumber(evidence);
  const resolver = resolverOf(evidence);
  const found: Violation[] = [];
  for (const record of evidence.ledger.records) {
    if (record.state !== 'mirrored') continue;
    const key = keyOf(record.source, record);
    const row = live.get(numberOf(record))?.[0];
    const newest = newestOf(evidence.taken.get(key) ?? []);
    if (row === undefined || newest === null) continue;
    if (row.version !== record.version || record.nationalVersion !== record.version) {
      found.push(
        broken('I04', key, `version ${record.version}, told ${record.nationalVersion}, the nation has ${row.version}`),
      );
    }
    const different = differences(record, newest.item.data ?? {}, row, resolver(record.source));
    if (different.length > 0) found.push(broken('I04', key, `the nation has other ${different.join(', ')}`));
  }
  return found;
};

/** Reckoned by the adapter, not pushed by the station. */
const COMPUTED = new Set(['totalMinutes', 'recordCount', 'recordsHash', 'recordBizNos']);

function differences(record: LedgerRecord, data: JsonObject, row: NationalRow, resolver: Resolver): string[] {
  const expected = normalise(expectedNational(record.kind, data, resolver, record.bizNo)) as JsonObject;
  const actual = normalise(row.data) as JsonObject;
  const fields = [...new Set([...Object.keys(expected), ...Object.keys(actual)])];
  return fields.filter((field) => !COMPUTED.has(field) && !alike(field, expected[field], actual[field]));
}

/** Posts compare without postBizNo, whose suffix is the profile's choice (G-58). */
function alike(field: string, expected: Json | undefined, actual: Json | undefined): boolean {
  if (field !== 'posts' || !Array.isArray(expected) || !Array.isArray(actual)) return jcs(expected) === jcs(actual);
  const bare = (posts: Json[]): string => jcs(posts.map((post) => ({ ...(post as JsonObject), postBizNo: '' })));
  return bare(expected) === bare(actual);
}

function resolverOf(evidence: Evidence): (source: string) => Resolver {
  const numbers = new Map(evidence.ledger.records.map((record) => [keyOf(record.source, record), record.bizNo]));
  return (source) => ({
    bizNo: (kind, sourceId) => numbers.get(keyOf(source, { kind, sourceId })) ?? `no number of ${kind}/${sourceId}`,
    data: (kind, sourceId) => newestOf(evidence.taken.get(keyOf(source, { kind, sourceId })) ?? [])?.item.data ?? {},
  });
}

/** I05: nothing of ours stands nationally that no station has pushed. */
export const noPhantoms: Check = (evidence) => {
  const known = new Map(evidence.ledger.records.map((record) => [record.bizNo, record]));
  return evidence.rows.flatMap((row) => {
    if (row.bizNo === null || row.status !== 'ACTIVE') return [];
    const record = known.get(row.bizNo);
    if (record === undefined) return [broken('I05', row.bizNo, `${row.entity} row ${row.nationalId} has no record`)];
    const key = keyOf(record.source, record);
    const wasPushed = evidence.taken.has(key) || evidence.unsure.has(key);
    return wasPushed ? [] : [broken('I05', key, `row ${row.nationalId} of a record that nobody pushed`)];
  });
};

/** I06: what was withdrawn has no living row. */
export const voidsStand: Check = (evidence) => {
  const live = liveByNumber(evidence);
  return evidence.ledger.records.flatMap((record) => {
    const key = keyOf(record.source, record);
    const newest = newestOf(evidence.taken.get(key) ?? []);
    if (newest?.item.op !== 'void') return [];
    const rows = live.get(numberOf(record)) ?? [];
    if (rows.length > 0) return [broken('I06', key, `withdrawn, but ${rows.length} rows live`)];
    return record.state === 'voided' ? [] : [broken('I06', key, `withdrawn, but the record is ${record.state}`)];
  });
};

/** I07: minutes as whole numbers, per volunteer, project, station, day and in all. */
export const minutesAreEqual: Check = (evidence) => {
  const told = new Map<string, number>();
  const standing = new Map<string, number>();
  const resolver = resolverOf(evidence);
  for (const record of evidence.ledger.records) {
    if (record.kind !== 'service-record' || record.state !== 'mirrored') continue;
    const item = newestOf(evidence.taken.get(keyOf(record.source, record)) ?? [])?.item;
    if (!item?.data) continue;
    add(told, expectedNational(record.kind, item.data, resolver(record.source), record.bizNo), item.data.minutes);
  }
  for (const row of evidence.rows) {
    if (row.entity !== 'service-records' || row.status !== 'ACTIVE' || row.bizNo === null) continue;
    add(standing, row.data, row.data.minutes);
  }
  return [...new Set([...told.keys(), ...standing.keys()])]
    .filter((name) => told.get(name) !== standing.get(name))
    .map((name) =>
      broken('I07', name, `${told.get(name) ?? 0} minutes accepted, ${standing.get(name) ?? 0} stand nationally`),
    );
};

function add(sums: Map<string, number>, national: JsonObject, minutes: unknown): void {
  const names = [
    'total', `volunteer ${textOf(national.volunteerBizNo)}`, `project ${textOf(national.projectBizNo)}`,
    `station ${textOf(national.stationBizNo)}`, `day ${textOf(national.serviceDate)}`,
  ]; // prettier-ignore
  for (const name of names) sums.set(name, (sums.get(name) ?? 0) + Number(minutes));
}

/** I08: nobody serves twice at one time. */
export const noTimeTwice: Check = ({ rows }) => {
  const byPerson = new Map<string, { from: number; to: number; bizNo: string }[]>();
  for (const { entity, status, data, bizNo } of rows) {
    if (entity !== 'service-records' || status !== 'ACTIVE') continue;
    const one = { from: instant(textOf(data.startAt)), to: instant(textOf(data.endAt)), bizNo: bizNo ?? '' };
    const person = textOf(data.volunteerBizNo);
    byPerson.set(person, [...(byPerson.get(person) ?? []), one]);
  }
  return [...byPerson].flatMap(([person, list]) => {
    list.sort((a, b) => a.from - b.from);
    return list.flatMap((one, at) => {
      const before = list[at - 1];
      return before && one.from < before.to ? [broken('I08', person, `${before.bizNo} and ${one.bizNo} overlap`)] : [];
    });
  });
};
