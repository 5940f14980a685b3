// Which row an act strikes: the one that is named, or one of ours drawn by the seed.
import type { Row } from './ledger.js';
import { isEntity, type Entity } from './model.js';
import { ActRefused, findRow, type Named } from './national-acts.js';
import type { Nation } from './nation.js';
import { createChance, seedOf } from './random.js';

type Params = Readonly<Record<string, unknown>>;

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export function entityOf(params: Params, otherwise: Entity): Entity {
  const entity = params.entity ?? otherwise;
  if (!isEntity(entity)) throw new ActRefused(`entity: no entity ${String(entity)}`, 'entity');
  return entity;
}

/** ACTIVE rows of ours in the order of their numbers, so that the same seed draws the same row. */
export const ownRows = (nation: Nation, entity: Entity): Row[] =>
  [...nation.ledger.rows(entity)]
    .filter(({ state }) => state.status === 'ACTIVE' && state.bizNo !== null)
    .sort((a, b) => ((a.state.bizNo ?? '') < (b.state.bizNo ?? '') ? -1 : 1));

export function pickRow(nation: Nation, params: Params, otherwise: Entity): Named {
  const entity = entityOf(params, otherwise);
  const [bizNo, nationalId] = [stringOf(params.bizNo), stringOf(params.nationalId)];
  if (bizNo !== undefined || nationalId !== undefined) {
    const { state } = findRow(nation, { entity, bizNo, nationalId });
    return { nationalId: state.nationalId };
  }
  const rows = ownRows(nation, entity);
  const draw = createChance(seedOf(nation.chance.seed, `${entity}/${nation.feed.lastSeq()}`)).next();
  const row = rows[Math.floor(draw * rows.length)];
  if (row === undefined) throw new ActRefused(`bizNo: ${entity} holds no ACTIVE row of ours; write one first`, 'bizNo');
  return { nationalId: row.state.nationalId };
}
