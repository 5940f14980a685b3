// A world for the fault catalogue: names a fault, makes the call that it strikes, reads wire, ledger and journal.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Agent, request } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Fields } from './model.js';
import {
  openWorld,
  until,
  type Envelope,
  type SendOptions,
  type SpecClient,
  type SpecWorld,
  type WireReply,
} from './spec-client.js';
import { record, settle } from './spec-records.js';

export interface Counters {
  requests: number;
  byOperation: Record<string, number>;
  writes: {
    items: number;
    resends: { blind: number; afterAsking: number; afterRefusal: number; afterSuccess: number };
    overOpen: number;
  };
  openWrites: number;
  blindResends: { bizNo: string }[];
  live: { doubledNumbers: { bizNo: string }[]; crowdedKeys: { rows: unknown[] }[] };
  tokens: { requests: number; issued: number; valid: number };
  breaches: Record<string, number>;
  resetConnections: number;
}

export type LedgerRow = Record<string, unknown> & { bizNo: string | null; nationalId: string; data: Fields };

/** What came of a call: its envelope, or why there was none. */
export type Came = Envelope | string;

export class FaultWorld {
  private constructor(readonly world: SpecWorld) {}

  static async open(overrides: Record<string, unknown> = {}): Promise<FaultWorld> {
    const world = await openWorld({ overrides: { journal: { flushMs: 0, fsync: false }, ...overrides } });
    await settle(world.client);
    return new FaultWorld(world);
  }

  get client(): SpecClient {
    return this.world.client;
  }

  name(id: string, params: object = {}): Promise<Record<string, unknown>> {
    return this.client.control('POST', 'faults', { catalogue: id, ...params });
  }

  readonly item = (bizNo = 'SR-1', more: Fields = {}): Record<string, unknown> => ({
    bizNo,
    version: 1,
    op: 'UPSERT',
    data: bizNo === 'SR-1' ? record('09:00', '10:00', more) : record('10:00', '10:30', more),
  });

  /** A write of SR-1 (or another), as its caller sees it. */
  async write(bizNo = 'SR-1', options: SendOptions = {}, more: Fields = {}): Promise<Came> {
    return this.came(this.client.post('service-records', this.item(bizNo, more), options));
  }

  async came(call: Promise<Envelope>): Promise<Came> {
    return call.catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
  }

  batch(bizNos: readonly string[], clientBatchNo = 'CB-1'): Promise<Envelope> {
    return this.client.post('service-records/batch', { clientBatchNo, items: bizNos.map((bizNo) => this.item(bizNo)) });
  }

  receipt(clientBatchNo = 'CB-1'): Promise<Envelope> {
    return this.client.get(`batches?clientBatchNo=${clientBatchNo}`);
  }

  async rows(bizNo = 'SR-1', entity = 'service-records'): Promise<LedgerRow[]> {
    return (await this.client.control<{ rows: LedgerRow[] }>('GET', `ledger?entity=${entity}&bizNo=${bizNo}`)).rows;
  }

  counters(): Promise<Counters> {
    return this.client.control('GET', 'counters');
  }

  async breaches(): Promise<Record<string, unknown>[]> {
    return (await this.client.control<{ breaches: Record<string, unknown>[] }>('GET', 'breaches')).breaches;
  }

  advance(advanceMs: number): Promise<unknown> {
    return this.client.control('POST', 'clock', { advanceMs });
  }

  /** Lines of the journal as they lie on disk. */
  journal(kind: string): Record<string, unknown>[] {
    return readFileSync(join(this.world.directory, 'journal.ndjson'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ k }) => k === kind);
  }

  /** Codes of the journal's replies to one operation. */
  replies(op: string): unknown[] {
    return this.journal('rep')
      .filter((line) => line.op === op)
      .map(({ code }) => code);
  }
}

export interface Received {
  headers: IncomingMessage['headers'];
  text: string;
  body: Record<string, unknown>;
}

/** A server that takes callbacks and answers as it is told. */
export class CallbackTaker {
  readonly received: Received[] = [];
  private constructor(private readonly server: Server) {}

  static async open(answer: () => string = () => '{"code":"0000"}'): Promise<CallbackTaker> {
    const server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        taker.received.push({ headers: incoming.headers, text, body: JSON.parse(text) as Received['body'] });
        response.end(answer());
      });
    });
    const taker = new CallbackTaker(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return taker;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/national/callback`;
  }

  arrived(count: number): Promise<Received[]> {
    return until(async () => this.received.length >= count && this.received);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** Two unsigned calls over one kept-alive connection: how the second one ends. */
export async function twiceOnOneConnection(port: number): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const once = (): Promise<string> =>
    new Promise((resolve) => {
      const outgoing = request({ host: '127.0.0.1', port, path: '/gw/v1/sys/time', agent }, (incoming) => {
        incoming.resume();
        incoming.on('end', () => resolve(outgoing.reusedSocket ? 'answered on a reused socket' : 'answered'));
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      outgoing.end();
    });
  await once();
  const second = await once();
  agent.destroy();
  return second;
}

export type Walk = (w: FaultWorld) => Promise<void>;

/** How a lost connection looks to its caller. */
export const LOST = /ECONNRESET|hang up|aborted/;

/** The raw reply to a write of SR-1. */
export const raw = (w: FaultWorld, headers: Record<string, string> = {}): Promise<WireReply> =>
  w.client.send('POST', '/gw/v1/service-records', w.item(), { headers });

/** One undisturbed write of SR-1 afterwards is 2001: the row stands once. */
export async function standsOnce(w: FaultWorld): Promise<void> {
  await w.client.control('DELETE', 'faults');
  expect(await w.write()).toMatchObject({ code: '2001' });
  expect(await w.rows()).toHaveLength(1);
}
