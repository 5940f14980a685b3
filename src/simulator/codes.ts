// Business codes of §1.12 with their Chinese messages, and the status table of §1.16 A7.

const MESSAGES: Readonly<Record<string, string>> = {
  '0000': '成功',
  '0100': '已受理',
  '1001': '请求头缺失或不正确',
  '1002': '签名错误',
  '1003': '时间戳超出允许范围',
  '1004': '随机串重复',
  '1005': '令牌缺失或已过期',
  '1006': '令牌已被顶替',
  '1007': '应用不存在或已停用',
  '1008': '来源地址不在白名单',
  '1009': '无接口或区域权限',
  '1010': '字段解密失败',
  '1011': '合同版本已关闭',
  '1301': '调用过于频繁',
  '1302': '当日调用次数已用完',
  '1303': '不在服务时段',
  '1304': '系统维护中',
  '1305': '并发调用过多',
  '1306': '批次过大',
  '2001': '重复提交，内容一致',
  '2002': '编号已存在，内容不一致',
  '2003': '版本低于已存版本',
  '2010': '自然键已登记',
  '2011': '自然键对应多条记录',
  '2012': '编号已合并',
  '2013': '记录已作废或已删除',
  '2014': '不允许变更或作废',
  '2101': '依赖记录不存在',
  '2102': '依赖记录待审核',
  '2103': '志愿者实名待核验',
  '2104': '依赖记录未通过或已关闭',
  '2105': '志愿者不是项目成员',
  '2201': '字段校验不通过',
  '2202': '字典代码无效',
  '2203': '姓名与证件不一致',
  '2204': '区域不在管辖范围',
  '2205': '时长超过上限',
  '2206': '超过补录期限',
  '2211': '时间与其他记录重叠',
  '2301': '证明数据不一致',
  '2302': '证明尚未生成',
  '2303': '证明已被拒绝',
  '3001': '批次不存在',
  '3002': '批次处理中',
  '3003': '回执已过期',
  '3101': '游标已失效',
  '5000': '系统繁忙，未处理',
  '5001': '上游超时，交易结果未知',
  '5002': '存储异常，交易结果未知',
};

export function messageOf(code: string): string {
  return MESSAGES[code] ?? '未知错误';
}

const MIXED_STATUS: readonly [status: number, codes: readonly string[]][] = [
  [400, ['1001', '2201', '2202']],
  [401, ['1002', '1003', '1004', '1005', '1006']],
  [403, ['1007', '1008', '1009', '1010', '1011']],
  [413, ['1306']],
  [429, ['1301', '1302', '1305']],
  [503, ['1303', '1304', '5000']],
  [504, ['5001']],
  [500, ['5002', '9999']],
];

export function httpStatusOf(code: string, mode: 'always200' | 'mixed'): number {
  if (mode === 'always200') return 200;
  return MIXED_STATUS.find(([, codes]) => codes.includes(code))?.[0] ?? 200;
}

/** §1.12 AMBIG: codes after which the caller does not know what became of its write. */
const UNKNOWN_OUTCOME: ReadonlySet<string> = new Set(['1004', '5001', '5002', '3001', '3002', '3003', '9999']);
const WRAPPED_UPSTREAM = /\b50[234]\b/;

/** true when a reply tells the sender of a write what became of it; a wrapped upstream error (F06) does not. */
export function tellsOutcome(code: unknown, message: string | undefined): boolean {
  if (typeof code !== 'string' || !Object.hasOwn(MESSAGES, code) || UNKNOWN_OUTCOME.has(code)) return false;
  return message === undefined || !WRAPPED_UPSTREAM.test(message);
}

/** Item codes that count as settled for the batch status (§1.16 D2). */
export const SETTLED_CODES: ReadonlySet<string> = new Set(['0000', '0100', '2001', '2003']);
