// delivery/ gets promises out of the door and writes down every try.
// Owns      national_breaker, national_speed, national_quota_*, delivery_pause, delivery_promise*; national_call, national_gate, national_pace, national_slot; queue `delivery`
// Promises  each promise ends settled, waiting with a reason, or asked about; never dropped, never sent blindly twice
// Never     edits the ledger but through its moves; talks HTTP (that is national/); decides what a code means
// Start at  dispatcher.ts
export { type Alert, listAlerts } from './storm/alerts.js';
export { type Pause, PauseError, Pauses, type PauseWish } from './storm/pauses.js';
export { type PromiseScore, promiseScore } from './fair/promised-times.js';
export { scaledPolicy, STORM_POLICY, type StormPolicy } from './storm/storm-policy.js';
export { createDelivery, type Delivery, type DeliveryParts } from './create-delivery.js';
