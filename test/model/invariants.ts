import { canMove, type RecordState } from '../../src/records/index.js';
import type { ChangeEvent } from '../../src/ledger/index.js';
import type { LedgerView, RecordNow, Witnessed } from './ledger-view.js';
import type { ModelNation, StoredRow } from './model-nation.js';
import { minutesOf, WORLD, type Station } from './station.js';

/** What must hold (reliability §4.2): some of it after every step, the rest once all faults are over. */

export function verdictNow(open: readonly string[], records: readonly RecordNow[], nation: ModelNation): string[] {
  const wrongs: string[] = [];
  if (new Set(open).size < open.length) wrongs.push('two attempts open under one number (I13)');
  for (const record of records) {
    const row = nation.rows.get(record.biz_no);
    // No false success: what is called mirrored stands, in the version that we say it has.
    const isClaimed = record.state === 'mirrored' && record.national_version === record.version;
    if (isClaimed && (row?.status !== 'ACTIVE' || row.version !== record.version)) {
      wrongs.push(
        `${record.kind}/${record.source_id} is called mirrored in v${record.version}, the nation has ${told(row)} (I04)`,
      );
    }
    if (record.state === 'voided' && row?.status === 'ACTIVE') {
      wrongs.push(`${record.kind}/${record.source_id} is called voided, the nation has ${told(row)} (I06)`);
    }
  }
  return wrongs;
}

const told = (row: StoredRow | undefined): string => (row ? `v${row.version} ${row.status}` : 'nothing');

export interface AtRest {
  readonly view: LedgerView;
  readonly nation: ModelNation;
  readonly station: Station;
  feed(): Promise<ChangeEvent[]>;
}

export async function verdictAtRest(house: AtRest): Promise<string[]> {
  const records = await house.view.records();
  return [
    ...verdictNow(await house.view.openNumbers(), records, house.nation),
    ...mirrored(house.station, records, house.nation),
    ...minutes(house.station, house.nation),
    ...phantoms(records, house.nation),
    ...proofs(records, await house.view.witnessed(), await house.view.leaves(), await house.feed()),
  ];
}

/** I01–I04, I06: what was accepted last stands nationally, once, or stands no more. */
function mirrored(station: Station, records: readonly RecordNow[], nation: ModelNation): string[] {
  const wrongs: string[] = [];
  for (const key of WORLD) {
    const newest = station.newest(key);
    if (!newest) continue;
    const name = `${key.kind}/${key.sourceId}`;
    const record = records.find(({ kind, source_id: sourceId }) => kind === key.kind && sourceId === key.sourceId);
    const row = record && nation.rows.get(record.biz_no);
    if (!record) wrongs.push(`${name} was accepted and is not there (I01)`);
    else if (newest.op === 'void') {
      if (record.state !== 'voided' || row?.status === 'ACTIVE')
        wrongs.push(`${name} is ${record.state}, not voided (I06)`);
    } else if (record.state !== 'mirrored') {
      wrongs.push(`${name} rests as ${record.state} ${record.outcome_code}, the nation has ${told(row)} (I02)`);
    } else if (row?.status !== 'ACTIVE' || row.version !== record.version) {
      wrongs.push(`${name} stands in v${record.version}, the nation has ${told(row)} (I04)`);
    } else if (row.data[key.mark.field] !== key.mark.of(newest.revision)) {
      wrongs.push(`${name} stands nationally with the content of another revision (I04)`);
    }
  }
  return wrongs;
}

/** I07, as integers. */
function minutes(station: Station, nation: ModelNation): string[] {
  let accepted = 0;
  for (const key of WORLD) {
    const newest = station.newest(key);
    if (key.kind === 'service-record' && newest?.op === 'upsert') accepted += minutesOf(newest.revision);
  }
  let stored = 0;
  for (const row of nation.rows.values()) {
    if (row.kind === 'service-record' && row.status === 'ACTIVE') stored += Number(row.data.minutes);
  }
  return stored === accepted ? [] : [`${accepted} minutes accepted, ${stored} stand nationally (I07)`];
}

/** I05. */
function phantoms(records: readonly RecordNow[], nation: ModelNation): string[] {
  const known = new Set(records.map((record) => record.biz_no));
  return [...nation.rows.keys()]
    .filter((bizNo) => !known.has(bizNo))
    .map((bizNo) => `${bizNo} stands without a record (I05)`);
}

/**
 * I14: each change of state that the database saw is legal, has its leaf and its event. Acceptance proves itself: a leaf
 * for each accepted version instead of one for the state that it leaves.
 */
function proofs(
  records: readonly RecordNow[],
  witnessed: readonly Witnessed[],
  leaves: readonly Record<string, unknown>[],
  events: readonly ChangeEvent[],
): string[] {
  const wrongs: string[] = [];
  for (const record of records) {
    const name = `${record.kind}/${record.source_id}`;
    const seen = witnessed.filter((one) => one.record_id === record.id);
    const own = leaves.filter((leaf) => leaf.uid === record.id);
    const told = toldMoves(events.filter((event) => event.recordId === record.id));
    for (const { from_state: from, to_state: to } of told) {
      if (from !== null && !canMove(from as RecordState, to as RecordState))
        wrongs.push(`${name} went from ${from} to ${to} (I14)`);
    }
    const accepted = own.filter((leaf) => leaf.kind === 'record.accepted' || leaf.kind === 'record.voided');
    const versions = accepted.map((leaf) => Number(leaf.ver));
    if (new Set(versions).size < versions.length) wrongs.push(`${name} has two leaves for one version (I14)`);
    wrongs.push(...movesProved(name, told, own));
    wrongs.push(
      ...eventsTold(
        name,
        seen,
        events.filter((event) => event.recordId === record.id),
        accepted.length,
      ),
    );
  }
  return wrongs;
}

/** The moves that the feed tells: events that repeat a state are acceptances. */
function toldMoves(events: readonly ChangeEvent[]): Witnessed[] {
  const moves: Witnessed[] = [];
  for (const { state, recordId } of events) {
    const from = moves.at(-1)?.to_state ?? null;
    if (state !== from) moves.push({ record_id: recordId, from_state: from, to_state: state });
  }
  return moves;
}

/** Whether what was seen occurs, in this order, in what was told; taking off is told and writes no record (ADR 0011). */
function isWithin(seen: readonly string[], told: readonly string[]): boolean {
  let at = 0;
  for (const state of told) if (state === seen[at]) at += 1;
  return at === seen.length;
}

/** Leaves of moves are a subsequence of what was seen; the rest of what was seen was made by acceptances. */
function movesProved(name: string, seen: readonly Witnessed[], own: readonly Record<string, unknown>[]): string[] {
  const moves = own
    .filter((leaf) => leaf.kind === 'state.changed')
    .map((leaf) => `${String(leaf.from)} ${String(leaf.to)}`);
  const left = [...moves];
  const unproved: string[] = [];
  for (const { from_state: from, to_state: to } of seen) {
    if (left[0] === `${from} ${to}`) left.shift();
    else unproved.push(`${from} ${to}`);
  }
  const wrongs = left.map((move) => `${name} has a leaf for a move that never was: ${move} (I14)`);
  // An acceptance brings a record to life, queues it again, makes it wait or takes its promise back.
  const byAcceptance = /^(null|\S+) (queued|waiting|voided|attention|unsupported)$/;
  wrongs.push(
    ...unproved.filter((move) => !byAcceptance.test(move)).map((move) => `${name} has no leaf for ${move} (I14)`),
  );
  const acceptances = own.filter((leaf) => leaf.kind !== 'state.changed').length;
  if (unproved.length > acceptances)
    wrongs.push(`${name}: ${unproved.length} moves without a leaf of their own, ${acceptances} acceptances (I14)`);
  return wrongs;
}

/** Each change of state is told once; an acceptance is told also when it changes no state. */
function eventsTold(
  name: string,
  seen: readonly Witnessed[],
  events: readonly ChangeEvent[],
  acceptances: number,
): string[] {
  const wrongs: string[] = [];
  const changes: string[] = [];
  for (const event of events) if (event.state !== changes.at(-1)) changes.push(event.state);
  const states = seen.map((one) => one.to_state);
  if (!isWithin(states, changes) || changes.at(-1) !== states.at(-1))
    wrongs.push(`${name} went ${states.join(' ')}, its feed tells ${changes.join(' ')} (I14)`);
  const repeats = events.length - changes.length;
  if (repeats > acceptances)
    wrongs.push(`${name} has ${repeats} events without a change, ${acceptances} acceptances (I14)`);
  if (new Set(events.map((event) => event.eventId)).size < events.length) wrongs.push(`${name} has an event twice`);
  return wrongs;
}
