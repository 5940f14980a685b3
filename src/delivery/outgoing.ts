import type { Queryable } from '../platform/database/index.js';
import { VaultError, type Vault } from '../platform/vault/index.js';
import { openContent, type OpenedContent } from '../ledger/index.js';
import type { NationalGateway, NationalRefs, OutgoingItem } from '../national/index.js';
import { recordKind } from '../records/index.js';
import { resolveRefs, type NumberOf, type RefChild } from './national-refs.js';

/** Loads what a planned call carries and puts it into the words of the gateway's port. */

export interface Loaded {
  readonly items: readonly OutgoingItem[];
  /** Entries that cannot be built now because a parent's record is gone. */
  readonly incomplete: readonly string[];
  /** Entries whose sealed part does not open: a key that is missing, or bytes that were changed. */
  readonly sealed: readonly string[];
}

/** Content of one entry as it is stored, and how it is to be sent. */
export interface StoredEntry {
  readonly biz_no: string;
  readonly record_id: string;
  readonly source_system_id: string;
  readonly kind: string;
  readonly version: number;
  readonly op: 'UPSERT' | 'VOID' | 'CORRECT';
  readonly link_to: string | null;
  readonly national_status: string | null;
  readonly payload: Record<string, unknown>;
  readonly sealed: Buffer;
}

/** G-75: a correction needs a reason; the station's own wins. */
const DEFAULT_REASON = '站点更正';

export interface OutgoingParts {
  readonly vault: Vault;
  readonly gateway: NationalGateway;
}

/** Reads the entries of a call that was planned elsewhere or before a crash. */
export async function loadOutgoing(database: Queryable, parts: OutgoingParts, callId: string): Promise<Loaded> {
  const entries = await database.query<StoredEntry & Record<string, unknown>>(
    `SELECT o.biz_no, o.flight_record_id AS record_id, r.source_system_id, o.kind, o.flight_version AS version, o.op,
       o.link_to, r.national_status, v.payload, v.sealed
     FROM national_call c CROSS JOIN LATERAL unnest(c.biz_nos) AS n(biz_no)
     JOIN outbox o ON o.biz_no = n.biz_no AND o.call_id = c.id AND o.stage = 'flying'
     JOIN record r ON r.id = o.flight_record_id
     JOIN record_version v ON v.record_id = o.flight_record_id AND v.version = o.flight_version
     WHERE c.id = $1 ORDER BY o.biz_no`,
    [callId],
    'delivery-load-outgoing',
  );
  return composeOutgoing(database, parts, entries);
}

/** `numberOf` answers national numbers that the caller has read already; what it does not know is read here. */
export async function composeOutgoing(
  database: Queryable,
  parts: OutgoingParts,
  entries: readonly StoredEntry[],
  numberOf?: NumberOf,
): Promise<Loaded> {
  const upserts = entries.filter((entry) => entry.op !== 'VOID');
  const refs = await resolveRefs(database, upserts.map(childOf), numberOf);
  const sets = await loadCertificateSets(database, parts.gateway, upserts);
  const incomplete = new Set<string>();
  for (const [bizNo, { missing }] of refs) if (missing.length > 0) incomplete.add(bizNo);
  const sealed: string[] = [];
  const items = entries.flatMap((entry) => {
    if (incomplete.has(entry.biz_no)) return [];
    const content = openOrNull(entry, parts.vault);
    if (content) return [itemOf(entry, content, { ...refs.get(entry.biz_no)?.refs, ...sets.get(entry.biz_no) })];
    sealed.push(entry.biz_no);
    return [];
  });
  return { items, incomplete: [...incomplete], sealed };
}

function childOf(row: StoredEntry): RefChild {
  const kind = recordKind(row.kind);
  return {
    bizNo: row.biz_no,
    sourceSystemId: row.source_system_id,
    references: kind?.references(row.payload) ?? [],
    inherits: kind?.inheritsReferences ?? false,
  };
}

/** One record that does not open must not hold up those that it is sent with. */
function openOrNull(row: StoredEntry, vault: Vault): OpenedContent | null {
  try {
    return openContent(vault, row.record_id, row);
  } catch (error) {
    if (error instanceof VaultError) return null;
    throw error;
  }
}

function itemOf(row: StoredEntry, content: OpenedContent, refs: NationalRefs): OutgoingItem {
  const isVoid = row.op === 'VOID';
  const isReopening = row.op === 'UPSERT' && row.national_status === 'VOIDED';
  const reason = isVoid || row.op === 'CORRECT' ? (content.reason ?? DEFAULT_REASON) : null;
  return {
    kind: row.kind,
    bizNo: row.biz_no,
    version: row.version,
    op: row.op,
    reason,
    data: isVoid ? {} : content.data,
    refs: isVoid ? {} : refs,
    ...(row.link_to !== null && !isVoid ? { linkTo: row.link_to } : {}),
    ...(isReopening ? { reopen: true } : {}),
  };
}

interface LineRow extends Record<string, unknown> {
  certificate_record_id: string;
  biz_no: string;
  version: number;
  minutes: number;
}

/** The frozen sets of certificate-requests: totals and hash are computed here, over exactly the frozen lines (G-52). */
async function loadCertificateSets(
  database: Queryable,
  gateway: NationalGateway,
  rows: readonly StoredEntry[],
): Promise<Map<string, NationalRefs>> {
  const requests = rows.filter((row) => recordKind(row.kind)?.lane === 'certificate');
  if (requests.length === 0) return new Map();
  const lines = await database.query<LineRow>(
    `SELECT certificate_record_id, biz_no, version, minutes FROM certificate_line
     WHERE certificate_record_id = ANY ($1::uuid[])`,
    [requests.map((row) => row.record_id)],
    'delivery-certificate-lines',
  );
  return new Map(
    requests.map((row) => {
      const own = lines.filter((line) => line.certificate_record_id === row.record_id);
      const numbers = own.map((line) => line.biz_no).sort();
      const isNamed = numbers.length <= gateway.facts.maxCertificateRecords;
      return [
        row.biz_no,
        {
          totalMinutes: own.reduce((sum, line) => sum + line.minutes, 0),
          recordCount: own.length,
          recordsHash: gateway.recordsHash(
            own.map(({ biz_no: bizNo, version, minutes }) => ({ bizNo, version, minutes })),
          ),
          ...(isNamed ? { recordBizNos: numbers } : {}),
        },
      ];
    }),
  );
}
