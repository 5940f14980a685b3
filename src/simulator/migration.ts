// F63: the platform moves. Every row gets a new national id, the gateway a new address, the old one its last words.
import { contentHash, sha256Hex } from './canonical-form.js';
import { beijingTime } from './clock.js';
import { ID_PREFIXES } from './entity-fields.js';
import { plainData } from './ledger.js';
import { ENTITIES, type Json, type Reply, type RowState } from './model.js';
import type { Nation } from './nation.js';
import type { Route } from './routes.js';

/**
 * What the old address does: reads under the old ids and refuses writes (dual read), answers 1011, sends people to the
 * new address, knows nothing any more (404), or does not listen at all.
 */
export const OLD_HOST_MODES = ['read-only', 'closed', 'redirect', 'gone', 'off'] as const;
export type OldHostMode = (typeof OLD_HOST_MODES)[number];

export interface Migration {
  atMs: number;
  port: number;
  oldHost: OldHostMode;
  /** Events up to this one belong to the old platform. */
  feedUpTo: number;
  toNew: ReadonlyMap<string, string>;
  toOld: ReadonlyMap<string, string>;
}

export interface MigrationLine {
  k: 'migration';
  atMs: number;
  port: number;
  oldHost: OldHostMode;
}

const ID_DIGITS = 20;

/** The same old id always gets the same new one, so that a restart needs no list. The tail keeps serials apart. */
const mintedAgain = (state: RowState): string =>
  `N2${ID_PREFIXES[state.entity]}${sha256Hex(`${state.entity}/${state.nationalId}`).slice(0, ID_DIGITS)}x`;

export function migrate(nation: Nation, line: MigrationLine): Migration {
  const toNew = new Map<string, string>();
  for (const entity of ENTITIES) {
    for (const { state } of nation.ledger.rows(entity)) toNew.set(state.nationalId, mintedAgain(state));
  }
  nation.ledger.remint((state) => reminted(nation, state, toNew));
  const toOld = new Map([...toNew].map(([from, to]) => [to, from]));
  const { atMs, port, oldHost } = line;
  nation.migration = { atMs, port, oldHost, feedUpTo: nation.feed.lastSeq(), toNew, toOld };
  return nation.migration;
}

function reminted(nation: Nation, state: RowState, toNew: ReadonlyMap<string, string>): RowState {
  const { nationalId, mergedTo, certificate, data } = state;
  const next = {
    ...state,
    nationalId: toNew.get(nationalId) ?? nationalId,
    ...(mergedTo === undefined ? {} : { mergedTo: toNew.get(mergedTo) ?? mergedTo }),
    ...(certificate === undefined
      ? {}
      : { certificate: { ...certificate, covers: certificate.covers.map((id) => toNew.get(id) ?? id) } }),
  };
  const { volunteerNationalId } = data;
  if (typeof volunteerNationalId !== 'string') return next;
  const moved = {
    ...next,
    data: { ...data, volunteerNationalId: toNew.get(volunteerNationalId) ?? volunteerNationalId },
  };
  return { ...moved, contentHash: contentHash(plainData(moved, nation.cipher)) };
}

export interface MapLine {
  entity: string;
  bizNo: string | null;
  fromNationalId: string;
  toNationalId: string;
}

/** The bulk map file that the operator hands out: rows that stood when the platform moved. */
export function* mapLines({ ledger, migration }: Nation): Generator<MapLine> {
  if (migration === null) return;
  for (const entity of ENTITIES) {
    for (const { state } of ledger.rows(entity)) {
      const fromNationalId = migration.toOld.get(state.nationalId);
      if (fromNationalId === undefined) continue;
      yield { entity, bizNo: state.bizNo, fromNationalId, toNationalId: state.nationalId };
    }
  }
}

/** Every string that is a known id, replaced; everything else as it was. */
export function translated<T>(value: T, ids: ReadonlyMap<string, string>): T {
  if (typeof value === 'string') return (ids.get(value) ?? value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => translated(item, ids)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, translated(item as Json, ids)])) as T;
}

/** What the old address still refuses once a call has passed the gate; null = a read, answered under the old ids. */
export function refusalOfOldHost({ migration, settings }: Nation, route: Route): Reply | null {
  if (migration?.oldHost === 'closed') return { code: '1011' };
  return route.write ? { code: '1304', detail: { retryAfterMs: settings.maintenanceRetryMs } } : null;
}

/** sys/status at the old address announces its end. */
export function statusOfOldHost(data: Record<string, unknown>, { atMs }: Migration): Record<string, unknown> {
  return { ...data, mode: 'read-only', deprecations: [{ contract: 'old-address', closesAt: beijingTime(atMs) }] };
}
