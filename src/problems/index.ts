// problems/ groups what went wrong by its cause, says who must do what, and sends again what was put right.
// Owns      problem, problem_item, problem_act, problem_collection, replay, replay_item
// Promises  one problem a cause; a replay sends what was approved, small first, and stops by itself
// Never     stands on the way of a record; sends anything past the ledger's own promises; keeps the nation's words
// Start at  collector.ts
export { ledgerChanges, type Change, type ChangeSource } from './change-source.js';
export { ProblemCollector } from './collector.js';
export { fingerprintOf, type Cause, type Fingerprint } from './fingerprint.js';
