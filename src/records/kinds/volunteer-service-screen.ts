import type { DoorRule, Finding } from '../record-kind.js';
import { warn } from './rules.js';

/**
 * R67-30: what is not volunteer service must not be recorded. Words of the six classes of domain §5.6.4.
 * A word proves nothing ("引导捐款现场秩序" is service), so it only warns and raises the audit's weight.
 */
const SIGNS: readonly { readonly class: number; readonly words: readonly string[] }[] = [
  { class: 1, words: ['本职工作', '上班值班', '工作值班', '在岗值守'] },
  { class: 2, words: ['团建', '值日', '例会', '打扫教室', '班级卫生', '学生会例行'] },
  { class: 3, words: ['业委会选举', '学习小组', '岗位实习', '参观游览', '夏令营', '观影'] },
  { class: 4, words: ['聚餐', '宴会', '祈福', '彩排', '当观众', '充当观众'] },
  { class: 5, words: ['日薪', '工资', '有偿劳务'] },
  { class: 6, words: ['奖励时长', '赠送时长', '补发时长', '兑换时长', '捐款', '捐物换', '转发', '点赞', '集赞'] },
];

/** One warning for the first sign found in each of the given text fields. */
export function screenedFor<Field extends string>(
  ...fields: readonly Field[]
): DoorRule<{ readonly [Name in Field]?: string | undefined }> {
  return (data) => fields.flatMap((field) => signIn(data[field], `/data/${field}`));
}

function signIn(value: string | undefined, pointer: string): readonly Finding[] {
  if (value === undefined) return [];
  const plain = value.normalize('NFKC').replace(/\s+/gu, '');
  for (const sign of SIGNS) {
    const word = sign.words.find((candidate) => plain.includes(candidate));
    if (word !== undefined) return [warn('R67-30', pointer, { word, class: sign.class })];
  }
  return [];
}
