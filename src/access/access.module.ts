import { Module, type OnApplicationBootstrap, type OnApplicationShutdown, Inject } from '@nestjs/common';
import { repeat, type Clock, type Repeating } from '../platform/clock/index.js';
import type { Database } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import type { Logger } from '../platform/logging/index.js';
import { CLOCK, DATABASE, IDS, LOGGER, VAULT } from '../platform/tokens.js';
import type { Vault } from '../platform/vault/index.js';
import { Admission } from './admission.js';
import { AdministratorGuard } from './administrators/administrator.guard.js';
import { Administrators } from './administrators/administrators.js';
import { Authenticator } from './authenticate.js';
import { StoredNonces } from './nonces.js';
import { SourceDirectory } from './source-directory.js';
import { SourceGuard } from './source.guard.js';
import { SourceSystems } from './source-systems.js';

const PURGE_EVERY_MS = 60_000;

/** Needs DATABASE, VAULT, IDS, CLOCK and LOGGER from a global module. */
@Module({
  providers: [
    { provide: StoredNonces, inject: [DATABASE], useFactory: (database: Database) => new StoredNonces(database) },
    {
      provide: SourceDirectory,
      inject: [DATABASE, VAULT, CLOCK],
      useFactory: (database: Database, vault: Vault, clock: Clock) => new SourceDirectory(database, vault, clock),
    },
    {
      provide: Authenticator,
      inject: [SourceDirectory, StoredNonces, CLOCK],
      useFactory: (directory: SourceDirectory, nonces: StoredNonces, clock: Clock) =>
        new Authenticator(directory, nonces, clock),
    },
    {
      provide: Admission,
      inject: [DATABASE, IDS],
      useFactory: (database: Database, ids: Ids) => new Admission(database, ids),
    },
    {
      provide: SourceSystems,
      inject: [DATABASE, VAULT, IDS],
      useFactory: (database: Database, vault: Vault, ids: Ids) => new SourceSystems(database, vault, ids),
    },
    {
      provide: Administrators,
      inject: [DATABASE, IDS],
      useFactory: (database: Database, ids: Ids) => new Administrators(database, ids),
    },
    SourceGuard,
    AdministratorGuard,
  ],
  exports: [Authenticator, Admission, SourceDirectory, SourceSystems, SourceGuard, Administrators, AdministratorGuard],
})
export class AccessModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private purging: Repeating | undefined;

  constructor(
    @Inject(StoredNonces) private readonly nonces: StoredNonces,
    @Inject(LOGGER) private readonly log: Pick<Logger, 'warn'>,
  ) {}

  onApplicationBootstrap(): void {
    // A purge that fails is made up by the next one.
    const missed = (err: unknown): void => this.log.warn({ err }, 'purge of used nonces failed');
    const pauses = { idleMs: PURGE_EVERY_MS, failureMs: PURGE_EVERY_MS, onFailure: missed };
    this.purging = repeat(() => this.nonces.purge(), pauses);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.purging?.stop();
  }
}
