import { remedy, sentence } from './catalogue.js';
import type { CatalogueCode, Lang, SentenceParams } from './catalogue.js';

/** Something about one item: an error that refuses it, or a warning that stays with it. Never a person's data. */
export interface ItemProblem {
  readonly code: CatalogueCode;
  /** RFC 6901 from the item, e.g. `/data/idNo`; empty = the item itself (G-29). */
  readonly pointer: string;
  readonly params?: SentenceParams;
}

/** One member of `errors` (station-contract §1). */
export interface PresentedProblem {
  readonly pointer: string;
  readonly code: CatalogueCode;
  readonly message: string;
  readonly hint: string;
}

/** One member of `warnings` (G-22). */
export interface PresentedWarning {
  readonly code: CatalogueCode;
  readonly pointer: string;
  readonly message: string;
}

/** An error in the caller's language: what is wrong, where, and the way out. */
export function present(problem: ItemProblem, lang: Lang): PresentedProblem {
  return {
    pointer: problem.pointer,
    code: problem.code,
    message: sentence(problem.code, lang, problem.params),
    hint: remedy(problem.code, lang),
  };
}

/** A warning in the caller's language. */
export function presentWarning(problem: ItemProblem, lang: Lang): PresentedWarning {
  return {
    code: problem.code,
    pointer: problem.pointer,
    message: sentence(problem.code, lang, problem.params),
  };
}
