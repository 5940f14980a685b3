// What the specs speak to the simulator with: a signing client of the wire and a plain client of the control port.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTRACT } from './contract-name.js';
import { createFieldCipher } from './field-cipher.js';
import { startSimulator, type Simulator, type SimulatorOptions } from './main.js';
import type { Fields } from './model.js';
import { sign, type HmacMethod } from './signing.js';

export const APP_KEY = 'vgw-demo-530000';
export const SECRET = 'vgw-demo-secret-0001';
export const FIELD_KEY = '0123456789abcdeffedcba9876543210';

const cipher = createFieldCipher(FIELD_KEY);
export const seal = (plain: string): string => cipher.seal(plain);

export interface Envelope {
  code: string;
  message: string;
  data: Record<string, unknown>;
  detail?: Record<string, unknown>;
}

export interface WireReply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
  requestId: string;
}

export interface SendOptions {
  token?: string;
  method?: HmacMethod;
  secret?: string;
  nonce?: string;
  timestamp?: number;
  headers?: Record<string, string | undefined>;
  timeoutMs?: number;
}

export interface RawRequest {
  port: number;
  method: string;
  target: string;
  headers?: Record<string, string>;
  body?: Buffer;
  timeoutMs?: number;
}

export function rawRequest(raw: RawRequest): Promise<WireReply> {
  const { port, method, target, headers = {}, body = Buffer.alloc(0), timeoutMs = 5_000 } = raw;
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method,
      path: target,
      headers,
      timeout: timeoutMs,
      agent: false,
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          bytes: Buffer.concat(chunks),
          requestId: headers['X-Request-Id'] ?? '',
        }),
      );
    });
    outgoing.end(body);
  });
}

export class SpecClient {
  token = '';

  constructor(readonly simulator: Simulator) {}

  /** One signed request; `body` is sent as JSON unless it is bytes already. */
  send(method: string, target: string, body?: unknown, options: SendOptions = {}): Promise<WireReply> {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body), 'utf8');
    const cut = target.indexOf('?');
    const nonce = options.nonce ?? randomUUID().replaceAll('-', '');
    const timestamp = String(options.timestamp ?? Date.now());
    const token = options.token ?? this.token;
    const signMethod = options.method ?? 'HMAC-SHA256';
    const path = cut < 0 ? target : target.slice(0, cut);
    const rawQuery = cut < 0 ? '' : target.slice(cut + 1);
    const parts = { method, path, rawQuery, appKey: APP_KEY, timestamp, nonce, token, body: bytes };
    const headers: Record<string, string | undefined> = {
      'X-App-Key': APP_KEY,
      'X-Access-Token': token,
      'X-Timestamp': timestamp,
      'X-Nonce': nonce,
      'X-Sign-Method': signMethod,
      'X-Sign': sign(parts, signMethod, options.secret ?? SECRET),
      'X-Request-Id': randomUUID(),
      'X-Contract': CONTRACT,
      'Content-Length': String(bytes.length),
      ...options.headers,
    };
    const given = Object.fromEntries(
      Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined),
    );
    return rawRequest({
      port: this.simulator.port,
      method,
      target,
      headers: given,
      body: bytes,
      timeoutMs: options.timeoutMs,
    });
  }

  async call(method: string, target: string, body?: unknown, options: SendOptions = {}): Promise<Envelope> {
    const reply = await this.send(method, target, body, options);
    return JSON.parse(reply.bytes.toString('utf8')) as Envelope;
  }

  post(path: string, body: unknown, options?: SendOptions): Promise<Envelope> {
    return this.call('POST', `/gw/v1/${path}`, body, options);
  }

  get(path: string, options?: SendOptions): Promise<Envelope> {
    return this.call('GET', `/gw/v1/${path}`, undefined, options);
  }

  async logIn(): Promise<void> {
    const reply = await this.post('auth/token', { grant: 'app' }, { token: '' });
    this.token = String(reply.data.accessToken);
  }

  upsert(entity: string, bizNo: string, data: Fields, more: Record<string, unknown> = {}): Promise<Envelope> {
    return this.post(entity, { bizNo, version: 1, op: 'UPSERT', data, ...more });
  }

  async lookup(entity: string, bizNo: string): Promise<Record<string, unknown>[]> {
    const reply = await this.post(`${entity}/lookup`, { by: 'bizNo', keys: [bizNo] });
    return (reply.data.items as { rows: Record<string, unknown>[] }[])[0]?.rows ?? [];
  }

  async control<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
    const reply = await rawRequest({
      port: this.simulator.controlPort,
      method,
      target: `/sim/${path}`,
      body: Buffer.from(text, 'utf8'),
    });
    if (reply.status !== 200) throw new Error(reply.bytes.toString('utf8'));
    const answer = reply.bytes.toString('utf8');
    const isNdjson = reply.headers['content-type'] === 'application/x-ndjson';
    return (
      isNdjson
        ? answer
            .trim()
            .split('\n')
            .map((line): unknown => JSON.parse(line))
        : JSON.parse(answer)
    ) as T;
  }
}

export interface SpecWorld {
  client: SpecClient;
  directory: string;
  close(): Promise<void>;
  /** The same nation again, from its journal. */
  restart(): Promise<SpecClient>;
}

/** A fresh simulator on free ports with its own directory, logged in. */
export async function openWorld(options: Partial<SimulatorOptions> = {}): Promise<SpecWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'simulator-'));
  const start = async (): Promise<SpecClient> => {
    const client = new SpecClient(await startSimulator({ setting: 'bench', seed: 7, directory, ...options }));
    await client.logIn();
    return client;
  };
  const world: SpecWorld = {
    client: await start(),
    directory,
    async close() {
      await world.client.simulator.close();
      rmSync(directory, { recursive: true, force: true });
    },
    async restart() {
      const { token } = world.client;
      await world.client.simulator.close();
      world.client = await start();
      world.client.token = token;
      return world.client;
    },
  };
  return world;
}

/** Polls until the condition gives something; the time limit is jest's own. */
export async function until<T>(probe: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const found = await probe();
    if (found !== null && found !== undefined && found !== false) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
