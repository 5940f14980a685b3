import 'reflect-metadata';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessModule } from '../access/index.js';
import { catalogueWords, IngestModule, IntakeService, serveOpenApi } from '../ingest/index.js';
import { ChangeSequencer, Ledger } from '../ledger/index.js';
import { factsOf } from '../national/index.js';
import { createHttpFace } from '../platform/http/index.js';
import { NestLogger } from '../platform/logging/index.js';
import { INTAKE } from '../platform/tokens.js';
import { ADMIN_SECURITY, adminPaths, ProblemsModule } from '../problems/index.js';
import { shippedCalendar } from '../records/index.js';
import { serveCallbacks } from './callback-route.js';
import { FoundationModule } from './foundation.module.js';
import type { Foundation } from './foundation.js';

@Module({})
class ApiModule {
  static of(foundation: Foundation, intake: IntakeService): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        FoundationModule.of(foundation, [{ provide: INTAKE, useValue: intake }]),
        AccessModule,
        IngestModule,
        ProblemsModule,
      ],
    };
  }
}

function createIntake({ database, vault, ids, clock, profile }: Foundation): IntakeService {
  const { guardianRequiredUnder, supportedKinds, maxRecordAgeDays } = factsOf(profile);
  const ledger = new Ledger(vault, ids, shippedCalendar(), {
    supportedKinds: new Set(supportedKinds),
    maxRecordAgeDays,
  });
  return new IntakeService({ database, ledger, vault, ids, clock, profile: { guardianRequiredUnder } });
}

export interface RunningApi {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the station interface; ready when it returns. */
export async function startApi(foundation: Foundation): Promise<RunningApi> {
  const { settings, logger, database } = foundation;
  const { adapter, filter } = createHttpFace({ settings, words: catalogueWords, log: logger });
  const module = ApiModule.of(foundation, createIntake(foundation));
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { logger: new NestLogger(logger) });
  app.useGlobalFilters(filter);
  serveOpenApi(app, { paths: adminPaths(), securitySchemes: ADMIN_SECURITY });
  serveCallbacks(app, foundation);
  const sequencer = new ChangeSequencer(database, (err) => logger.error({ err }, 'change sequencer turn failed'));
  await app.listen(settings.port, settings.host);
  sequencer.start();
  return {
    url: await app.getUrl(),
    close: async () => {
      await app.close();
      await sequencer.stop();
    },
  };
}
