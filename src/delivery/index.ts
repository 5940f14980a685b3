// delivery/ gets promises out of the door and writes down every try.
// Owns      national_call, national_gate, national_pace, national_slot; queue `delivery`
// Promises  each promise ends settled, waiting with a reason, or asked about; never dropped, never sent blindly twice
// Never     edits the ledger but through its moves; talks HTTP (that is national/); decides what a code means
// Start at  dispatcher.ts
export { createDelivery, type Delivery, type DeliveryParts } from './create-delivery.js';
