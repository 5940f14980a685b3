// evidence/ keeps the log that proves what happened: one leaf per acceptance, state change and administrative act.
// Owns      evidence_page
// Promises  a leaf is written in the caller's transaction, or the caller's change does not happen
// Never     holds personal data (commitments only); opens a transaction; reads other rooms' tables
// Start at  evidence-log.ts
export {
  appendEvidence,
  commitmentOf,
  LEAF_TIME,
  newSalt,
  stateLeafSql,
  type EvidenceEntry,
  type EvidenceKind,
} from './evidence-log.js';
