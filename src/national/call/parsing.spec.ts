import fc from 'fast-check';
import { canonicalForm } from '../content-hash.js';
import { beijingDateTime } from '../plugins/formats.js';
import { canonicalQuery } from './canonical-query.js';
import { parseLossless } from './envelope.js';
import { createNationalClock } from './national-clock.js';
import type { Verdict } from '../profile/error-rules.js';
import { ownWords } from './own-words.js';
import { safeMessage } from './safe-message.js';

describe('canonicalQuery (A6)', () => {
  it.each([
    ['', ''],
    ['b=2&a=1', 'a=1&b=2'],
    ['a', 'a='],
    ['a=b=c', 'a=b%3Dc'],
    ['a=x+y&a=x%20y', 'a=x%20y&a=x%2By'],
    ["k=!'()*~-._", 'k=%21%27%28%29%2A~-._'],
    ['k=%e4%b8%ad', 'k=%E4%B8%AD'],
  ])('%s', (query, canonical) => {
    expect(canonicalQuery(query)).toBe(canonical);
  });
});

describe('parseLossless', () => {
  it('keeps whole numbers beyond 2^53 as text and everything else as it is', () => {
    const text =
      '{"id":9007199254740993,"n":9007199254740991,"f":0.12345678901234567,"s":"12345678901234567890 \\" 9","l":[-12345678901234567890]}';
    expect(parseLossless(text)).toEqual({
      id: '9007199254740993',
      n: 9007199254740991,
      f: Number('0.12345678901234567'),
      s: '12345678901234567890 " 9',
      l: ['-12345678901234567890'],
    });
  });
  it('agrees with JSON.parse on what has no such number', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        if (!/\d{16}/.test(text)) expect(parseLossless(text)).toEqual(JSON.parse(text));
      }),
    );
  });
  it('is undefined for what is no JSON', () => {
    expect(parseLossless('{"a":1}}')).toBeUndefined();
  });
});

it('canonicalForm does not depend on the order of keys and reads back', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (tree) => {
      const turned = Object.fromEntries(Object.entries(tree).reverse());
      expect(canonicalForm(turned)).toBe(canonicalForm(tree));
      expect(JSON.parse(canonicalForm(tree))).toEqual(JSON.parse(JSON.stringify(tree)));
    }),
  );
});

describe('safeMessage', () => {
  it.each([
    ['证件 53340119900101001X 与姓名不符', '证件 ****** 与姓名不符'],
    ['手机１３８００００００００ 12345', '手机****** 12345'],
    ['a\n\u0000b', 'a b'],
  ])('%j', (text, safe) => {
    expect(safeMessage(text)).toBe(safe);
  });
  it('cuts by characters, after masking', () => {
    expect([...safeMessage(`${'𠮷'.repeat(198)}13800000000`)]).toHaveLength(200);
    expect(safeMessage(`${'x'.repeat(196)}13800000000`)).not.toMatch(/\d/);
  });
});

describe('ownWords', () => {
  const verdict = (says?: string): Verdict => ({ ruleId: 'r', class: 'REJECT', rule: { class: 'REJECT', says } });
  it.each([
    ['the rule says it', verdict('字段校验不通过'), '2201', '字段校验不通过'],
    ['a code without a rule is named', verdict(), '7777', '国家系统返回代码 7777'],
    ['a code that is none is not repeated', verdict(), '张三', '国家系统返回了不明代码'],
  ])('%s', (_, given, code, words) => {
    expect(ownWords(given, code)).toBe(words);
  });
});

it.each([
  ['2026-11-20T01:30:00.999Z', '2026-11-20T09:30:00+08:00'],
  ['2026-11-20T23:30:00-01:00', '2026-11-21T08:30:00+08:00'],
  ['2026-11-20T09:30:00+08:00', '2026-11-20T09:30:00+08:00'],
  ['no time', 'no time'],
])('beijingDateTime %s', (given, sent) => {
  expect(beijingDateTime(given)).toBe(sent);
});

describe('national clock', () => {
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const settings = { maxOffsetMs: 1_000_000_000, alertOffsetMs: 300_000 };
  const make = (): ReturnType<typeof createNationalClock> => createNationalClock({ nowMs: () => 0 }, settings, logger);

  it('takes the middle of the call, keeps the quicker one, follows a jump at once', () => {
    const clock = make();
    clock.observe({ serverMs: 5_000, sentAtMs: 0, receivedAtMs: 100 });
    expect(clock.nowMs()).toBe(4_950);
    clock.observe({ serverMs: 10_000, sentAtMs: 0, receivedAtMs: 9_000 });
    expect(clock.nowMs()).toBe(4_950);
    clock.observe({ serverMs: 605_000, sentAtMs: 0, receivedAtMs: 10 });
    expect(clock.nowMs()).toBe(604_995);
  });
  it('does not believe nonsense', () => {
    const clock = make();
    clock.observe({ serverMs: 2_000_000_000, sentAtMs: 0, receivedAtMs: 0 });
    expect(clock.nowMs()).toBe(0);
  });
});
