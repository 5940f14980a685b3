import { createHash } from 'node:crypto';
import { contentHashOf } from './content-hash.js';
import { fillPath, type GatewayParts } from './gateway-parts.js';
import type { OutgoingItem, PreparedCall } from './gateway.js';
import { beijingDate, formatters } from './plugins/formats.js';
import { valuePlugins } from './plugins/plugin-registry.js';
import { mapFields } from './profile/field-map.js';
import type { EntityBinding } from './profile/profile.schema.js';

/** A national item and its content hash. */
interface MappedItem {
  readonly item: Readonly<Record<string, unknown>>;
  readonly contentHash: string | null;
}

/**
 * Turns records into the bytes of one write request (§1.5).
 *
 * Promise  a number stands once in a request (B19); one item makes a single write; the hash is over plain values
 * Throws   for what the caller must never ask: nothing, two kinds, a number twice, an unsupported kind
 * Needs    random IVs; otherwise pure
 */
export function prepareCall(
  parts: GatewayParts,
  items: readonly OutgoingItem[],
  clientBatchNo: string | null,
): PreparedCall {
  const kind = kindOfAll(items);
  const binding = parts.bindingOf(kind);
  const mapped = items.map((item) => ({ bizNo: item.bizNo, ...mapItem(parts, binding, item) }));
  const isSingle = mapped.length === 1;
  const { paths } = parts.profile.spec;
  const envelope = isSingle
    ? mapped[0]?.item
    : { ...(clientBatchNo === null ? {} : { clientBatchNo }), items: mapped.map(({ item }) => item) };
  const body = Buffer.from(JSON.stringify(envelope), 'utf8');
  return {
    kind,
    operation: isSingle ? 'write-single' : 'write-batch',
    clientBatchNo: isSingle ? null : clientBatchNo,
    path: fillPath(isSingle ? paths.single : paths.batch, { entity: binding.path }),
    body,
    bodySha256: createHash('sha256').update(body).digest('hex'),
    contentHashes: new Map(mapped.map(({ bizNo, contentHash }) => [bizNo, contentHash])),
    bizNos: items.map((item) => item.bizNo),
  };
}

function kindOfAll(items: readonly OutgoingItem[]): string {
  const kinds = new Set(items.map((item) => item.kind));
  const [kind] = kinds;
  if (kind === undefined) throw new RangeError('a national write needs at least one item');
  if (kinds.size > 1) throw new RangeError('a national write holds one kind only');
  if (new Set(items.map((item) => item.bizNo)).size < items.length) {
    throw new RangeError('a number may stand only once in a national write (B19)');
  }
  return kind;
}

function mapItem(parts: GatewayParts, binding: EntityBinding, item: OutgoingItem): MappedItem {
  const reason = reasonOf(parts, item);
  const head = { bizNo: item.bizNo, version: item.version, op: item.op, ...(reason === null ? {} : { reason }) };
  if (item.op === 'VOID') return { item: head, contentHash: null };
  const { plain, absent } = mapFields(
    binding,
    { bizNo: item.bizNo, data: item.data, refs: item.refs, onDate: beijingDate(parts.nationalClock.nowMs()) },
    { dictionaries: parts.profile.dictionaries, formatters, valuePlugins },
  );
  if (absent.length > 0) {
    // Sent all the same: the nation refuses this one item (2201), while an exception would hold up its whole batch.
    parts.logger.warn({ kind: item.kind, bizNo: item.bizNo, absent }, 'national fields without a value');
  }
  return {
    item: {
      ...head,
      data: encrypted(parts, binding, plain),
      ...(item.linkTo === undefined ? {} : { linkTo: item.linkTo }),
      ...(item.reopen === true ? { reopen: true } : {}),
    },
    contentHash: contentHashOf(plain),
  };
}

/** VOID and CORRECT need a reason that is not blank (B5, G-75); a longer one than the nation takes is cut (C5). */
function reasonOf(parts: GatewayParts, item: OutgoingItem): string | null {
  const { corrections } = parts.profile.spec;
  const given = item.reason?.normalize('NFC').trim() ?? '';
  if (given !== '') return [...given].slice(0, corrections.maxReasonLength).join('');
  if (item.op === 'CORRECT') return corrections.defaultCorrectReason;
  return item.op === 'VOID' ? corrections.defaultVoidReason : null;
}

function encrypted(
  parts: GatewayParts,
  binding: EntityBinding,
  plain: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const sent: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(plain)) {
    const format = binding.fields[field]?.format;
    const codec = format === undefined ? undefined : parts.codecs.get(format);
    sent[field] = codec && typeof value === 'string' ? codec.encrypt(value, parts.random.bytes(codec.ivBytes)) : value;
  }
  return sent;
}
