import { Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '../platform/clock/index.js';
import type { Settings } from '../platform/config/index.js';
import type { Database } from '../platform/database/index.js';
import { CLOCK, DATABASE, LOGGER, SETTINGS, VAULT } from '../platform/tokens.js';
import type { Vault } from '../platform/vault/index.js';
import { WebhookDeliverer } from './webhook-deliverer.js';
import { systemResolve } from './webhook-target.js';

interface FailureLog {
  error(fields: object, message: string): void;
}

/** The worker's side of webhooks. Needs DATABASE, VAULT, CLOCK, SETTINGS and LOGGER from a global module. */
@Module({
  providers: [
    {
      provide: WebhookDeliverer,
      inject: [DATABASE, VAULT, CLOCK, SETTINGS, LOGGER],
      useFactory: (...[database, vault, clock, settings, log]: [Database, Vault, Clock, Settings, FailureLog]) =>
        new WebhookDeliverer({
          database,
          vault,
          clock,
          rules: { allowInternal: settings.webhookAllowInternal, resolve: systemResolve },
          onFailure: (err) => log.error({ err }, 'webhook turn failed'),
        }),
    },
  ],
  exports: [WebhookDeliverer],
})
export class NotifyModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(WebhookDeliverer) private readonly deliverer: WebhookDeliverer) {}

  onApplicationBootstrap(): void {
    this.deliverer.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.deliverer.stop();
  }
}
