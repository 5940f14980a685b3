/**
 * A toy adapter in memory: just enough of the station side to try the judge (`contract-run.ts`) without the product.
 * It takes every item as valid and sends one write at a time. With `flaw` it errs on purpose, so that the judge is seen to notice.
 */
import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isObject, parseJson, sha256Hex, stationContentHash, type HmacMethod, type JsonObject } from './canonical.js';
import { pause, receiptLines, stationSign } from './station-client.js';
import type { ChangeEvent, ItemAnswer, RecordStatus, StationItem } from './station-types.js';
import { ToySender } from './toy-sender.js';

export type Flaw = 'none' | 'drops-a-record' | 'old-content' | 'wrong-digest' | 'blind-resend';

export interface ToyRecord {
  item: StationItem;
  hash: string;
  revision: number;
  everSent: boolean;
  status: RecordStatus;
}

export interface ToyOptions {
  nationalUrl: string;
  appKey: string;
  secret: string;
  flaw?: Flaw;
}

export class ToyStation {
  readonly records = new Map<string, ToyRecord>();
  readonly events: ChangeEvent[] = [];
  private readonly keys = generateKeyPairSync('ed25519');
  private readonly nonces = new Set<string>();
  private readonly sender: ToySender;
  private server: Server | undefined;
  private stopped = false;
  private running: Promise<void> | undefined;

  constructor(private readonly options: ToyOptions) {
    this.sender = new ToySender(this, options.nationalUrl, options.flaw ?? 'none');
  }

  async start(): Promise<string> {
    const server = createServer((req, res) => {
      this.serve(req, res).catch((error: unknown) => reply(res, 500, { code: 'BUG', detail: String(error) }));
    });
    this.server = server;
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const loop = async (): Promise<void> => {
      while (!this.stopped) {
        await this.sender.round();
        await pause(20);
      }
    };
    this.running = loop();
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    this.server?.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server?.close(() => resolve());
    });
  }

  /** Every change of state is one event (G-65). */
  move(record: ToyRecord, change: Partial<RecordStatus>): void {
    const same = change.state === record.status.state && change.version === undefined;
    Object.assign(record.status, { nextAttemptAt: null, waitingFor: [] }, change);
    if (record.status.state === 'queued') record.status.nextAttemptAt = new Date().toISOString();
    if (same) return;
    const { kind, sourceId, recordId, version, state } = record.status;
    const since = new Date().toISOString();
    record.status.since = since;
    const seq = this.events.length + 1;
    this.events.push({ seq, eventId: randomUUID(), kind, sourceId, recordId, version, state, since });
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const url = new URL(req.url ?? '/', 'http://toy');
    const parts = url.pathname.replace('/api/v1/', '').split('/');
    const [first = '', kind = '', sourceId = '', more = ''] = parts;
    if (first === 'keys') return reply(res, 200, { keys: [this.publicKey()] });
    if (!this.allowed(req, body)) return reply(res, 401, { code: 'UNAUTHENTICATED' });
    if (first === 'summary') return reply(res, 200, this.summary());
    if (first === 'changes') return reply(res, 200, this.changes(url.searchParams));
    if (first === 'batches') return reply(res, 200, this.push(itemsOf(req, body)));
    const record = this.records.get(`${kind}/${sourceId}`);
    if (req.method === 'GET') {
      if (record === undefined) return reply(res, 404, { code: 'NOT_FOUND' });
      if (more !== 'file') return reply(res, 200, record.status as unknown as JsonObject);
      res.setHeader('Content-Type', 'application/pdf');
      res.end(await this.sender.file(record));
      return;
    }
    return reply(res, 200, this.single(singleItem({ req, url, body, kind, sourceId })));
  }

  private allowed(req: IncomingMessage, body: Buffer): boolean {
    const { appKey, secret } = this.options;
    const bearer = req.headers.authorization;
    if (bearer !== undefined) return bearer === `Bearer ${appKey}.${secret}`;
    const [path = '', query = ''] = (req.url ?? '').split('?');
    const timestamp = String(req.headers['x-timestamp']);
    const nonce = String(req.headers['x-nonce']);
    if (this.nonces.has(nonce)) return false;
    this.nonces.add(nonce);
    const method = String(req.headers['x-sign-method']) as HmacMethod;
    const input = { method: req.method ?? '', path, query, appKey, timestamp, nonce, body };
    return req.headers['x-sign'] === stationSign(method, secret, input);
  }

  private push(items: StationItem[]): JsonObject {
    const answers = items.map((item, index) => this.take(item, index));
    const counts = { accepted: 0, duplicate: 0, superseded: 0, rejected: 0 };
    for (const answer of answers) counts[answer.outcome] += 1;
    const batchId = randomUUID();
    const lines = receiptLines(items, answers);
    const digest = sha256Hex(this.options.flaw === 'wrong-digest' ? `${lines}x` : lines);
    const at = new Date().toISOString();
    const signature = sign(null, Buffer.from(`${batchId}|${digest}|${at}`), this.keys.privateKey).toString('base64');
    const receipt = { batchId, digest, at, keyId: 'k1', signature };
    return { batchId, counts, items: answers as unknown as JsonObject[], receipt };
  }

  private single(item: StationItem): JsonObject {
    const answer = this.push([item]);
    const first = (answer.items as JsonObject[])[0] ?? {};
    const { outcome, recordId, version } = first;
    return { batchId: answer.batchId, outcome, recordId, version, receipt: answer.receipt };
  }

  /** Numbered items only: older → superseded, same content → duplicate, else a new version (§2, G-11, G-13, G-16). */
  private take(item: StationItem, index: number): ItemAnswer {
    const key = `${item.kind}/${item.sourceId}`;
    const hash = stationContentHash(item);
    const revision = item.revision ?? 0;
    let record = this.records.get(key);
    let outcome: ItemAnswer['outcome'] = 'accepted';
    if (record === undefined) {
      const status = emptyStatus(item);
      record = { item, hash, revision, everSent: false, status };
      this.records.set(key, record);
      this.move(record, { state: item.op === 'void' ? 'voided' : 'queued', version: 1 });
    } else if (revision < record.revision) outcome = 'superseded';
    else if (hash === record.hash) {
      outcome = 'duplicate';
      record.revision = revision;
    } else {
      Object.assign(record, { item, hash, revision });
      // A number whose outcome is unknown stays so until it was looked up (§1.8), whatever arrives meanwhile.
      const next = record.status.state === 'unknown' ? 'unknown' : 'queued';
      const state = item.op === 'void' && !record.everSent ? 'voided' : next;
      this.move(record, { state, version: record.status.version + 1 });
    }
    const { recordId, version } = record.status;
    return { index, kind: item.kind, sourceId: item.sourceId, outcome, recordId, version };
  }

  private summary(): JsonObject {
    const kinds: Record<string, Record<string, number>> = {};
    for (const { status } of this.records.values()) {
      const states = (kinds[status.kind] ??= {});
      states[status.state] = (states[status.state] ?? 0) + 1;
    }
    return { asOf: new Date().toISOString(), kinds };
  }

  private changes(query: URLSearchParams): JsonObject {
    const from = Number(query.get('cursor') ?? '');
    const limit = Number(query.get('limit') ?? '200');
    const events = this.events.slice(from, from + limit);
    const hasMore = from + events.length < this.events.length;
    return { events: events as unknown as JsonObject[], nextCursor: String(from + events.length), hasMore };
  }

  private publicKey(): JsonObject {
    const raw = rawKey(this.keys.publicKey);
    return { keyId: 'k1', alg: 'Ed25519', publicKey: raw, notBefore: new Date(0).toISOString(), notAfter: null };
  }
}

function rawKey(key: KeyObject): string {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64');
}

function emptyStatus(item: StationItem): RecordStatus {
  const id = createHash('sha1').update(`${item.kind}/${item.sourceId}`).digest('hex');
  return {
    recordId: id,
    kind: item.kind,
    sourceId: item.sourceId,
    bizNo: `TOY-${id.slice(0, 20)}`,
    version: 1,
    state: '',
    since: new Date().toISOString(),
    nationalId: null,
    nationalVersion: null,
    waitingFor: [],
    lastOutcome: null,
    nextAttemptAt: null,
    dueBy: null,
    warnings: [],
    samePersonAs: [],
  };
}

function itemsOf(req: IncomingMessage, body: Buffer): StationItem[] {
  const text = body.toString('utf8');
  if (req.headers['content-type'] === 'application/x-ndjson') {
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => parseJson(line) as unknown as StationItem);
  }
  const json = parseJson(text);
  return (isObject(json) ? json.items : []) as unknown as StationItem[];
}

interface SingleCall {
  req: IncomingMessage;
  url: URL;
  body: Buffer;
  kind: string;
  sourceId: string;
}

function singleItem({ req, url, body, kind, sourceId }: SingleCall): StationItem {
  if (req.method === 'DELETE') {
    const revision = Number(url.searchParams.get('revision'));
    return { kind, sourceId, revision, op: 'void', reason: url.searchParams.get('reason') ?? '' };
  }
  const given = parseJson(body.toString('utf8')) as JsonObject;
  return { kind, sourceId, revision: Number(given.revision), data: given.data as JsonObject };
}

function reply(res: ServerResponse, status: number, body: JsonObject): void {
  res.writeHead(status, { 'Content-Type': status === 200 ? 'application/json' : 'application/problem+json' });
  res.end(JSON.stringify(body));
}
