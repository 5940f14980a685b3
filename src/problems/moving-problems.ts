import type { Via } from '../access/index.js';
import { appendEvidence } from '../evidence/index.js';
import type { Tx } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import { stateAfter, type ProblemAct, type ProblemState } from './life-cycle.js';

/** Who does it and why; `via` is where from. */
export interface ActOn {
  readonly act: ProblemAct;
  readonly actorId: string;
  readonly via: Via | 'system';
  readonly reason: string | null;
}

/**
 * Moves one problem, with its line of history and its leaf; false when the act is not possible from `from`.
 * The caller holds the problem's row lock.
 */
export async function moveProblem(
  tx: Tx,
  ids: Ids,
  problem: { id: string; state: ProblemState },
  on: ActOn,
): Promise<boolean> {
  const to = stateAfter(problem.state, on.act);
  if (to === null) return false;
  await tx.query(
    `UPDATE problem SET state = $2,
       resolved_at = CASE WHEN $2 IN ('resolved-watching', 'closed') THEN coalesce(CASE WHEN $2 = 'closed' THEN resolved_at END, now())
         ELSE resolved_at END,
       opened_at = CASE WHEN $2 = 'regressed' THEN now() ELSE opened_at END,
       regressions = regressions + CASE WHEN $2 = 'regressed' THEN 1 ELSE 0 END
     WHERE id = $1`,
    [problem.id, to],
    'problems-move',
  );
  await tx.query(
    `INSERT INTO problem_act (id, problem_id, actor_id, act, from_state, to_state, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [ids.uuid(), problem.id, on.actorId, on.act, problem.state, to, on.reason],
    'problems-act',
  );
  await appendEvidence(tx, [{
    kind: 'admin.action', actor: on.actorId, via: on.via, action: `problem.${on.act}`, problem: problem.id,
    from: problem.state, to,
  }]); // prettier-ignore
  return true;
}
