// national/ speaks to the nation in the words of the chosen contract profile.
// Owns      config/national/<profile>; the only HTTP client towards the nation
// Promises  every call ends as an outcome inside its deadline; nothing unknown is ever called known
// Never     queues, stores or decides when to send; logs or quotes what a record says about a person
// Start at  gateway.ts (the port), then create-gateway.ts
export type * from './gateway.js';
export type * from './gateway-outcome.js';
export { createGateway, factsOf, type GatewaySettings, type NationalAccess } from './create-gateway.js';
export { loadProfile, profileIds, ProfileError, type Profile, type ProfileSource } from './profile/profile-loader.js';
export { contentHashOf, recordsHash } from './content-hash.js';
export { forEveryNumber } from './replies/item-outcomes.js';
export type { GatewayLogger, Random } from './ports.js';
export { createCallbackCheck, type CallbackAnswer, type CallbackRequest, type NationalCallback } from './callback.js';
