// access/ says who calls and how much they may.
// Owns      actor, source_system, source_system_secret, request_nonce, request_rate, request_slot
// Promises  a revoked key is refused within 5 s everywhere; a used nonce stays used; no request is admitted above its rate
// Never     shows a secret twice or keeps it in the clear; reads records
// Start at  authenticate.ts
export { AccessModule } from './access.module.js';
export { callerOf, SourceGuard } from './source.guard.js';
export { SEALED_SECRETS, type SourceSystem } from './source-directory.js';
export { SourceSystems, SourceSystemUnknownError, type NewSourceSystem, type ShownSecret } from './source-systems.js';
export { isAppKey } from './credentials.js';
export { actorOf, AdministratorGuard } from './administrators/administrator.guard.js';
export {
  Administrators, CLI_ACTOR_ID, SYSTEM_ACTOR_ID, type Actor, type ListedAdministrator, type NewAdministrator,
  type ShownAdministrator, type Via,
} from './administrators/administrators.js'; // prettier-ignore
