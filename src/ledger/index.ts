// ledger/ knows what we accepted, where each record stands, and what we promised to deliver.
// Owns      person, person_binding, record, record_version, record_wait, outbox, delivery_attempt, change_page, change_sequence
// Promises  history, state, promise, evidence and feed change together in the transaction that the caller opened
// Never     knows that a nation exists; opens a transaction to write; edits history
// Start at  ledger.service.ts
export { AcceptanceRaceError, CERTIFICATE_SET_KEY, Ledger } from './ledger.service.js';
export {
  LANE_RANK, type AcceptBatch, type AcceptItem, type AcceptSource, type AcceptResult, type Lane, type LedgerProfile, type WaitingFor,
} from './ledger.types.js'; // prettier-ignore
export {
  LedgerReader, wordedEvent, type ChangeEvent, type ChangesAnswer, type RecordStatus, type StoredWait, type Summary,
} from './ledger-reader.js'; // prettier-ignore
export { ChangeSequencer } from './change-sequencer.js';
export {
  claimReady, findReadyKinds, lockCallRecords, lockForSettling, moveRecords, postponePromises, queueFree, releaseWaiters,
  tellTakeOffs,
  setPromisesWaiting, type ClaimRow, type LandedKey, type NationalFacts, type RecordMove, type SettleRow,
} from './delivery-moves.js'; // prettier-ignore
export {
  endFlights, openFlights, readOpenIntervals, recordContentHashes, type Flight, type FlightEnd,
} from './flights.js'; // prettier-ignore
export { recordAliases, type AliasCause, type NationalAlias } from './national-alias.js';
export {
  countLinked, fitRemap, remapAdoptions, remapNationalIds, type RemapFit, type RemapLine,
} from './national-remap.js'; // prettier-ignore
export { spreadFacts, type FactsParent } from './late-facts.js';
export { reopenRefused, withdrawReopened, type Reopened, type ReopenWish } from './reopening.js';
export { raiseFreedByCertificate } from './parent-change.js';
export { readStandings, refKey, type Child, type Standing } from './parents.js';
export { type OpenedContent, openContent, SEALED_VERSIONS } from './sealing.js';
export { sweepWaits } from './sweeping.js';
