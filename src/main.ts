import { startApi } from './app/api.app.js';
import { openFoundation, StartRefusedError } from './app/foundation.js';
import { startWorker } from './app/worker.app.js';
import { loadSettingsOrExit, ROLES, type Role } from './platform/config/index.js';
import { announceReady } from './platform/supervision/index.js';

/** A stop that takes longer is no stop (G-80). */
const STOP_WITHIN_MS = 6_000;

async function main(): Promise<void> {
  const settings = loadSettingsOrExit();
  const role = ROLES.find((name) => name === process.argv[2]) ?? settings.role;
  const foundation = await openFoundation(settings, role);
  const running = await startRole(role, foundation);
  announceReady({ role, url: running.url, port: running.url === null ? null : Number(new URL(running.url).port) });
  foundation.logger.info({}, 'started');
  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    await running.close();
    await foundation.dataSource.destroy();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
}

async function startRole(
  role: Role,
  foundation: Parameters<typeof startApi>[0],
): Promise<{ url: string | null; close(): Promise<void> }> {
  const worker = role === 'api' ? null : await startWorker(foundation);
  const api = role === 'worker' ? null : await startApi(foundation);
  return {
    url: api?.url ?? null,
    // Order of leaving the house: HTTP, then jobs, then the database (house law 10).
    close: async () => {
      await api?.close();
      await worker?.close();
    },
  };
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : 'start failed';
  process.stderr.write(`${message}\n`);
  process.exit(error instanceof StartRefusedError ? error.exitCode : 1);
});
