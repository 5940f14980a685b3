import { parseDictionary } from './dictionary.js';
import { mapFields, normalised, valueAt } from './field-map.js';
import type { EntityBinding } from './profile.schema.js';

const levels = parseDictionary(
  'station,national,label,effective_from,effective_to\nA,1,甲,2020-01-01,2025-12-31\nA,10,甲,2026-01-01,\nB,2,乙,,\n',
);
const tools = {
  dictionaries: new Map([['levels', levels]]),
  formatters: new Map([['upper', (text: string) => text.toUpperCase()]]),
  valuePlugins: new Map([['tag', (value: unknown, { bizNo }: { bizNo: string }) => `${bizNo}/${String(value)}`]]),
};
const map = (
  fields: EntityBinding['fields'],
  data: Record<string, unknown>,
  onDate = '2026-11-23',
): ReturnType<typeof mapFields> =>
  mapFields({ path: 'things', fields }, { bizNo: 'N', data, refs: { parent: 'P', count: 0 }, onDate }, tools);

describe('mapFields', () => {
  it('takes from, const and ref, and leaves out what is absent or null', () => {
    const fields = {
      a: { from: 'x.0.y' },
      b: { const: 'C' },
      c: { ref: 'parent' },
      d: { ref: 'count' },
      e: { from: 'z', optional: true },
    };
    expect(map(fields, { x: [{ y: 5 }], z: null })).toEqual({ plain: { a: 5, b: 'C', c: 'P', d: 0 }, absent: [] });
  });

  it('names required fields without a value', () => {
    expect(map({ a: { from: 'x' }, b: { ref: 'other' } }, {})).toEqual({ plain: {}, absent: ['a', 'b'] });
  });

  it('translates codes, alone and in lists, as of the day; unknown ones go out unchanged', () => {
    const fields = { one: { from: 'one', dictionary: 'levels' }, many: { from: 'many', dictionary: 'levels' } };
    const data = { one: 'A', many: ['A', 'B', 'Z'] };
    expect(map(fields, data).plain).toEqual({ one: '10', many: ['10', '2', 'Z'] });
    expect(map(fields, data, '2025-06-01').plain).toEqual({ one: '1', many: ['1', '2', 'Z'] });
  });

  it('formats texts and lets plug-ins reshape values', () => {
    expect(map({ a: { from: 'x', format: 'upper' }, b: { from: 'x', plugin: 'tag' } }, { x: 'q' }).plain).toEqual({
      a: 'Q',
      b: 'N/q',
    });
  });
});

it('valueAt reads own keys only', () => {
  expect(valueAt({ a: { b: 1 } }, 'a.constructor')).toBeUndefined();
  expect(valueAt({ a: null }, 'a.b')).toBeUndefined();
});

it('normalised drops nulls of objects at every depth, keeps those of lists, and composes texts', () => {
  expect(normalised({ a: null, b: { c: null, d: 'e\u0301' }, e: [null, ''], f: [] })).toEqual({
    b: { d: '\u00e9' },
    e: [null, ''],
    f: [],
  });
});
