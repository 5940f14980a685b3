// ingest/ is how records arrive and how stations ask after them.
// Owns      the routes under /api/v1, /health, /api/docs
// Promises  a 200 means durable; good items are taken, bad ones refused each with its reasons
// Never     calls the nation; writes a table itself (that is ledger/)
// Start at  batches.controller.ts, intake.service.ts
export { CERTIFICATE_FILES, type CertificateFiles } from './certificate-files.js';
export { IngestModule } from './ingest.module.js';
export { IntakeService, type DoorProfile, type IntakeParts } from './intake.service.js';
export type { Intake, PushAnswer, RawItem, SourceIdentity } from './intake.types.js';
export { catalogueWords } from './wording.js';
export { openApiDocument, serveOpenApi, type MoreOfTheApi } from './openapi.js';
