import { codeWords } from '../../records/index.js';
import type { Spoken } from '../call/answer.js';
import { isMembers } from '../call/envelope.js';
import { ownWords } from '../call/own-words.js';
import type { GatewayOutcome } from '../gateway-outcome.js';
import type { ErrorRules } from '../profile/error-rules.js';
import type { OutcomeContext, OutcomeOf } from './outcome-of.js';
import { listOf, textOf } from './outcome-of.js';

export interface ItemTools {
  readonly errors: ErrorRules;
  readonly outcomeOf: OutcomeOf;
  /** Numeric codes are padded to it (F41). */
  readonly codeWidth: number;
}

const UNNAMED: GatewayOutcome = { class: 'AMBIG', ...codeWords('NOT_NAMED') };
const TWICE: GatewayOutcome = { class: 'AMBIG', ...codeWords('NAMED_TWICE') };

/**
 * Items of a receipt by number, whatever their order (F22). Entries without a number are skipped; a number named
 * twice with different codes is not believed. Items are always judged as writes.
 */
export function itemOutcomes(items: unknown, context: OutcomeContext, tools: ItemTools): Map<string, GatewayOutcome> {
  const found = new Map<string, GatewayOutcome>();
  for (const item of listOf(items)) {
    const bizNo = textOf(item.bizNo);
    if (bizNo === null) continue;
    const outcome = itemOutcome(item, context, tools);
    const earlier = found.get(bizNo);
    found.set(bizNo, earlier && earlier.code !== outcome.code ? TWICE : outcome);
  }
  return found;
}

function itemOutcome(
  item: Readonly<Record<string, unknown>>,
  context: OutcomeContext,
  tools: ItemTools,
): GatewayOutcome {
  const rawMessage = typeof item.message === 'string' ? item.message : '';
  const code =
    typeof item.code === 'number' ? String(item.code).padStart(tools.codeWidth, '0') : (textOf(item.code) ?? '');
  const verdict = tools.errors.ofCode({ code, message: rawMessage, isWrite: true });
  const said: Spoken = {
    code,
    message: ownWords(verdict, code),
    rawMessage,
    payload: item,
    detail: isMembers(item.detail) ? item.detail : {},
    retryAfterMs: null,
  };
  return tools.outcomeOf(said, verdict, context);
}

/** Exactly the asked numbers: those that the reply did not name are AMBIG, strangers are dropped. */
export function forEveryNumber(
  found: ReadonlyMap<string, GatewayOutcome>,
  bizNos: readonly string[],
): Map<string, GatewayOutcome> {
  return new Map(bizNos.map((bizNo) => [bizNo, found.get(bizNo) ?? UNNAMED]));
}
