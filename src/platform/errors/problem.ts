/** Content type of every error answer (RFC 9457). */
export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** What a problem is made of. */
export interface ProblemParts<FieldError> {
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  /** One sentence for people, the same for every occurrence of the code. */
  readonly title: string;
  /** What to do about it, or what is special this time. */
  readonly detail: string;
  /** Finds the call in the logs. */
  readonly traceId: string;
  readonly errors?: readonly FieldError[];
}

/** RFC 9457 problem object. */
export interface Problem<FieldError> extends ProblemParts<FieldError> {
  /** A code is no address: `about:blank`, and `code` tells problems apart (RFC 9457 §4.2.1). */
  readonly type: 'about:blank';
}

/**
 * Builds the body of an error answer.
 *
 * Shape    parts → problem object in the order in which people read it; `errors` only when there are any
 * Throws   RangeError when the status is not one of an error: that would be our mistake
 * Source   RFC 9457
 */
export function problem<FieldError>(parts: ProblemParts<FieldError>): Problem<FieldError> {
  const { status, code, title, detail, traceId, errors } = parts;
  if (!Number.isInteger(status) || status < 400 || status > 599) throw new RangeError(`No error status: ${status}`);
  const body: Problem<FieldError> = { type: 'about:blank', title, status, detail, code, traceId };
  return errors === undefined || errors.length === 0 ? body : { ...body, errors };
}
