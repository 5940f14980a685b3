import { CodedError, type CodedErrorOptions } from '../errors/index.js';

/** One line of `errors` in a problem, already in the caller's language (station-contract §1). */
export interface ProblemLine {
  readonly index?: number;
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface RefusalOptions extends CodedErrorOptions {
  readonly errors?: readonly ProblemLine[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the problem, such as `serverTime`. */
  readonly members?: Readonly<Record<string, string | number>>;
}

/** Ends a call with the problem of `code`, and says more about it than a code can: nothing of the call was taken. */
export class CallRefusal extends CodedError {
  readonly errors: readonly ProblemLine[];
  readonly headers: Readonly<Record<string, string>>;
  readonly members: Readonly<Record<string, string | number>>;

  constructor(code: string, options: RefusalOptions = {}) {
    super(code, options);
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
    this.members = options.members ?? {};
  }
}
