import type { NationalCodeEntry } from './entry.js';
import { NATIONAL_CODES } from './national-codes.js';

/** What the gateway notes in place of a code when the wire gave none. */
const WIRE_SENTENCES: Readonly<Record<string, string>> = {
  TRANSPORT: '与国家系统的连接中断，稍后自动核实或重发。',
  DEADLINE: '国家系统没有在规定时间内答复，结果待核实。',
  'NOT-ENVELOPE': '国家系统的答复不是约定的格式，结果待核实。',
  'NOT-NAMED': '国家系统的回执里没有提到这条记录，结果待核实。',
  'NAMED-TWICE': '国家系统的回执里两次提到这条记录，结果待核实。',
  SIGNATURE: '国家系统答复的签名核对不上，结果待核实。',
};

/** The row of a national code, or null when the national side said something that no contract names. */
export function nationalEntry(code: string): NationalCodeEntry | null {
  return Object.hasOwn(NATIONAL_CODES, code) ? NATIONAL_CODES[code as keyof typeof NATIONAL_CODES] : null;
}

/**
 * What a national code means, in Chinese; also what the gateway notes when there was no code
 * (`TRANSPORT`, `HTTP-502` …). An unknown code is named, so that an official can quote it.
 *
 * Source   national-contract §1.12 (last row: unknown codes)
 */
export function nationalSentence(code: string): string {
  const known = nationalEntry(code);
  if (known !== null) return known.zh;
  if (Object.hasOwn(WIRE_SENTENCES, code)) return WIRE_SENTENCES[code]!;
  const [, status] = /^HTTP-(\d{3})$/.exec(code) ?? [];
  if (status !== undefined) return `国家系统的网络入口答复了异常状态“${status}”，稍后自动核实或重发。`;
  return `国家系统答复了未列入接口约定的代码“${quotable(code)}”，结果待核实。`;
}

const MAX_QUOTED_CODE = 32;

/** A code from outside goes into a sentence only in characters that cannot hurt a page or a log line. */
function quotable(code: string): string {
  const safe = code.replaceAll(/[^0-9A-Za-z_.-]/g, '').slice(0, MAX_QUOTED_CODE);
  return safe === '' ? '?' : safe;
}
