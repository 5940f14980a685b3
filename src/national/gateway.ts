import type { RecordData } from '../records/index.js';
import type { GatewayOutcome, ReviewStatus } from './gateway-outcome.js';

/** National operation of one write item (§1.5). */
export type WriteOp = 'UPSERT' | 'VOID' | 'CORRECT';

/** A record as the ledger holds it, in station words; the profile turns it into national words. */
export interface OutgoingItem {
  readonly kind: string;
  readonly bizNo: string;
  readonly version: number;
  readonly op: WriteOp;
  readonly reason: string | null;
  /** Plain station data (personal fields opened); {} for VOID. */
  readonly data: RecordData;
  /** National numbers by role name as the profile's field map asks for them, see `NationalRefs`. */
  readonly refs: NationalRefs;
  readonly linkTo?: string;
  readonly reopen?: boolean;
}

/**
 * Numbers that stand in national data but come from other records: `volunteerBizNo`, `activityBizNo`,
 * `projectBizNo`, `teamBizNo`, `stationBizNo`, `serviceRecordBizNo`, `leaderVolunteerBizNo`; for certificates
 * also `totalMinutes`, `recordCount`, `recordsHash`, `recordBizNos`.
 */
export type NationalRefs = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** One prepared write request: bytes fixed before the first is sent, so that they can be written down. */
export interface PreparedCall {
  readonly kind: string;
  readonly operation: 'write-single' | 'write-batch';
  readonly clientBatchNo: string | null;
  readonly path: string;
  readonly body: Buffer;
  /** hex SHA-256 of `body`. */
  readonly bodySha256: string;
  /** hex content hash per item by bizNo (§1.5); null for VOID. */
  readonly contentHashes: ReadonlyMap<string, string | null>;
  readonly bizNos: readonly string[];
}

/** The whole call's outcome, or one per item (by number; items the reply did not name are AMBIG). */
export type WriteAnswer =
  | { readonly level: 'call'; readonly outcome: GatewayOutcome; readonly requestId: string }
  | { readonly level: 'items'; readonly items: ReadonlyMap<string, GatewayOutcome>; readonly requestId: string };

export type ReceiptAnswer =
  | { readonly status: 'processing'; readonly pollAfterMs: number | null }
  | { readonly status: 'done'; readonly items: ReadonlyMap<string, GatewayOutcome> }
  /** 3001/3003: not there; the items have to be looked up. */
  | { readonly status: 'gone'; readonly outcome: GatewayOutcome }
  | { readonly status: 'failed'; readonly outcome: GatewayOutcome };

/** A national row as lookup shows it (§1.7, §1.16 E3/E4). */
export interface NationalRow {
  readonly nationalId: string;
  readonly bizNo: string | null;
  readonly version: number | null;
  readonly contentHash: string | null;
  readonly status: 'ACTIVE' | 'VOIDED' | 'DELETED' | 'MERGED';
  /** auditStatus, or realNameStatus for volunteers. */
  readonly review: ReviewStatus;
  readonly mergedTo: string | null;
}

export type LookupAnswer =
  | {
      readonly status: 'found';
      /** Epoch ms by the national clock: what the reply shows is the state of that moment. */
      readonly asOfMs: number;
      readonly rows: ReadonlyMap<string, readonly NationalRow[]>;
    }
  | { readonly status: 'failed'; readonly outcome: GatewayOutcome };

export type CertificateAnswer =
  | {
      readonly status: 'ACCEPTED' | 'REVIEWING' | 'ISSUED' | 'REJECTED' | 'CANCELLED' | 'REVOKED' | 'REISSUED';
      readonly pollAfterMs: number | null;
      readonly certNo: string | null;
      readonly reason: string | null;
    }
  | { readonly status: 'failed'; readonly outcome: GatewayOutcome };

/** What `/sys/status` announces; null = no limit. Never constants of ours (G-76). */
export interface NationalStatus {
  readonly mode: 'open' | 'read-only' | 'closed';
  readonly limits: {
    readonly batchItems: number;
    readonly batchBytes: number;
    readonly qps: number | null;
    readonly concurrency: number | null;
  };
  readonly quota: { readonly limit: number | null; readonly used: number; readonly resetAtMs: number | null };
  /** null = open now; else ms until writes open, by the national clock. */
  readonly writesOpenInMs: number | null;
}

export type StatusAnswer =
  | { readonly status: 'ok'; readonly value: NationalStatus }
  | { readonly status: 'failed'; readonly outcome: GatewayOutcome };

/** Facts of the active profile that other rooms decide by. */
export interface ProfileFacts {
  readonly id: string;
  /** hex sha-256 of the profile folder and of the overrides file ('' = none); written on every call row. */
  readonly profileHash: string;
  readonly overridesHash: string;
  readonly readAfterWriteMs: number;
  readonly maxCommitLatencyMs: number;
  readonly callDeadlineMs: number;
  readonly reviewPollMs: number;
  readonly reviewPollMaxMs: number;
  readonly certificatePollMs: number;
  readonly certificatePollMaxMs: number;
  readonly guardianRequiredUnder: number;
  /** Concurrency when the nation announces none. */
  readonly defaultConcurrency: number;
  readonly defaultPollAfterMs: number;
  /** Kinds bound to a national entity; any other is `unsupported`. */
  readonly supportedKinds: readonly string[];
  /** Kinds whose rows are reviewed and so watched until PASSED or FAILED. */
  readonly reviewedKinds: readonly string[];
  /** Largest frozen certificate set that is sent as recordBizNos (G-52). */
  readonly maxCertificateRecords: number;
  /** Records older than this many days are not re-sent when a parent changes (G-14). */
  readonly maxRecordAgeDays: number;
  /** Whether corrections of this kind use CORRECT once its row is live (G-75). */
  readonly correctsKinds: readonly string[];
}

/**
 * The only thing that talks to the nation. Every method resolves: a fault of the wire is an outcome.
 * A total deadline per call is enforced inside.
 */
export interface NationalGateway {
  readonly facts: ProfileFacts;
  /** National entity name of a kind (`service-records`), as the wire's `missing` speaks. */
  entityOf(kind: string): string;
  kindOf(entity: string): string | null;
  /** Pure apart from IVs: field map, dictionaries, encryption, content hash. One item → single write. */
  prepare(items: readonly OutgoingItem[], clientBatchNo: string | null): PreparedCall;
  /** hex recordsHash of a certificate's set (§1.13). */
  recordsHash(lines: readonly { readonly bizNo: string; readonly version: number; readonly minutes: number }[]): string;
  /** `mayLeave` is asked right before the first byte; false = nothing leaves, and the outcome says so. */
  write(call: PreparedCall, mayLeave?: () => boolean): Promise<WriteAnswer>;
  receipt(batchNo: string): Promise<ReceiptAnswer>;
  receiptByClientBatchNo(clientBatchNo: string): Promise<ReceiptAnswer>;
  lookup(kind: string, bizNos: readonly string[]): Promise<LookupAnswer>;
  certificate(bizNo: string): Promise<CertificateAnswer>;
  status(): Promise<StatusAnswer>;
  /** Epoch ms by the national clock as last learnt. */
  nationalNowMs(): number;
}
