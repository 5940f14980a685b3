// The nation recomputes what a certificate request claims (§1.6, §1.16 G1): mismatch is 2301.
import { recordsHash } from './canonical-form.js';
import type { WriteItem } from './item-checks.js';
import type { Row } from './ledger.js';
import { refuse, type Fields, type ItemResult } from './model.js';
import type { Nation } from './nation.js';

/** The records a request speaks for, or the numbers among `recordBizNos` that do not qualify. */
export function coveredRecords(nation: Nation, data: Fields): { rows: Row[]; missing: string[] } {
  const volunteer = nation.ledger.volunteerOf(data);
  if (volunteer === undefined) return { rows: [], missing: [] };
  const load = nation.ledger.loadOf(volunteer);
  const from = data.periodFrom as string;
  const to = data.periodTo as string;
  const qualifies = (row: Row | undefined): row is Row => {
    if (row === undefined || !load.records.has(row) || row.state.bizNo === null) return false;
    const date = row.state.data.serviceDate as string;
    return date >= from && date <= to;
  };
  if (!Array.isArray(data.recordBizNos)) return { rows: [...load.records].filter(qualifies), missing: [] };
  const rows = new Set<Row>();
  const missing: string[] = [];
  for (const bizNo of data.recordBizNos as readonly string[]) {
    const row = nation.ledger.byBiz('service-records', bizNo);
    if (qualifies(row)) rows.add(row);
    else missing.push(bizNo);
  }
  return { rows: [...rows], missing };
}

export function judgeCertificate(nation: Nation, item: WriteItem): ItemResult | null {
  const { rows, missing } = coveredRecords(nation, item.plain);
  if (missing.length > 0) {
    return refuse('2301', { missing: missing.map((bizNo) => ({ entity: 'service-records', bizNo })) });
  }
  const national = {
    totalMinutes: rows.reduce((sum, { state }) => sum + (state.data.minutes as number), 0),
    recordCount: rows.length,
    recordsHash: recordsHash(
      rows.map(({ state }) => `${state.bizNo}|${state.version}|${String(state.data.minutes)}\n`),
    ),
  };
  const claim = item.plain;
  const agrees =
    claim.totalMinutes === national.totalMinutes &&
    claim.recordCount === national.recordCount &&
    claim.recordsHash === national.recordsHash;
  return agrees ? null : refuse('2301', { national });
}
