/**
 * What one national call, or one item of it, came back with. One member per class of
 * national-contract §1.12; REFRESH, CLOCK and 1306 (split) are consumed inside the gateway and never appear.
 * An outcome is a value; exceptions out of the gateway are bugs.
 */

/** Review states of a national row (§1.16 B15); `NONE` only for real names not yet asked for. */
export type ReviewStatus = 'NONE' | 'REVIEWING' | 'PASSED' | 'FAILED';

/** A number that the national side named as missing or not ready (`detail.missing`). */
export interface MissingParent {
  readonly entity: string;
  readonly bizNo: string | null;
}

interface Said {
  /** National code as sent (`0000`, `2101` …), or one of ours (`TRANSPORT`, `HTTP_ERROR` …). */
  readonly code: string;
  /** National message, cut to 200 characters and freed of digit runs ≥ 6; safe to store and show. */
  readonly message: string;
}

/** Stored nationally: created, updated, linked, voided, or already there with this content. */
export interface Done extends Said {
  readonly class: 'DONE';
  readonly result: 'CREATED' | 'UPDATED' | 'LINKED' | 'VOIDED' | 'DUPLICATE' | 'SUPERSEDED';
  readonly nationalId: string | null;
  /** Version that the national side holds, when it said so (2003: a newer one). */
  readonly storedVersion: number | null;
  /** null = the reply did not say; a lookup has to. */
  readonly review: ReviewStatus | null;
}
/** Taken for processing: a receipt (batch) or a certificate's progress has to be polled. */
export interface Accepted extends Said {
  readonly class: 'ACCEPTED';
  /** Only for what is stored while it is in progress: a certificate-request (§1.16 B18). */
  readonly nationalId?: string | null;
  readonly batchNo: string | null;
  readonly pollAfterMs: number;
}
/** Certainly not processed; may be sent again after a back-off. */
export interface Retry extends Said {
  readonly class: 'RETRY';
  readonly retryAfterMs: number | null;
}
/** A parent is missing or awaits approval; `isSlow` = days (2102, 2103). */
export interface WaitDependency extends Said {
  readonly class: 'WAITDEP';
  readonly missing: readonly MissingParent[];
  readonly isSlow: boolean;
}
/** Throttled; nothing was looked at. `scope`: what has to pause. */
export interface Quota extends Said {
  readonly class: 'QUOTA';
  readonly scope: 'qps' | 'concurrency' | 'day' | 'writes' | 'all';
  readonly retryAfterMs: number;
}
/** The natural key is already registered under `nationalId` (2010); adopt it with linkTo. */
export interface Link extends Said {
  readonly class: 'LINK';
  readonly nationalId: string;
  /** Holder's number when it is one of ours: then it is no link but a conflict. */
  readonly holderBizNo: string | null;
}
/** The row was merged into `mergedTo` (2012). */
export interface Remap extends Said {
  readonly class: 'REMAP';
  readonly mergedTo: string | null;
}
/** What a refusal complains about, in the closed vocabulary of `messageTemplate`: the nation's own words are not kept. */
interface Complaining extends Said {
  readonly template?: string;
}
export interface Conflict extends Complaining {
  readonly class: 'CONFLICT';
  readonly nationalId: string | null;
}
export interface Reject extends Complaining {
  readonly class: 'REJECT';
  readonly fields: readonly { readonly path: string; readonly rule: string }[];
}
/** The result is not known: look it up, never resend blindly (§1.8). */
export interface Unknown extends Said {
  readonly class: 'AMBIG';
  /**
   * A filter page answered (F07): besides looking the item up, the operation has to pause as by a soft HALT of scope
   * `operation`, since §1.12 asks for both.
   */
  readonly pausesOperation?: true;
  /** How long that pause is by the profile. */
  readonly pauseMs?: number;
}
/** Stop the profile or the operation; records untouched. `isSoft` = re-probed automatically. */
export interface Halt extends Said {
  readonly class: 'HALT';
  readonly scope: 'profile' | 'entity' | 'operation';
  readonly isSoft: boolean;
  /** After this it is tried again by itself, as the profile says; soft ones soon, hard ones (a key, a right) later. */
  readonly pauseMs?: number;
}

export type GatewayOutcome =
  Done | Accepted | Retry | WaitDependency | Quota | Link | Remap | Conflict | Reject | Unknown | Halt;

export type OutcomeClass = GatewayOutcome['class'];
