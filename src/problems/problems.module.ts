import { Module } from '@nestjs/common';
import { AccessModule } from '../access/index.js';
import type { Database } from '../platform/database/index.js';
import type { Ids } from '../platform/ids/index.js';
import { DATABASE, IDS } from '../platform/tokens.js';
import { shippedCalendar } from '../records/index.js';
import { ProblemsController, ReplaysController } from './admin.controller.js';
import { ProblemDesk } from './problem-desk.js';
import { ReplayDesk } from './replay-desk.js';

/** Needs DATABASE and IDS from a global module. */
@Module({
  imports: [AccessModule],
  controllers: [ProblemsController, ReplaysController],
  providers: [
    {
      provide: ProblemDesk,
      inject: [DATABASE, IDS],
      useFactory: (database: Database, ids: Ids) => new ProblemDesk({ database, ids, calendar: shippedCalendar() }),
    },
    {
      provide: ReplayDesk,
      inject: [DATABASE, IDS],
      useFactory: (database: Database, ids: Ids) => new ReplayDesk({ database, ids }),
    },
  ],
})
export class ProblemsModule {}
