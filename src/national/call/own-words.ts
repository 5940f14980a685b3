import type { Verdict } from '../profile/error-rules.js';

const PLAIN_CODE = /^[0-9A-Za-z-]{1,24}$/;

/**
 * What is kept and shown of a verdict: the profile's words, never the nation's. Its text may name a person (it may
 * echo what was sent to it), and no pattern tells a name from any other word.
 */
export function ownWords({ rule }: Verdict, code: string): string {
  return rule.says ?? (PLAIN_CODE.test(code) ? `国家系统返回代码 ${code}` : '国家系统返回了不明代码');
}
