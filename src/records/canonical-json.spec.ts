// By its file: the package offers itself to `import` only, which is why our own code cannot use it (see canonical-json.ts).
import canonicalize from '../../node_modules/canonicalize/lib/canonicalize.js';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { canonicalJson, contentForm, contentHash } from './canonical-json.js';

const upsert = (data: unknown): string => contentForm({ op: 'upsert', data });

/** G-12 in other words: what the fast form has to equal. */
function normal(value: unknown): unknown {
  if (typeof value === 'string') return value.normalize('NFC');
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([key, member]) => [key.normalize('NFC'), normal(member)]));
}

describe('canonicalJson', () => {
  it('agrees with the package canonicalize on every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it('writes the example of RFC 8785 §3.2.2', () => {
    const value = {
      // eslint-disable-next-line no-loss-of-precision -- the RFC's own digits
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts names by UTF-16 units (RFC 8785 §3.2.3)', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.keys(JSON.parse(canonicalJson(value)) as object)).toHaveLength(7);
    expect(canonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 'a\ud800', { a: 1n }, () => 1, Symbol('s')])(
    'has no form for %p',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(TypeError);
    },
  );

  it('leaves out what is undefined, as JSON does', () => {
    expect(canonicalJson({ a: undefined, b: [undefined] })).toBe('{"b":[null]}');
    expect(canonicalJson(-0)).toBe('0');
  });
});

describe('contentForm (G-12)', () => {
  it('writes op out and drops nulls at every depth, but not inside arrays', () => {
    expect(upsert({ b: null, a: { c: null, d: [null, { e: null }] } })).toBe(
      '{"data":{"a":{"d":[null,{}]}},"op":"upsert"}',
    );
    expect(contentForm({ op: 'void' })).toBe('{"op":"void"}');
  });

  it('compares text and names in NFC', () => {
    expect(upsert({ 'e\u0301': 'Zoe\u0308' })).toBe(upsert({ '\u00e9': 'Zo\u00eb' }));
    expect(upsert({ name: '\u212b' })).toBe('{"data":{"name":"\u00c5"},"op":"upsert"}');
    // Sorted after NFC, not before.
    expect(upsert({ 'e\u0301': 1, f: 2 })).toBe('{"data":{"f":2,"é":1},"op":"upsert"}');
  });

  it('keeps other spellings of the same instant apart', () => {
    expect(upsert({ at: '2026-11-20T01:00:00Z' })).not.toBe(upsert({ at: '2026-11-20T09:00:00+08:00' }));
  });

  it('equals the plain reading of G-12 on every value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ stringUnit: 'grapheme' })), (data) => {
        fc.pre(!JSON.stringify(data).includes('__proto__'));
        expect(upsert(data)).toBe(canonicalize({ op: 'upsert', data: normal(data) }));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('contentHash', () => {
  it('is the hex SHA-256 of the form', () => {
    const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
    expect(contentHash({ op: 'void' })).toBe(sha256('{"op":"void"}'));
    expect(contentHash({ op: 'upsert', data: { 内容: '社区义诊' } })).toBe(
      sha256('{"data":{"内容":"社区义诊"},"op":"upsert"}'),
    );
  });

  it('agrees with the vectors of national-contract §1.13 where the forms do', () => {
    const data = { mobile: '13800000000', name: '测试丙', idType: '01', idNo: '53340119900101001X' };
    expect(createHash('sha256').update(canonicalJson(data)).digest('hex')).toBe(
      'ceb1b4abb7acbeee89458170ee2b63409ca8b48cc7947222ad200cfe8ec9f10c',
    );
  });
});
