import type { Lang, SentenceParams } from './entry.js';

type Words = Readonly<Record<string, Readonly<Record<Lang, string>>>>;

/** What a value should have been: names of types and formats as the schemas' issues give them → words for people. */
const EXPECTED_WORDS: Words = {
  string: { zh: '文字', en: 'text' },
  number: { zh: '数字', en: 'a number' },
  int: { zh: '整数', en: 'a whole number' },
  boolean: { zh: '是或否', en: 'true or false' },
  array: { zh: '一组内容', en: 'a list' },
  object: { zh: '一组字段', en: 'an object' },
  date: { zh: '年-月-日，如 2026-11-20', en: 'a date such as 2026-11-20' },
  datetime: { zh: '带时区的日期时间，如 2026-11-20T09:30:00+08:00', en: 'a time such as 2026-11-20T09:30:00+08:00' },
  sourceId: {
    zh: '一至六十四位的字母、数字、点、横线或下划线',
    en: '1 to 64 letters, digits, dots, hyphens or underscores',
  },
  regex: { zh: '数据字典规定的写法', en: 'the form given in the interface description' },
};

/** Why a number of an identity document is refused (G-40: refused with a hint). */
const REASON_WORDS: Words = {
  FIFTEEN_DIGITS: {
    zh: '十五位的旧号码不再接受，请用十八位号码',
    en: '15-digit numbers are not accepted, use the 18-digit one',
  },
  LOWER_CASE_X: { zh: '末位字母须大写', en: 'the last letter must be an upper-case X' },
  SHAPE: { zh: '应为十八位号码', en: 'it must have 18 characters' },
  BIRTH_DATE: { zh: '号码中的出生日期不存在', en: 'its birth date does not exist' },
  CHECK_DIGIT: { zh: '校验码不对，可能有一位写错', en: 'the check digit is wrong, one digit may be mistyped' },
  BIRTH_DATE_DIFFERS: { zh: '与所填出生日期不一致', en: 'it differs from the declared birth date' },
  GENDER_DIFFERS: { zh: '与所填性别不一致', en: 'it differs from the declared sex' },
};

const GENERIC = { zh: '数据字典规定的内容', en: 'what the interface description says' } as const;

/**
 * Puts words in place of technical values: `expected` and `reason` of a problem are names, so that they can be
 * kept, compared and told in any language. A type that is not known gets generic words; an unknown reason is
 * left out with its part of the sentence.
 */
export function wordedParams(params: SentenceParams, lang: Lang): SentenceParams {
  const { expected, reason, ...rest } = params;
  const worded: Record<string, string | number> = rest;
  if (expected !== undefined) worded.expected = (lookUp(EXPECTED_WORDS, expected) ?? GENERIC)[lang];
  const reasonWords = reason === undefined ? undefined : lookUp(REASON_WORDS, reason);
  if (reasonWords !== undefined) worded.reason = reasonWords[lang];
  return worded;
}

function lookUp(words: Words, name: string | number): Readonly<Record<Lang, string>> | undefined {
  return Object.hasOwn(words, name) ? words[name] : undefined;
}
