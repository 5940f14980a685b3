/** A small station client, written from station-contract alone (§1, §2, §4, §6). */
import { createPublicKey, randomBytes, randomInt, verify } from 'node:crypto';
import { Agent, request } from 'node:http';
import {
  bodyHash,
  hmac,
  isObject,
  parseJson,
  sha256Hex,
  stationContentHash,
  type HmacMethod,
  type Json,
  type JsonObject,
} from './canonical.js';
import type {
  Answer,
  BatchAnswer,
  ChangeEvent,
  ChangesPage,
  HistoryEntry,
  ItemAnswer,
  PushOptions,
  Receipt,
  RecordStatus,
  SendOptions,
  SigningKey,
  SingleAnswer,
  StationClientOptions,
  StationItem,
  Summary,
} from './station-types.js';

export type * from './station-types.js';

export class StationError extends Error {
  constructor(
    message: string,
    readonly answer: Answer,
  ) {
    super(message);
  }
}

/** §1: hex HMAC over METHOD, path, query, appKey, timestamp, nonce, hex hash of the raw body, LF-joined (G-02). */
export function stationSign(
  method: HmacMethod,
  secret: string,
  input: {
    method: string;
    path: string;
    query: string;
    appKey: string;
    timestamp: string;
    nonce: string;
    body: string | Buffer;
  },
): string {
  const lines = [input.method, input.path, input.query, input.appKey, input.timestamp, input.nonce];
  return hmac(method, secret, [...lines, bodyHash(method, input.body)].join('\n')).toString('hex');
}

const BASE = '/api/v1';

export class StationClient {
  readonly history: HistoryEntry[] = [];
  private readonly origin: URL;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 8 });
  private keyList: SigningKey[] | null = null;

  constructor(private readonly options: StationClientOptions) {
    this.origin = new URL(options.apiBase.replace(/\/api\/v1\/?$/, ''));
  }

  close(): void {
    this.agent.destroy();
  }

  /** One attempt, without retry. Rejects when no complete answer came. */
  send(method: string, target: string, options: SendOptions = {}): Promise<Answer> {
    const body = options.body ?? Buffer.alloc(0);
    const headers: Record<string, string> = { Accept: options.accept ?? 'application/json' };
    if (body.length > 0) {
      headers['Content-Type'] = options.contentType ?? 'application/json';
      headers['Content-Length'] = String(body.length);
    }
    if (options.anonymous !== true) Object.assign(headers, this.authHeaders(method, target, body));
    const cut = options.abortAfterSendMs;
    return new Promise<Answer>((resolve, reject) => {
      const { hostname, port } = this.origin;
      const req = request(
        {
          hostname,
          port,
          method,
          path: target,
          headers,
          agent: cut === undefined ? this.agent : false,
          timeout: 60_000,
        },
        (res) => {
          if (cut !== undefined) {
            res.on('error', () => undefined).resume();
            return;
          }
          const chunks: Buffer[] = [];
          res.on('data', (chunk: Buffer) => chunks.push(chunk));
          res.on('error', reject);
          res.on('end', () => {
            const seen = new Map<string, string>();
            for (const [name, value] of Object.entries(res.headers))
              if (typeof value === 'string') seen.set(name, value);
            const bytes = Buffer.concat(chunks);
            resolve({ status: res.statusCode ?? 0, headers: seen, body: jsonOrNull(seen, bytes), bytes });
          });
        },
      );
      req.on('error', reject);
      req.on('timeout', () => req.destroy(new Error('no answer in 60 s')));
      req.end(body, () => {
        if (cut === undefined) return;
        // The answer is thrown away, also when it was quicker than the cut.
        setTimeout(() => {
          req.destroy();
          reject(new Error('answer lost on purpose'));
        }, cut);
      });
    });
  }

  private authHeaders(method: string, target: string, body: Buffer): Record<string, string> {
    const { appKey, secret, auth = 'bearer' } = this.options;
    if (auth === 'bearer') return { Authorization: `Bearer ${appKey}.${secret}` };
    const at = target.indexOf('?');
    const timestamp = String(Date.now());
    const nonce = randomBytes(16).toString('hex');
    const path = at < 0 ? target : target.slice(0, at);
    const query = at < 0 ? '' : target.slice(at + 1);
    const sign = stationSign(auth, secret, { method, path, query, appKey, timestamp, nonce, body });
    return { 'X-App-Key': appKey, 'X-Timestamp': timestamp, 'X-Nonce': nonce, 'X-Sign-Method': auth, 'X-Sign': sign };
  }

  /**
   * Retry on a lost answer, 429 and 5xx with backoff; a batch may be repeated after a lost answer without harm (§2).
   * Every attempt carries a new timestamp and nonce (G-03). The cut of `abortAfterSendMs` hits the first attempt only.
   */
  async call(method: string, target: string, options: SendOptions = {}): Promise<Answer> {
    const attempts = this.options.maxAttempts ?? 8;
    let failure: unknown;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const { abortAfterSendMs, ...rest } = options;
      const first = attempt === 1 && abortAfterSendMs !== undefined ? { ...rest, abortAfterSendMs } : rest;
      const entry: HistoryEntry = { at: Date.now(), method, target, attempt, status: null, note: '' };
      this.history.push(entry);
      try {
        const answer = await this.send(method, target, first);
        entry.status = answer.status;
        if (answer.status !== 429 && answer.status < 500) return answer;
        failure = new StationError(`${method} ${target} answered ${answer.status}`, answer);
        await pause(retryAfterMs(answer) ?? backoff(attempt));
      } catch (error) {
        entry.note = String(error);
        failure = error;
        await pause(attempt === 1 && abortAfterSendMs !== undefined ? 5 : backoff(attempt));
      }
    }
    throw failure;
  }

  async pushBatch(items: readonly StationItem[], options: PushOptions = {}): Promise<BatchAnswer> {
    const ndjson = options.contentType === 'ndjson';
    const text = ndjson ? items.map((item) => `${JSON.stringify(item)}\n`).join('') : JSON.stringify({ items });
    const send: SendOptions = {
      contentType: ndjson ? 'application/x-ndjson' : 'application/json',
      body: Buffer.from(text),
    };
    if (options.abortAfterSendMs !== undefined) send.abortAfterSendMs = options.abortAfterSendMs;
    const target = `${BASE}/batches${options.validate === true ? '?mode=validate' : ''}`;
    return expectOk<BatchAnswer>(await this.call('POST', target, send), `POST ${target}`);
  }

  /** G-21: the body is `{revision?, reason?, data}`. */
  async put(
    kind: string,
    sourceId: string,
    body: { revision?: number; reason?: string; data: JsonObject },
  ): Promise<SingleAnswer> {
    const target = `${BASE}/records/${kind}/${sourceId}`;
    return expectOk<SingleAnswer>(
      await this.call('PUT', target, { body: Buffer.from(JSON.stringify(body)) }),
      `PUT ${target}`,
    );
  }

  /** G-20: `DELETE …?reason=&revision=`. */
  async remove(kind: string, sourceId: string, reason: string, revision?: number): Promise<SingleAnswer> {
    const more = revision === undefined ? '' : `&revision=${revision}`;
    const target = `${BASE}/records/${kind}/${sourceId}?reason=${encodeURIComponent(reason)}${more}`;
    return expectOk<SingleAnswer>(await this.call('DELETE', target), `DELETE ${target}`);
  }

  /** Null when there is no such record (G-30, G-73). */
  async status(kind: string, sourceId: string): Promise<RecordStatus | null> {
    const target = `${BASE}/records/${kind}/${sourceId}`;
    const answer = await this.call('GET', target);
    return answer.status === 404 ? null : expectOk<RecordStatus>(answer, `GET ${target}`);
  }

  async certificateFile(sourceId: string): Promise<Answer> {
    return this.call('GET', `${BASE}/records/certificate-request/${sourceId}/file`, { accept: 'application/pdf' });
  }

  async changes(cursor = '', limit = 200): Promise<ChangesPage> {
    const target = `${BASE}/changes?cursor=${encodeURIComponent(cursor)}&limit=${limit}`;
    return expectOk<ChangesPage>(await this.call('GET', target), `GET ${target}`);
  }

  /** Reads on from a cursor until `hasMore` is false. */
  async readChanges(
    cursor = '',
    limit = 200,
  ): Promise<{ events: ChangeEvent[]; cursor: string; pages: ChangesPage[] }> {
    const pages: ChangesPage[] = [];
    let at = cursor;
    for (;;) {
      const page = await this.changes(at, limit);
      pages.push(page);
      if (page.hasMore && page.nextCursor === at) throw new Error('/changes says hasMore but its cursor stands still');
      at = page.nextCursor;
      if (!page.hasMore) return { events: pages.flatMap((one) => one.events), cursor: at, pages };
    }
  }

  async summary(): Promise<Summary> {
    return expectOk<Summary>(await this.call('GET', `${BASE}/summary`), 'GET /summary');
  }

  /** G-24: without authentication. */
  async keys(): Promise<SigningKey[]> {
    const answer = await this.call('GET', `${BASE}/keys`, { anonymous: true });
    return expectOk<{ keys: SigningKey[] }>(answer, 'GET /keys').keys;
  }

  /** Problems of a batch receipt; an empty list means that it proves what was accepted when. */
  async verifyBatch(items: readonly StationItem[], answer: BatchAnswer): Promise<string[]> {
    return this.verifyReceipt(receiptLines(items, answer.items), answer.receipt, answer.batchId);
  }

  /** A single call is a batch of one (G-24). */
  async verifySingle(item: StationItem, answer: SingleAnswer): Promise<string[]> {
    const { outcome, version } = answer;
    const line = receiptLines([item], [{ index: 0, kind: item.kind, sourceId: item.sourceId, outcome, version }]);
    return this.verifyReceipt(line, answer.receipt, answer.batchId);
  }

  private async verifyReceipt(lines: string, receipt: Receipt, batchId: string): Promise<string[]> {
    const problems: string[] = [];
    if (receipt.batchId !== batchId) problems.push(`receipt names batch ${receipt.batchId}, the answer ${batchId}`);
    const digest = sha256Hex(lines);
    if (digest !== receipt.digest) problems.push(`receipt digest ${receipt.digest} is not ${digest} of\n${lines}`);
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(receipt.at))
      problems.push(`receipt.at ${receipt.at} is not RFC 3339 ms UTC`);
    let key = this.keyList?.find((one) => one.keyId === receipt.keyId);
    if (key === undefined) {
      this.keyList = await this.keys();
      key = this.keyList.find((one) => one.keyId === receipt.keyId);
    }
    if (key === undefined) return [...problems, `no key ${receipt.keyId} in /keys`];
    if (!verifyEd25519(key.publicKey, `${receipt.batchId}|${receipt.digest}|${receipt.at}`, receipt.signature)) {
      problems.push('receipt signature does not verify');
    }
    return problems;
  }
}

/** G-24 digest lines; refused items have kind and sourceId as echoed, version and hash empty. */
export function receiptLines(items: readonly StationItem[], answers: readonly ItemAnswer[]): string {
  return [...answers]
    .sort((a, b) => a.index - b.index)
    .map((answer) => {
      const item = items[answer.index];
      const refused = answer.outcome === 'rejected' || item === undefined;
      const hash = refused ? '' : stationContentHash(item);
      const version = refused ? '' : String(answer.version ?? '');
      return `${answer.index}|${answer.kind ?? ''}|${answer.sourceId ?? ''}|${answer.outcome}|${version}|${hash}\n`;
    })
    .join('');
}

export function verifyEd25519(publicKeyBase64: string, text: string, signatureBase64: string): boolean {
  const raw = Buffer.from(publicKeyBase64, 'base64');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });
  return verify(null, Buffer.from(text), key, Buffer.from(signatureBase64, 'base64'));
}

function expectOk<T>(answer: Answer, what: string): T {
  if (answer.status !== 200 || !isObject(answer.body)) {
    throw new StationError(`${what} answered ${answer.status}: ${answer.bytes.toString('utf8').slice(0, 500)}`, answer);
  }
  return answer.body as unknown as T;
}

function jsonOrNull(headers: Map<string, string>, bytes: Buffer): Json {
  if (!/json/.test(headers.get('content-type') ?? '')) return null;
  try {
    return parseJson(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

function retryAfterMs(answer: Answer): number | null {
  const seconds = Number(answer.headers.get('retry-after') ?? 'x');
  return Number.isFinite(seconds) ? seconds * 1000 : null;
}

function backoff(attempt: number): number {
  return Math.min(5000, 50 * 2 ** attempt) + randomInt(50);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
