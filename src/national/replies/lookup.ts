import { z } from 'zod';
import { instantOf } from '../call/envelope.js';
import { fillPath, type GatewayParts } from '../gateway-parts.js';
import type { LookupAnswer, NationalRow } from '../gateway.js';
import { listOf, reviewStatus, textOf, wholeOf } from './outcome-of.js';
import { notReadable } from './receipt.js';

const RowSchema = z.object({
  nationalId: z.union([z.string().min(1), z.number()]),
  status: z.enum(['ACTIVE', 'VOIDED', 'DELETED', 'MERGED']),
});

/**
 * Looks numbers up in portions of the contract's size. All or nothing: a reply that leaves out an asked number, or
 * whose rows cannot be read, is a failure, because "not there" is a proof that somebody will act on (§1.8).
 */
export async function lookUp(parts: GatewayParts, kind: string, bizNos: readonly string[]): Promise<LookupAnswer> {
  const { lookupKeys } = parts.profile.spec.limits;
  const rows = new Map<string, readonly NationalRow[]>();
  let asOfMs = Infinity;
  for (let from = 0; from < bizNos.length; from += lookupKeys) {
    const portion = await lookUpPortion(parts, kind, bizNos.slice(from, from + lookupKeys));
    if (portion.status === 'failed') return portion;
    asOfMs = Math.min(asOfMs, portion.asOfMs);
    for (const [bizNo, found] of portion.rows) rows.set(bizNo, found);
  }
  return { status: 'found', asOfMs: Number.isFinite(asOfMs) ? asOfMs : parts.nationalClock.nowMs(), rows };
}

async function lookUpPortion(parts: GatewayParts, kind: string, bizNos: readonly string[]): Promise<LookupAnswer> {
  const path = fillPath(parts.profile.spec.paths.lookup, { entity: parts.bindingOf(kind).path });
  const body = Buffer.from(JSON.stringify({ by: 'bizNo', keys: bizNos }), 'utf8');
  const answer = await parts.caller.call({
    operation: 'lookup',
    method: 'POST',
    path,
    query: '',
    body,
    isWrite: false,
  });
  if (answer.verdict.class !== 'OK') {
    return { status: 'failed', outcome: parts.items.outcomeOf(answer.spoken, answer.verdict, parts.contextOf(kind)) };
  }
  const { payload } = answer.spoken;
  const asOfMs = instantOf(payload.asOf);
  if (asOfMs === null) return { status: 'failed', outcome: notReadable() };
  const byKey = new Map(listOf(payload.items).map((item) => [textOf(item.key), item]));
  const rows = new Map<string, readonly NationalRow[]>();
  for (const bizNo of bizNos) {
    const found = rowsOf(parts, kind, byKey.get(bizNo));
    if (!found) return { status: 'failed', outcome: notReadable() };
    rows.set(bizNo, found);
  }
  return { status: 'found', asOfMs, rows };
}

/** null = the reply does not answer for this number, or not in a way that can be read. */
function rowsOf(
  parts: GatewayParts,
  kind: string,
  item: Readonly<Record<string, unknown>> | undefined,
): NationalRow[] | null {
  if (!item) return null;
  if (!Array.isArray(item.rows)) return item.found === false ? [] : null;
  const rows: NationalRow[] = [];
  for (const raw of item.rows as unknown[]) {
    const row = rowOf(parts, kind, raw);
    if (!row) return null;
    rows.push(row);
  }
  return item.found === true && rows.length === 0 ? null : rows;
}

function rowOf(parts: GatewayParts, kind: string, raw: unknown): NationalRow | null {
  const parsed = RowSchema.safeParse(raw);
  if (!parsed.success) return null;
  const row = raw as Readonly<Record<string, unknown>>;
  const { reviewedKinds, realNameKinds } = parts.profile.spec.rules;
  const said = reviewStatus(realNameKinds.includes(kind) ? row.realNameStatus : row.auditStatus);
  return {
    nationalId: String(parsed.data.nationalId),
    bizNo: textOf(row.bizNo),
    version: wholeOf(row.version),
    contentHash: textOf(row.contentHash),
    status: parsed.data.status,
    review: said ?? (reviewedKinds.includes(kind) ? 'REVIEWING' : 'PASSED'),
    mergedTo: textOf(row.mergedTo),
  };
}
