// Full exports (§1.16 F8): jsonl.gz of everything the nation holds, with its hash and the feed position.
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { sha256Hex } from './canonical-form.js';
import { beijingTime } from './clock.js';
import { encodeCursor } from './feed.js';
import { wireRow } from './lookup.js';
import { ENTITIES, invalid, isEntity, type Entity, type Reply, type RowState } from './model.js';
import type { Nation } from './nation.js';

interface Export {
  exportId: string;
  asOfMs: number;
  readyAtMs: number;
  states: RowState[];
  cursor: string;
  artefact: { bytes: Buffer; sha256: string } | null;
}

const LINES_PER_CHUNK = 5_000;
const MAX_KEPT = 8;

export class Exports {
  private readonly kept = new Map<string, Export>();

  add(entry: Export): void {
    this.kept.set(entry.exportId, entry);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MAX_KEPT && oldest !== undefined) this.kept.delete(oldest);
  }

  get(exportId: string): Export | undefined {
    return this.kept.get(exportId);
  }

  clear(): void {
    this.kept.clear();
  }
}

export function startExport(nation: Nation, body: unknown): Reply {
  const entities = readEntities(body);
  if (!Array.isArray(entities)) return invalid('entity', 'enum');
  const asOfMs = nation.clock.readAt();
  const { minMs, maxMs } = nation.settings.exportMs;
  const entry: Export = {
    exportId: `X${randomUUID()}`,
    asOfMs,
    readyAtMs: asOfMs + Math.round(nation.chance.between(minMs, maxMs)),
    states: entities.flatMap((entity) => [...nation.ledger.rows(entity)].map((row) => row.state)),
    cursor: encodeCursor(nation.feed.lastSeq(), nation.clock.now()),
    artefact: null,
  };
  nation.exports.add(entry);
  return {
    code: '0100',
    data: { exportId: entry.exportId, status: 'ACCEPTED', pollAfterMs: nation.settings.pollAfterMs },
  };
}

function readEntities(body: unknown): Entity[] | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null;
  const { entity, entities, ...unknown } = body as Record<string, unknown>;
  if (Object.keys(unknown).length > 0 || (entity === undefined) === (entities === undefined)) return null;
  const list = entities === undefined ? [entity] : entities;
  if (!Array.isArray(list) || list.length === 0 || !list.every(isEntity)) return null;
  return ENTITIES.filter((name) => list.includes(name));
}

export function exportStatus(nation: Nation, exportId: string, host: string): Reply {
  const entry = nation.exports.get(exportId);
  if (entry === undefined) return { code: '3001' };
  const asOf = beijingTime(entry.asOfMs);
  if (nation.clock.now() < entry.readyAtMs) {
    return { code: '0000', data: { exportId, status: 'PROCESSING', asOf, pollAfterMs: nation.settings.pollAfterMs } };
  }
  const { bytes, sha256 } = artefactOf(entry);
  const fileUrl = `http://${host}/gw/v1/exports/${exportId}/file`;
  const facts = { asOf, count: entry.states.length, size: bytes.length, sha256, cursor: entry.cursor, fileUrl };
  return { code: '0000', data: { exportId, status: 'READY', ...facts } };
}

export function exportFile(nation: Nation, exportId: string): Reply {
  const entry = nation.exports.get(exportId);
  if (entry === undefined || nation.clock.now() < entry.readyAtMs) return { code: '3001' };
  return { code: '0000', file: { bytes: artefactOf(entry).bytes, contentType: 'application/gzip' } };
}

/** Concatenated gzip members are one valid gzip file, so the text never exists in one piece. */
function artefactOf(entry: Export): { bytes: Buffer; sha256: string } {
  if (entry.artefact !== null) return entry.artefact;
  const members: Buffer[] = [];
  for (let at = 0; at === 0 || at < entry.states.length; at += LINES_PER_CHUNK) {
    const lines = entry.states.slice(at, at + LINES_PER_CHUNK).map((state) => {
      return `${JSON.stringify({ entity: state.entity, ...wireRow(state), data: state.data })}\n`;
    });
    members.push(gzipSync(lines.join(''), { level: 1 }));
  }
  const bytes = Buffer.concat(members);
  entry.artefact = { bytes, sha256: sha256Hex(bytes) };
  return entry.artefact;
}
