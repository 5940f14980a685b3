/** One line of `errors` in a problem, already in the caller's language (station-contract §1). */
export interface ProblemLine {
  readonly index?: number;
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface RefusalOptions {
  /** Safe values for the sentence; never a person's data. */
  readonly params?: Readonly<Record<string, string | number>>;
  readonly errors?: readonly ProblemLine[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the problem, such as `serverTime`. */
  readonly members?: Readonly<Record<string, string | number>>;
  /** Other than the code's own. */
  readonly status?: number;
}

/** Ends a call with the problem of `code`: nothing of it was taken. */
export class CallRefusal extends Error {
  override name = 'CallRefusal';

  constructor(
    readonly code: string,
    readonly options: RefusalOptions = {},
  ) {
    super(code);
  }
}
