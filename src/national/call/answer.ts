import type { Verdict } from '../profile/error-rules.js';

type Members = Readonly<Record<string, unknown>>;

/** What the nation said, or in what way it said nothing; `message` is already safe. */
export interface Spoken {
  readonly code: string;
  readonly message: string;
  /** As sent, only for extracting an id (F15); never stored. */
  readonly rawMessage: string;
  readonly payload: Members;
  readonly detail: Members;
  readonly retryAfterMs: number | null;
}

/** One national call after everything that repairs itself (clock, secret, token). */
export interface Answer {
  readonly verdict: Verdict;
  readonly spoken: Spoken;
  readonly requestId: string;
}

/** What stands in the place of the nation's words: a code of ours with its sentence. */
export const silent = (
  { code, message }: { readonly code: string; readonly message: string },
  retryAfterMs: number | null = null,
): Spoken => ({
  code,
  message,
  rawMessage: '',
  payload: {},
  detail: {},
  retryAfterMs,
});
