import fc from 'fast-check';
import { z } from 'zod';
import { contentForm, contentHash } from './canonical-json.js';
import { MAX_PROBLEMS, examineItem, unreadableItem } from './examine.js';
import type { BadItem, GoodItem } from './examine.js';
import { defineRecordKind } from './record-kind.js';
import type { DoorContext, RecordKind } from './record-kind.js';
import { RECORD_KINDS } from './registry.js';
import { parseStrict } from './strict-json.js';

const CONTEXT: DoorContext = {
  now: new Date('2026-12-01T10:00:00+08:00'),
  today: '2026-12-01',
  homeArea: '5334',
  guardianRequiredUnder: 18,
};

/** A kind with one field of every sort, and a rule of each level. */
const parcel = defineRecordKind({
  name: 'parcel',
  label: { zh: '包裹', en: 'Parcel' },
  schema: z.strictObject({
    name: z.string().min(1).max(5),
    size: z.enum(['SMALL', 'LARGE']),
    weight: z.int().min(1).max(100),
    sentOn: z.iso.date().optional(),
    labels: z.array(z.string()).max(2).optional(),
    inner: z.strictObject({ code: z.string().regex(/^\d+$/) }).optional(),
    uscc: z
      .string()
      .refine((code) => code.length === 18, { params: { code: 'FIELD_FORMAT' } })
      .optional(),
  }),
  references: () => [],
  personalFields: ['name'],
  naturalKey: () => [],
  rules: [
    (data, { homeArea }) =>
      data.weight === 13
        ? [
            { level: 'refuse', code: 'AREA_OUTSIDE_HOME', pointer: '/data/weight', params: { area: homeArea } },
            { level: 'refuse', code: 'R67-06', pointer: '/data/name' },
          ]
        : [],
    (data) => (data.weight > 50 ? [{ level: 'warn', code: 'R67-10', pointer: '/data/weight' }] : []),
  ],
  county: { from: 'own', field: 'name' },
  lane: 'normal',
  examples: [{ name: 'a', size: 'SMALL', weight: 1 }],
});

const lookUp = (name: string): RecordKind | undefined => (name === 'parcel' ? parcel : undefined);
const DATA = { name: '茶', size: 'SMALL', weight: 5 };
const ITEM = { kind: 'parcel', sourceId: 'P.1_a-Z', data: DATA };

function examine(change: Readonly<Record<string, unknown>>): GoodItem | BadItem {
  const item = Object.fromEntries(Object.entries({ ...ITEM, ...change }).filter(([, value]) => value !== undefined));
  return examineItem(item, [], CONTEXT, lookUp);
}

function good(change: Readonly<Record<string, unknown>> = {}): GoodItem {
  const result = examine(change);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result;
}

function errorsOf(change: Readonly<Record<string, unknown>>): string[] {
  const result = examine(change);
  return result.ok ? [] : result.errors.map(({ code, pointer }) => `${code} ${pointer}`);
}

const dataErrors = (change: Readonly<Record<string, unknown>>): string[] => errorsOf({ data: { ...DATA, ...change } });

describe('a good item', () => {
  it('comes out with its kind, its content and its hash', () => {
    expect(good()).toEqual({
      ok: true,
      kind: parcel,
      sourceId: 'P.1_a-Z',
      revision: null,
      op: 'upsert',
      reason: null,
      data: DATA,
      canonical: contentForm({ op: 'upsert', data: DATA }),
      contentHash: contentHash({ op: 'upsert', data: DATA }),
      warnings: [],
    });
  });

  it('keeps text as sent and compares it in NFC (G-27)', () => {
    const decomposed = good({ data: { ...DATA, name: 'e\u0301' } });
    expect(decomposed.data.name).toBe('e\u0301');
    expect(decomposed.contentHash).toBe(good({ data: { ...DATA, name: 'é' } }).contentHash);
  });

  it('drops nulls, which clear a field (G-56), and leaves the pushed object alone', () => {
    const pushed = { ...DATA, sentOn: null, labels: null, inner: null };
    expect(good({ data: pushed }).data).toEqual(DATA);
    expect(good({ data: pushed }).contentHash).toBe(good().contentHash);
    expect(pushed.sentOn).toBeNull();
    expect(dataErrors({ name: null, inner: { code: null } })).toEqual([
      'FIELD_REQUIRED /data/name',
      'FIELD_REQUIRED /data/inner/code',
    ]);
    expect(dataErrors({ labels: [null] })).toEqual(['FIELD_TYPE /data/labels/0']);
  });

  it('has a hash without revision and reason (G-12)', () => {
    expect(good({ revision: 7, reason: '更正', op: 'upsert' }).contentHash).toBe(good().contentHash);
    expect(good({ revision: 7, reason: '更正' })).toMatchObject({ revision: 7, reason: '更正' });
  });

  it('keeps what needs judgement as warnings', () => {
    expect(good({ data: { ...DATA, weight: 60 } }).warnings).toEqual([{ code: 'R67-10', pointer: '/data/weight' }]);
  });
});

describe('the shape of an item', () => {
  it.each([
    [{ extra: 1 }, 'FIELD_UNKNOWN /extra'],
    [{ 张三: 1 }, 'FIELD_UNKNOWN '],
    [{ kind: undefined }, 'FIELD_REQUIRED /kind'],
    [{ kind: 5 }, 'FIELD_TYPE /kind'],
    [{ kind: 'toString' }, 'CODE_UNKNOWN /kind'],
    [{ kind: null }, 'FIELD_REQUIRED /kind'],
    [{ sourceId: undefined }, 'FIELD_REQUIRED /sourceId'],
    [{ sourceId: 7 }, 'FIELD_TYPE /sourceId'],
    [{ sourceId: '' }, 'FIELD_FORMAT /sourceId'],
    [{ sourceId: 'a b' }, 'FIELD_FORMAT /sourceId'],
    [{ sourceId: 'x'.repeat(65) }, 'FIELD_FORMAT /sourceId'],
    [{ sourceId: 'a\n' }, 'FIELD_FORMAT /sourceId'],
    [{ op: 'delete' }, 'CODE_UNKNOWN /op'],
    [{ op: 1 }, 'FIELD_TYPE /op'],
    [{ data: undefined }, 'FIELD_REQUIRED /data'],
    [{ data: [] }, 'FIELD_TYPE /data'],
    [{ data: 'x' }, 'FIELD_TYPE /data'],
    [{ reason: ' \u3000' }, 'FIELD_RANGE /reason'],
    [{ reason: 'x'.repeat(501) }, 'FIELD_RANGE /reason'],
    [{ reason: 5 }, 'FIELD_TYPE /reason'],
    [{ reason: 'a\0' }, 'TEXT_INVALID /reason'],
  ])('%j → %s', (change, error) => {
    expect(errorsOf(change)).toEqual([error]);
  });

  it.each([[null], [5], ['x'], [[]], [undefined]])('%j is no item', (raw) => {
    expect(examineItem(raw, [], CONTEXT, lookUp)).toEqual({
      ok: false,
      kind: null,
      sourceId: null,
      errors: [{ code: 'FIELD_TYPE', pointer: '', params: { expected: 'object' } }],
    });
  });

  it.each([-1, 0.5, 2 ** 53, '7', null, true, [], Number.NaN, Number.POSITIVE_INFINITY])(
    'revision %j is none (G-09)',
    (revision) => {
      expect(errorsOf({ revision })).toEqual(['REVISION_INVALID /revision']);
    },
  );

  it.each([0, -0, 7, 2 ** 53 - 1])('revision %j is one', (revision) => {
    expect(good({ revision }).revision).toBe(revision + 0);
  });

  it('counts reasons in code points', () => {
    expect(errorsOf({ reason: '🙂'.repeat(500) })).toEqual([]);
  });

  it('echoes kind and sourceId only when they are well formed (G-29)', () => {
    expect(examine({ kind: 'nobody-knows', data: {} })).toMatchObject({ kind: 'nobody-knows', sourceId: 'P.1_a-Z' });
    expect(examine({ kind: '<b>|x', sourceId: 'a|b' })).toMatchObject({ kind: null, sourceId: null });
    expect(examine({ kind: 'x'.repeat(65) })).toMatchObject({ kind: null });
  });

  it('tells every error at once', () => {
    expect(errorsOf({ sourceId: '?', revision: -1, x: 1, data: { size: 'HUGE', weight: '5', y: 1 } }).sort()).toEqual([
      'CODE_UNKNOWN /data/size',
      'FIELD_FORMAT /sourceId',
      'FIELD_REQUIRED /data/name',
      'FIELD_TYPE /data/weight',
      'FIELD_UNKNOWN /data/y',
      'FIELD_UNKNOWN /x',
      'REVISION_INVALID /revision',
    ]);
  });

  it('is bounded', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`x${i}`, 1]));
    expect(errorsOf(many)).toHaveLength(MAX_PROBLEMS);
    expect(dataErrors(many)).toHaveLength(MAX_PROBLEMS);
  });
});

describe('a void', () => {
  const gone = { op: 'void', data: undefined, reason: '重复登记' };

  it('has a reason and no data', () => {
    expect(good(gone)).toMatchObject({ op: 'void', reason: '重复登记', data: {}, warnings: [] });
    expect(good(gone).contentHash).toBe(contentHash({ op: 'void' }));
    expect(good({ ...gone, data: null }).op).toBe('void');
  });

  it.each([
    [{ reason: undefined }, 'VOID_REASON_REQUIRED /reason'],
    [{ reason: null }, 'VOID_REASON_REQUIRED /reason'],
    [{ reason: '  ' }, 'VOID_REASON_REQUIRED /reason'],
    [{ data: DATA }, 'FIELD_UNKNOWN /data'],
    [{ data: 5 }, 'FIELD_UNKNOWN /data'],
  ])('%j → %s', (change, error) => {
    expect(errorsOf({ ...gone, ...change })).toEqual([error]);
  });
});

describe('the data of an item', () => {
  it.each([
    [{ extra: 1 }, 'FIELD_UNKNOWN /data/extra'],
    [{ 张三: 1 }, 'FIELD_UNKNOWN /data'],
    [{ name: undefined }, 'FIELD_REQUIRED /data/name'],
    [{ name: 5 }, 'FIELD_TYPE /data/name'],
    [{ name: '' }, 'FIELD_RANGE /data/name'],
    [{ size: 'HUGE' }, 'CODE_UNKNOWN /data/size'],
    [{ size: undefined }, 'FIELD_REQUIRED /data/size'],
    [{ size: 1 }, 'FIELD_TYPE /data/size'],
    [{ weight: 0 }, 'FIELD_RANGE /data/weight'],
    [{ weight: 101 }, 'FIELD_RANGE /data/weight'],
    [{ weight: '90' }, 'FIELD_TYPE /data/weight'],
    [{ weight: 5.5 }, 'FIELD_TYPE /data/weight'],
    [{ sentOn: '2026-02-30' }, 'FIELD_FORMAT /data/sentOn'],
    [{ labels: ['a', 'b', 'c'] }, 'FIELD_RANGE /data/labels'],
    [{ labels: [1] }, 'FIELD_TYPE /data/labels/0'],
    [{ inner: { code: 'x' } }, 'FIELD_FORMAT /data/inner/code'],
    [{ inner: { code: '1', more: 1 } }, 'FIELD_UNKNOWN /data/inner/more'],
    [{ uscc: 'x' }, 'FIELD_FORMAT /data/uscc'],
  ])('%j → %s', (change, error) => {
    expect(dataErrors(change)).toEqual([error]);
  });

  it('takes 90.0 and 1e2 as the integers that they are (G-28)', () => {
    const { value } = parseStrict('{"kind":"parcel","sourceId":"1","data":{"name":"a","size":"LARGE","weight":1e1}}');
    expect(examineItem(value, [], CONTEXT, lookUp)).toMatchObject({ ok: true, data: { weight: 10 } });
  });

  it('refuses by rules what the law refuses, with values for the sentence', () => {
    expect(examine({ data: { ...DATA, weight: 13 } })).toMatchObject({
      ok: false,
      errors: [
        { code: 'AREA_OUTSIDE_HOME', pointer: '/data/weight', params: { area: '5334' } },
        { code: 'R67-06', pointer: '/data/name' },
      ],
    });
  });

  it('is not judged when the kind is not known', () => {
    expect(errorsOf({ kind: 'else', data: { x: 1 } })).toEqual(['CODE_UNKNOWN /kind']);
  });
});

describe('faults of the parser', () => {
  function push(text: string): string[] {
    const { value, faults } = parseStrict(text);
    const result = examineItem(value, faults, CONTEXT, lookUp);
    return result.ok ? [] : result.errors.map(({ code, pointer }) => `${code} ${pointer}`);
  }
  const item = (data: string, more = ''): string =>
    `{"kind":"parcel","sourceId":"1","data":{"size":"SMALL",${data}}${more}}`;

  it.each([
    [item('"name":"\\u0000","weight":1'), ['TEXT_INVALID /data/name']],
    [item('"name":"a","weight":1e400'), ['FIELD_RANGE /data/weight']],
    [item('"name":"a","name":"a","weight":1'), ['MALFORMED_JSON /data/name']],
    [item('"name":"a","weight":1,"__proto__":{}'), ['MALFORMED_JSON /data/__proto__']],
    [item('"name":"a","weight":1', ',"revision":9007199254740993'), ['REVISION_INVALID /revision']],
    [item('"name":"a","weight":1', ',"reason":"\\ud800"'), ['TEXT_INVALID /reason']],
  ])('%s', (text, errors) => {
    expect(push(text)).toEqual(errors);
  });

  it('a line that is no JSON refuses itself (G-25)', () => {
    expect(unreadableItem()).toEqual({
      ok: false,
      kind: null,
      sourceId: null,
      errors: [{ code: 'MALFORMED_JSON', pointer: '' }],
    });
  });
});

describe('the kinds of the registry', () => {
  const examples = RECORD_KINDS.flatMap((kind) =>
    kind.examples.map((data, i) => [`${kind.name} ${i}`, kind, data] as const),
  );

  it.each(examples)('%s passes the door', (_name, kind, data) => {
    const result = examineItem({ kind: kind.name, sourceId: 'x', data }, [], CONTEXT);
    expect(result).toMatchObject({ ok: true, data });
  });

  it.each(examples)('%s is not told about by any of its values', (_name, kind, data) => {
    const secret = '扎西机密';
    const spoilt = Object.fromEntries(Object.keys(data).map((key) => [key, { [secret]: secret }]));
    const result = examineItem({ kind: kind.name, sourceId: 'x', data: { ...spoilt, [secret]: secret } }, [], CONTEXT);
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain(secret);
  });

  it('answer to anything at all, and never throw', () => {
    const kinds = fc.constantFrom(...RECORD_KINDS.map((kind) => kind.name));
    fc.assert(
      fc.property(kinds, fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()), (kind, data, more) => {
        expect(typeof examineItem({ ...more, kind, sourceId: 'x', data }, [], CONTEXT).ok).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });

  it('never throw when one field of an example is anything', () => {
    const example = fc.constantFrom(...examples);
    fc.assert(
      fc.property(example, fc.nat(), fc.jsonValue(), ([, kind, data], at, value) => {
        const field = Object.keys(data)[at % Object.keys(data).length]!;
        const result = examineItem({ kind: kind.name, sourceId: 'x', data: { ...data, [field]: value } }, [], CONTEXT);
        expect(typeof result.ok).toBe('boolean');
      }),
      { numRuns: 1_000 },
    );
  });
});
