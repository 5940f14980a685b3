import { codePointLength, isBlank, isCleanText, isSafeKey, isWellFormed, safePointer } from './text.js';

describe('text', () => {
  it('counts code points (G-32)', () => {
    expect(codePointLength('')).toBe(0);
    expect(codePointLength('a𠮷🙂')).toBe(3);
    expect(codePointLength('\ud83d')).toBe(1);
  });

  it('knows what G-27 refuses', () => {
    expect(isCleanText('a\tb\n扎西🙂')).toBe(true);
    for (const text of ['\0', '\r', '\u001f', '\ud800', '\udc00\ud800']) expect(isCleanText(text)).toBe(false);
    expect(isWellFormed('🙂')).toBe(true);
  });

  it('knows blanks, also those that do not look like blanks', () => {
    for (const text of ['', ' ', '\u3000', '\u200b', '\t\n', '\ufeff']) expect(isBlank(text)).toBe(true);
    expect(isBlank(' 无 ')).toBe(false);
  });
});

describe('safePointer', () => {
  it('is the RFC 6901 pointer of a path', () => {
    expect(safePointer([])).toBe('');
    expect(safePointer(['data', 'evidence', 0, 'ref'])).toBe('/data/evidence/0/ref');
    expect(safePointer(['data', 'evidence', 1_234_567])).toBe('/data/evidence/1234567');
  });

  it.each(['张三', 'a/b', 'a~b', '', 'x'.repeat(65), '53340119900101001X', '13800000000', 'a b'])(
    'names the parent of %j, which may be a person’s',
    (key) => {
      expect(isSafeKey(key)).toBe(false);
      expect(safePointer(['data', key, 'x'])).toBe('/data');
    },
  );
});
