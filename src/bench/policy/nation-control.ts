import { request } from 'node:http';

/** What the simulator counts by itself; only what is read here. */
export interface NationCounters {
  readonly requests: number;
  readonly resetConnections: number;
  readonly writes: { readonly resends: { readonly blind: number } };
  readonly breaches: Readonly<Record<string, number>>;
  readonly live: { readonly crowdedKeys: readonly { readonly rows: readonly { readonly bizNo: string | null }[] }[] };
}

/** Live rows of service-records by number. */
export type LiveRows = ReadonlyMap<string, number>;

/** The simulator's control port: scripts faults, and says what it has seen. */
export class NationControl {
  constructor(private readonly url: string) {}

  async limits(patch: object): Promise<void> {
    await this.call('POST', '/sim/limits', patch);
  }

  async fault(fault: object): Promise<void> {
    await this.call('POST', '/sim/faults', fault);
  }

  async mark(mark: string): Promise<void> {
    await this.call('POST', '/sim/counters', { mark });
  }

  async since(mark: string): Promise<NationCounters> {
    return JSON.parse(await this.call('GET', `/sim/counters?since=${mark}`)) as NationCounters;
  }

  async live(): Promise<LiveRows> {
    const text = await this.call('GET', '/sim/ledger/rows?entity=service-records');
    const live = new Map<string, number>();
    for (const line of text.split('\n').filter((one) => one !== '')) {
      const { bizNo, status } = JSON.parse(line) as { bizNo: string | null; status: string };
      if (bizNo !== null && status === 'ACTIVE') live.set(bizNo, (live.get(bizNo) ?? 0) + 1);
    }
    return live;
  }

  private call(method: 'GET' | 'POST', path: string, body?: object): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = request(`${this.url}${path}`, { method, agent: false }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('error', reject);
        reply.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (reply.statusCode === 200) resolve(text);
          else reject(new Error(`the simulator's control port answered ${path}: ${text}`));
        });
      });
      call.on('error', reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
