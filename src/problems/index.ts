// problems/ groups what went wrong by its cause, says who must do what, and sends again what was put right.
// Owns      problem, problem_item, problem_act, problem_collection, replay, replay_item
// Promises  one problem a cause; a replay sends what was approved, small first, and stops by itself
// Never     stands on the way of a record; sends anything past the ledger's own promises; keeps the nation's words
// Start at  collector.ts
export { ledgerChanges, type ChangeSource, type Touched } from './change-source.js';
export { ProblemCollector } from './collector.js';
export { fingerprintOf, type Cause, type Fingerprint } from './fingerprint.js';
export { createProblems, type Problems, type ProblemsParts } from './create-problems.js';
export { PROBLEM_STATES, type ProblemAct, type ProblemState } from './life-cycle.js';
export { ProblemDesk, type ItemsPage, type ProblemDetail, type ProblemSummary } from './problem-desk.js';
export { MOST_ALONE, ReplayDesk, type Quota, type ReplayAccount, type ReplayView } from './replay-desk.js';
export { ReplayRunner } from './replay-runner.js';
export { ADMIN_SECURITY, adminPaths } from './admin-openapi.js';
export { ProblemsModule } from './problems.module.js';
