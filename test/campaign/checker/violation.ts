import type { Evidence } from './evidence.js';

/** One broken invariant of reliability §4.2. */
export interface Violation {
  readonly invariant: string;
  /** `source|kind/sourceId`, a national number, or what else it is about. */
  readonly key: string;
  readonly what: string;
}

export type Check = (evidence: Evidence) => Violation[];

export const broken = (invariant: string, key: string, what: string): Violation => ({ invariant, key, what });
