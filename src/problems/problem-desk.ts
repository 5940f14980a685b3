import type { Actor, Via } from '../access/index.js';
import type { Database } from '../platform/database/index.js';
import { CodedError } from '../platform/errors/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { Owner, WorkingCalendar } from '../records/index.js';
import { deadlineOf, type Deadline } from './deadline.js';
import { UNSOLVED, type ProblemAct, type ProblemState } from './life-cycle.js';
import { moveProblem } from './moving-problems.js';
import {
  findProblem, listProblems, lockProblem, MOST_WAITING, readActs, readBehind, readItemsPage, type ProblemRow,
} from './problem-desk.queries.js'; // prettier-ignore
import { wordsOf } from './words.js';

export interface Affected {
  /** Records that stand in `attention` for this cause (of a warning: that carry it). */
  readonly records: number;
  /** Records that failed for it and are on their way again. */
  readonly onTheWay: number;
  readonly people: number;
  readonly minutes: number;
  readonly stations: number;
}

export interface ProblemSummary {
  readonly id: string;
  readonly state: ProblemState;
  readonly sentence: string;
  readonly cause: string;
  readonly remedy: string;
  readonly owner: Owner;
  readonly deadline: Deadline | null;
  readonly affected: Affected;
  readonly hits: number;
  readonly regressions: number;
  readonly firstHitAt: string;
  readonly lastHitAt: string;
  /** Why these are one problem. */
  readonly groupedBy: {
    readonly fingerprint: string; readonly aspect: string; readonly kind: string; readonly op: string;
    readonly code: string; readonly template: string; readonly fields: readonly string[];
  }; // prettier-ignore
}

export interface ProblemDetail extends Omit<ProblemSummary, 'affected'> {
  readonly affected: Affected & {
    readonly waiting: number;
    readonly waitingIsMore: boolean;
    readonly certificates: number;
  };
  readonly history: readonly {
    readonly at: string; readonly actor: string; readonly act: string; readonly from: string; readonly to: string;
    readonly reason: string | null;
  }[]; // prettier-ignore
}

export interface ItemsPage {
  readonly items: readonly {
    readonly recordId: string; readonly kind: string; readonly sourceId: string; readonly appKey: string | null;
    readonly version: number; readonly state: string; readonly since: string; readonly hits: number;
    readonly countyCode: string; readonly dueBy: string | null;
  }[]; // prettier-ignore
  readonly nextCursor: string | null;
}

export interface ProblemDeskParts {
  readonly database: Database;
  readonly ids: Ids;
  readonly calendar: WorkingCalendar;
}

/** Causes are few; a list that is longer than this is a fault of the grouping, not a page to leaf through. */
const MOST_LISTED = 500;
const HISTORY_SHOWN = 100;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const isId = (text: string): boolean => UUID.test(text);

/** What administrators see of problems, and do with them. What lies outside their region does not exist for them. */
export class ProblemDesk {
  constructor(private readonly parts: ProblemDeskParts) {}

  /** The problems that ask for a person, or those in the given states; the largest first. */
  async list(actor: Actor, states: readonly ProblemState[] = UNSOLVED): Promise<ProblemSummary[]> {
    const rows = await listProblems(this.parts.database, actor.scope, { states, limit: MOST_LISTED });
    return rows.map((row) => this.summary(row));
  }

  async show(actor: Actor, id: string): Promise<ProblemDetail> {
    const { database } = this.parts;
    const row = isId(id) ? await findProblem(database, actor.scope, id) : null;
    if (row === null) throw new CodedError('ADMIN_NOT_FOUND');
    const { waiting, certificates } = await readBehind(database, actor.scope, id);
    const acts = await readActs(database, id, HISTORY_SHOWN);
    const summary = this.summary(row);
    return {
      ...summary,
      affected: { ...summary.affected, waiting, waitingIsMore: waiting >= MOST_WAITING, certificates },
      history: acts.map(({ at, actor: name, act, from_state: from, to_state: to, reason }) => ({
        at: at.toISOString(), actor: name, act, from, to, reason,
      })), // prettier-ignore
    };
  }

  async items(actor: Actor, id: string, page: { after: string | null; limit: number }): Promise<ItemsPage> {
    const { database } = this.parts;
    if (!isId(id) || (await findProblem(database, actor.scope, id)) === null) throw new CodedError('ADMIN_NOT_FOUND');
    const rows = await readItemsPage(database, actor.scope, {
      problemId: id,
      after: page.after,
      limit: page.limit + 1,
    });
    const shown = rows.slice(0, page.limit);
    return {
      items: shown.map((row) => ({
        recordId: row.record_id, kind: row.kind, sourceId: row.source_id, appKey: row.app_key, version: row.version,
        state: row.record_state, since: row.hit_at.toISOString(), hits: row.hits, countyCode: row.county_code,
        dueBy: row.due_by?.toISOString() ?? null,
      })), // prettier-ignore
      nextCursor: rows.length > page.limit ? (shown.at(-1)?.record_id ?? null) : null,
    };
  }

  /**
   * Moves the problem along its life. Whoever sees it may take it on; to end it, nothing of it may lie outside the
   * actor's region, because ending it ends it for all.
   *
   * Throws   ADMIN_NOT_FOUND, PROBLEM_BEYOND_SCOPE, STEP_NOT_ALLOWED
   */
  async act(
    actor: Actor,
    id: string,
    act: Exclude<ProblemAct, 'regress'>,
    said: { via: Via; reason: string | null },
  ): Promise<ProblemDetail> {
    const { database, ids } = this.parts;
    await database.transaction(async (tx) => {
      const problem = isId(id) ? await lockProblem(tx, actor.scope, id) : null;
      if (problem === null) throw new CodedError('ADMIN_NOT_FOUND');
      if (act !== 'acknowledge' && problem.beyond) throw new CodedError('PROBLEM_BEYOND_SCOPE');
      if (!(await moveProblem(tx, ids, problem, { act, actorId: actor.id, ...said }))) {
        throw new CodedError('STEP_NOT_ALLOWED');
      }
    });
    return this.show(actor, id);
  }

  private summary(row: ProblemRow): ProblemSummary {
    const { fingerprint, aspect, kind, op, code, template, fields, now } = row;
    const basis = { aspect, kind, op, code, template, fields };
    const words = wordsOf(basis);
    const input = { owner: words.owner, openedAt: row.opened_at, firstDueBy: row.first_due_by, now };
    const isUnsolved = UNSOLVED.includes(row.state);
    return {
      id: row.id,
      state: row.state,
      ...words,
      deadline: isUnsolved ? deadlineOf(input, this.parts.calendar) : null,
      affected: {
        records: row.records, onTheWay: row.on_the_way, people: row.people, minutes: row.minutes, stations: row.stations,
      },
      hits: row.hits,
      regressions: row.regressions,
      firstHitAt: row.first_hit_at.toISOString(),
      lastHitAt: row.last_hit_at.toISOString(),
      groupedBy: { fingerprint, ...basis },
    }; // prettier-ignore
  }
}
