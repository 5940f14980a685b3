/**
 * A strict, in-memory national side over real HTTP, written from national-contract §1 (§1.13, §1.16 binding) alone.
 * It shares nothing with the product: it is one half of the judge.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { token, type JsonObject } from './canonical.js';
import { beijingMs } from './beijing.js';
import { Acts } from './national/acts.js';
import { Batches } from './national/batches.js';
import { isWrite, parseBody, parseQuery, routeOf, type Call, type Route } from './national/calls.js';
import { Desk, type FileReply } from './national/desk.js';
import { Faults, type CallFault } from './national/faults.js';
import type { CallbackEntry } from './national/callbacks.js';
import { Gate, type Passed } from './national/gate.js';
import { Ledger } from './national/ledger.js';
import {
  defaultSettings,
  ENTITIES,
  fail,
  ok,
  type Entity,
  type NationalSettings,
  type Outcome,
  type RequestEntry,
  type Row,
  type SettingsPatch,
  type Violation,
} from './national/model.js';
import { Recon } from './national/recon.js';
import { Reviews } from './national/reviews.js';
import { bizNosOf, Watch } from './national/watch.js';
import { signReply } from './national/wire.js';
import { Writes } from './national/writes.js';

export type { Entity, RequestEntry, Row, SettingsPatch, Violation } from './national/model.js';
const BODY_CAP = 8 * 1024 * 1024;

export class NationalSide {
  readonly requests: RequestEntry[] = [];
  readonly faults: Faults;
  /** What other channels do nationally: foreign rows, edits, deletes, merges, revoked certificates. */
  readonly acts: Acts;
  private readonly ledger: Ledger;
  private readonly gate: Gate;
  private readonly watch: Watch;
  private readonly desk: Desk;
  private server: Server | undefined;
  private ticker: NodeJS.Timeout | undefined;

  constructor(readonly settings: NationalSettings) {
    this.ledger = new Ledger(settings);
    this.gate = new Gate(settings);
    this.watch = new Watch(this.ledger, settings);
    const reviews = new Reviews(this.ledger);
    const writes = new Writes(this.ledger, reviews);
    const batches = new Batches(this.ledger, writes);
    const parts = { ledger: this.ledger, gate: this.gate, writes, batches, recon: new Recon(this.ledger) };
    this.desk = new Desk(parts, () => this.baseUrl);
    this.acts = new Acts(this.ledger, reviews);
    this.faults = new Faults(settings.seed, { gate: this.gate, batches, reviews });
  }

  get port(): number {
    return (this.server?.address() as AddressInfo | null)?.port ?? 0;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What a correct adapter must never do, in order of happening. */
  get violations(): Violation[] {
    return this.watch.violations;
  }

  async listen(port: number): Promise<void> {
    const server = createServer((req, res) => {
      this.serve(req, res).catch(() => res.destroy());
    });
    server.keepAliveTimeout = 30_000;
    this.server = server;
    // Callbacks tell of due events without anybody asking.
    if (this.settings.callbackUrl !== null) {
      this.ticker = setInterval(() => this.ledger.settle(), 50);
      this.ticker.unref();
    }
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    const server = this.server;
    if (server === undefined) return;
    clearInterval(this.ticker);
    this.ledger.callbacks.stop();
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }

  rows(entity: Entity): Row[] {
    this.ledger.settle();
    return [...this.ledger.of(entity)];
  }

  activeRow(bizNo: string): Row | undefined {
    this.ledger.settle();
    for (const entity of ENTITIES) {
      const row = this.ledger.own(entity, bizNo);
      if (row?.status === 'ACTIVE') return row;
    }
    return undefined;
  }

  /** The callbacks that were tried, with what became of them. */
  get callbacks(): CallbackEntry[] {
    return this.ledger.callbacks.sent;
  }

  /** Σ minutes of the ACTIVE service records that are ours. */
  totalMinutes(): number {
    return this.rows('service-records')
      .filter((row) => row.status === 'ACTIVE' && row.bizNo !== null)
      .reduce((sum, row) => sum + Number(row.data.minutes), 0);
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const receivedAt = this.ledger.now();
    const target = req.url ?? '/';
    const at = target.indexOf('?');
    const path = at < 0 ? target : target.slice(0, at);
    const route = routeOf(req.method ?? 'GET', path);
    const body = await readBody(req);
    if (body === null) return plain(res, 413, 'payload too large');
    if (route === null) return plain(res, 404, 'not found');
    const call = makeCall(req, { path, rawQuery: at < 0 ? '' : target.slice(at + 1), body, route, receivedAt });
    this.ledger.settle(receivedAt);
    this.watch.arrive(call);
    this.gate.parallel += 1;
    res.once('close', () => {
      if (!res.writableFinished) this.watch.lost(call);
    });
    try {
      await this.answer(call, res);
    } finally {
      this.gate.parallel -= 1;
    }
  }

  private async answer(call: Call, res: ServerResponse): Promise<void> {
    const free = call.route.name === 'time';
    const ticketed = call.route.name === 'certificate-file' && call.query.has('ticket');
    const checked = free || ticketed ? { refusal: null, signer: null } : this.gate.check(call);
    if (this.settings.latencyMs > 0) await sleep(this.settings.latencyMs);
    const disturbed = checked.refusal === null && !free ? this.faults.pick(call) : null;
    if (this.disturb(call, res, disturbed, 'before')) return;
    this.ledger.settle();
    const result = checked.refusal ?? this.desk.handle(call);
    if (this.disturb(call, res, disturbed, 'commit')) return;
    this.finish(call, res, { result, signer: checked.signer, disturbed });
  }

  private finish(
    call: Call,
    res: ServerResponse,
    end: { result: Outcome | FileReply; signer: Passed | null; disturbed: CallFault | null },
  ): void {
    const { result, signer, disturbed } = end;
    if (res.destroyed || res.socket?.destroyed === true) {
      this.watch.lost(call);
      this.log(call, { code: '', status: 0, fault: 'client-gone' });
      return;
    }
    if ('bytes' in result) this.sendFile(call, res, result, signer);
    else if (disturbed?.kind === 'code') {
      const injected = fail(disturbed.code, disturbed.text ?? '系统异常');
      this.send(call, res, { outcome: injected, signer, fault: `code-${disturbed.code}` });
    } else this.send(call, res, { outcome: result, signer, fault: null });
  }

  /** True when the call has been ended by a fault. */
  private disturb(call: Call, res: ServerResponse, what: CallFault | null, stage: 'before' | 'commit'): boolean {
    if (what === null) return false;
    if (what.kind === 'reset-before-commit' && stage === 'before') return this.cut(call, res, what.kind);
    if (what.kind === 'late-commit') {
      this.ledger.later(this.ledger.now() + what.ms, () => this.desk.handle(call));
      return this.cut(call, res, what.kind);
    }
    if (what.kind === 'lose-reply' && stage === 'commit') return this.cut(call, res, what.kind);
    if (what.kind === 'html' && what.after === stage) {
      this.watch.lost(call);
      this.log(call, { code: '', status: what.status, fault: `html-${what.status}` });
      res.writeHead(what.status, { 'Content-Type': 'text/html; charset=utf-8' });
      const text = what.text ?? `${what.status} Error`;
      res.end(`<html><head><title>${what.text ?? what.status}</title></head><body><h1>${text}</h1></body></html>`);
      return true;
    }
    if (what.kind === 'code' && what.after === 'before' && stage === 'before') {
      const signer: Passed = { method: 'HMAC-SHA256', secret: this.settings.secrets.at(-1) ?? '' };
      const asked = this.settings.methods.find((method) => method === call.headers.get('x-sign-method'));
      if (asked !== undefined) signer.method = asked;
      this.send(call, res, { outcome: fail(what.code, what.text ?? '系统异常'), signer, fault: `code-${what.code}` });
      return true;
    }
    return false;
  }

  private cut(call: Call, res: ServerResponse, kind: string): boolean {
    this.watch.lost(call);
    this.log(call, { code: '', status: 0, fault: kind });
    res.socket?.destroy();
    return true;
  }

  private send(
    call: Call,
    res: ServerResponse,
    reply: { outcome: Outcome; signer: Passed | null; fault: string | null },
  ): void {
    const { outcome, signer } = reply;
    const now = this.ledger.now();
    const envelope: JsonObject = {
      code: outcome.code,
      message: outcome.message,
      traceId: token('n-', 6),
      serverTime: beijingMs(now),
      data: outcome.data,
    };
    if (outcome.detail !== undefined) envelope.detail = outcome.detail;
    const body = Buffer.from(JSON.stringify(envelope));
    const status = this.settings.httpStatusMode === 'mixed' ? mixedStatus(outcome.code) : 200;
    this.watch.replied(call, outcome);
    this.log(call, { code: outcome.code, status, fault: reply.fault });
    this.head(call, res, { signer, code: outcome.code, body });
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    if (status === 429) res.setHeader('Retry-After', '1');
    // H6: identity unless Accept-Encoding asks for gzip; the signature covers the decoded body.
    const zip = this.settings.gzip && body.length > 1024 && /\bgzip\b/.test(call.headers.get('accept-encoding') ?? '');
    if (zip) res.setHeader('Content-Encoding', 'gzip');
    res.statusCode = status;
    res.end(zip ? gzipSync(body) : body);
  }

  private sendFile(call: Call, res: ServerResponse, file: FileReply, signer: Passed | null): void {
    this.watch.replied(call, ok({}));
    this.log(call, { code: '0000', status: 200, fault: null });
    this.head(call, res, { signer, code: '0000', body: file.bytes });
    res.setHeader('Content-Type', file.type);
    res.end(file.bytes);
  }

  private head(call: Call, res: ServerResponse, reply: { signer: Passed | null; code: string; body: Buffer }): void {
    res.setHeader('X-Server-Time', String(this.ledger.now()));
    if (reply.signer === null) return;
    const signed = { requestId: call.requestId, code: reply.code, body: reply.body };
    res.setHeader('X-Resp-Sign', signReply(reply.signer.method, reply.signer.secret, signed));
  }

  private log(call: Call, result: { code: string; status: number; fault: string | null }): void {
    this.requests.push({
      at: call.receivedAt,
      method: call.method,
      path: call.path,
      query: call.rawQuery,
      code: result.code,
      httpStatus: result.status,
      requestId: call.requestId,
      nonce: call.nonce,
      entity: call.route.entity,
      bizNos: call.bizNos,
      fault: result.fault,
      ms: this.ledger.now() - call.receivedAt,
    });
  }
}

/** A7. */
function mixedStatus(code: string): number {
  if (['1001', '2201', '2202'].includes(code)) return 400;
  if (/^100[2-6]$/.test(code)) return 401;
  if (/^10(07|08|09|10|11)$/.test(code)) return 403;
  if (code === '1306') return 413;
  if (['1301', '1302', '1305'].includes(code)) return 429;
  if (['1303', '1304', '5000'].includes(code)) return 503;
  if (code === '5001') return 504;
  return code === '5002' || code === '9999' ? 500 : 200;
}

interface CallInput {
  path: string;
  rawQuery: string;
  body: Buffer;
  route: Route;
  receivedAt: number;
}

function makeCall(req: IncomingMessage, input: CallInput): Call {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(req.headers)) if (typeof value === 'string') headers.set(name, value);
  const json = input.route.name === 'file' ? undefined : parseBody(input.body);
  return {
    ...input,
    method: req.method ?? 'GET',
    query: parseQuery(input.rawQuery),
    headers,
    json,
    requestId: headers.get('x-request-id') ?? '',
    nonce: headers.get('x-nonce') ?? '',
    bizNos: isWrite(input.route) ? bizNosOf(json) : [],
  };
}

async function readBody(req: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BODY_CAP) chunks.push(chunk);
  }
  return size > BODY_CAP ? null : Buffer.concat(chunks);
}

function plain(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { 'Content-Type': 'text/plain' });
  res.end(text);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

export async function startNationalSide(
  options: { port?: number; settings?: SettingsPatch } = {},
): Promise<NationalSide> {
  const base = defaultSettings();
  const patch = options.settings ?? {};
  const settings: NationalSettings = { ...base, ...patch, limits: { ...base.limits, ...patch.limits } };
  const side = new NationalSide(settings);
  await side.listen(options.port ?? 0);
  return side;
}
