import { Agent, request } from 'node:http';
import type { StationItem } from './world.js';

export interface Credentials {
  readonly appKey: string;
  readonly secret: string;
}

/** Items of one call (the measure; a call may carry 1,000). */
export const BATCH_ITEMS = 500;
export const CONNECTIONS = 4;

/** A body ready to leave, and what must come back. */
export interface PreparedBatch {
  readonly body: Buffer;
  readonly items: number;
}

export function prepareBatches(items: readonly StationItem[], size = BATCH_ITEMS): PreparedBatch[] {
  const batches: PreparedBatch[] = [];
  for (let at = 0; at < items.length; at += size) {
    const part = items.slice(at, at + size);
    batches.push({ body: Buffer.from(JSON.stringify({ items: part }), 'utf8'), items: part.length });
  }
  return batches;
}

/** A station's sending side: a fixed number of kept-alive connections, each with one call in hand. */
export class StationClient {
  private readonly agent: Agent;

  constructor(
    private readonly apiUrl: string,
    private readonly credentials: Credentials,
    private readonly connections = CONNECTIONS,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Milliseconds from the first byte to the last answer. Throws when anything is not accepted. */
  async pushAll(batches: readonly PreparedBatch[]): Promise<number> {
    const queue = [...batches];
    const startedAt = performance.now();
    const lane = async (): Promise<void> => {
      for (let batch = queue.shift(); batch; batch = queue.shift()) await this.push(batch);
    };
    await Promise.all(Array.from({ length: this.connections }, lane));
    return performance.now() - startedAt;
  }

  private async push(batch: PreparedBatch): Promise<void> {
    const { status, text } = await this.post(batch.body);
    if (status !== 200) throw new Error(`the api answered ${status}: ${text.slice(0, 500)}`);
    const { counts, items } = JSON.parse(text) as { counts: { accepted: number }; items: { outcome: string }[] };
    if (counts.accepted === batch.items) return;
    const refused = items.find((item) => item.outcome !== 'accepted');
    throw new Error(`only ${counts.accepted} of ${batch.items} were accepted: ${JSON.stringify(refused)}`);
  }

  private post(body: Buffer): Promise<{ status: number; text: string }> {
    const { appKey, secret } = this.credentials;
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      Authorization: `Bearer ${appKey}.${secret}`,
    };
    return new Promise((resolve, reject) => {
      const call = request(`${this.apiUrl}/api/v1/batches`, { method: 'POST', agent: this.agent, headers }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('error', reject);
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
