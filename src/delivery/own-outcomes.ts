import type { GatewayOutcome } from '../national/index.js';

/** Outcomes that we know without the nation's word. */

export const NOT_NAMED: GatewayOutcome = { class: 'AMBIG', code: 'NOT-NAMED', message: '回执中没有该记录' };
export const NO_RECEIPT: GatewayOutcome = { class: 'AMBIG', code: '3001', message: '长时间没有回执' };
export const WORKER_DIED: GatewayOutcome = { class: 'AMBIG', code: 'INTERRUPTED', message: '发送时程序中断，正在核实' };
export const PARENT_GONE: GatewayOutcome = {
  class: 'RETRY',
  code: 'PARENT-GONE',
  message: '前置记录已变化，重新判断',
  retryAfterMs: 1_000,
};
/** Ours to repair (a key to restore); then it goes by itself. */
export const SEALED: GatewayOutcome = {
  class: 'RETRY',
  code: 'SEALED',
  message: '内容暂时无法解密，恢复密钥后自动继续',
  retryAfterMs: null,
};
export const UNMAPPABLE: GatewayOutcome = {
  class: 'REJECT', code: 'UNMAPPABLE', message: '内容无法按国家系统要求转换', fields: [],
}; // prettier-ignore
