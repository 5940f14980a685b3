/** What must have become of a record once everything is at rest. Of a `clash` pair exactly one is mirrored. */
export type Fate = 'mirrored' | 'waiting' | 'attention' | 'voided' | 'clash';

export interface WorldRecord {
  readonly kind: string;
  readonly sourceId: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly fate: Fate;
  /** A second revision, pushed once the first is with the nation. */
  readonly later?: Pick<Item, 'op' | 'reason' | 'data'>;
}

/** As `POST /api/v1/batches` takes it. */
export interface Item {
  readonly kind: string;
  readonly sourceId: string;
  readonly revision: number;
  readonly op?: 'upsert' | 'void';
  readonly reason?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export const firstItem = ({ kind, sourceId, data }: WorldRecord): Item => ({ kind, sourceId, revision: 1, data });

export function laterItem({ kind, sourceId, later }: WorldRecord): Item | null {
  return later === undefined ? null : { kind, sourceId, revision: 2, ...later };
}

/** What the newest revision says; null of a withdrawn one. */
export function newestData({ data, later }: WorldRecord): Readonly<Record<string, unknown>> | null {
  if (later === undefined) return data;
  return later.op === 'void' ? null : (later.data ?? data);
}

/** Parents first: any order is right, this one sends least back and forth. */
export const PUSH_ORDER = [
  'station',
  'volunteer',
  'team',
  'project',
  'activity',
  'membership',
  'service-record',
  'evaluation',
  'training',
  'commendation',
  'certificate-request',
] as const;
export type KindName = (typeof PUSH_ORDER)[number];

export const planned = (kind: string, sourceId: string, data: WorldRecord['data']): WorldRecord => ({
  kind,
  sourceId,
  data,
  fate: 'mirrored',
});
