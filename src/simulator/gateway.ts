// One call from first byte to last: route, gate, operation, reply, with the five fault points between (§2.1.3).
import type { IncomingMessage, ServerResponse } from 'node:http';
import { header, parseBody, type Call } from './call.js';
import { isTicketValid } from './certificates.js';
import { sufferFaults, type CallEnd, type Turn } from './fault-effects.js';
import type { FaultPoint } from './faults.js';
import { passGate } from './gate.js';
import type { Door } from './line.js';
import { refusalOfOldHost, translated } from './migration.js';
import type { Reply } from './model.js';
import type { Nation } from './nation.js';
import { noteAnswer, noteArrival } from './observation.js';
import { isDeadConnection } from './reply-distortions.js';
import { sendRaw, sendReply, type Sending } from './reply-sender.js';
import { findRoute, type Prepared, type Route, type RouteMatch } from './routes.js';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  door: Door;
}

export async function serve(nation: Nation, { request, response, door }: Exchange): Promise<void> {
  const body = await readBody(request, nation.settings.limits.bodyBytes);
  if (body === 'aborted') return;
  if (nation.line.state(door) !== 'open') response.shouldKeepAlive = false;
  if (body === 'too-large') return notRouted(nation, response, 413, 'payload too large');
  const call = toCall(request, body);
  const match = findRoute(call.method, call.path);
  if (match === null) return notRouted(nation, response, 404, 'not found');
  Object.assign(call, { operation: match.route.operation, entity: match.entity, argument: match.argument });
  call.oldHost = door === 'first' && nation.migration !== null;
  noteArrival(nation, call);
  const { reply, turn, httpStatus } = isDeadConnection(request.socket)
    ? DEAD
    : (atOldHost(nation, call) ?? (await answer(nation, call, match)));
  const code = turn === null ? reply.code : turn.kind;
  nation.journal.count(call.operation, code);
  const { operation: op, requestId } = call;
  const batchNo = op === 'batch' ? reply.data?.batchNo : undefined;
  nation.journal.append({ k: 'rep', atMs: nation.clock.now(), op, requestId, code, batchNo });
  nation.journal.settle();
  if (turn !== null) return endEarly(response, turn);
  await tell({ nation, call, response, reply, httpStatus });
}

/** Sends the reply and notes whether its caller can have read it. */
async function tell(sending: Sending): Promise<void> {
  const { nation, call, response, reply } = sending;
  let readable = true;
  let noted = false;
  const note = (sent: boolean): void => {
    if (!noted) noteAnswer(nation, call, reply, sent && readable);
    noted = true;
  };
  response.once('finish', () => note(true));
  response.once('close', () => note(false));
  if (response.destroyed) note(false);
  readable = await sendReply(sending);
}

/** F58: the peer finds the connection gone when it uses it again. */
const DEAD: Answer = { reply: { code: '' }, turn: { kind: 'reset' } };

function notRouted(nation: Nation, response: ServerResponse, status: number, text: string): void {
  nation.journal.counters.unrouted += 1;
  sendRaw(response, status, { 'Content-Type': 'text/plain' }, Buffer.from(text));
}

/** null = the address is the right one, or its old one still reads. */
function atOldHost({ migration }: Nation, call: Call): Answer | null {
  if (migration === null || !call.oldHost) return null;
  const raw = (status: number, headers: Record<string, string>): Answer => ({
    reply: { code: '' },
    turn: {
      kind: 'raw',
      status,
      headers: { 'Content-Type': 'text/plain', ...headers },
      body: Buffer.alloc(0),
      delayMs: 0,
    },
  });
  if (migration.oldHost === 'gone') return raw(404, {});
  if (migration.oldHost !== 'redirect') return null;
  const host = call.host.replace(/:\d+$/, '');
  const query = call.rawQuery === '' ? '' : `?${call.rawQuery}`;
  return raw(302, { Location: `http://${host}:${migration.port}${call.path}${query}` });
}

interface Answer {
  reply: Reply;
  turn: Turn | null;
  httpStatus?: number;
}

async function answer(nation: Nation, call: Call, match: RouteMatch): Promise<Answer> {
  const { route } = match;
  const before = await atPoint('before-auth', { nation, call, route });
  if (before !== null) return before;
  if (!isOpenToAll(nation, call)) {
    const refusal = passGate({ nation, call, route }) ?? (call.oldHost ? refusalOfOldHost(nation, route) : null);
    if (refusal !== null) return { reply: refusal, turn: null };
  }
  nation.books.inFlight += 1;
  nation.watch.admitted(nation.books.inFlight);
  try {
    return await operate(nation, call, match);
  } finally {
    nation.books.inFlight -= 1;
  }
}

/** /sys/time needs nothing (§1.16 A3), a certificate file with a ticket needs only that (G4). */
function isOpenToAll(nation: Nation, call: Call): boolean {
  if (call.operation === 'time') return true;
  return call.operation === 'certificate-file' && isTicketValid(nation, call.argument, call.query.get('ticket'));
}

async function operate(nation: Nation, call: Call, { route }: RouteMatch): Promise<Answer> {
  const { latency, commitLatencyMs } = nation.settings;
  if (latency !== null) await sleep(nation.chance.lognormal(latency.p50Ms, latency.p99Ms));
  const early = await atPoint('before-validate', { nation, call, route });
  if (early !== null) return early;
  const prepared: Prepared = call.oldHost ? underOldIds(nation, call, route) : route.run(nation, call);
  let reply: Reply;
  if ('commit' in prepared) {
    if (commitLatencyMs.maxMs > 0) await sleep(nation.chance.between(commitLatencyMs.minMs, commitLatencyMs.maxMs));
    const stopped = await atPoint('before-commit', { nation, call, route, commit: prepared.commit });
    if (stopped !== null) return stopped;
    reply = prepared.commit();
  } else {
    reply = prepared;
  }
  return (await atPoint('after-commit-before-reply', { nation, call, route, reply })) ?? { reply, turn: null };
}

/** Dual read: asked and answered under the ids that the old address has always used. */
function underOldIds(nation: Nation, call: Call, route: Route): Prepared {
  const { migration } = nation;
  if (migration === null) return route.run(nation, call);
  call.json = { value: translated(parseBody(call), migration.toNew) };
  const prepared = route.run(nation, call);
  return 'commit' in prepared ? prepared : translated(prepared, migration.toOld);
}

/** null = go on; otherwise the call ends with what the fault says. */
async function atPoint(point: FaultPoint, end: CallEnd): Promise<Answer | null> {
  const effects = end.nation.faults.strike(point, end.call, end.reply?.code);
  if (effects.length === 0) return null;
  const turn = await sufferFaults(effects, end);
  if (turn.kind === 'go') return null;
  if (turn.kind === 'reply') return { reply: turn.reply, turn: null, httpStatus: turn.httpStatus };
  return { reply: { code: '' }, turn };
}

async function endEarly(response: ServerResponse, turn: Turn): Promise<void> {
  if (turn.kind === 'reset') response.socket?.resetAndDestroy();
  if (turn.kind !== 'raw') return; // a hang keeps the socket until the caller or close() ends it
  if (turn.delayMs > 0) await sleep(turn.delayMs);
  sendRaw(response, turn.status, turn.headers, turn.body);
}

function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | 'too-large' | 'aborted'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) chunks.push(chunk);
    });
    request.on('end', () => resolve(size > limitBytes ? 'too-large' : Buffer.concat(chunks)));
    request.on('close', () => resolve('aborted'));
    request.on('error', () => resolve('aborted'));
  });
}

function toCall(request: IncomingMessage, body: Buffer): Call {
  const target = request.url ?? '/';
  const cut = target.indexOf('?');
  const rawQuery = cut < 0 ? '' : target.slice(cut + 1);
  return {
    method: request.method ?? 'GET',
    path: cut < 0 ? target : target.slice(0, cut),
    rawQuery,
    // '+' is a literal plus in this contract (§1.16 A6), URLSearchParams would read it as a space.
    query: new URLSearchParams(rawQuery.replaceAll('+', '%2B')),
    headers: request.headers,
    body,
    remoteIp: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    host: request.headers.host ?? '127.0.0.1',
    requestId: header(request, 'x-request-id'),
    operation: '',
    entity: null,
    argument: '',
    signMethod: header(request, 'x-sign-method') === 'HMAC-SM3' ? 'HMAC-SM3' : 'HMAC-SHA256',
    signSecret: null,
    readLagMs: null,
    neverProcess: false,
    expiredToken: false,
    oldHost: false,
  };
}
