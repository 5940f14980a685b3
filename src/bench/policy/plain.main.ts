import { openBareGateway } from '../bare-client.js';
import { PlainClient } from './plain-client.js';
import { startPlainWorker } from './plain-queue.js';

/**
 * The plain worker that the adapter is compared with: `attempts: 5`, exponential back-off, one POST per record, no
 * look-up, 2xx = success. A process of its own, as the adapter's worker is.
 */
async function main(): Promise<void> {
  const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
  const numberOf = (name: string): number => Number(env[name]);
  const client = new PlainClient(env, openBareGateway(env), numberOf('PLAIN_DEADLINE_MS'));
  await client.signIn();
  const worker = startPlainWorker(
    env.DATABASE_URL ?? '',
    {
      concurrency: numberOf('PLAIN_CONCURRENCY'),
      callsPerMinute: numberOf('PLAIN_CALLS_PER_MINUTE'),
      minuteMs: numberOf('PLAIN_MINUTE_MS'),
    },
    (item) => client.send(item),
  );
  worker.on('error', (error) => process.stderr.write(`plain worker: ${error.message}\n`));
  await worker.waitUntilReady();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void worker.close().finally(() => process.exit(0)));
  }
  process.send?.({ ready: true });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
