import type { Fault, ItemProblem } from '../records/index.js';

/** Who pushes: one source system, already authenticated. */
export interface SourceIdentity {
  readonly id: string;
  readonly appKey: string;
  /** Area prefix, e.g. `5334`. */
  readonly areaCode: string;
}

/** One item of a call after strict parsing: its value, and what the parser found wrong inside it. */
export interface RawItem {
  readonly value: unknown;
  /** Faults with pointers relative to the item (`/data/name`); a line that is no JSON has one at ''. */
  readonly faults: readonly Fault[];
}

export type PushOutcome = 'accepted' | 'duplicate' | 'superseded' | 'rejected';

export interface ItemAnswer {
  readonly index: number;
  readonly kind: string | null;
  readonly sourceId: string | null;
  readonly outcome: PushOutcome;
  readonly recordId?: string;
  readonly version?: number;
  readonly errors?: readonly ItemProblem[];
  readonly warnings?: readonly ItemProblem[];
}

/** G-24. */
export interface SignedReceipt {
  readonly batchId: string;
  readonly digest: string;
  readonly at: string;
  readonly keyId: string;
  readonly signature: string;
}

/** Problems are still codes and pointers: the controller gives them words in the caller's language. */
export interface PushAnswer {
  readonly batchId: string | null;
  readonly counts: Readonly<Record<PushOutcome, number>>;
  readonly items: readonly ItemAnswer[];
  readonly receipt: SignedReceipt | null;
}

export interface PushOptions {
  /** `validate` runs the whole of it and writes nothing (G-22). */
  readonly mode: 'commit' | 'validate';
}

export interface Intake {
  push(source: SourceIdentity, items: readonly RawItem[], options: PushOptions): Promise<PushAnswer>;
}
