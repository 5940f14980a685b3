import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { CallbackIntake } from '../answers/index.js';
import { createCallbackCheck } from '../national/index.js';
import type { Foundation } from './foundation.js';

/**
 * Serves the callback path where the nation knows it. Without the national side's keys there is nothing to check a
 * callback with, so there is no route: polling finds everything by itself.
 */
export function serveCallbacks(
  app: NestFastifyApplication,
  { settings, profile, database, logger, clock }: Foundation,
): void {
  const { nationalAppKey: appKey, nationalAppSecret: appSecret, nationalCallbackPath } = settings;
  if (appKey === null || appSecret === null) return;
  const intake = new CallbackIntake({
    database,
    check: createCallbackCheck({ profile, appKey, appSecret, nationalNowMs: () => clock.nowMs() }),
    onRefused: (reason) => logger.warn({ reason }, 'national callback refused'),
  });
  app
    .getHttpAdapter()
    .getInstance()
    .post(nationalCallbackPath, async (request, reply) => {
      const [path = '', query = ''] = splitOnce(request.raw.url ?? '');
      const { httpStatus, body } = await intake.take({
      method: 'POST', path, query, headers: request.headers,
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    }); // prettier-ignore
      return reply.status(httpStatus).send(body);
    });
}

function splitOnce(url: string): [string, string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}
