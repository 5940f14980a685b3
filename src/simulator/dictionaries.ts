// Code tables the nation publishes (§1.4 no. 4, §1.16 A16, C1, C3), each code with its effective dates (§2.2 B5).

export interface DictionaryItem {
  code: string;
  label: string;
  effectiveFrom: string;
  effectiveTo: string | null;
}

export interface Dictionary {
  name: string;
  version: string;
  items: DictionaryItem[];
}

export const DICTIONARY_NAMES = [
  'service-fields',
  'service-objects',
  'id-types',
  'genders',
  'political-status',
  'education',
  'skills',
] as const;
export type DictionaryName = (typeof DICTIONARY_NAMES)[number];

const FIRST_VERSION = '2026.1';
const EFFECTIVE_FROM = '2017-12-01';

const TABLES: Record<DictionaryName, string> = {
  'service-fields':
    '0001 社区服务; 0002 扶贫减贫; 0003 支教助学; 0004 卫生健康; 0005 法律服务; 0006 环境保护; 0007 科技科普; ' +
    '0008 文化艺术; 0009 平安综治; 0010 文明风尚; 0011 交通引导; 0012 志愿消防; 0013 应急救援; 0014 禁毒宣传; ' +
    '0015 体育健身; 0016 旅游服务; 0017 关爱特殊群体; 0018 大型活动; 0019 海外志愿服务; 0020 税收服务; 0099 其他',
  'service-objects':
    '01 儿童; 02 妇女; 03 老年人; 04 残障人士; 05 优抚对象; 06 贫困家庭; 07 特殊群体; 08 病患者; 09 农村居民; ' +
    '10 城镇居民; 11 社会公众; 13 纳税人缴费人; 99 其他',
  'id-types':
    '01 内地居民身份证; 02 香港居民身份证; 03 澳门居民身份证; 04 台湾居民身份证; 05 护照; 06 军官证; 07 士兵证; ' +
    '99 其他有效国籍旅行证件',
  genders: '0 未知; 1 男; 2 女; 9 未说明',
  'political-status':
    '01 中国共产党党员; 02 中国共产党预备党员; 03 中国共产主义青年团团员; 04 民革会员; 05 民盟盟员; 06 民建会员; ' +
    '07 民进会员; 08 农工党党员; 09 致公党党员; 10 九三学社社员; 11 台盟盟员; 12 无党派民主人士; 13 群众; 20 其他',
  education:
    '00 文盲或半文盲; 11 博士研究生; 14 硕士研究生; 20 大学本科; 30 大学专科和专科学校; 40 中等专业学校或中等技术学校; ' +
    '50 技工学校; 60 高中; 70 初中; 80 小学; 90 幼儿园; 91 学龄前; 98 特殊教育; 99 其他',
  skills:
    '01 医疗急救; 02 体育竞技; 03 驾驶运输; 04 法律服务; 05 信息技术; 06 经营管理; 07 公共关系; 08 教育培训; ' +
    '09 电器维修; 10 安全保卫; 11 财会金融; 12 设计创意; 13 客服接待; 14 物业养护; 15 新闻写作; 16 精通外语; ' +
    '17 音乐; 18 心理咨询; 19 护理照护; 20 手工制作; 21 文化艺术; 22 网络技术; 23 摄像摄影; 99 其他',
};

function parseTable(table: string): DictionaryItem[] {
  return table.split(';').map((entry) => {
    const [code = '', label = ''] = entry.trim().split(' ');
    return { code, label, effectiveFrom: EFFECTIVE_FROM, effectiveTo: null };
  });
}

/** All published versions of all tables; the last one of a name is current. */
export class Dictionaries {
  private readonly versions = new Map<DictionaryName, Dictionary[]>();
  private codes = new Map<DictionaryName, Map<string, DictionaryItem>>();

  constructor() {
    this.reset();
  }

  /** The first version of every table again. */
  reset(): void {
    this.versions.clear();
    for (const name of DICTIONARY_NAMES) this.publish(name, FIRST_VERSION, parseTable(TABLES[name]));
  }

  publish(name: DictionaryName, version: string, items: DictionaryItem[]): void {
    const known = this.versions.get(name) ?? [];
    this.versions.set(name, [...known.filter((d) => d.version !== version), { name, version, items }]);
    this.codes.set(name, new Map(items.map((item) => [item.code, item])));
  }

  find(name: string, version: string | null): Dictionary | undefined {
    const known = this.versions.get(name as DictionaryName) ?? [];
    return version === null ? known.at(-1) : known.find((d) => d.version === version);
  }

  currentVersions(): Record<string, string> {
    return Object.fromEntries([...this.versions].map(([name, list]) => [name, list.at(-1)?.version ?? '']));
  }

  /** Valid from effectiveFrom up to and including effectiveTo. */
  isValid(name: DictionaryName, code: string, date: string): boolean {
    const item = this.codes.get(name)?.get(code);
    if (item === undefined) return false;
    return item.effectiveFrom <= date && (item.effectiveTo === null || date <= item.effectiveTo);
  }
}
