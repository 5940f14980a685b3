// evidence/ keeps the log that proves what happened: one leaf per acceptance, state change and administrative act.
// Owns      evidence_leaf
// Promises  a leaf is written in the caller's transaction, or the caller's change does not happen
// Never     holds personal data (commitments only); opens a transaction; reads other rooms' tables
// Start at  evidence-log.ts
export { appendEvidence, commitmentOf, newSalt, type EvidenceEntry, type EvidenceKind } from './evidence-log.js';
