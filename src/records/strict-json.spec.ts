import fc from 'fast-check';
import { JsonSyntaxError, MAX_DEPTH, decodeUtf8, groupFaultsByItem, parseStrict, splitNdjson } from './strict-json.js';

const faultsOf = (text: string): string[] => parseStrict(text).faults.map(({ code, pointer }) => `${code} ${pointer}`);

function positionOf(text: string): number {
  try {
    parseStrict(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.position;
    throw error;
  }
  throw new Error('was read');
}

/** `__proto__` is valid JSON, but refused by rule (G-28). */
const hasNoProto = (text: string): boolean => !text.includes('__proto__');

describe('parseStrict', () => {
  it('agrees with JSON.parse on every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        fc.pre(hasNoProto(text));
        const parsed = parseStrict(text);
        expect(parsed.value).toStrictEqual(JSON.parse(text));
        // Doubles beyond 2^53 and texts with controls are JSON, but no values of ours.
        expect(parsed.faults.every(({ code }) => code === 'FIELD_RANGE' || code === 'TEXT_INVALID')).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('agrees with JSON.parse on what is no JSON', () => {
    const alphabet = fc.constantFrom(...'{}[]:,"\\u0e+-.1 90tfnrael\n\t\u0001abcdé🙂');
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 12 }), (characters) => {
        const text = characters.join('');
        let expected: { value: unknown } | null = null;
        try {
          expected = { value: JSON.parse(text) as unknown };
        } catch {
          expect(() => parseStrict(text)).toThrow(JsonSyntaxError);
        }
        if (expected !== null) expect(parseStrict(text).value).toStrictEqual(expected.value);
      }),
      { numRuns: 5_000 },
    );
  });

  it('agrees with JSON.parse on texts of every kind', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const { value, faults } = parseStrict(JSON.stringify({ text }));
        expect(value).toStrictEqual({ text });
        // eslint-disable-next-line no-control-regex -- what G-27 forbids
        const isForbidden = /[\u0000-\u0008\u000b-\u001f]/.test(text);
        expect(faults.length > 0).toBe(isForbidden);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '',
    ' ',
    '{',
    '[',
    '"',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '[1,]',
    '[,1]',
    '{,}',
    '01',
    '-',
    '1.',
    '.5',
    '1e',
    '+1',
    'NaN',
    'Infinity',
    'tru',
    'nulll',
    '1 2',
    "'a'",
    '{a:1}',
    '"\\x41"',
    '"\\u12g4"',
    '"\\u12',
    '"a\nb"',
    '"a\tb"',
    '\u00a01',
    '/* */1',
    '\ufeff1',
    '{"a":1]',
    '[1}',
  ])('does not read %j', (text) => {
    expect(() => parseStrict(text)).toThrow(JsonSyntaxError);
  });

  it('says where reading stopped, never what stood there', () => {
    expect(positionOf('{"name":"扎西" x}')).toBe(13);
    expect(positionOf('["53340119900101001X" ')).toBe(22);
    expect(new JsonSyntaxError(7).message).toBe('Not JSON at character 7');
  });

  describe('numbers (G-28)', () => {
    it.each([
      ['90', 90],
      ['90.0', 90],
      ['1e2', 100],
      ['1E+2', 100],
      ['100e-2', 1],
      ['-0', -0],
      ['0.0', 0],
      ['0e99', 0],
      ['1.50e1', 15],
      ['9007199254740991', 2 ** 53 - 1],
      ['-9007199254740991.000', -(2 ** 53 - 1)],
      ['99.7065', 99.7065],
      ['0.1', 0.1],
      ['-1.5e-7', -1.5e-7],
      ['000', null],
      ['123456789012345', 123456789012345],
    ])('%s', (text, value) => {
      if (value === null) expect(() => parseStrict(text)).toThrow(JsonSyntaxError);
      else expect(parseStrict(text)).toStrictEqual({ value, faults: [] });
    });

    it.each([
      '9007199254740992',
      '-9007199254740992',
      '9007199254740993.0',
      '12345678901234567890',
      '1e400',
      '-1e400',
      '1e22',
      '90.00000000000000001',
      '1e-400',
      '9007199254740991.4',
    ])('%s is no number that we can hold', (text) => {
      expect(faultsOf(`{"minutes":${text}}`)).toEqual(['FIELD_RANGE /minutes']);
    });
  });

  describe('text (G-27)', () => {
    it.each([
      ['NUL', '"a\\u0000b"'],
      ['a C0 control', '"\\u001b[31m"'],
      ['CR', '"a\\r\\nb"'],
      ['a lone surrogate', '"\\ud83d"'],
      ['halves in the wrong order', '"\\ude42\\ud83d"'],
      ['backspace', '"\\b"'],
      ['a raw lone surrogate', '"\ud83d"'],
    ])('%s refuses the value', (_name, text) => {
      expect(faultsOf(`[0,{"remark":${text}}]`)).toEqual(['TEXT_INVALID /1/remark']);
    });

    it('takes TAB, LF, pairs and everything from U+0020 on', () => {
      const text = 'a\tb\nc🙂\u007f\u0085\u2028𠮷';
      expect(parseStrict(JSON.stringify(text))).toEqual({ value: text, faults: [] });
      expect(parseStrict('"\\ud83d\\ude42"')).toEqual({ value: '🙂', faults: [] });
    });

    it('looks at names, too, and points to the object that has them', () => {
      expect(faultsOf('{"data":{"ok":1,"a\\u0000":1}}')).toEqual(['TEXT_INVALID /data']);
    });
  });

  describe('names (G-28)', () => {
    it.each([
      ['{"a":1,"b":2,"a":1}', 'MALFORMED_JSON /a'],
      ['{"a":null,"\\u0061":1}', 'MALFORMED_JSON /a'],
      ['{"__proto__":{"x":1}}', 'MALFORMED_JSON /__proto__'],
      ['{"d":{"\\u005f_proto__":1}}', 'MALFORMED_JSON /d/__proto__'],
      ['{"d":{"张三":1,"张三":2}}', 'MALFORMED_JSON /d'],
      ['{"53340119900101001X":1,"53340119900101001X":2}', 'MALFORMED_JSON '],
    ])('%s', (text, fault) => {
      expect(faultsOf(text)).toEqual([fault]);
    });

    it('never touches a prototype, and takes inherited names as names', () => {
      const { value, faults } = parseStrict(
        '{"constructor":1,"toString":2,"hasOwnProperty":3,"__proto__":{"polluted":1}}',
      );
      expect(faults).toHaveLength(1);
      expect(Object.keys(value as object)).toEqual(['constructor', 'toString', 'hasOwnProperty']);
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    });
  });

  describe('depth', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

    it('follows 32 levels and refuses the value that goes deeper', () => {
      expect(faultsOf(nested(MAX_DEPTH))).toEqual([]);
      expect(faultsOf(nested(MAX_DEPTH + 1))).toEqual([`MALFORMED_JSON ${'/0'.repeat(MAX_DEPTH)}`]);
    });

    it('refuses one deep item without the others', () => {
      const { value, faults } = parseStrict(`{"items":[1,${nested(60)},3]}`);
      expect([...groupFaultsByItem(faults).ofItem.keys()]).toEqual([1]);
      expect((value as { items: unknown[] }).items[2]).toBe(3);
    });

    it('does not overflow the stack', () => {
      expect(() => parseStrict(nested(200_000))).toThrow(JsonSyntaxError);
      expect(() => parseStrict('{"a":'.repeat(200_000))).toThrow(JsonSyntaxError);
    });
  });

  // Each of these took, or would take, minutes with one careless pattern or loop: a guard against hanging, no measure.
  const HANG_MS = 30_000;
  it.each([
    ['zeros before a last digit', () => `0.${'0'.repeat(2_000_000)}1`],
    ['digits', () => '9'.repeat(2_000_000)],
    ['escapes', () => `"${'\\u4e2d'.repeat(800_000)}"`],
    ['names', () => `{${Array.from({ length: 300_000 }, (_, i) => `"k${i}":1`).join(',')}}`],
    ['repeated names', () => `{${'"a":1,'.repeat(700_000)}"a":1}`],
    ['backslashes', () => `"${'\\\\'.repeat(2_000_000)}"`],
    ['blanks', () => ' '.repeat(5_000_000)],
  ])('does not hang on a hostile text of %s', (_name, make) => {
    const text = make();
    const start = performance.now();
    try {
      parseStrict(text);
    } catch (error) {
      expect(error).toBeInstanceOf(JsonSyntaxError);
    }
    expect(performance.now() - start).toBeLessThan(HANG_MS);
  });

  describe('many faults', () => {
    const bad = '"\\u0000"';

    it('keeps 50 of one item and still sees those of the next and of the call', () => {
      const item = `[${Array.from({ length: 80 }, () => bad).join(',')}]`;
      const { ofItem, ofCall } = groupFaultsByItem(
        parseStrict(`{"items":[${item},${bad},1,${item}],"items":1}`).faults,
      );
      expect([...ofItem].map(([index, faults]) => [index, faults.length])).toEqual([
        [0, 50],
        [1, 1],
        [3, 50],
      ]);
      expect(ofCall).toEqual([{ code: 'MALFORMED_JSON', pointer: '/items' }]);
    });

    it('gives up on a text with more faults than any batch could have', () => {
      const text = `{"items":[${Array.from({ length: 50_001 }, () => bad).join(',')}]}`;
      expect(() => parseStrict(text)).toThrow(JsonSyntaxError);
    });
  });
});

describe('groupFaultsByItem', () => {
  it('gives pointers from the item (G-29)', () => {
    const { faults } = parseStrict('{"items":[{"data":{"a":1,"a":2}},{},"\\u0000"],"x":1e400}');
    const { ofItem, ofCall } = groupFaultsByItem(faults);
    expect(Object.fromEntries(ofItem)).toEqual({
      0: [{ code: 'MALFORMED_JSON', pointer: '/data/a' }],
      2: [{ code: 'TEXT_INVALID', pointer: '' }],
    });
    expect(ofCall).toEqual([{ code: 'FIELD_RANGE', pointer: '/x' }]);
  });
});

describe('decodeUtf8', () => {
  it('reads UTF-8 without its BOM and refuses everything else', () => {
    expect(decodeUtf8(Buffer.from('\ufeff扎西'))).toBe('扎西');
    expect(decodeUtf8(Buffer.from(''))).toBe('');
    expect(decodeUtf8(Buffer.from([0xd4, 0xfa]))).toBeNull();
    expect(decodeUtf8(Buffer.from([0xed, 0xa0, 0x80]))).toBeNull();
    expect(decodeUtf8(Buffer.from([0xc0, 0x80]))).toBeNull();
  });
});

describe('splitNdjson (G-25)', () => {
  it.each([
    ['', []],
    ['\n\n', []],
    ['1', ['1']],
    ['1\n', ['1']],
    ['1\r\n2\r\n', ['1', '2']],
    ['\ufeff1\n2', ['1', '2']],
    ['1\n\n \t\r\n2\n3', ['1', '2', '3']],
    ['1\r2\n', ['1\r2']],
    ['\r\n', []],
    ['{"a":\n1}', ['{"a":', '1}']],
  ])('%j', (text, lines) => {
    expect(splitNdjson(text)).toEqual(lines);
  });

  it('stops one line after the limit', () => {
    expect(splitNdjson('1\n'.repeat(5_000), 1_000)).toHaveLength(1_001);
  });
});
