import type { ItemProblem, RecordData, RecordKind, RecordState } from '../records/index.js';

/** One examined item on its way into the ledger. */
export interface AcceptItem {
  readonly index: number;
  readonly kind: RecordKind;
  readonly sourceId: string;
  readonly revision: number | null;
  readonly op: 'upsert' | 'void';
  readonly reason: string | null;
  readonly data: RecordData;
  /** hex SHA-256 of the content form (G-12). */
  readonly contentHash: string;
  /** The content form itself, which the evidence commitment covers. */
  readonly canonical: string;
  readonly warnings: readonly ItemProblem[];
}

export type AcceptOutcome = 'accepted' | 'duplicate' | 'superseded' | 'rejected';

export interface AcceptResult {
  readonly index: number;
  readonly outcome: AcceptOutcome;
  readonly recordId: string | null;
  readonly version: number | null;
  readonly errors: readonly ItemProblem[];
  readonly warnings: readonly ItemProblem[];
}

export interface AcceptSource {
  readonly id: string;
  readonly appKey: string;
  readonly areaCode: string;
}

export interface AcceptBatch {
  readonly batchId: string;
  readonly source: AcceptSource;
  readonly items: readonly AcceptItem[];
}

/** What the active profile means for acceptance. */
export interface LedgerProfile {
  readonly supportedKinds: ReadonlySet<string>;
  /** Service records older than this many days are not sent again when a parent changes (G-14). */
  readonly maxRecordAgeDays: number;
}

/** A record as the ledger holds it while it decides; a working copy that evolves inside one batch. */
export interface RecordRow {
  id: string;
  kind: string;
  source_id: string;
  biz_no: string;
  version: number;
  revision: number;
  content_hash: string;
  is_void: boolean;
  state: RecordState;
  outcome_code: string | null;
  county_code: string;
  due_by: string | null;
  subject_ref: string | null;
  context_ref: string | null;
  starts_at: string | null;
  ends_at: string | null;
  is_landed: boolean;
  stands_nationally: boolean;
  /** The nation has had a row under this number, living or withdrawn: what follows is an update (C11). */
  was_stored: boolean;
  has_open_attempt: boolean;
}

export type Lane = 'certificate' | 'urgent' | 'normal' | 'backfill';

/** Certificates first, then what is near its legal deadline, then the rest, then past years. */
export const LANE_RANK: Readonly<Record<Lane, number>> = { certificate: 0, urgent: 1, normal: 2, backfill: 3 };

/** What a record waits for, as the status shows it (station-contract §4, G-50). */
export interface WaitingFor {
  readonly kind: string | null;
  readonly sourceId: string | null;
  readonly reason: string;
}
