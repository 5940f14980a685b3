// notify/ tells stations what happened to their records, without being asked.
// Owns      webhook
// Promises  every event of the feed is POSTed at least once to each webhook, signed, for as long as the feed keeps it
// Never     connects to our own network unless WEBHOOK_ALLOW_INTERNAL says so; follows a redirect; shows a secret twice
// Start at  webhook-deliverer.ts
export { NotifyModule } from './notify.module.js';
export { WebhookDeliverer } from './webhook-deliverer.js';
export { WebhookTargetError } from './webhook-target.js';
export { SEALED_WEBHOOK_SECRETS, Webhooks, WebhookUnknownError, type ListedWebhook, type Prove } from './webhooks.js';
