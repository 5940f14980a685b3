import {
  catalogueEntry, isCatalogueCode, nationalEntry, nationalSentence, recordKind, type Owner,
} from '../records/index.js'; // prettier-ignore
import type { Basis } from './fingerprint.js';

/** What people read of a problem: one sentence, why, what to do, who. From the catalogue of codes and closed tables. */
export interface ProblemWords {
  readonly sentence: string;
  readonly cause: string;
  readonly remedy: string;
  readonly owner: Owner;
}

/** Words of `messageTemplate` and of rules beside fields. */
const COMPLAINTS: Readonly<Record<string, string>> = {
  overlap: '时间重叠', certified: '已出具证明', archived: '已归档', 'has-children': '还有下属记录',
  'outside-area': '不在管辖范围', 'too-old': '日期太早', 'in-future': '日期在将来', 'day-limit': '单日时长超限',
  'longer-than-interval': '时长大于起止时间', 'real-name': '实名核验未过', blocked: '被限制', 'sensitive-words': '含敏感词',
  'under-age': '年龄不符', 'no-consent': '缺少授权', mismatch: '不一致', 'too-long': '过长', 'code-expired': '代码已失效',
  'code-unknown': '代码不存在', missing: '未填写', several: '对应多条', duplicate: '重复', withdrawn: '已撤销',
  closed: '已关闭', refused: '未获通过', 'not-found': '不存在', 'not-member': '未加入', exceeds: '超出上限',
  format: '格式不对', invalid: '不符合要求', required: '未填写', length: '长度不对', code: '代码不对', range: '超出范围',
  jurisdiction: '不在管辖范围',
}; // prettier-ignore

const SUBJECTS: Readonly<Record<string, string>> = {
  guardian: '监护人', 'id-number': '证件号码', mobile: '手机号码', certificate: '证明', minutes: '服务时长', area: '区划',
  'service-date': '日期', content: '内容', address: '地址', code: '代码', membership: '成员', activity: '活动',
  project: '项目', team: '队伍', station: '站点', volunteer: '志愿者', name: '名称', quota: '次数',
}; // prettier-ignore

const FIELDS: Readonly<Record<string, string>> = {
  name: '名称', idNo: '证件号码', idType: '证件类型', mobile: '手机号码', gender: '性别', birthDate: '出生日期',
  guardianName: '监护人姓名', guardianMobile: '监护人手机号码', areaCode: '区划代码', serviceAreaCode: '服务区划',
  residenceAreaCode: '居住区划', serviceFields: '服务类别', serviceObjects: '服务对象', intro: '简介', address: '地址',
  contactName: '联系人', contactMobile: '联系电话', managerName: '负责人', managerMobile: '负责人电话', minutes: '服务时长',
  serviceDate: '服务日期', startAt: '开始时间', endAt: '结束时间', startOn: '开始日期', endOn: '结束日期', content: '服务内容',
  recordMode: '记录方式', recorderName: '记录人', status: '状态', skills: '技能', education: '学历', posts: '岗位',
  politicalStatus: '政治面貌', hostOrgName: '主办单位', uscc: '统一社会信用代码', openedOn: '开设日期', text: '评价内容',
  purpose: '用途', periodFrom: '起始日期', periodTo: '截止日期', totalMinutes: '总时长', recordsHash: '记录清单',
  issuerOrgName: '出具单位', joinedOn: '加入日期', consentAt: '同意时间', kind: '类型', reason: '原因',
}; // prettier-ignore

const zh = (words: Readonly<Record<string, string>>, name: string): string =>
  Object.hasOwn(words, name) ? (words[name] ?? '') : '';

const withoutStop = (sentence: string): string => sentence.replace(/。$/, '');

/** `guardianName:required` → 监护人姓名未填写; a field that has no Chinese name is a field. */
function fieldWords(signature: string): string {
  const [path = '', rule = ''] = signature.split(':');
  const last = path.split('.').at(-1) ?? '';
  return `${zh(FIELDS, last) || '其他字段'}${zh(COMPLAINTS, rule)}`;
}

/** What the codes of the sentence leave open. */
function detailOf({ template, fields }: Basis): string {
  const [complaint = '', subject = ''] = template.split('/');
  const words = [...new Set(fields.map(fieldWords))].join('、');
  return `${words || zh(SUBJECTS, subject)}${zh(COMPLAINTS, complaint)}`;
}

function entryOf(code: string): ProblemWords {
  if (isCatalogueCode(code)) {
    const { zh: sentence, cause, remedy, owner } = catalogueEntry(code);
    return { sentence: withoutParts(sentence), cause, remedy, owner };
  }
  const known = nationalEntry(code);
  const sentence = nationalSentence(code);
  const cause = `国家系统答复代码“${/^[0-9A-Za-z-]{1,24}$/.test(code) ? code : '?'}”。`;
  if (known) return { sentence, cause, remedy: known.remedy, owner: known.owner };
  return { sentence, cause, remedy: '请平台管理员向国家系统的运维人员问明含义，再决定更正或重推。', owner: 'platform' };
}

/** Values of a single record do not belong to a problem. */
const withoutParts = (sentence: string): string => sentence.replaceAll(/\[[^\]]*\]/g, '');

export function wordsOf(basis: Basis): ProblemWords {
  const entry = entryOf(basis.code);
  const label = recordKind(basis.kind)?.label.zh ?? '记录';
  const detail = detailOf(basis);
  const act = basis.op === 'void' ? '撤销时' : '';
  return {
    ...entry,
    sentence: `${label}${act}：${withoutStop(entry.sentence)}${detail ? `（${detail}）` : ''}。`,
    cause: detail ? `${withoutStop(entry.cause)}；具体是${detail}。` : entry.cause,
  };
}
