import { Module } from '@nestjs/common';
import { AccessModule } from '../access/index.js';
import { LedgerReader } from '../ledger/index.js';
import type { Queryable } from '../platform/database/index.js';
import { DATABASE } from '../platform/tokens.js';
import { BatchesController } from './batches.controller.js';
import { FeedController } from './feed.controller.js';
import { OpenController } from './open.controller.js';
import { RecordsController } from './records.controller.js';

/** Needs DATABASE, VAULT and INTAKE from a global module, and CERTIFICATE_FILES once there are certificates. */
@Module({
  imports: [AccessModule],
  controllers: [BatchesController, RecordsController, FeedController, OpenController],
  providers: [
    { provide: LedgerReader, inject: [DATABASE], useFactory: (database: Queryable) => new LedgerReader(database) },
  ],
  exports: [LedgerReader],
})
export class IngestModule {}
