/** What may stand beside a code: values for its sentence, and what the answer's head needs. */
export interface CodedErrorOptions {
  /** Values for the placeholders of the sentence; they are shown, so never anything confidential. */
  readonly params?: Readonly<Record<string, string | number>>;
  /** Whole seconds for `Retry-After`. */
  readonly retryAfterSecs?: number;
  /** HTTP status when it differs from the one in the catalogue. */
  readonly status?: number;
  /** What went wrong underneath; logged, never shown. */
  readonly cause?: unknown;
}

/**
 * An accident with a name: the code leads to status, log level, sentence and remedy in the catalogue of codes.
 * `Code` keeps the union of known codes with the thrower: `CodedError<CatalogueCode>`.
 *
 * Promise  the message is the code alone, so that a log line or an error page gives nothing away
 */
export class CodedError<Code extends string = string> extends Error {
  readonly params: Readonly<Record<string, string | number>>;
  readonly retryAfterSecs?: number;
  readonly status?: number;

  constructor(
    readonly code: Code,
    options: CodedErrorOptions = {},
  ) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CodedError';
    this.params = options.params ?? {};
    if (options.retryAfterSecs !== undefined) this.retryAfterSecs = options.retryAfterSecs;
    if (options.status !== undefined) this.status = options.status;
  }
}

/** Whether something thrown carries a code; works across copies of this module, as in tests. */
export function isCodedError(thrown: unknown): thrown is CodedError {
  return (
    thrown instanceof Error && thrown.name === 'CodedError' && typeof (thrown as { code?: unknown }).code === 'string'
  );
}
