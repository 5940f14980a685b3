import { STATE_NAMES_ZH, type RecordState } from '../records/index.js';

/** One thing that a waiting record waits for, as the status shows it (station-contract §4, G-50). */
export interface StoredWait {
  readonly kind: string | null;
  readonly sourceId: string | null;
  readonly reason: string;
}

/** A row of record_wait with the state its parent has now; null = it has not arrived. */
export interface LiveWait {
  readonly key: string;
  readonly state: RecordState | null;
}

/** A certificate-request in the moment before its records are counted for the first time (G-52). */
const SET_NOT_LOOKED_AT: StoredWait = { kind: 'service-record', sourceId: null, reason: '正在核对期间内的服务记录' };

/** `membershipKey` of records/. */
const MEMBERSHIP = 'membership:';

function liveWait({ key, state }: LiveWait): StoredWait[] {
  if (key.startsWith(MEMBERSHIP)) {
    return [{ kind: 'membership', sourceId: null, reason: '志愿者还没有加入该项目，或加入记录尚未同步' }];
  }
  const [kind = '', sourceId] = key.split('/');
  // A key without a name (a certificate's set) is explained by what was stored with it.
  if (sourceId === undefined) return [];
  const reason = state === null ? '前置记录尚未收到' : `前置记录的状态为“${STATE_NAMES_ZH[state]}”`;
  return [{ kind, sourceId, reason }];
}

/**
 * What a record waits for: the parents it lacks with the state they have now (G-70), then what was written down when it
 * was set aside (a window, a quota, the records of a certificate).
 */
export function waitingFor(live: readonly LiveWait[] | null, stored: readonly StoredWait[] | null): StoredWait[] {
  const parents = (live ?? []).flatMap(liveWait);
  const isNamed = (wait: StoredWait): boolean =>
    parents.some(({ kind, sourceId }) => kind === wait.kind && (sourceId === wait.sourceId || wait.sourceId === null));
  const named = [...parents, ...(stored ?? []).filter((wait) => !isNamed(wait))];
  return named.length === 0 && live !== null ? [SET_NOT_LOOKED_AT] : named;
}
