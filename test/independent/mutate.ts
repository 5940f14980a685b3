/** Revisions, old revisions, duplicates, voids, shuffling and splitting of a world into pushes (§2, G-09–G-18). */
import { seeded, shuffled, type JsonObject, type Random } from './canonical.js';
import type { StationItem } from './station-types.js';
import type { World, WorldRecord } from './world.js';

export interface MutationOptions {
  seed: number;
  /** Share of records that get revisions (default 0.4), each 1…3 newer ones. */
  revised?: number;
  /** Share of pushes that are repeated (default 0.2). */
  duplicated?: number;
  /** Share of leaf records that end voided (default 0.1). */
  voided?: number;
  maxBatch?: number;
}

export interface PlannedRecord {
  kind: string;
  sourceId: string;
  fate: WorldRecord['fate'];
  codes: string[];
  /** The newest revision: what must stand on the national side. */
  last: StationItem;
  revisions: StationItem[];
}

export interface Plan {
  records: PlannedRecord[];
  /** Shuffled pushes, duplicates and old revisions mixed in, in batches. */
  batches: StationItem[][];
}

const LEAVES = new Set(['service-record', 'evaluation', 'training', 'commendation']);

/** The field that an older revision had otherwise; never one that another record depends on. */
function older(data: JsonObject, kind: string, step: number): JsonObject {
  const mark = `旧版${step}`;
  const fields: Record<string, string> = {
    station: 'address',
    team: 'intro',
    volunteer: 'residenceAreaCode',
    project: 'intro',
    activity: 'address',
    'service-record': 'content',
    evaluation: 'text',
    training: 'content',
    commendation: 'grantingUnit',
  };
  if (kind === 'membership') return { ...data, since: `2024-0${1 + (step % 9)}-01` };
  const field = fields[kind];
  if (field === undefined) return data;
  if (field === 'residenceAreaCode') return { ...data, residenceAreaCode: `53340100${String(step).padStart(4, '0')}` };
  const out: JsonObject = { ...data, [field]: `${String(data[field])}${mark}` };
  if (kind === 'service-record') out.minutes = Math.max(1, Number(data.minutes) - step);
  return out;
}

function planRecord(
  record: WorldRecord,
  options: { revised: number; voided: number; keep: Set<string> },
  random: Random,
): PlannedRecord {
  const { kind, sourceId, data } = record.item;
  const planned = { kind, sourceId, fate: record.fate, codes: record.codes };
  const certificate = kind === 'certificate-request';
  const count = !certificate && random() < options.revised ? 1 + Math.floor(random() * 3) : 0;
  const first = Math.floor(random() * 5);
  const revisions: StationItem[] = [];
  for (let step = count; step > 0; step -= 1) {
    revisions.push({ kind, sourceId, revision: first + (count - step) * 2, data: older(data, kind, step) });
  }
  const revision = first + count * 2;
  revisions.push({ kind, sourceId, revision, data });
  const key = `${kind}/${sourceId}`;
  if (record.fate === 'mirrored' && LEAVES.has(kind) && !options.keep.has(key) && random() < options.voided) {
    revisions.push({ kind, sourceId, revision: revision + 1, op: 'void', reason: '重复登记' });
    planned.fate = 'voided';
  }
  return { ...planned, last: revisions.at(-1) as StationItem, revisions };
}

/** Records that others name, and those of volunteers who ask for certificates, are not voided (2014, 2101). */
function kept(world: World): Set<string> {
  const out = new Set<string>();
  const asking = new Set(
    world.records.filter((one) => one.item.kind === 'certificate-request').map((one) => one.item.data.volunteerId),
  );
  for (const { item } of world.records) {
    if (item.kind === 'evaluation') out.add(`service-record/${String(item.data.serviceRecordId)}`);
    if (item.kind === 'service-record' && asking.has(item.data.volunteerId)) out.add(`service-record/${item.sourceId}`);
  }
  return out;
}

/** Splits a list into batches of 1…max items. */
export function split<T>(list: readonly T[], max: number, random: Random): T[][] {
  const out: T[][] = [];
  for (let at = 0; at < list.length;) {
    const size = 1 + Math.floor(random() * max);
    out.push(list.slice(at, at + size));
    at += size;
  }
  return out;
}

export function planPushes(world: World, kinds: (kind: string) => boolean, options: MutationOptions): Plan {
  const random = seeded(options.seed);
  const shares = { revised: options.revised ?? 0.4, voided: options.voided ?? 0.1, keep: kept(world) };
  const records = world.records
    .filter((record) => kinds(record.item.kind))
    .map((record) => planRecord(record, shares, random));
  const pushes = records.flatMap((record) => record.revisions);
  const repeats = pushes.filter(() => random() < (options.duplicated ?? 0.2));
  const batches = split(shuffled([...pushes, ...repeats], random), options.maxBatch ?? 25, random);
  return { records, batches };
}
