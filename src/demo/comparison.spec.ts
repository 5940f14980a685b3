import { compare, type Findings } from './comparison.js';
import type { Holding } from './national-books.js';
import type { OwnRecord } from './own-books.js';
import { loadPrefecture } from './prefecture.js';
import { judge, type NationalTotals, type Verdict } from './verdict.js';
import { worldOf } from './world.js';
import { newestData, PUSH_ORDER, type KindName, type WorldRecord } from './world-record.js';

/** A small world that came through whole, in books that the tests then falsify. */
const worlds = worldOf({ prefecture: loadPrefecture('5334'), people: 20, anchor: '2026-11-24' });
const appKeys = new Map(worlds.map(({ county }) => [county, `key-${county}`]));

interface Falsifiable {
  readonly own: Map<KindName, OwnRecord[]>;
  readonly nation: Map<KindName, Map<string, Holding>>;
}

/** Of the pair that clashes the first wins. */
function stateOf({ fate, sourceId }: WorldRecord): OwnRecord['state'] {
  if (fate !== 'clash') return fate;
  return sourceId.endsWith('A') ? 'mirrored' : 'attention';
}

function ownRecord(record: WorldRecord, appKey: string): OwnRecord {
  const state = stateOf(record);
  // Entered twice, one person: one number.
  const sourceId = record.sourceId === 'VO-ODD-SAME-PERSON' ? 'VO-0000001' : record.sourceId;
  return {
    appKey,
    sourceId: record.sourceId,
    bizNo: `${appKey}-${record.kind}-${sourceId}`,
    state,
    code: state === 'attention' ? '2211' : null,
    minutes: 1,
    standsNationally: state === 'mirrored',
  };
}

function trueBooks(): Falsifiable {
  const books: Falsifiable = { own: new Map(), nation: new Map() };
  for (const kind of PUSH_ORDER) {
    const records = worlds.flatMap((world) =>
      [...world.records(kind)].map((record) => ({ record, entry: ownRecord(record, appKeys.get(world.county) ?? '') })),
    );
    const mirrored = records.filter(({ entry }) => entry.state === 'mirrored');
    const holdings = mirrored.map(({ record, entry }): [string, Holding] => {
      return [entry.bizNo, { active: 1, minutes: Number(newestData(record)?.minutes ?? 0) }];
    });
    books.own.set(
      kind,
      records.map(({ entry }) => entry),
    );
    books.nation.set(kind, new Map(holdings));
  }
  return books;
}

async function verdictOn({ own, nation }: Falsifiable): Promise<Verdict & { findings: Findings }> {
  const books = {
    appKeys,
    own: { records: (kind: KindName) => Promise.resolve(own.get(kind) ?? []) },
    nation: { holdings: (kind: KindName) => Promise.resolve(nation.get(kind) ?? new Map<string, Holding>()) },
  };
  const findings = await compare(books, worlds);
  const summary = Object.fromEntries([...findings.kinds].map(([kind, { states }]) => [kind, { ...states }]));
  const totals = new Map<KindName, NationalTotals>();
  return { ...judge({ findings, summary, nation: totals, isQuiet: true }), findings };
}

const firstHolding = (books: Falsifiable, kind: KindName): [string, Holding] =>
  [...(books.nation.get(kind) ?? [])][0] as [string, Holding];

describe('the comparison with the nation', () => {
  it('holds for books that agree', async () => {
    const verdict = await verdictOn(trueBooks());
    expect(verdict.findings.deviations).toEqual([]);
    expect(verdict).toMatchObject({ lost: 0, doubled: 0, stray: 0, holds: true });
    expect(verdict.minutesHere).toBeGreaterThan(0);
    expect(verdict.minutesThere).toBe(verdict.minutesHere);
  });

  it('finds a row that is missing there', async () => {
    const books = trueBooks();
    books.nation.get('evaluation')?.delete(firstHolding(books, 'evaluation')[0]);
    expect(await verdictOn(books)).toMatchObject({ lost: 1, doubled: 0, holds: false });
  });

  it('finds a number that stands on two rows, and its minutes counted twice', async () => {
    const books = trueBooks();
    const [, holding] = firstHolding(books, 'service-record');
    Object.assign(holding, { active: 2, minutes: holding.minutes * 2 });
    const verdict = await verdictOn(books);
    expect(verdict).toMatchObject({ lost: 0, doubled: 1, holds: false });
    expect(verdict.minutesThere).toBeGreaterThan(verdict.minutesHere);
  });

  it('finds one real thing under two numbers', async () => {
    const books = trueBooks();
    const twice = books.own.get('volunteer')?.find(({ sourceId }) => sourceId === 'VO-ODD-SAME-PERSON');
    Object.assign(twice ?? {}, { bizNo: 'another' });
    books.nation.get('volunteer')?.set('another', { active: 1, minutes: 0 });
    expect(await verdictOn(books)).toMatchObject({ lost: 0, doubled: 1, holds: false });
  });

  it('finds minutes that differ by one', async () => {
    const books = trueBooks();
    firstHolding(books, 'service-record')[1].minutes += 1;
    expect(await verdictOn(books)).toMatchObject({ lost: 0, doubled: 0, stray: 0, holds: false });
  });

  it('finds a row there that nobody here knows, but not one of another source system', async () => {
    const books = trueBooks();
    books.nation.get('team')?.set('unknown', { active: 1, minutes: 0 });
    expect(await verdictOn(books)).toMatchObject({ stray: 1, holds: false });
    const other = { ...(books.own.get('team')?.[0] as OwnRecord), appKey: 'key-other', bizNo: 'unknown' };
    books.own.get('team')?.push(other);
    expect(await verdictOn(books)).toMatchObject({ stray: 0, holds: true });
  });

  it('does not take nothing for agreement: what should be mirrored and waits is told', async () => {
    const books = trueBooks();
    for (const record of books.own.get('service-record') ?? []) {
      Object.assign(record, { state: 'waiting', standsNationally: false });
    }
    books.nation.set('service-record', new Map());
    const verdict = await verdictOn(books);
    expect(verdict).toMatchObject({ lost: 0, doubled: 0, minutesHere: 0, minutesThere: 0, holds: false });
    expect(verdict.deviations).toBeGreaterThan(80);
  });
});
