/**
 * What a national sentence complains about, in words of a closed vocabulary.
 *
 * The nation's own text is never kept: it may name a person, and no pattern tells a name from any other word. So nothing
 * is taken out of the text; only what this table knows is taken from it. What is left is safe to store and show, and
 * two wordings of one complaint give the same template, whatever numbers, names, quotes and dates stand between.
 */

/** Rises with every change of the tables below; part of every fingerprint (see problems/). */
export const TEMPLATE_VERSION = 1;

type Row = readonly [word: string, pattern: RegExp];

/**
 * What is wrong, the more telling before the more general: the first that matches is taken, because one complaint is
 * often worded with a second word in it ("超过 365 天，不再受理" is too old, not too much).
 */
const COMPLAINTS: readonly Row[] = [
  ['overlap', /重叠|交叉|时[间段]冲突|已有.{0,6}时段|overlap/],
  ['certified', /(?:开具|出具|引用|关联).{0,4}证明|证明.{0,30}(?:开具|出具|引用|占用)|certificate issued/],
  ['archived', /归档|存档|archiv/],
  ['has-children', /下[级属]|子(?:记录|项)|从属|child/],
  ['outside-area', /管辖|辖区|属地|越权|jurisdiction/],
  ['too-old', /过早|太早|早于|封账|关账|逾期|超期|追溯|补录期|超过.{0,6}\d{2,4}\s*[天日](?!内)|too old|period closed/],
  ['in-future', /将来|未来|晚于(?:当前|今)|尚未到|in the future/],
  ['day-limit', /(?:[当单每]日|一天|同日|24 ?小时|1440|per day|daily).*(?:超|上限|限额|累计|exceed|limit)|(?:超|上限|限额|累计).*(?:[当单每]日|一天|同日|24 ?小时|1440)/],
  ['longer-than-interval', /(?:起止|时间差|区间|签到签退).*(?:大于|超|长于|不足)|(?:大于|超|长于).*(?:起止|时间差|区间|签到签退)/],
  ['real-name', /实名|公安核验|人像|real.?name/],
  ['blocked', /黑名单|冻结|限制名单|失信|blacklist|blocked/],
  ['sensitive-words', /敏感词|违禁|违规(?:词|内容)|不当内容|sensitive/],
  ['under-age', /未满|未成年|年龄|周岁|under.?age/],
  ['no-consent', /授权|同意书|未同意|consent/],
  ['mismatch', /不一致|不相?符(?!合)|不匹配|不吻合|对不上|不对应|mismatch|does not match/],
  ['too-long', /过长|超长|字数|长度|too long|length/],
  ['code-expired', /(?:代码|编码|字典|选项).*(?:失效|停用|废止|过期)|(?:失效|停用|废止|过期).*(?:代码|编码|字典|选项)|expired code/],
  ['code-unknown', /(?:代码|编码|字典|选项).*(?:不存在|无此|未收录|不在|无效|未定义)|(?:不存在|无此|未收录|无效|未定义).*(?:代码|编码|字典|选项)|dictionary|unknown code/],
  ['missing', /必填|不(?:能|得|可|允许)为?空|为空|缺[少失]|未填|漏填|required|missing|must not be empty/],
  ['several', /多条|不唯一|several/],
  ['duplicate', /重复|已登记|已存在|已注册|已占用|duplicate|already exists/],
  ['withdrawn', /撤销|作废|删除|注销|void|deleted/],
  ['closed', /关闭|结项|结束|停办|closed/],
  ['refused', /未通过|驳回|退回|不予|拒绝|rejected|refused/],
  ['not-found', /不存在|未找到|查无|没有找到|not found/],
  ['not-member', /未加入|非.{0,4}成员|不是.{0,6}成员|not a member/],
  ['exceeds', /超[过出限]|大于|上限|限额|过多|exceed|limit/],
  ['format', /格式|校验[位码]|位数|不合法|非法|format|malformed|checksum/],
  ['invalid', /不符合|校验(?:失败|不通过)|有误|错误|无效|invalid|error/],
]; // prettier-ignore

/** What it is about; used where the answer names no field. */
const SUBJECTS: readonly Row[] = [
  ['guardian', /监护/],
  ['id-number', /证件|身份证|公民身份|id ?(?:no|number|card)/],
  ['mobile', /手机|电话|mobile|phone/],
  ['certificate', /证明|certificate/],
  ['minutes', /时长|分钟|工时|小时数|minutes|hours/],
  ['area', /区划|地区|area/],
  ['service-date', /日期|时间|date|time/],
  ['content', /内容|简介|content|intro/],
  ['address', /地址|address/],
  ['code', /代码|编码|字典|选项|code/],
  ['membership', /成员|加入|member/],
  ['activity', /活动|activity/],
  ['project', /项目|project/],
  ['team', /队伍|团队|组织|team/],
  ['station', /站点|服务站|station/],
  ['volunteer', /志愿者|人员|volunteer/],
  ['name', /姓名|名称|name/],
  ['quota', /次数|频率|quota/],
];

/** Values that the nation quotes back may contain any word. */
const QUOTED = /[“"「『《【[<][^”"」』》】\]>]{0,120}[”"」』》】\]>]|'[^']{0,120}'/gu;
/** Longer texts are a page or a dump, not a sentence. */
const MAX_CHARACTERS = 2_000;

const firstOf = (rows: readonly Row[], text: string): string =>
  rows.find(([, pattern]) => pattern.test(text))?.[0] ?? '';

/** `complaint/subject`, each of the closed vocabulary or empty. */
export function messageTemplate(message: string): string {
  const text = message
    .slice(0, MAX_CHARACTERS)
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\uFFFD\p{Cc}]+/gu, '')
    .replaceAll(QUOTED, '')
    .replaceAll(/(?<=\p{Script=Han})\s+|\s+(?=\p{Script=Han})/gu, '');
  return `${firstOf(COMPLAINTS, text)}/${firstOf(SUBJECTS, text)}`;
}

const RULE_WORDS: Readonly<Record<string, string>> = {
  notnull: 'required', notblank: 'required', notempty: 'required', missing: 'required', mandatory: 'required',
  maxlength: 'length', minlength: 'length', maxlen: 'length', size: 'length', toolong: 'length',
  pattern: 'format', regex: 'format', regexp: 'format', malformed: 'format', checksum: 'format', checkdigit: 'format',
  enum: 'code', dict: 'code', dictionary: 'code', codetable: 'code',
  max: 'range', min: 'range', limit: 'range', between: 'range',
}; // prettier-ignore

/** Names of fields and rules are short machine words; anything else may be a value. */
const NAME = /^[A-Za-z][A-Za-z_]{0,39}$/;
const WRAPPERS = new Set(['data', 'items', 'item', 'body', 'payload']);

/**
 * A complaint about one field: `path` or `path:rule`, without places in lists and without the wrapping around the data
 * (`/items/3/data/posts/2/need` and `data.posts[2].need` are both `posts.need`). Null when no name is left.
 */
export function fieldSignature(path: string, rule = ''): string | null {
  const names = path
    .normalize('NFKC')
    .split(/[^A-Za-z_]+/)
    .filter((name) => NAME.test(name));
  while (names.length > 0 && WRAPPERS.has((names[0] ?? '').toLowerCase())) names.shift();
  if (names.length === 0) return null;
  const word = rule
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '');
  const isWord = /^[A-Za-z][A-Za-z_ -]{0,39}$/.test(rule.normalize('NFKC'));
  const known = isWord ? (Object.hasOwn(RULE_WORDS, word) ? RULE_WORDS[word] : word) : '';
  return known ? `${names.join('.')}:${known}` : names.join('.');
}
