import type { Answer } from './call/answer.js';
import type { GatewayOutcome } from './gateway-outcome.js';
import type { PreparedCall, WriteAnswer } from './gateway.js';
import type { RuleClass } from './profile/profile.schema.js';
import { forEveryNumber, itemOutcomes } from './replies/item-outcomes.js';
import type { GatewayParts } from './gateway-parts.js';

/** Classes that speak about the one item of a single write; all others speak about the call. */
const ABOUT_THE_ITEM: readonly RuleClass[] = [
  'OK', 'ACCEPTED', 'DONE', 'LINK', 'REMAP', 'CONFLICT', 'REJECT', 'WAITDEP',
]; // prettier-ignore

/** Sends the prepared bytes once (token, clock and secret repair themselves) and reads what came back. */
export async function writePrepared(
  parts: GatewayParts,
  call: PreparedCall,
  mayLeave?: () => boolean,
): Promise<WriteAnswer> {
  const answer = await parts.caller.call({
    operation: call.operation,
    method: 'POST',
    path: call.path,
    query: '',
    body: call.body,
    isWrite: true,
    ...(mayLeave ? { mayLeave } : {}),
  });
  const context = parts.contextOf(call.kind, call.bizNos.length > 1);
  const { requestId } = answer;
  if (answer.verdict.class === 'SPLIT' && context.isBatch) parts.limits.halve(call.bizNos.length);
  const outcome = parts.items.outcomeOf(answer.spoken, answer.verdict, context);
  if (call.operation === 'write-single') return singleAnswer(call, answer, outcome);
  if (answer.verdict.class === 'OK') {
    // A nation that answers a batch at once names its items like a receipt does.
    const items = itemOutcomes(answer.spoken.payload.items, context, parts.items);
    return { level: 'items', items: forEveryNumber(items, call.bizNos), requestId };
  }
  if (outcome.class === 'ACCEPTED' && outcome.batchNo === null && call.clientBatchNo === null) {
    // Taken, but under no name that could be asked for.
    return {
      level: 'call',
      outcome: { class: 'AMBIG', code: outcome.code, message: 'accepted without batchNo' },
      requestId,
    };
  }
  return { level: 'call', outcome, requestId };
}

function singleAnswer(call: PreparedCall, answer: Answer, outcome: GatewayOutcome): WriteAnswer {
  const bizNo = call.bizNos[0];
  const { requestId, verdict } = answer;
  if (bizNo === undefined || !ABOUT_THE_ITEM.includes(verdict.class)) return { level: 'call', outcome, requestId };
  return { level: 'items', items: new Map([[bizNo, outcome]]), requestId };
}
