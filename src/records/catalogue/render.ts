import { ADAPTER_CODES } from './adapter-codes.js';
import { ADMIN_CODES } from './admin-codes.js';
import { ALERT_CODES } from './alert-codes.js';
import { CALL_CODES } from './call-codes.js';
import { DELIVERY_CODES } from './delivery-codes.js';
import type { CatalogueEntry, NationalCodeEntry, Owner, RetryAdvice } from './entry.js';
import { ITEM_CODES } from './item-codes.js';
import { NATIONAL_CODES } from './national-codes.js';
import { RULE_CODES } from './rule-codes.js';

/** The manual of codes, `docs/errors.md`: written from the tables only, so that it cannot say anything else. */

const OWNERS: Readonly<Record<Owner, string>> = {
  station: '站点',
  county: '县级管理员',
  nation: '国家系统',
  platform: '平台管理员',
};

const RETRIES: Readonly<Record<RetryAdvice, string>> = {
  never: '改正后再发',
  later: '稍后重发',
  ask: '先核实，不要重发',
  wait: '不用重发',
};

const INTRODUCTION = [
  '# 错误码手册 · Codes and what to do',
  '',
  '<!-- Generated from src/records/catalogue by renderErrorCatalogue(); edit the tables, then run `npm run docs`. -->',
  '',
  'Every code that the service answers or shows. `[…]` is left out when its values are not known.',
  'HTTP `–`: never the answer to a call; it stands in `warnings`, `lastOutcome` or on the console.',
];

const SECTIONS: readonly (readonly [string, Readonly<Record<string, CatalogueEntry>>])[] = [
  ['一、调用 · The call', CALL_CODES],
  ['二、每条记录 · The item', ITEM_CODES],
  ['三、法规条款 · Legal rules', RULE_CODES],
  ['四、受理之后 · After acceptance', ADAPTER_CODES],
  ['五、上报途中 · On the way to the nation', DELIVERY_CODES],
  ['六、管理员 · Administrators', ADMIN_CODES],
  ['七、告警 · Alerts', ALERT_CODES],
];

/**
 * The whole of `docs/errors.md`.
 *
 * Promise  the same tables give the same text; ends with one line feed
 * Source   house §2.9, console §9 (错误码手册)
 */
export function renderErrorCatalogue(): string {
  const lines = [...INTRODUCTION];
  for (const [title, table] of SECTIONS) {
    lines.push('', `## ${title}`);
    for (const [code, entry] of Object.entries(table)) lines.push(...renderEntry(code, entry));
  }
  lines.push('', '## 八、国家系统的答复 · What the national side answers', '');
  lines.push('| 代码 | 类别 | 含义 | 处理 | 责任方 | 重发 | 出处 |', '|---|---|---|---|---|---|---|');
  for (const code of Object.keys(NATIONAL_CODES).sort()) {
    lines.push(renderNational(code, NATIONAL_CODES[code as keyof typeof NATIONAL_CODES]));
  }
  return `${lines.join('\n')}\n`;
}

function renderEntry(code: string, entry: CatalogueEntry): string[] {
  return [
    '',
    `### \`${code}\``,
    '',
    `**${entry.zh}**`,
    '',
    entry.en,
    '',
    `- 原因：${entry.cause}`,
    `- 处理：${entry.remedy}`,
    `- What to do: ${entry.remedyEn}`,
    `- 责任方：${OWNERS[entry.owner]} · 重发：${RETRIES[entry.retry]} · HTTP ${entry.status ?? '–'} · 日志 ${entry.level} · 出处 ${entry.source}`,
  ];
}

function renderNational(code: string, entry: NationalCodeEntry): string {
  const cells = [entry.class, entry.zh, entry.remedy, OWNERS[entry.owner], RETRIES[entry.retry], entry.source];
  return `| \`${code}\` | ${cells.join(' | ')} |`;
}
