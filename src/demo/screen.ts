import { catalogueEntry, isCatalogueCode, nationalSentence, recordKind, type RecordState } from '../records/index.js';
import { padLeft, padRight } from './columns.js';
import type { Findings } from './comparison.js';
import type { Prefecture } from './prefecture.js';
import type { Tally } from './pushing.js';
import type { Verdict } from './verdict.js';

export interface LastScreen {
  readonly prefecture: Prefecture;
  readonly findings: Findings;
  readonly tally: Tally;
  readonly verdict: Verdict;
  readonly waitReasons: ReadonlyMap<string, number>;
  readonly seconds: { readonly push: number; readonly mirror: number };
}

const LABEL_WIDTH = 41;
const COLUMN_WIDTH = 10;
const EXAMPLES = 1;
const MOVING: readonly RecordState[] = ['queued', 'sending', 'unknown', 'pending'];

const grouped = (count: number): string => count.toLocaleString('en-US');

const row = (label: string, cells: readonly string[]): string =>
  padRight(label, LABEL_WIDTH) + cells.map((cell) => padLeft(cell, COLUMN_WIDTH)).join('');

/** 接收, 已同步, 等待, 需处理, 已撤销, 拒收 of one kind; moving records count as waiting. */
function figures(states: Readonly<Partial<Record<RecordState, number>>>, rejected: number): number[] {
  const of = (...names: readonly RecordState[]): number => names.reduce((sum, name) => sum + (states[name] ?? 0), 0);
  const accepted = Object.values(states).reduce((sum, count) => sum + count, 0);
  return [accepted, of('mirrored'), of('waiting', ...MOVING), of('attention', 'unsupported'), of('voided'), rejected];
}

function table({ findings, tally }: LastScreen): string[] {
  const head = ['接收', '已同步', '等待', '需处理', '已撤销', '拒收'];
  const english = ['accepted', 'mirrored', 'waiting', 'attention', 'voided', 'refused'];
  const kinds = [...findings.kinds].map(([kind, { states }]) => ({
    label: `${recordKind(kind)?.label.zh ?? ''} ${kind}`,
    numbers: figures(states, tally.rejectedByKind.get(kind) ?? 0),
  }));
  const sums = english.map((_, at) => kinds.reduce((sum, { numbers }) => sum + (numbers[at] ?? 0), 0));
  const lines = [{ label: '合计 total', numbers: sums }, ...kinds];
  return [row('', head), row('', english), ...lines.map(({ label, numbers }) => row(label, numbers.map(grouped)))];
}

function inWords(code: string): string {
  const text = isCatalogueCode(code) ? catalogueEntry(code).zh : nationalSentence(code);
  return text.replace(/\[[^\]]*\]/gu, '').replace(/[，,。；].*$/u, '');
}

function listed(counts: ReadonlyMap<string, number>, word: (key: string) => string): string {
  if (counts.size === 0) return '无 none';
  return [...counts].map(([key, count]) => `${word(key)} ×${count}`).join('；');
}

function merged(maps: Iterable<ReadonlyMap<string, number>>): Map<string, number> {
  const sum = new Map<string, number>();
  for (const map of maps) for (const [key, count] of map) sum.set(key, (sum.get(key) ?? 0) + count);
  return sum;
}

function reasons({ findings, tally, waitReasons }: LastScreen): string[] {
  const attention = merged([...findings.kinds.values()].map((kind) => kind.attention));
  const withWords = (code: string): string => `${code} ${inWords(code)}`;
  return [
    `等待 waiting    ${listed(waitReasons, (reason) => reason)}`,
    `需处理 attention  ${listed(attention, withWords)}`,
    `拒收 refused    ${listed(tally.rejectedByCode, withWords)}`,
  ];
}

function comparison({ verdict, findings }: LastScreen): string[] {
  const { lost, doubled, stray, minutesHere, minutesThere, deviations, isSummaryTrue, isQuiet, holds } = verdict;
  const sign = minutesHere === minutesThere ? '=' : '≠';
  const faults = [
    stray > 0 ? `国家多出 stray ${stray}` : '',
    deviations > 0 ? `与计划不符 not as planned ${deviations}` : '',
    isSummaryTrue ? '' : '汇总与账目不一致 the summary differs from the books',
    isQuiet ? '' : '仍有记录停滞 records no longer move',
  ].filter((fault) => fault !== '');
  const examples = findings.deviations
    .slice(0, EXAMPLES)
    .map(({ kind, sourceId, planned, state, code }) => `  ${kind}/${sourceId}: ${planned} → ${state} ${code ?? ''}`);
  return [
    `与国家模拟系统的账本核对 against the simulator's journal: 丢失 lost ${lost} · 重复 doubled ${doubled} · ` +
      `时长 minutes ${grouped(minutesHere)} ${sign} ${grouped(minutesThere)}`,
    ...(faults.length > 0 ? [faults.join(' · ')] : []),
    ...examples,
    holds ? '✔ 一致 The books agree.' : '✘ 不一致 The books do not agree.',
  ];
}

function geography({ name, counties, townships, zones, villages }: Prefecture): string {
  return (
    `${name} · ${counties.length} 县市 counties · ${townships} 乡镇 townships · ${zones} 经开区 zone · ` +
    `${villages} 村和社区 villages`
  );
}

/** At most 24 lines, and nobody's data. */
export function lastScreen(screen: LastScreen): string[] {
  const { prefecture, tally, seconds } = screen;
  const { accepted, duplicate, superseded, rejected } = tally.outcomes;
  return [
    '',
    geography(prefecture),
    ...table(screen),
    ...reasons(screen),
    `本次推送 this push ${grouped(tally.pushed)}：接收 accepted ${grouped(accepted)} · 重复 duplicate ${grouped(duplicate)} · ` +
      `旧版 superseded ${grouped(superseded)} · 拒收 refused ${grouped(rejected)} · ${seconds.push} s，同步 mirrored ${seconds.mirror} s`,
    ...comparison(screen),
  ];
}
