import type { GatewayOutcome } from '../national/index.js';
import { codeWords } from '../records/index.js';

/** Outcomes that we know without the nation's word. */

export const NOT_NAMED: GatewayOutcome = { class: 'AMBIG', ...codeWords('NOT_NAMED') };
export const NO_RECEIPT: GatewayOutcome = { class: 'AMBIG', ...codeWords('NO_RECEIPT') };
export const WORKER_DIED: GatewayOutcome = { class: 'AMBIG', ...codeWords('INTERRUPTED') };
export const PARENT_GONE: GatewayOutcome = { class: 'RETRY', ...codeWords('PARENT_GONE'), retryAfterMs: 1_000 };
/** Ours to repair (a key to restore); then it goes by itself. */
export const SEALED: GatewayOutcome = { class: 'RETRY', ...codeWords('SEALED'), retryAfterMs: null };
export const UNMAPPABLE: GatewayOutcome = { class: 'REJECT', ...codeWords('UNMAPPABLE'), fields: [] };
