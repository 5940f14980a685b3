import type { Actor, Via } from '../access/index.js';
import type { Database, Tx } from '../platform/database/index.js';
import { CodedError } from '../platform/errors/index.js';
import type { Ids } from '../platform/ids/index.js';
import { isId } from './problem-desk.js';
import { lockProblem } from './problem-desk.queries.js';
import { stepReplay, takeBack, type Doer } from './replay-moves.js';
import { estimateCalls } from './replay-stages.js';
import {
  chooseRecords, countCalls, findReplay, insertReplay, listReplays, lockReplay, observedBatch, readAccount, readQuota,
  type ReplayRow, type ReplayState, type StopCause,
} from './replay.queries.js'; // prettier-ignore

/** Calls of the day, over everything that calls the nation; null limit = it has named none. */
export interface Quota {
  readonly limit: number | null;
  readonly used: number;
  readonly resetsAt: string;
}

export interface ReplayView {
  readonly id: string;
  readonly problemId: string;
  readonly scope: string;
  readonly state: ReplayState;
  readonly stopCause: StopCause | null;
  readonly reason: string;
  /** Records of the frozen selection. */
  readonly records: number;
  /** 1 = one record, 2 = ten, 3 = a hundred, 4 = the rest. */
  readonly stage: number;
  readonly needsSecond: boolean;
  readonly requestedBy: { readonly id: string; readonly name: string };
  readonly requestedAt: string;
  readonly approvedBy: { readonly id: string; readonly name: string } | null;
  readonly approvedAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

export interface ReplayAccount extends ReplayView {
  readonly account: {
    readonly notSent: number; readonly underWay: number; readonly done: number; readonly failed: number;
    readonly failedAnew: number; readonly waits: number; readonly overtaken: number; readonly skipped: number;
  }; // prettier-ignore
  /** Calls that it has cost; receipts and look-ups apart from writes. */
  readonly calls: { readonly writes: number; readonly receipts: number; readonly lookups: number };
  readonly estimate: {
    readonly writes: number; readonly writesByStage: readonly number[]; readonly receipts: number;
    readonly batchItems: number; readonly isBatchAssumed: boolean; readonly quota: Quota | null;
  }; // prettier-ignore
}

export interface ReplayDeskParts {
  readonly database: Database;
  readonly ids: Ids;
}

/** More records than this need a second administrator (I27); the database enforces the same number. */
export const MOST_ALONE = 200;
/** Batch size to reckon with until a batch was sent; the nation's own limit is read when sending (G-76). */
const ASSUMED_BATCH_ITEMS = 100;
const MOST_LISTED = 200;

/**
 * Plan → approve → run → account. Every step names who did it and is a leaf; what a step finds in another state than it
 * needs is refused, so that of two people who press at once one is told.
 */
export class ReplayDesk {
  constructor(private readonly parts: ReplayDeskParts) {}

  /**
   * Freezes what stands in `attention` for the problem in the actor's region; nothing joins it later.
   *
   * Throws   ADMIN_NOT_FOUND, REPLAY_EMPTY
   */
  async plan(actor: Actor, problemId: string, said: { reason: string; via: Via }): Promise<ReplayAccount> {
    const { database, ids } = this.parts;
    const id = ids.uuid();
    await database.transaction(async (tx) => {
      const problem = isId(problemId) ? await lockProblem(tx, actor.scope, problemId) : null;
      if (problem === null) throw new CodedError('ADMIN_NOT_FOUND');
      const chosen = await chooseRecords(tx, actor.scope, problemId);
      if (chosen.length === 0) throw new CodedError('REPLAY_EMPTY');
      const { reason } = said;
      await insertReplay(tx, { id, problemId, scope: actor.scope, reason, requestedBy: actor.id }, chosen);
      const row = { id, problem_id: problemId, item_count: chosen.length } as ReplayRow;
      await stepReplay(tx, row, { state: 'planned' }, { actorId: actor.id, via: said.via });
    });
    return this.show(actor, id);
  }

  /** Throws REPLAY_NEEDS_SECOND, REPLAY_ACTIVE besides those of every step. */
  async approve(actor: Actor, id: string, via: Via): Promise<ReplayAccount> {
    return this.step(actor, id, { from: ['planned'], via }, (tx, replay, doer) =>
      stepReplay(tx, replay, { state: 'approved', approvedBy: actor.id }, doer),
    );
  }

  /** Begins an approved replay, or goes on with a paused one. */
  async run(actor: Actor, id: string, via: Via): Promise<ReplayAccount> {
    return this.step(actor, id, { from: ['approved', 'paused'], via }, (tx, replay, doer) =>
      stepReplay(tx, replay, { state: 'running' }, doer),
    );
  }

  /** Nothing more leaves until it is run again: what is not in flight is taken back with this very step. */
  async pause(actor: Actor, id: string, via: Via): Promise<ReplayAccount> {
    return this.step(actor, id, { from: ['running'], via }, async (tx, replay, doer) => {
      await takeBack(tx, this.parts.ids, replay);
      await stepReplay(tx, replay, { state: 'paused' }, doer);
    });
  }

  /** For good; the account says of every record whether it was sent. */
  async stop(actor: Actor, id: string, via: Via): Promise<ReplayAccount> {
    const from = ['planned', 'approved', 'running', 'paused'] as const;
    return this.step(actor, id, { from, via }, async (tx, replay, doer) => {
      await takeBack(tx, this.parts.ids, replay);
      await stepReplay(tx, replay, { state: 'stopped', stopCause: 'person' }, doer);
    });
  }

  async list(actor: Actor, problemId: string | null): Promise<ReplayView[]> {
    if (problemId !== null && !isId(problemId)) return [];
    const rows = await listReplays(this.parts.database, actor.scope, { problemId, limit: MOST_LISTED });
    return rows.map(viewOf);
  }

  async show(actor: Actor, id: string): Promise<ReplayAccount> {
    const { database } = this.parts;
    const row = isId(id) ? await findReplay(database, actor.scope, id) : null;
    if (row === null) throw new CodedError('ADMIN_NOT_FOUND');
    const items = await readAccount(database, id);
    const observed = await observedBatch(database);
    const quota = await readQuota(database);
    const batchItems = observed ?? ASSUMED_BATCH_ITEMS;
    const { writes, firstStages } = estimateCalls(row.item_count, batchItems);
    const of = (state: string): number => items[state] ?? 0;
    return {
      ...viewOf(row),
      account: {
        notSent: of('planned'), underWay: of('sent'), done: of('done'), failed: of('failed'),
        failedAnew: of('failedAnew'), waits: of('waits'), overtaken: of('overtaken'), skipped: of('skipped'),
      },
      calls: await countCalls(database, id),
      estimate: {
        // A batch is asked after at least once; a lone entry is answered at once.
        writes, writesByStage: firstStages, receipts: writes - (row.item_count > 0 ? 1 : 0), batchItems,
        isBatchAssumed: observed === null, quota: quota && { limit: quota.quota_limit, used: quota.used, resetsAt: quota.resets_at.toISOString() },
      },
    }; // prettier-ignore
  }

  private async step(
    actor: Actor,
    id: string,
    on: { from: readonly ReplayState[]; via: Via },
    take: (tx: Tx, replay: ReplayRow, doer: Doer) => Promise<void>,
  ): Promise<ReplayAccount> {
    try {
      await this.parts.database.transaction(async (tx) => {
        const replay = isId(id) ? await lockReplay(tx, actor.scope, id) : null;
        if (replay === null) throw new CodedError('ADMIN_NOT_FOUND');
        if (!on.from.includes(replay.state)) throw new CodedError('STEP_NOT_ALLOWED');
        await take(tx, replay, { actorId: actor.id, via: on.via });
      });
    } catch (error) {
      throw refusalOf(error);
    }
    return this.show(actor, id);
  }
}

/** What the database itself forbids, in words. */
function refusalOf(error: unknown): unknown {
  const constraint = typeof error === 'object' && error !== null && 'constraint' in error ? error.constraint : null;
  if (constraint === 'replay_two_people') return new CodedError('REPLAY_NEEDS_SECOND');
  if (constraint === 'replay_one_live') return new CodedError('REPLAY_ACTIVE');
  return error;
}

function viewOf(row: ReplayRow): ReplayView {
  const iso = (at: Date | null): string | null => at?.toISOString() ?? null;
  return {
    id: row.id, problemId: row.problem_id, scope: row.scope, state: row.state, stopCause: row.stop_cause, reason: row.reason,
    records: row.item_count, stage: row.stage, needsSecond: row.item_count > MOST_ALONE,
    requestedBy: { id: row.requested_by, name: row.requester }, requestedAt: row.requested_at.toISOString(),
    approvedBy: row.approved_by === null ? null : { id: row.approved_by, name: row.approver ?? '' },
    approvedAt: iso(row.approved_at), startedAt: iso(row.started_at), endedAt: iso(row.ended_at),
  }; // prettier-ignore
}
