import { codeWords } from '../../records/index.js';
import type { Answer } from '../call/answer.js';
import { encodeStrict } from '../call/canonical-query.js';
import type { GatewayOutcome } from '../gateway-outcome.js';
import { fillPath, type GatewayParts } from '../gateway-parts.js';
import type { ReceiptAnswer } from '../gateway.js';
import { itemOutcomes } from './item-outcomes.js';
import { wholeOf } from './outcome-of.js';

/** How a receipt is asked for: by the nation's number, or by ours after a lost reply (endpoint 7). */
export type ReceiptName = { readonly batchNo: string } | { readonly clientBatchNo: string };

const ENDED: readonly unknown[] = ['DONE', 'PARTIAL', 'FAILED'];
const RUNNING: readonly unknown[] = ['RECEIVED', 'PROCESSING'];

/** Reads a receipt with all its pages; which numbers it should have named is the caller's knowledge. */
export async function readReceipt(parts: GatewayParts, name: ReceiptName): Promise<ReceiptAnswer> {
  const { receiptPageSize, receiptMaxPages } = parts.profile.spec.limits;
  const items = new Map<string, GatewayOutcome>();
  for (let page = 1; page <= receiptMaxPages; page += 1) {
    const answer = await askPage(parts, name, page);
    const stopped = unfinished(parts, answer);
    if (stopped) return stopped;
    const { payload } = answer.spoken;
    const found = itemOutcomes(payload.items, parts.contextOf(null), parts.items);
    for (const [bizNo, outcome] of found) items.set(bizNo, outcome);
    const size = wholeOf(payload.size) ?? receiptPageSize;
    if (found.size === 0 || page * size >= (wholeOf(payload.total) ?? 0)) break;
  }
  return { status: 'done', items };
}

function askPage(parts: GatewayParts, name: ReceiptName, page: number): Promise<Answer> {
  const { paths, limits } = parts.profile.spec;
  const paging = `page=${page}&size=${limits.receiptPageSize}`;
  const byOurs = 'clientBatchNo' in name;
  return parts.caller.call({
    operation: 'receipt',
    method: 'GET',
    path: byOurs ? paths.receiptByClient : fillPath(paths.receipt, { batchNo: name.batchNo }),
    query: byOurs ? `clientBatchNo=${encodeStrict(name.clientBatchNo)}&${paging}` : paging,
    body: null,
    isWrite: false,
  });
}

/** null = the reply is a page of a finished receipt. */
function unfinished(parts: GatewayParts, { verdict, spoken }: Answer): ReceiptAnswer | null {
  const pollAfterMs = wholeOf(spoken.payload.pollAfterMs);
  if (verdict.class === 'ACCEPTED') return { status: 'processing', pollAfterMs };
  const outcome = parts.items.outcomeOf(spoken, verdict, parts.contextOf(null));
  if (verdict.class === 'GONE') return { status: 'gone', outcome };
  if (verdict.class !== 'OK') return { status: 'failed', outcome };
  const { status } = spoken.payload;
  if (RUNNING.includes(status)) return { status: 'processing', pollAfterMs };
  if (ENDED.includes(status)) return null;
  return { status: 'failed', outcome: notReadable() };
}

/** An envelope whose inside is not what the contract says: worth asking again, never believed. */
export function notReadable(): GatewayOutcome {
  return { class: 'RETRY', ...codeWords('NOT_ENVELOPE'), retryAfterMs: null };
}
