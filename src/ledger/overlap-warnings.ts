import type { Tx } from '../platform/database/index.js';
import type { Derived } from './acceptance-rows.js';
import { findOverlaps, type OverlapProbe } from './ledger.queries.js';
import type { Change, WorkingCopy } from './working-copy.js';

/** A decided record whose interval is asked about. */
interface Timed {
  readonly copy: WorkingCopy;
  readonly last: Change;
  readonly columns: Derived;
}

/** Warns of overlaps within one volunteer, with what stands and within the batch; never a refusal (G-48). */
export async function warnOfOverlaps(tx: Tx, sourceSystemId: string, decisions: readonly Timed[]): Promise<void> {
  const probes = decisions.flatMap(({ copy, last, columns }, index) =>
    last.item.op === 'upsert' && last.item.kind.interval && columns.subject_ref && columns.starts_at && columns.ends_at
      ? [{ index, record_id: copy.recordId, subject_ref: columns.subject_ref, starts_at: columns.starts_at, ends_at: columns.ends_at }]
      : [],
  ); // prettier-ignore
  const overlapping = await findOverlaps(tx, sourceSystemId, probes);
  for (const at of overlapsWithin(probes)) overlapping.add(at);
  for (const at of overlapping) decisions[at]?.copy.warnings.push({ code: 'R67-10', pointer: '/data/startAt' });
}

/** Overlaps between records of the same batch: each later one of a pair is named. */
function overlapsWithin(probes: readonly OverlapProbe[]): number[] {
  const bySubject = new Map<string, { start: number; end: number }[]>();
  const found: number[] = [];
  for (const probe of probes) {
    const start = Date.parse(probe.starts_at);
    const end = Date.parse(probe.ends_at);
    const earlier = bySubject.get(probe.subject_ref) ?? [];
    if (earlier.some((other) => other.start < end && start < other.end)) found.push(probe.index);
    earlier.push({ start, end });
    bySubject.set(probe.subject_ref, earlier);
  }
  return found;
}
