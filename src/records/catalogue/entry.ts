/**
 * The columns of the catalogue. Every code that a station, an official or an operator can meet has one row,
 * and every row fills every column: a code without a way out is a code that nobody can act on (house §2.9).
 */

/** Who has to act. The same four words that owners of problems use on the console. */
export type Owner = 'station' | 'county' | 'nation' | 'platform';

/**
 * What to do with the same content:
 * `never` = it stays refused until someone changes it; `later` = send it again after a pause;
 * `ask` = find out first what happened, a blind repeat may double; `wait` = nothing to do, it goes on by itself.
 */
export type RetryAdvice = 'never' | 'later' | 'ask' | 'wait';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Languages of §1 of the station contract: Chinese unless the caller asks for English. */
export type Lang = 'zh' | 'en';

/**
 * Values for the placeholders of a sentence; never a person's data.
 * A sentence has its placeholders only inside `[…]`; such a part is left out whole when a value of it is missing,
 * so that no reader ever meets a half sentence.
 */
export type SentenceParams = Readonly<Record<string, string | number>>;

export interface CatalogueEntry {
  /** HTTP status when the code is the answer to a call; null = it never is one. */
  readonly status: number | null;
  readonly level: LogLevel;
  /** One sentence for station staff and county officials, who are not programmers. */
  readonly zh: string;
  readonly en: string;
  /** Why this happens, in Chinese. */
  readonly cause: string;
  /** The way out, in Chinese and in English. */
  readonly remedy: string;
  readonly remedyEn: string;
  readonly owner: Owner;
  readonly retry: RetryAdvice;
  /** Clause that gave us the code: `G-05`, `R67`, `§1.12` … */
  readonly source: string;
}

/** Classes of national-contract §1.12. */
export type NationalClass =
  | 'OK'
  | 'ACCEPTED'
  | 'RETRY'
  | 'REFRESH'
  | 'CLOCK'
  | 'WAITDEP'
  | 'QUOTA'
  | 'DONE'
  | 'LINK'
  | 'REMAP'
  | 'CONFLICT'
  | 'REJECT'
  | 'AMBIG'
  | 'HALT';

export interface NationalCodeEntry {
  readonly class: NationalClass;
  readonly zh: string;
  readonly remedy: string;
  readonly owner: Owner;
  readonly retry: RetryAdvice;
  readonly source: string;
}
