import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { appendEvidence } from '../evidence/index.js';
import {
  countLinked, fitRemap, remapAdoptions, remapNationalIds, type RemapFit, type RemapLine,
} from '../ledger/index.js'; // prettier-ignore
import { loadProfile } from '../national/index.js';
import { projectRoot, type Settings } from '../platform/config/index.js';
import type { Database } from '../platform/database/index.js';

/** The nation moves to another platform and hands out a map of all its ids, old to new (F63). */

/** What a map did, or would do, to what we hold. Counts are lines of the map unless said otherwise. */
export interface RemapReport {
  readonly mode: 'dry-run' | 'run';
  readonly sha256: string;
  readonly lines: number;
  /** Rows of others. */
  readonly foreign: number;
  readonly fits: Readonly<Record<RemapFit, number>>;
  /** Waiting adoptions of rows by their old id, which now name the new one. */
  readonly adoptions: number;
  /** Numbers of ours with a national id that the map does not name. */
  readonly unnamed: number;
  /** The first of the lines that a person has to look at. */
  readonly conflicts: readonly { readonly line: number; readonly bizNo: string }[];
  /** Every row that we know of has its new id, or would have it. */
  readonly isComplete: boolean;
}

/** The map cannot be used; the message says which line, and what to do. */
export class RemapError extends Error {
  override name = 'RemapError';
}

export interface RemapDesk {
  run(file: string, mode: RemapReport['mode'], actor: string): Promise<RemapReport>;
}

const Line = z.object({
  entity: z.string().min(1),
  bizNo: z.string().min(1).nullable(),
  fromNationalId: z.string().min(1),
  toNationalId: z.string().min(1),
});

interface MapLine {
  readonly line: number;
  /** null = a row of others. */
  readonly kind: string | null;
  readonly bizNo: string | null;
  readonly from: string;
  readonly to: string;
}

/** One transaction each: a run that is cut short has done whole batches, and the next goes on behind them. */
const LINES_PER_BATCH = 500;
const SHOWN_CONFLICTS = 100;

export function openRemapDesk(settings: Settings, database: Database): RemapDesk {
  return {
    run: async (file, mode, actor) => {
      const kindOf = kindsByEntity(settings);
      const sha256 = await checkMap(file, kindOf);
      if (mode === 'run') await prove(database, { actor, sha256 });
      return applyMap(database, { file, kindOf, mode, sha256 });
    },
  };
}

/** Kinds by the names that the nation gives their entities. */
function kindsByEntity(settings: Settings): ReadonlyMap<string, string> {
  const { spec } = loadProfile({
    profilesDir: join(projectRoot(), 'config', 'national'),
    id: settings.nationalProfile,
    ...(settings.nationalProfileOverrides === null ? {} : { overridesFile: settings.nationalProfileOverrides }),
  });
  const bound = Object.entries(spec.entities).flatMap(([kind, entity]) =>
    entity === 'unsupported' ? [] : [[entity.path, kind] as const],
  );
  return new Map(bound);
}

function prove(database: Database, { actor, sha256 }: { actor: string; sha256: string }): Promise<void> {
  return database.transaction((tx) =>
    appendEvidence(tx, [{ kind: 'admin.action', actor, act: 'national.remap', map: sha256 }]),
  );
}

async function* readMap(file: string, kindOf: ReadonlyMap<string, string>): AsyncGenerator<MapLine> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() !== '') yield parseLine(text, line, kindOf);
  }
}

function parseLine(text: string, line: number, kindOf: ReadonlyMap<string, string>): MapLine {
  const parsed = Line.safeParse(jsonOrNull(text));
  if (!parsed.success)
    throw new RemapError(`对照表第 ${line} 行无法读取：每行应是一个 JSON 对象。请重新索取完整的文件，未作任何更改。`);
  const { entity, bizNo, fromNationalId: from, toNationalId: to } = parsed.data;
  const kind = kindOf.get(entity) ?? null;
  if (kind === null && bizNo !== null)
    throw new RemapError(`对照表第 ${line} 行的类别“${entity}”不在当前的国家接口中。请核对文件，未作任何更改。`);
  return { line, kind: bizNo === null ? null : kind, bizNo, from, to };
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/**
 * Reads the whole map before anything is changed: every line readable, no old id with two successors, no new id for
 * two rows. Answers the hash of the lines. Holds all ids in memory, some 200 bytes a line.
 */
async function checkMap(file: string, kindOf: ReadonlyMap<string, string>): Promise<string> {
  const hash = createHash('sha256');
  const successors = new Map<string, string>();
  const taken = new Set<string>();
  for await (const { line, from, to, bizNo } of readMap(file, kindOf)) {
    hash.update(`${bizNo}|${from}|${to}\n`);
    const known = successors.get(from);
    if (known === to) continue;
    if (known !== undefined || taken.has(to))
      throw new RemapError(`对照表第 ${line} 行与前面的行矛盾：新旧编号不是一一对应。请核对文件，未作任何更改。`);
    successors.set(from, to);
    taken.add(to);
  }
  if (successors.size === 0) throw new RemapError('对照表是空的，未作任何更改。');
  return hash.digest('hex');
}

interface MapUse {
  readonly file: string;
  readonly kindOf: ReadonlyMap<string, string>;
  readonly mode: RemapReport['mode'];
  readonly sha256: string;
}

interface Tally {
  lines: number;
  foreign: number;
  adoptions: number;
  readonly fits: Record<RemapFit, number>;
  readonly conflicts: { line: number; bizNo: string }[];
}

async function applyMap(database: Database, use: MapUse): Promise<RemapReport> {
  const tally: Tally = {
    lines: 0, foreign: 0, adoptions: 0, conflicts: [],
    fits: { match: 0, done: 0, miss: 0, unlinked: 0, conflict: 0 },
  }; // prettier-ignore
  let batch: MapLine[] = [];
  for await (const line of readMap(use.file, use.kindOf)) {
    batch.push(line);
    if (batch.length < LINES_PER_BATCH) continue;
    await applyBatch(database, batch, { mode: use.mode, tally });
    batch = [];
  }
  await applyBatch(database, batch, { mode: use.mode, tally });
  const linked = await database.transaction(countLinked);
  const { match, done, conflict } = tally.fits;
  const unnamed = Math.max(0, linked - match - done - conflict);
  const { mode, sha256 } = use;
  return { mode, sha256, ...tally, unnamed, isComplete: unnamed === 0 && conflict === 0 };
}

async function applyBatch(
  database: Database,
  batch: readonly MapLine[],
  { mode, tally }: { mode: RemapReport['mode']; tally: Tally },
): Promise<void> {
  const ours = batch.flatMap(({ line, kind, bizNo, from, to }): (RemapLine & { line: number })[] =>
    kind === null || bizNo === null ? [] : [{ line, kind, bizNo, from, to }],
  );
  const { fits, adoptions } = await database.transaction(async (tx) => {
    if (mode === 'dry-run') return { fits: await fitRemap(tx, ours), adoptions: 0 };
    return { fits: await remapNationalIds(tx, ours), adoptions: await remapAdoptions(tx, batch) };
  });
  tally.lines += batch.length;
  tally.foreign += batch.length - ours.length;
  tally.adoptions += adoptions;
  for (const [place, { line, bizNo }] of ours.entries()) {
    const fit = fits[place] as RemapFit;
    tally.fits[fit] += 1;
    if (fit === 'conflict' && tally.conflicts.length < SHOWN_CONFLICTS) tally.conflicts.push({ line, bizNo });
  }
}
