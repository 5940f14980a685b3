/**
 * The national side as a process: env PORT (default 0), CONTROL_PORT (default 0), SETTINGS (JSON, see SettingsPatch).
 * Prints one line {"ready":true,"port":…,"controlPort":…}. Control endpoint on the other port:
 * GET /rows?entity=&status=  /violations  /requests  /totals  POST /faults {"name","args"}  POST /settings {…}
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isObject, parseJson, type Json, type JsonObject } from './canonical.js';
import { isEntity } from './national/model.js';
import { startNationalSide, type NationalSide, type SettingsPatch } from './national-side.js';

function number(value: Json | undefined, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

function when(args: JsonObject): { probability?: number; nth?: number; times?: number } {
  const out: { probability?: number; nth?: number; times?: number } = {};
  if (typeof args.probability === 'number') out.probability = args.probability;
  if (typeof args.nth === 'number') out.nth = args.nth;
  if (typeof args.times === 'number') out.times = args.times;
  return out;
}

/** The fault hooks by name; false when there is none of that name. */
function applyFault(national: NationalSide, name: string, args: JsonObject): boolean {
  const after = args.after === 'commit' ? { after: 'commit' as const } : {};
  const hooks: Record<string, () => void> = {
    loseReply: () => national.faults.loseReply(when(args)),
    resetBeforeCommit: () => national.faults.resetBeforeCommit(when(args)),
    lateCommit: () => national.faults.lateCommit(number(args.ms, 1000), when(args)),
    htmlError: () => national.faults.htmlError(number(args.status, 502), { ...when(args), ...after }),
    codeError: () => national.faults.codeError(String(args.code ?? '5001'), { ...when(args), ...after }),
    closeWindow: () => national.faults.closeWindow(number(args.untilMs, Date.now() + 5000)),
    expireTokens: () => national.faults.expireTokens(),
    failReview: () => national.faults.failReview(String(args.bizNo)),
    delayReceipts: () => national.faults.delayReceipts(number(args.ms, 1000)),
    dropReceiptItems: () => national.faults.dropReceiptItems(when(args)),
    clear: () => national.faults.clear(),
  };
  const hook = hooks[name];
  if (hook === undefined) return false;
  hook();
  return true;
}

async function bodyOf(req: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  const value = chunks.length === 0 ? {} : parseJson(Buffer.concat(chunks).toString('utf8'));
  return isObject(value) ? value : {};
}

function read(national: NationalSide, url: URL): unknown {
  switch (url.pathname) {
    case '/rows': {
      const entity = url.searchParams.get('entity') ?? '';
      if (!isEntity(entity)) return undefined;
      return national.rows(entity).map((row) => {
        const { history: _history, certificate, ...rest } = row;
        if (certificate === undefined) return rest;
        const { file: _file, ...shown } = certificate;
        return { ...rest, certificate: shown };
      });
    }
    case '/violations':
      return national.violations;
    case '/requests':
      return national.requests;
    case '/totals':
      return { totalMinutes: national.totalMinutes(), requests: national.requests.length };
    default:
      return undefined;
  }
}

async function control(national: NationalSide, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://control');
  let answer: unknown;
  if (req.method === 'POST' && url.pathname === '/faults') {
    const body = await bodyOf(req);
    const args = isObject(body.args) ? body.args : body;
    answer = applyFault(national, String(body.name), args) ? { ok: true } : undefined;
  } else if (req.method === 'POST' && url.pathname === '/settings') {
    const { limits, ...patch } = (await bodyOf(req)) as SettingsPatch & JsonObject;
    Object.assign(national.settings, patch);
    Object.assign(national.settings.limits, limits);
    answer = { ok: true };
  } else if (req.method === 'GET') answer = read(national, url);
  res.writeHead(answer === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify(answer ?? { error: 'not found' }));
}

async function main(): Promise<void> {
  const given = process.env.SETTINGS ?? '{}';
  const settings = JSON.parse(given) as SettingsPatch;
  const national = await startNationalSide({ port: Number(process.env.PORT ?? '0'), settings });
  const server = createServer((req, res) => {
    control(national, req, res).catch((error: unknown) => {
      res.writeHead(400);
      res.end(String(error));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(Number(process.env.CONTROL_PORT ?? '0'), '127.0.0.1', resolve);
  });
  const controlPort = (server.address() as AddressInfo).port;
  process.stdout.write(`${JSON.stringify({ ready: true, port: national.port, controlPort })}\n`);
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
    void national.close();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

void main();
