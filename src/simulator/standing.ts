// The idempotency table of §1.5 with §1.16 B1–B3, B9–B13: how an item stands to what is stored.
import type { WriteItem } from './item-checks.js';
import type { Row } from './ledger.js';
import { invalid, refuse, type Entity, type ItemResult } from './model.js';
import type { Nation } from './nation.js';
import { naturalKeyOf } from './natural-key.js';

export interface Standing {
  /** The row that will be replaced; null = a new one. */
  target: Row | null;
  outcome: 'CREATED' | 'UPDATED' | 'LINKED' | 'VOIDED';
  reopening: boolean;
  /** A merged row that hands its number to the survivor (§1.16 B11). */
  retired: Row | null;
  /** The silent second row of F18: stored without looking at any rule. */
  blind: boolean;
}

export type Judgement = { standing: Standing } | { refusal: ItemResult };

const stands = (target: Row | null, outcome: Standing['outcome'], more: Partial<Standing> = {}): Judgement => ({
  standing: { target, outcome, reopening: false, retired: null, blind: false, ...more },
});
const refused = (refusal: ItemResult): Judgement => ({ refusal });

const stored = (row: Row): { nationalId: string; storedVersion: number } => ({
  nationalId: row.state.nationalId,
  storedVersion: row.state.version,
});
const duplicate = (row: Row): Judgement => refused(refuse('2001', stored(row)));
const conflict = (row: Row): Judgement =>
  refused(refuse('2002', { ...stored(row), storedHash: row.state.contentHash }));
const superseded = (row: Row): Judgement => refused(refuse('2003', stored(row)));
const gone = (row: Row): ItemResult => refuse('2013', { nationalId: row.state.nationalId, status: row.state.status });

export function judgeStanding(nation: Nation, entity: Entity, item: WriteItem): Judgement {
  const row = nation.ledger.byBiz(entity, item.bizNo);
  if (row === undefined) return judgeUnknown(nation, entity, item);
  switch (row.state.status) {
    case 'MERGED':
      return judgeMerged(nation, item, row);
    case 'DELETED':
      return judgeDeleted(item, row);
    case 'VOIDED':
      return judgeVoided(item, row);
    case 'ACTIVE':
      return judgeActive(nation, item, row);
  }
}

function judgeUnknown(nation: Nation, entity: Entity, item: WriteItem): Judgement {
  // §1.16 B1: a VOID never creates; what is missing is the item itself.
  if (item.op === 'VOID') return refused(refuse('2101', { missing: [{ entity, bizNo: item.bizNo }] }));
  if (item.linkTo === null) return stands(null, 'CREATED');
  return judgeLink(nation, entity, item, item.linkTo);
}

function judgeActive(nation: Nation, item: WriteItem, row: Row): Judgement {
  if (item.version < row.state.version) return superseded(row);
  if (item.version === row.state.version) {
    if (item.op === 'VOID' || item.contentHash !== row.state.contentHash) return conflict(row);
    if (nation.settings.duplicateMode === 'silent-second-row') return stands(null, 'CREATED', { blind: true });
    return duplicate(row);
  }
  if (item.op === 'VOID') return stands(row, 'VOIDED');
  // A number that already has its own row cannot be bound to another one.
  if (item.linkTo !== null && item.linkTo !== row.state.nationalId) return conflict(row);
  return stands(row, 'UPDATED');
}

function judgeVoided(item: WriteItem, row: Row): Judgement {
  if (item.op === 'VOID') return duplicate(row); // §1.16 B2: at any version
  if (item.version < row.state.version) return superseded(row);
  if (item.version === row.state.version) return conflict(row);
  if (!item.reopen) return refused(gone(row));
  if (item.linkTo !== null && item.linkTo !== row.state.nationalId) return conflict(row);
  return stands(row, 'UPDATED', { reopening: true });
}

/** `reopen` speaks of voided rows only (§1.16 B3), so a nationally deleted row stays 2013. */
function judgeDeleted(item: WriteItem, row: Row): Judgement {
  if (item.op === 'VOID') return duplicate(row);
  return item.version < row.state.version ? superseded(row) : refused(gone(row));
}

function judgeMerged(nation: Nation, item: WriteItem, row: Row): Judgement {
  const survivor = nation.ledger.survivor(row);
  const survivorId = survivor.state.nationalId;
  const remap = refused(refuse('2012', { nationalId: row.state.nationalId, mergedTo: survivorId }));
  const moves = item.op !== 'VOID' && (item.linkTo === survivorId || item.linkTo === row.state.mergedTo);
  if (!moves || survivor.state.bizNo !== null) return remap;
  const link = judgeLink(nation, row.state.entity, item, survivorId);
  if ('standing' in link) link.standing.retired = row;
  return link;
}

/** §1.16 B9. */
function judgeLink(nation: Nation, entity: Entity, item: WriteItem, linkTo: string): Judgement {
  const target = nation.ledger.get(linkTo);
  if (target === undefined || target.state.entity !== entity)
    return refused(invalid('linkTo', 'unknown', '国家编号不存在'));
  const { status, nationalId, bizNo } = target.state;
  if (status === 'MERGED') {
    return refused(refuse('2012', { nationalId, mergedTo: nation.ledger.survivor(target).state.nationalId }));
  }
  if (status !== 'ACTIVE') return refused(gone(target));
  if (bizNo !== null) return conflict(target);
  const key = naturalKeyOf(nation.ledger, entity, item.plain);
  // A key that cannot be formed names an unknown parent: the reference step answers 2101.
  if (key !== null && key !== target.naturalKey) return refused(invalid('linkTo', 'naturalKey', '自然键不一致'));
  return stands(target, 'LINKED');
}
