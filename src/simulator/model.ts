// Words of the simulated nation: rows, replies, outcomes. Types only, plus the list of entities.

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type Fields = Readonly<Record<string, Json>>;

/** In the order of §1.4, which is also the order of default day fields (§1.16 F2). */
export const ENTITIES = [
  'stations',
  'teams',
  'volunteers',
  'memberships',
  'projects',
  'activities',
  'service-records',
  'evaluations',
  'trainings',
  'commendations',
  'certificate-requests',
] as const;
export type Entity = (typeof ENTITIES)[number];

export const isEntity = (name: unknown): name is Entity => ENTITIES.includes(name as Entity);

export type RowStatus = 'ACTIVE' | 'VOIDED' | 'MERGED' | 'DELETED';
export type AuditStatus = 'REVIEWING' | 'PASSED' | 'FAILED';
export type RealNameStatus = 'NONE' | AuditStatus;
export type Origin = 'self' | 'portal' | 'app' | 'other-system' | 'admin';
export type CertificateStatus = 'ACCEPTED' | 'REVIEWING' | 'ISSUED' | 'REJECTED' | 'CANCELLED' | 'REVOKED' | 'REISSUED';

export interface Certificate {
  status: CertificateStatus;
  /** National ids of the records the certificate speaks for (§1.16 G1, B17). */
  covers: readonly string[];
  certNo?: string;
  issuedAtMs?: number;
  verifyCode?: string;
  sha256?: string;
  reason?: string;
}

/** One immutable state of a national row; every change makes a new one, so feed and snapshots may keep it. */
export interface RowState {
  readonly entity: Entity;
  readonly nationalId: string;
  readonly bizNo: string | null;
  readonly version: number;
  readonly status: RowStatus;
  readonly auditStatus: AuditStatus;
  readonly contentHash: string;
  readonly origin: Origin;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** As sent: encrypted fields stay encrypted. */
  readonly data: Fields;
  readonly mergedTo?: string;
  readonly volunteerNo?: string;
  readonly realNameStatus?: RealNameStatus;
  /** When a pending review is decided by itself; null = held until someone decides. */
  readonly reviewDueMs?: number | null;
  readonly certificate?: Certificate;
}

export type FeedType =
  | 'UPSERTED'
  | 'AUDIT_RESULT'
  | 'REALNAME_RESULT'
  | 'VOIDED'
  | 'DELETED'
  | 'RESTORED'
  | 'MERGED'
  | 'SPLIT'
  | 'REASSIGNED'
  | 'CERT_ISSUED'
  | 'CERT_REJECTED'
  | 'CERT_REVOKED';

export interface Detail {
  [key: string]: unknown;
}

/** What one write item came to, single or inside a batch. */
export interface ItemResult {
  code: string;
  message?: string;
  data?: Record<string, unknown>;
  detail?: Detail;
}

/** One answer of the gateway before it becomes bytes. */
export interface Reply extends ItemResult {
  /** A reply that is a file instead of an envelope (§1.16 G4, F8). */
  file?: { bytes: Buffer; contentType: string };
}

export interface FieldFault {
  path: string;
  rule: string;
  message: string;
}

export const refuse = (code: string, detail?: Detail, message?: string): ItemResult => ({ code, detail, message });

export function invalid(path: string, rule: string, message = rule): ItemResult {
  return refuse('2201', { fields: [{ path, rule, message }] satisfies FieldFault[] });
}
