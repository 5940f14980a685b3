// Starts the simulated nation: the gateway on one port, its control plane on another (§2.1.1, §2.1.6).
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveControl } from './control.js';
import { optionsFromEnvironment } from './environment.js';
import { foundNation, type NationOptions } from './found-nation.js';
import { serve } from './gateway.js';
import { reopenDoors } from './migration-acts.js';

export interface SimulatorOptions extends Partial<Omit<NationOptions, 'directory' | 'callbackUrl'>> {
  directory: string;
  host?: string;
  port?: number;
  controlPort?: number;
  callbackUrl?: string | null;
}

export interface Simulator {
  port: number;
  controlPort: number;
  seed: number;
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 65_000;

export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
  const nation = foundNation({
    setting: options.setting ?? 'demo',
    directory: options.directory,
    appKey: options.appKey ?? 'vgw-demo-530000',
    appSecret: options.appSecret ?? 'vgw-demo-secret-0001',
    fieldKeyHex: options.fieldKeyHex ?? '0123456789abcdeffedcba9876543210',
    areaPrefix: options.areaPrefix ?? '53',
    seed,
    callbackUrl: options.callbackUrl ?? null,
    overrides: options.overrides ?? {},
  });
  const host = options.host ?? '127.0.0.1';
  nation.line.use(host, (door) => fallingBack((request, response) => serve(nation, { request, response, door })));
  const control = createServer(fallingBack((request, response) => serveControl(nation, request, response)));
  const port = await nation.line.open('first', options.port ?? 0);
  await reopenDoors(nation);
  const controlPort = await listen(control, host, options.controlPort ?? 0);
  return {
    port,
    controlPort,
    seed,
    async close() {
      nation.agenda.clear();
      await Promise.all([nation.line.close(), stop(control)]);
      nation.journal.close();
    },
  };
}

/** An error in the simulator itself must look like one: 500 and a line on stderr, never a polite code. */
function fallingBack(work: (...args: Parameters<RequestListener>) => Promise<void>): RequestListener {
  return (request, response) => {
    work(request, response).catch((error: unknown) => {
      process.stderr.write(
        `simulator: ${request.method} ${request.url}: ${String(error instanceof Error ? error.stack : error)}\n`,
      );
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'Content-Type': 'text/plain' }).end('simulator error');
    });
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function runAsProcess(): Promise<void> {
  const simulator = await startSimulator(optionsFromEnvironment(process.env));
  const { port, controlPort, seed } = simulator;
  process.stdout.write(`${JSON.stringify({ ready: true, port, controlPort, seed })}\n`);
  const leave = (): void => void simulator.close().then(() => process.exit(0));
  process.once('SIGTERM', leave);
  process.once('SIGINT', leave);
}

if (require.main === module) {
  runAsProcess().catch((error: unknown) => {
    process.stderr.write(`simulator: ${String(error)}\n`);
    process.exit(1);
  });
}
