import { z } from 'zod';
import { RECORD_KINDS, RECORD_STATES } from '../records/index.js';
import { MAX_ITEMS } from './raw-items.js';

/**
 * What calls and answers look like, for the OpenAPI document. The `data` of an item is the very schema that the door
 * validates with; the shapes around it are checked by hand in raw-items.ts, because a strict parser has to keep the
 * faults of each item apart, and `api-schemas.spec.ts` holds the two together.
 */

const KIND_NAMES = RECORD_KINDS.map(({ name }) => name) as [string, ...string[]];
const kindName = z.enum(KIND_NAMES);
const sourceId = z.string().regex(/^[0-9A-Za-z._-]{1,64}$/);
const revision = z.int().min(0).meta({ description: 'Rising integer kept by the source (G-09, G-10)' });
const reason = z.string().min(1).max(500);
const time = z.iso.datetime({ offset: true });
const pointer = z.string().meta({ description: 'RFC 6901 from the item, e.g. /data/idNo' });
const code = z.string();

const pascal = (kind: string): string =>
  kind.replaceAll(/(?:^|-)([a-z])/g, (_all, letter: string) => letter.toUpperCase());

const upsertItems = RECORD_KINDS.map((kind) =>
  z
    .strictObject({
      kind: z.literal(kind.name),
      sourceId,
      revision: revision.optional(),
      op: z.literal('upsert').optional(),
      reason: reason.optional(),
      data: kind.schema,
    })
    .meta({ id: `${pascal(kind.name)}Item`, description: kind.label.en }),
);

const voidItem = z
  .strictObject({ kind: kindName, sourceId, revision: revision.optional(), op: z.literal('void'), reason })
  .meta({ id: 'VoidItem', description: 'Withdraws a record' });

export const itemSchema = z.union([...upsertItems, voidItem]).meta({ id: 'Item' });

export const batchSchema = z.strictObject({ items: z.array(itemSchema).min(1).max(MAX_ITEMS) }).meta({ id: 'Batch' });

export const putSchema = z
  .strictObject({
    revision: revision.optional(),
    reason: reason.optional(),
    data: z.union(RECORD_KINDS.map((kind) => kind.schema)),
  })
  .meta({ id: 'RecordContent' });

const problemLine = z
  .strictObject({ index: z.int().min(0).optional(), pointer, code, message: z.string(), hint: z.string() })
  .meta({ id: 'ProblemLine' });

const warning = z.strictObject({ code, pointer: pointer.optional(), message: z.string() }).meta({ id: 'Warning' });

export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    code,
    traceId: z.string(),
    errors: z.array(problemLine).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

const receipt = z
  .strictObject({
    batchId: z.uuid(),
    digest: z.string().regex(/^[0-9a-f]{64}$/),
    at: time,
    keyId: z.string(),
    signature: z.string(),
  })
  .meta({ id: 'Receipt', description: 'Proves later what was accepted when (G-24)' });

const outcome = z.enum(['accepted', 'duplicate', 'superseded', 'rejected']);
const version = z.int().min(1);
const count = z.int().min(0);

const itemAnswer = z
  .strictObject({
    index: count,
    kind: z.string().nullable(),
    sourceId: z.string().nullable(),
    outcome,
    recordId: z.uuid().optional(),
    version: version.optional(),
    errors: z.array(problemLine).optional(),
    warnings: z.array(warning).optional(),
  })
  .meta({ id: 'ItemAnswer' });

export const batchAnswerSchema = z
  .strictObject({
    batchId: z.uuid().nullable().meta({ description: 'null with mode=validate' }),
    counts: z.strictObject({ accepted: count, duplicate: count, superseded: count, rejected: count }),
    items: z.array(itemAnswer),
    receipt: receipt.optional(),
  })
  .meta({ id: 'BatchAnswer' });

export const singleAnswerSchema = z
  .strictObject({
    batchId: z.uuid().nullable(),
    outcome,
    recordId: z.uuid().optional(),
    version: version.optional(),
    warnings: z.array(warning).optional(),
    receipt: receipt.optional(),
  })
  .meta({ id: 'SingleAnswer' });

const state = z.enum(RECORD_STATES);

export const statusSchema = z
  .strictObject({
    recordId: z.uuid(),
    kind: kindName,
    sourceId,
    bizNo: z.string(),
    version,
    state,
    since: time,
    nationalId: z.string().nullable(),
    nationalVersion: z.int().nullable(),
    waitingFor: z.array(
      z.strictObject({ kind: z.string().nullable(), sourceId: z.string().nullable(), reason: z.string() }),
    ),
    lastOutcome: z
      .strictObject({
        code,
        message: z.string(),
        at: time,
        actor: z.enum(['station', 'adapter', 'national', 'operator']),
      })
      .nullable(),
    nextAttemptAt: time.nullable(),
    dueBy: time.nullable(),
    warnings: z.array(warning),
    samePersonAs: z.array(z.strictObject({ sourceId })),
  })
  .meta({ id: 'RecordStatus' });

const changeEvent = z
  .strictObject({
    seq: z.int().min(1),
    eventId: z.uuid(),
    kind: kindName,
    sourceId,
    recordId: z.uuid(),
    version,
    state,
    since: time,
    code: code.optional(),
  })
  .meta({ id: 'ChangeEvent' });

export const changesSchema = z
  .strictObject({ events: z.array(changeEvent), nextCursor: z.string(), hasMore: z.boolean() })
  .meta({ id: 'Changes' });

export const summarySchema = z
  .strictObject({ asOf: time, kinds: z.record(z.string(), z.record(z.string(), count)) })
  .meta({ id: 'Summary' });

export const keysSchema = z
  .strictObject({
    keys: z.array(
      z.strictObject({
        keyId: z.string(),
        alg: z.literal('Ed25519'),
        publicKey: z.string().meta({ description: '32 raw bytes, base64' }),
        notBefore: time,
        notAfter: time.nullable(),
      }),
    ),
  })
  .meta({ id: 'Keys' });

export const healthSchema = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Health' });
