import 'reflect-metadata';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createDelivery } from '../delivery/index.js';
import { ChangeSequencer } from '../ledger/index.js';
import { NotifyModule } from '../notify/index.js';
import { NestLogger } from '../platform/logging/index.js';
import { createCallQueue } from '../platform/queue/index.js';
import { createProblems } from '../problems/index.js';
import { FoundationModule } from './foundation.module.js';
import { openGateway, type Foundation } from './foundation.js';

@Module({})
class WorkerModule {
  static of(foundation: Foundation): DynamicModule {
    return { module: WorkerModule, imports: [FoundationModule.of(foundation), NotifyModule] };
  }
}

export interface RunningWorker {
  close(): Promise<void>;
}

/** Delivers what the ledger holds, asks after what is open, tells the stations; several may run at once. */
export async function startWorker(foundation: Foundation): Promise<RunningWorker> {
  const { settings, logger, database, vault, ids, clock } = foundation;
  const gateway = openGateway(foundation);
  const queue = await createCallQueue({
    databaseUrl: foundation.databaseUrl,
    redisUrl: settings.redisUrl,
    onError: (err) => logger.warn({ err }, 'queue trouble'),
  });
  const delivery = createDelivery({
    database, queue, gateway, vault, ids, clock,
    timeScale: settings.deliveryTimeScale,
    report: (step, err) => logger.error({ err, step }, 'delivery step failed'),
  }); // prettier-ignore
  const sequencer = new ChangeSequencer(database, (err) => logger.error({ err }, 'change sequencer turn failed'));
  const problems = createProblems({
    database, ids,
    report: (step, err) => logger.error({ err, step }, 'problems step failed'),
  }); // prettier-ignore
  const app = await NestFactory.createApplicationContext(WorkerModule.of(foundation), {
    logger: new NestLogger(logger),
  });
  await delivery.start(settings.workerConcurrency);
  sequencer.start();
  problems.start();
  return {
    close: async () => {
      await app.close();
      await problems.stop();
      await delivery.stop();
      await queue.close();
      await sequencer.stop();
    },
  };
}
