import type { Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { Derived } from './acceptance-rows.js';
import { deletePromises, replaceWaits, upsertPromises, type WaitWrite } from './ledger.queries.js';
import { LANE_RANK } from './ledger.types.js';
import { raiseVersions } from './raise-version.js';
import type { Change, WorkingCopy } from './working-copy.js';

/** What a batch promises to deliver, takes back, and waits for. */

export interface Promised {
  readonly copy: WorkingCopy;
  readonly last: Change;
  readonly columns: Derived;
  readonly waits: readonly string[];
  readonly state: string;
}

/** States that a fresh acceptance leaves with nothing to deliver. */
const SETTLED = new Set(['attention', 'voided', 'unsupported']);

export async function writePromises(
  tx: Tx,
  context: { ids: Ids; sourceSystemId: string },
  decisions: readonly Promised[],
): Promise<void> {
  const { ids, sourceSystemId } = context;
  const own = decisions.filter(({ copy }) => !copy.isGroupVoid);
  const open = own.filter(({ state }) => !SETTLED.has(state));
  // What a dispute leaves open is the other records' promise (G-49).
  const closed = own.filter(({ copy, state }) => SETTLED.has(state) && copy.before && !copy.hasLivingGroup);
  const carriers = carriersOf(open.filter(({ copy }) => !copy.personCode));
  await raiseVersions(
    tx,
    ids,
    carriers.flatMap(({ copy, last }) =>
      copy.sharedVersion !== null && copy.sharedVersion > last.version
        ? [{ recordId: copy.recordId, version: copy.sharedVersion }]
        : [],
    ),
  );
  await upsertPromises(
    tx,
    carriers.map(({ copy, last, columns, waits }) => ({
        biz_no: copy.bizNo, record_id: copy.recordId, source_system_id: sourceSystemId, kind: last.item.kind.name,
        version: copy.sharedVersion ?? last.version, county_code: columns.county_code, lane: last.item.kind.lane,
        lane_rank: LANE_RANK[last.item.kind.lane], stage: waits.length > 0 ? 'waiting' : 'ready',
      })), // prettier-ignore
  );
  await deletePromises(
    tx,
    closed.map(({ copy }) => copy.bizNo),
  );
  const waits: WaitWrite[] = open.flatMap(({ copy, waits: keys }) =>
    keys.map((key) => ({ record_id: copy.recordId, source_system_id: sourceSystemId, waits_key: key })),
  );
  await replaceWaits(
    tx,
    decisions.filter(({ copy }) => copy.before).map(({ copy }) => copy.recordId),
    waits,
  );
}

/** One promise a number: of several records of one person in a batch, the newest content carries it (G-49). */
function carriersOf(open: readonly Promised[]): Promised[] {
  const carriers = new Map<string, Promised>();
  for (const decision of open) {
    const known = carriers.get(decision.copy.bizNo);
    if (!known || known.last.version < decision.last.version) carriers.set(decision.copy.bizNo, decision);
  }
  return [...carriers.values()];
}
