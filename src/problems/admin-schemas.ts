import { z } from 'zod';
import { PROBLEM_STATES } from './life-cycle.js';
import { REPLAY_STATES } from './replay.queries.js';

/** Bodies and answers of `/api/v1/admin/…`; the same schemas check what comes in and describe it (OpenAPI). */

const count = z.int().min(0);
const time = z.iso.datetime({ offset: true });
const reason = z.string().trim().min(1).max(500);
const owner = z.enum(['station', 'county', 'nation', 'platform']);

export const problemState = z.enum(PROBLEM_STATES);
export const reasonSchema = z.strictObject({ reason }).meta({ id: 'AdminReason' });
export const maybeReasonSchema = z.strictObject({ reason: reason.optional() }).meta({ id: 'AdminMaybeReason' });

const affected = {
  records: count.meta({ description: 'Stand in attention for this cause' }),
  onTheWay: count.meta({ description: 'Failed for it and are being sent again' }),
  people: count,
  minutes: count,
  stations: count,
};

const summary = {
  id: z.uuid(),
  state: problemState,
  sentence: z.string(),
  cause: z.string(),
  remedy: z.string(),
  owner,
  deadline: z
    .strictObject({ at: time, workingDaysLeft: z.int(), isLegal: z.boolean(), isCalendarKnown: z.boolean() })
    .nullable(),
  hits: count,
  regressions: count,
  firstHitAt: time,
  lastHitAt: time,
  groupedBy: z.strictObject({
    fingerprint: z.string(),
    aspect: z.enum(['failure', 'warning']),
    kind: z.string(),
    op: z.enum(['upsert', 'void']),
    code: z.string(),
    template: z.string(),
    fields: z.array(z.string()),
  }),
};

const problemSummary = z
  .strictObject({ ...summary, affected: z.strictObject(affected) })
  .meta({ id: 'AdminProblemSummary' });

export const problemListSchema = z.strictObject({ problems: z.array(problemSummary) }).meta({ id: 'AdminProblems' });

export const problemDetailSchema = z
  .strictObject({
    ...summary,
    affected: z.strictObject({ ...affected, waiting: count, waitingIsMore: z.boolean(), certificates: count }),
    history: z.array(
      z.strictObject({
        at: time,
        actor: z.string(),
        act: z.string(),
        from: z.string(),
        to: z.string(),
        reason: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'AdminProblem' });

export const problemItemsSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        recordId: z.uuid(),
        kind: z.string(),
        sourceId: z.string(),
        appKey: z.string().nullable(),
        version: z.int(),
        state: z.string(),
        since: time,
        hits: count,
        countyCode: z.string(),
        dueBy: time.nullable(),
      }),
    ),
    nextCursor: z.uuid().nullable(),
  })
  .meta({ id: 'AdminProblemItems' });

const person = z.strictObject({ id: z.uuid(), name: z.string() });

const replayView = {
  id: z.uuid(),
  problemId: z.uuid(),
  scope: z.string(),
  state: z.enum(REPLAY_STATES),
  stopCause: z.enum(['person', 'same-cause', 'new-cause']).nullable(),
  reason: z.string(),
  records: count,
  stage: z.int().min(1).max(4),
  needsSecond: z.boolean(),
  requestedBy: person,
  requestedAt: time,
  approvedBy: person.nullable(),
  approvedAt: time.nullable(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
};

export const replayListSchema = z
  .strictObject({ replays: z.array(z.strictObject(replayView)) })
  .meta({ id: 'AdminReplays' });

export const replaySchema = z
  .strictObject({
    ...replayView,
    account: z.strictObject({
      notSent: count,
      underWay: count,
      done: count,
      failed: count,
      failedAnew: count,
      waits: count,
      overtaken: count,
      skipped: count,
    }),
    calls: z.strictObject({ writes: count, receipts: count, lookups: count }),
    estimate: z.strictObject({
      writes: count,
      writesByStage: z.array(count),
      receipts: count,
      batchItems: z.int().min(1),
      isBatchAssumed: z.boolean(),
      quota: z.strictObject({ limit: count.nullable(), used: count, resetsAt: time }).nullable(),
    }),
  })
  .meta({ id: 'AdminReplay' });
