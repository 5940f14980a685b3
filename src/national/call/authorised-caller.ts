import { codeWords } from '../../records/index.js';
import type { ProfileSpec } from '../profile/profile.schema.js';
import { silent, type Answer } from './answer.js';
import { orAborted } from './or-aborted.js';
import type { NationalCall, SignedCaller } from './signed-caller.js';
import type { TokenAnswer, TokenKeeper } from './token-keeper.js';

export interface AuthorisedCaller {
  /** One national call with a token, inside one total deadline; REFRESH and CLOCK never come out. */
  call(call: NationalCall): Promise<Answer>;
}

export interface AuthorisedParts {
  readonly spec: ProfileSpec;
  readonly caller: SignedCaller;
  readonly tokens: TokenKeeper;
}

export function createAuthorisedCaller(parts: AuthorisedParts): AuthorisedCaller {
  return { call: (call) => callWithToken(parts, call) };
}

async function callWithToken(parts: AuthorisedParts, call: NationalCall): Promise<Answer> {
  const { deadlineMs } = parts.spec.transport;
  const signal = AbortSignal.timeout(call.isWrite ? deadlineMs.write : deadlineMs.read);
  const first = await orAborted(parts.tokens.current(), signal, noTokenInTime);
  if ('failed' in first) return first.failed;
  const answer = await parts.caller.call(call, first.token, signal);
  noteAccepted(parts.tokens, answer);
  if (answer.verdict.class !== 'REFRESH') return settled(answer);
  // A12: a refused token means that the body was not looked at, so sending again is safe also for writes.
  const renewed = parts.tokens.renew(first.token, answer.verdict.rule.isDisplaced === true);
  const second = await orAborted(renewed, signal, noTokenInTime);
  if ('failed' in second) return second.failed;
  if (signal.aborted) return settled(answer);
  const again = await parts.caller.call(call, second.token, signal);
  noteAccepted(parts.tokens, again);
  return settled(again);
}

/** Only a spoken code proves that the token was looked at and taken. */
function noteAccepted(tokens: TokenKeeper, { verdict }: Answer): void {
  const isSpoken = verdict.ruleId.startsWith('code:') || verdict.ruleId.startsWith('message:');
  if (isSpoken && verdict.class !== 'REFRESH') tokens.accepted();
}

/** A token or clock refused twice in one call: certainly not processed, so it goes back to the queue. */
function settled(answer: Answer): Answer {
  if (answer.verdict.class !== 'REFRESH' && answer.verdict.class !== 'CLOCK') return answer;
  return { ...answer, verdict: { ruleId: answer.verdict.ruleId, class: 'RETRY', rule: { class: 'RETRY' } } };
}

const noTokenInTime = (): TokenAnswer => ({
  failed: {
    verdict: { ruleId: 'not-sent', class: 'RETRY', rule: { class: 'RETRY' } },
    spoken: silent(codeWords('DEADLINE')),
    requestId: '',
  },
});
