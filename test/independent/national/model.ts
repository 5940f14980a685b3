/** The data model of the independent national side. */
import type { HmacMethod, JsonObject } from '../canonical.js';

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

export function isEntity(text: string): text is Entity {
  return (ENTITIES as readonly string[]).includes(text);
}

export type RowStatus = 'ACTIVE' | 'VOIDED' | 'DELETED' | 'MERGED';
export type ReviewStatus = 'REVIEWING' | 'PASSED' | 'FAILED';
export type Origin = 'self' | 'portal' | 'app' | 'other-system' | 'admin';
export type CertificateStatus = 'ACCEPTED' | 'REVIEWING' | 'ISSUED' | 'REJECTED' | 'CANCELLED' | 'REVOKED';

export interface Certificate {
  status: CertificateStatus;
  covers: string[];
  acceptedAt: number;
  certNo?: string;
  issuedAt?: number;
  verifyCode?: string;
  sha256?: string;
  file?: Buffer;
  reason?: string;
}

/** What is true of a row at one moment; `data` holds plain text and is never changed in place. */
export interface RowState {
  bizNo: string | null;
  version: number;
  data: JsonObject;
  contentHash: string;
  status: RowStatus;
  auditStatus: ReviewStatus;
  realNameStatus?: ReviewStatus;
  mergedTo: string | null;
  updatedAt: number;
}

export interface Row extends RowState {
  entity: Entity;
  nationalId: string;
  volunteerNo?: string;
  origin: Origin;
  createdAt: number;
  certificate?: Certificate;
  naturalKey: string | null;
  person: string | null;
  history: { at: number; state: RowState }[];
}

export interface FieldFault {
  path: string;
  rule: string;
  message: string;
}

export interface Missing {
  entity: Entity;
  bizNo: string | null;
  nationalId?: string;
  volunteerBizNo?: string;
  projectBizNo?: string;
}

export interface Outcome {
  code: string;
  message: string;
  data: JsonObject;
  detail?: JsonObject;
}

export interface WriteItem {
  bizNo: string;
  version: number;
  op: 'UPSERT' | 'VOID' | 'CORRECT';
  reason: string | null;
  data: JsonObject;
  linkTo: string | null;
  reopen: boolean;
}

export interface FeedEvent {
  seq: number;
  at: number;
  body: JsonObject;
}

export interface Limits {
  qps: number | null;
  burst: number | null;
  concurrency: number | null;
  quota: number | null;
}

export interface NationalSettings {
  appKey: string;
  secrets: string[];
  methods: HmacMethod[];
  fieldKey: string;
  areaPrefix: string;
  httpStatusMode: 'always200' | 'mixed';
  mode: 'open' | 'read-only' | 'closed';
  window: { writesFrom: string; writesTo: string };
  limits: Limits;
  batchItems: number;
  batchBytes: number;
  tokenTtlSec: number;
  singleSession: boolean;
  latencyMs: number;
  receiptDelayMs: number;
  receiptKeepMs: number;
  pollAfterMs: number;
  certificatePollAfterMs: number;
  reviewMs: number;
  realNameMs: number;
  certificateMs: number;
  readLagMs: number;
  pauseGraceMs: number;
  gzip: boolean;
  /** Where callbacks go; null = none. */
  callbackUrl: string | null;
  callbackRetryMs: number[];
  strictDictionaries: boolean;
  seed: number;
}

export type SettingsPatch = Partial<Omit<NationalSettings, 'limits'>> & { limits?: Partial<Limits> };

/** Credentials of §1.13; nothing is limited and nothing is delayed unless asked for. */
export function defaultSettings(): NationalSettings {
  return {
    appKey: 'vgw-demo-530000',
    secrets: ['vgw-demo-secret-0001'],
    methods: ['HMAC-SHA256', 'HMAC-SM3'],
    fieldKey: '0123456789abcdeffedcba9876543210',
    areaPrefix: '53',
    httpStatusMode: 'always200',
    mode: 'open',
    window: { writesFrom: '00:00', writesTo: '24:00' },
    limits: { qps: null, burst: null, concurrency: null, quota: null },
    batchItems: 100,
    batchBytes: 1024 * 1024,
    tokenTtlSec: 1800,
    singleSession: false,
    latencyMs: 0,
    receiptDelayMs: 0,
    receiptKeepMs: 7 * 24 * 3600 * 1000,
    pollAfterMs: 100,
    certificatePollAfterMs: 100,
    reviewMs: 0,
    realNameMs: 0,
    certificateMs: 0,
    readLagMs: 0,
    pauseGraceMs: 2000,
    gzip: true,
    callbackUrl: null,
    // §1.11: 1 m, 5 m, 30 m, 2 h, 12 h, 24 h.
    callbackRetryMs: [1, 5, 30, 120, 720, 1440].map((minutes) => minutes * 60_000),
    strictDictionaries: false,
    seed: 1,
  };
}

export interface RequestEntry {
  at: number;
  method: string;
  path: string;
  query: string;
  code: string;
  httpStatus: number;
  requestId: string;
  nonce: string;
  entity: Entity | null;
  bizNos: string[];
  fault: string | null;
  ms: number;
}

export interface Violation {
  at: number;
  rule: string;
  message: string;
  requestId: string;
  bizNos: string[];
}

export function ok(data: JsonObject): Outcome {
  return { code: '0000', message: '成功', data };
}

export function fail(code: string, message: string, detail?: JsonObject): Outcome {
  return detail === undefined ? { code, message, data: {} } : { code, message, data: {}, detail };
}

export function fieldFail(fields: FieldFault[]): Outcome {
  return fail('2201', '字段校验不通过', { fields: fields.map((field) => ({ ...field })) });
}
