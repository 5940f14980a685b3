import { examineItem, recordKind, type DoorContext } from '../records/index.js';
import { loadPrefecture } from './prefecture.js';
import { checkDigit } from './persons.js';
import { worldOf, type CountyWorld } from './world.js';
import { firstItem, laterItem, PUSH_ORDER, type Item, type WorldRecord } from './world-record.js';

const ANCHOR = '2026-11-24';
const prefecture = loadPrefecture('5334');
const world = (people: number): CountyWorld[] => worldOf({ prefecture, people, anchor: ANCHOR });
const recordsOf = (worlds: readonly CountyWorld[]): WorldRecord[] =>
  PUSH_ORDER.flatMap((kind) => worlds.flatMap((county) => [...county.records(kind)]));
const countOf = (records: readonly WorldRecord[], kind: string): number =>
  records.filter((record) => record.kind === kind && record.fate === 'mirrored').length;

function codesAtTheDoor(item: Item, county: string): string[] {
  const now = new Date(`${ANCHOR}T12:00:00+08:00`);
  const door: DoorContext = { now, today: ANCHOR, homeArea: county, guardianRequiredUnder: 18 };
  const examined = examineItem(JSON.parse(JSON.stringify(item)), [], door, recordKind);
  return examined.ok ? [] : examined.errors.map(({ code }) => code);
}

describe('the invented prefecture', () => {
  it('has the real divisions with a station each, and two projects with two activities for each team', () => {
    expect([prefecture.counties.length, prefecture.townships, prefecture.zones, prefecture.villages]).toEqual([
      3, 29, 1, 197,
    ]);
    const records = recordsOf(world(0));
    expect(['station', 'team', 'project', 'activity', 'volunteer'].map((kind) => countOf(records, kind))).toEqual([
      227, 227, 454, 908, 0,
    ]);
    expect(new Set(records.filter(({ kind }) => kind === 'station').map(({ data }) => data.areaCode)).size).toBe(227);
  });

  it('gives 2,000 people about four records each and 60 of them a certificate', () => {
    const records = recordsOf(world(2_000));
    const kinds = ['volunteer', 'membership', 'service-record', 'certificate-request'];
    // One person more: entered twice, and still one person. One record more: corrected.
    expect(kinds.map((kind) => countOf(records, kind))).toEqual([2_001, 2_500, 8_001, 60]);
    const numbers = records.filter(({ kind }) => kind === 'volunteer').map(({ data }) => String(data.idNo));
    expect(new Set(numbers).size).toBe(2_000);
    for (const number of numbers) {
      expect(number).toMatch(/^533499/);
      expect(checkDigit(number.slice(0, 17))).toBe(number.slice(17));
    }
  });

  it('is the same for the same people, however many others there are', () => {
    const large = new Map(recordsOf(world(700)).map((record) => [`${record.kind}/${record.sourceId}`, record]));
    for (const record of recordsOf(world(300))) {
      expect(large.get(`${record.kind}/${record.sourceId}`)).toEqual(record);
    }
  });

  it('passes the door, but for what is meant to be refused', () => {
    const worlds = world(300);
    for (const county of worlds) {
      const records = PUSH_ORDER.flatMap((kind) => [...county.records(kind)]);
      const items = records.flatMap((record) => [firstItem(record), laterItem(record)]).filter((item) => item !== null);
      for (const item of [...items, ...county.repeated]) {
        expect([item.sourceId, codesAtTheDoor(item, county.county)]).toEqual([item.sourceId, []]);
      }
      for (const item of county.refused) expect(codesAtTheDoor(item, county.county)).not.toEqual([]);
    }
    expect(worlds.flatMap(({ refused }) => refused)).toHaveLength(5);
  });

  it('has no two service records of a person that overlap, but for the one pair', () => {
    const records = recordsOf(world(300)).filter(({ kind, fate }) => kind === 'service-record' && fate === 'mirrored');
    const byPerson = new Map<string, WorldRecord[]>();
    for (const record of records) {
      const person = String(record.data.volunteerId);
      byPerson.set(person, [...(byPerson.get(person) ?? []), record]);
    }
    for (const own of byPerson.values()) {
      const spans = own.map(({ data }) => [String(data.startAt), String(data.endAt)] as const).sort();
      for (const [at, [start]] of spans.entries()) {
        if (at > 0) expect(start >= (spans[at - 1]?.[1] ?? '')).toBe(true);
      }
    }
  });
});
