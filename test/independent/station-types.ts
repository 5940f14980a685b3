/** Shapes of the station side (station-contract §2, §4, §6). */
import type { HmacMethod, Json, JsonObject } from './canonical.js';

export interface StationItem {
  kind: string;
  sourceId: string;
  revision?: number;
  op?: 'upsert' | 'void';
  reason?: string;
  data?: JsonObject;
}
export interface StationCredentials {
  appKey: string;
  secret: string;
}
export type StationAuth = 'bearer' | HmacMethod;
export interface StationClientOptions extends StationCredentials {
  /** Origin of the service; a trailing `/api/v1` is tolerated. */
  apiBase: string;
  auth?: StationAuth;
  maxAttempts?: number;
}
export interface Answer {
  status: number;
  headers: Map<string, string>;
  body: Json;
  bytes: Buffer;
}
export interface HistoryEntry {
  at: number;
  method: string;
  target: string;
  attempt: number;
  status: number | null;
  note: string;
}
export interface ItemAnswer {
  index: number;
  kind: string | null;
  sourceId: string | null;
  outcome: 'accepted' | 'duplicate' | 'superseded' | 'rejected';
  recordId?: string;
  version?: number;
  errors?: JsonObject[];
  warnings?: JsonObject[];
}
export interface Receipt {
  batchId: string;
  digest: string;
  at: string;
  keyId: string;
  signature: string;
}
export interface BatchAnswer {
  batchId: string;
  counts: { accepted: number; duplicate: number; superseded: number; rejected: number };
  items: ItemAnswer[];
  receipt: Receipt;
}
export interface SingleAnswer {
  batchId: string;
  outcome: ItemAnswer['outcome'];
  recordId: string;
  version: number;
  receipt: Receipt;
}
export interface RecordStatus {
  recordId: string;
  kind: string;
  sourceId: string;
  bizNo: string;
  version: number;
  state: string;
  since: string;
  nationalId: string | null;
  nationalVersion: number | null;
  waitingFor: { kind: string; sourceId: string | null; reason: string }[];
  lastOutcome: { code: string; message: string; at: string; actor: string } | null;
  nextAttemptAt: string | null;
  dueBy: string | null;
  warnings: JsonObject[];
  samePersonAs: { sourceId: string }[];
}
export interface ChangeEvent {
  seq: number;
  eventId: string;
  kind: string;
  sourceId: string;
  recordId: string;
  version: number;
  state: string;
  since: string;
  code?: string;
}
export interface ChangesPage {
  events: ChangeEvent[];
  nextCursor: string;
  hasMore: boolean;
}
export interface Summary {
  asOf: string;
  kinds: Record<string, Record<string, number>>;
}
export interface SigningKey {
  keyId: string;
  alg: string;
  publicKey: string;
  notBefore: string;
  notAfter: string | null;
}
export interface SendOptions {
  contentType?: string;
  body?: Buffer;
  /** The client sends everything, then cuts the connection after this many ms: the answer is lost. */
  abortAfterSendMs?: number;
  accept?: string;
  anonymous?: boolean;
}
export interface PushOptions {
  contentType?: 'json' | 'ndjson';
  validate?: boolean;
  abortAfterSendMs?: number;
}
