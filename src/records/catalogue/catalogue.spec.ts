import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  CATALOGUE,
  CATALOGUE_CODES,
  NATIONAL_CODES,
  catalogueEntry,
  isCatalogueCode,
  nationalEntry,
  nationalSentence,
  remedy,
  sentence,
} from './catalogue.js';
import type { CatalogueCode } from './catalogue.js';
import { present, presentWarning } from './problem.js';
import { renderErrorCatalogue } from './render.js';
import { RESERVED } from './reserved.js';

const SRC = join(__dirname, '..', '..');
/** Technical names that a Chinese sentence cannot do without. */
const ALLOWED_WORDS = new Set(['JSON', 'UTF', 'https']);

/** Sources outside the catalogue; the simulator stands in for others and has codes of its own. */
function sources(folder = SRC): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ['catalogue', 'simulator', 'node_modules'].includes(entry.name) ? [] : sources(path);
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts') ? [path] : [];
  });
}

/** Rooms whose codes come to `lastOutcome`, gates and breakers. */
const DELIVERY_ROOMS = ['ledger', 'answers', 'national', 'delivery'];
/** Values of `class` and states that stand beside a code; error codes of Node are read, never told. */
const NO_CODES = new Set(['UPSERT', 'VOID', 'CORRECT', 'ECONNSLOW', 'ERR_BUFFER_TOO_LARGE']);

/** Words in capitals that a text gives as a code (`code: 'X'`, `X_CODE = 'X'`, `X = 'X'`) and no catalogue has. */
function strangersIn(text: string): string[] {
  const places = [
    // The whole value of a member or variable that is called code, both ends of a choice included.
    /\bcode(?:: string)?\s*[:=](?!=)\s*(?:[^,;{}'`]*\?\s*)?(?:['`]([A-Z][A-Z0-9_-]+)(?:['`]|\$\{)(?:\s*:\s*['`]([A-Z][A-Z0-9_-]+)(?:['`]|\$\{))?)/g,
    /\b[A-Z_]*CODE = '([A-Z][A-Z0-9_-]+)'/g,
    // A constant that is spelled as it is called, whatever stands between the words.
    /\bconst ([A-Z][A-Z0-9_]*) = '(?=[A-Z])([A-Z0-9_-]+)'/g,
  ];
  const [value, named, spelled] = places as [RegExp, RegExp, RegExp];
  const found = [
    ...[...text.matchAll(value)].flatMap(([, one, other]) => [one, other]),
    ...[...text.matchAll(named)].map(([, code]) => code),
    ...[...text.matchAll(spelled)]
      .filter(([, name, code]) => code!.replaceAll('-', '_') === name)
      .map(([, , code]) => code),
  ].filter((code) => code !== undefined);
  return [...new Set(found)].filter((code) => !isCatalogueCode(code) && !NO_CODES.has(code));
}

function latinWords(text: string): string[] {
  const words = text.replaceAll(/\{\w+\}/g, '').match(/[A-Za-z]{2,}/g) ?? [];
  return words.filter((word) => !ALLOWED_WORDS.has(word));
}

describe('catalogue', () => {
  it.each(CATALOGUE_CODES)('%s fills every column', (code) => {
    const entry = catalogueEntry(code);
    for (const column of ['zh', 'en', 'cause', 'remedy', 'remedyEn', 'source'] as const) {
      expect(entry[column].trim().length).toBeGreaterThan(2);
    }
    expect(['debug', 'info', 'warn', 'error']).toContain(entry.level);
    expect(['station', 'county', 'nation', 'platform']).toContain(entry.owner);
    expect(['never', 'later', 'ask', 'wait']).toContain(entry.retry);
    expect(entry.status === null || (entry.status >= 400 && entry.status < 600)).toBe(true);
  });

  it.each(CATALOGUE_CODES)('%s speaks to people: one Chinese sentence without English words', (code) => {
    const { zh, cause, remedy: wayOut } = catalogueEntry(code);
    expect([zh, cause, wayOut].flatMap(latinWords)).toEqual([]);
    expect(zh).toMatch(/[^。]。$/);
    expect(wayOut).toMatch(/。$/);
  });

  it.each(CATALOGUE_CODES)('%s never shows a half sentence when values are missing', (code) => {
    for (const lang of ['zh', 'en'] as const) expect(sentence(code, lang)).not.toMatch(/[[\]{}]/);
    const { zh, en } = catalogueEntry(code);
    const names = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort();
    expect(names(zh)).toEqual(names(en));
  });

  it('has no code twice, whatever the table', () => {
    const tables = ['call', 'item', 'rule', 'adapter', 'delivery', 'admin', 'alert'].map((name) =>
      readFileSync(join(__dirname, `${name}-codes.ts`), 'utf8'),
    );
    const written = tables.flatMap((table) =>
      [...table.matchAll(/^ {2}'?([A-Z0-9_-]+)'?: \{$/gm)].map(([, code]) => code),
    );
    expect(written.length).toBe(CATALOGUE_CODES.length);
    expect(new Set(written)).toEqual(new Set(CATALOGUE_CODES));
  });

  it('has every code that the station contract promises (G-05)', () => {
    const promised =
      'UNAUTHENTICATED, SIGNATURE_INVALID, TIMESTAMP_SKEWED, NONCE_REUSED, SIGNATURE_REQUIRED, FORBIDDEN, NOT_FOUND, ' +
      'MALFORMED_JSON, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, RATE_LIMITED, UNAVAILABLE, FIELD_UNKNOWN, FIELD_REQUIRED, ' +
      'FIELD_TYPE, FIELD_RANGE, FIELD_FORMAT, CODE_UNKNOWN, TEXT_INVALID, AREA_OUTSIDE_HOME, REVISION_CONFLICT, ' +
      'REVISION_INVALID, VOID_REASON_REQUIRED';
    for (const code of promised.split(', ')) expect(isCatalogueCode(code)).toBe(true);
  });

  it('has no code without use', () => {
    const text = sources()
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
    const unused = CATALOGUE_CODES.filter((code) => !text.includes(`'${code}'`) && RESERVED[code] === undefined);
    expect(unused).toEqual([]);
  });

  it('has every code that the rooms at the door answer with', () => {
    const thrown = sources()
      .filter((path) => /\/src\/(?:ingest|access)\//.test(path))
      .flatMap((path) => {
        const text = readFileSync(path, 'utf8');
        return [...text.matchAll(/\b(?:code: |CodedError(?:<\w+>)?\()'([A-Z0-9_-]+)'/g)].map(([, code]) => code!);
      });
    expect(thrown.filter((code) => !isCatalogueCode(code))).toEqual([]);
  });

  it('has every code of ours that the rooms of the way to the nation say, spelled its one way', () => {
    const outside = sources()
      .filter((path) => DELIVERY_ROOMS.includes(relative(SRC, path).split(/[\\/]/)[0]!))
      .flatMap((path) => strangersIn(readFileSync(path, 'utf8')).map((code) => `${relative(SRC, path)}: ${code}`));
    expect(outside).toEqual([]);
  });

  it.each([
    `const LOST = { class: 'AMBIG', code: 'PLANTED', message: 'x' };`,
    `const LOST = { class: 'AMBIG', code: 'NOT-SENT', message: 'x' };`,
    `const code = isFull ? 'PLANTED_FULL' : 'NOT_SENT';`,
    `export const PLANTED_CODE = 'PLANTED';`,
    `const NOT_MADE: GatewayOutcome = {\n  class: 'RETRY',\n  code:\n    'PLANTED',\n};`,
    'const code = `HTTP-${reply.httpStatus}`;',
    `const PLANTED_OUT = 'PLANTED_OUT';`,
  ])('refuses a planted code: %s', (text) => {
    expect(strangersIn(text)).toHaveLength(1);
  });

  it('leaves what is no code of ours alone', () => {
    const text =
      `{ class: 'REJECT', code: '2205', op: 'UPSERT' }; const R = { code: 'R67-20', actor: 'adapter' };` +
      `const done = { class: 'DONE', code: said.code, result: 'VOIDED' };`;
    expect(strangersIn(text)).toEqual([]);
  });

  it('words its outcomes nowhere else', () => {
    const second = sources().flatMap((path) =>
      [
        ...readFileSync(path, 'utf8').matchAll(
          /code: '([A-Z]\w+)',\s*(?:message: ['`]|reason: ['`][^'`]*[\u4e00-\u9fff])/g,
        ),
      ]
        .filter(([, code]) => isCatalogueCode(code!))
        .map(([found]) => `${relative(SRC, path)}: ${found}`),
    );
    expect(second).toEqual([]);
  });

  it('is told from strings of outside', () => {
    expect(isCatalogueCode('FIELD_RANGE')).toBe(true);
    expect(isCatalogueCode('toString')).toBe(false);
    expect(isCatalogueCode('__proto__')).toBe(false);
    const literal: CatalogueCode = 'R67-07';
    expect(CATALOGUE[literal].status).toBe(422);
  });
});

describe('sentence', () => {
  it('puts values in, and leaves out parts whose values are missing', () => {
    expect(sentence('FIELD_RANGE', 'zh', { max: 300 })).toBe(
      '这里的数值、长度、条数或先后次序超出允许的范围，最大为 300。',
    );
    expect(sentence('FIELD_RANGE', 'en', { min: 1, max: 4 })).toContain(', minimum 1, maximum 4.');
    expect(sentence('FIELD_RANGE', 'zh')).toBe('这里的数值、长度、条数或先后次序超出允许的范围。');
  });

  it('has words for technical names, in both languages', () => {
    expect(sentence('FIELD_TYPE', 'zh', { expected: 'int' })).toBe('这里的内容类型不对，应为整数。');
    expect(sentence('FIELD_TYPE', 'en', { expected: 'int' })).toContain('expected: a whole number');
    expect(sentence('FIELD_TYPE', 'zh', { expected: 'tuple' })).toContain('数据字典规定的内容');
    expect(sentence('R67-07', 'zh', { reason: 'LOWER_CASE_X' })).toContain('末位字母须大写');
    expect(sentence('R67-07', 'zh', { reason: 'toString' })).toBe('身份证件号码与登记的信息不相符，或号码本身有误。');
  });

  it('does not read values from prototypes', () => {
    expect(sentence('AREA_OUTSIDE_HOME', 'zh', Object.create({ area: 'x' }) as Record<string, string>)).not.toContain(
      'x',
    );
  });
});

describe('present', () => {
  const problem = { code: 'AREA_OUTSIDE_HOME', pointer: '/data/areaCode', params: { area: '5334' } } as const;

  it('gives pointer, code, message and hint in the language of the caller', () => {
    expect(present(problem, 'zh')).toEqual({
      pointer: '/data/areaCode',
      code: 'AREA_OUTSIDE_HOME',
      message: '区划代码不在本接入系统的管辖范围内，应以 5334 开头。',
      hint: remedy('AREA_OUTSIDE_HOME', 'zh'),
    });
    expect(present(problem, 'en').message).toContain('5334');
    expect(present(problem, 'en').hint).toMatch(/^Correct the area code/);
  });

  it('gives warnings without a hint (G-22)', () => {
    expect(Object.keys(presentWarning({ code: 'R67-10', pointer: '/data/minutes' }, 'zh'))).toEqual([
      'code',
      'pointer',
      'message',
    ]);
  });
});

describe('national codes', () => {
  const contract =
    '0000 0100 1001 1002 1003 1004 1005 1006 1007 1008 1009 1010 1011 1301 1302 1303 1304 1305 1306 2001 2002 2003 ' +
    '2010 2011 2012 2013 2014 2101 2102 2103 2104 2105 2201 2202 2203 2204 2205 2206 2211 2301 2302 2303 3001 3002 ' +
    '3003 3101 5000 5001 5002 9999';

  it('are those of §1.12, no more and no fewer', () => {
    expect(Object.keys(NATIONAL_CODES).sort()).toEqual(contract.split(' '));
  });

  it.each(Object.keys(NATIONAL_CODES))('%s has a Chinese sentence and a way out', (code) => {
    const entry = nationalEntry(code)!;
    expect(latinWords(entry.zh + entry.remedy)).toEqual([]);
    expect(entry.zh).toMatch(/。$/);
    expect(entry.remedy).toMatch(/。$/);
    expect(nationalSentence(code)).toBe(entry.zh);
  });

  it('name an unknown code, cleaned of what could hurt a page', () => {
    expect(nationalSentence('7777')).toContain('“7777”');
    expect(nationalSentence('<b>a\n"')).toContain('“ba”');
    expect(nationalSentence('toString')).toContain('“toString”');
    expect(nationalSentence('')).toContain('“?”');
    expect(nationalEntry('toString')).toBeNull();
  });
});

describe('docs/errors.md', () => {
  it('equals the generated text', () => {
    expect(readFileSync(join(SRC, '..', 'docs', 'errors.md'), 'utf8')).toBe(renderErrorCatalogue());
  });
});
