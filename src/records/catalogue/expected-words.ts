import type { Lang } from './entry.js';

/** What a value should have been: names of types and formats as the schemas' issues give them → words for people. */
const EXPECTED_WORDS: Readonly<Record<string, Readonly<Record<Lang, string>>>> = {
  string: { zh: '文字', en: 'text' },
  number: { zh: '数字', en: 'a number' },
  int: { zh: '整数', en: 'a whole number' },
  boolean: { zh: '是或否', en: 'true or false' },
  array: { zh: '一组内容', en: 'a list' },
  object: { zh: '一组字段', en: 'an object' },
  date: { zh: '年-月-日，如 2026-11-20', en: 'a date such as 2026-11-20' },
  datetime: { zh: '带时区的日期时间，如 2026-11-20T09:30:00+08:00', en: 'a time such as 2026-11-20T09:30:00+08:00' },
  sourceId: { zh: '一至六十四位的字母、数字、点、横线或下划线', en: '1 to 64 letters, digits, dots, hyphens or underscores' },
  regex: { zh: '数据字典规定的写法', en: 'the form given in the interface description' },
};

const GENERIC = { zh: '数据字典规定的内容', en: 'what the interface description says' } as const;

/** Words for an expected type or format; what is not known gets generic ones, never a raw technical name. */
export function expectedWords(expected: string, lang: Lang): string {
  return Object.hasOwn(EXPECTED_WORDS, expected) ? EXPECTED_WORDS[expected]![lang] : GENERIC[lang];
}
