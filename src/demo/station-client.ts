import type { Item } from './world-record.js';

export interface Credentials {
  readonly appKey: string;
  readonly secret: string;
}

export interface ItemAnswer {
  readonly index: number;
  readonly kind: string | null;
  readonly sourceId: string | null;
  readonly outcome: 'accepted' | 'duplicate' | 'superseded' | 'rejected';
  readonly errors?: readonly { readonly code: string }[];
}

export interface Waiting {
  readonly kind: string | null;
  readonly reason: string;
}

/** Counts by kind and state. */
export type SummaryKinds = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** The api said no for good: the demonstration cannot go on. */
export class CallRefusedError extends Error {
  override name = 'CallRefusedError';
  constructor(
    readonly status: number,
    code: string,
    path: string,
  ) {
    super(`${path} answered ${status} ${code}`);
  }
}

const CALL_TIMEOUT_MS = 60_000;
/** A restart of the api or of the database passes within it. */
const PATIENCE_MS = 120_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
const PASSING = new Set([429, 502, 503, 504]);

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

interface Reply {
  readonly status: number;
  readonly retryAfterMs: number | null;
  readonly body: unknown;
}

/** A station's software, as far as this demonstration needs one. */
export class StationClient {
  /** 429 answers that were waited out. */
  throttled = 0;

  constructor(
    private readonly apiUrl: string,
    private readonly credentials: Credentials,
  ) {}

  /** A batch may be repeated after a lost answer without harm (station-contract §2). */
  async push(items: readonly Item[]): Promise<readonly ItemAnswer[]> {
    const answer = (await this.call('POST', '/api/v1/batches', { items })) as { items: ItemAnswer[] };
    return answer.items;
  }

  async summary(): Promise<SummaryKinds> {
    return ((await this.call('GET', '/api/v1/summary')) as { kinds: SummaryKinds }).kinds;
  }

  async waitingFor(kind: string, sourceId: string): Promise<readonly Waiting[]> {
    const path = `/api/v1/records/${kind}/${encodeURIComponent(sourceId)}`;
    return ((await this.call('GET', path)) as { waitingFor: Waiting[] }).waitingFor;
  }

  private async call(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const reply = await this.tryOnce(method, path, body);
      if (reply?.status === 200) return reply.body;
      if (reply && !PASSING.has(reply.status)) throw new CallRefusedError(reply.status, codeOf(reply.body), path);
      if (reply?.status === 429) this.throttled += 1;
      if (Date.now() > giveUpAt) throw new Error(`${path} got no good answer for ${PATIENCE_MS / 1000} s`);
      await sleep(reply?.retryAfterMs ?? pauseMs);
    }
  }

  /** Null when there was no answer at all. */
  private async tryOnce(method: 'GET' | 'POST', path: string, body?: object): Promise<Reply | null> {
    const { appKey, secret } = this.credentials;
    try {
      const response = await fetch(`${this.apiUrl}${path}`, {
        method,
        headers: { Authorization: `Bearer ${appKey}.${secret}`, 'Content-Type': 'application/json' },
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : null;
      return { status: response.status, retryAfterMs, body: await response.json() };
    } catch {
      return null;
    }
  }
}

const codeOf = (body: unknown): string =>
  typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : '';
