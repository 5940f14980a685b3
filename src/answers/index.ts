// answers/ turns what the nation said into what we know: the only room that settles an entry.
// Owns      national_watch, national_callback
// Promises  every outcome leaves attempt, promise, record, evidence and feed in one agreeing state
// Never     talks to the nation; decides when to send; treats an unknown outcome as success or refusal
// Start at  settlement.ts
export { hastenWatches, lockAttempts, lockUnknown, postponeLookups, type AttemptRow } from './answers.queries.js';
export { CallbackIntake, type CallbackReply } from './callback-intake.js';
export { exponentialDelayMs } from './back-off.js';
export { CertificateProgress } from './certificate-progress.js';
export { aliasesOfOutcome } from './national-ids.js';
export { ObservationService } from './observation.js';
export { SettlementService, type AnsweredAttempt } from './settlement.js';
export { FIRST_BYTE_WITHIN_MS, judgeLookup, type LookupMoment, type LookupVerdict } from './unknown-outcomes.js';
