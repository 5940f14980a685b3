import { createPostgresBackend, Queue, runMigrations, Worker, type Job } from 'bullmq';
import { Client } from 'pg';
import type { OutgoingItem } from '../../national/index.js';

/** What everybody writes first: a job for each record, tried five times with exponential back-off. */
export const PLAIN_ATTEMPTS = 5;
/** Of life: 1, 2, 4, 8 s. */
export const PLAIN_BACK_OFF_MS = 1_000;

const QUEUE_NAME = 'plain';
const POOL = 4;
/** More jobs than this are not looked at one by one: not all of them can be new. */
const FEW = 500;

/** As its queue holds it: all of the record, ready to be sent. */
export interface PlainJob {
  readonly item: OutgoingItem;
}

export interface PlainStanding {
  readonly open: number;
  /** Numbers whose jobs ended well, and ill. */
  readonly succeeded: readonly string[];
  readonly failed: readonly string[];
}

const backend = (databaseUrl: string): never =>
  ({ connection: { connectionString: databaseUrl, max: POOL } as never }) as never;

export async function preparePlainQueue(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await runMigrations(client);
  } finally {
    await client.end();
  }
}

/** The sending side: accepts records, and says what became of them. */
export class PlainQueue {
  private readonly queue: Queue<PlainJob>;

  constructor(
    databaseUrl: string,
    private readonly scale: number,
  ) {
    this.queue = new Queue<PlainJob>(QUEUE_NAME, backend(databaseUrl), createPostgresBackend as never);
  }

  async accept(items: readonly OutgoingItem[]): Promise<void> {
    const opts = {
      attempts: PLAIN_ATTEMPTS,
      backoff: { type: 'exponential', delay: Math.max(1, Math.round(PLAIN_BACK_OFF_MS / this.scale)) },
    };
    await this.queue.addBulk(items.map((item) => ({ name: 'write', data: { item }, opts })));
  }

  /** Jobs that are not over; with `since` (epoch ms), of those added by then. */
  async open(since?: number): Promise<number> {
    const { waiting = 0, active = 0, delayed = 0, prioritized = 0 } = await this.queue.getJobCounts();
    const open = waiting + active + delayed + prioritized;
    if (since === undefined || open > FEW) return open;
    const jobs = await this.queue.getJobs(['waiting', 'active', 'delayed', 'prioritized']);
    return jobs.filter((job) => job.timestamp <= since).length;
  }

  async standing(): Promise<PlainStanding> {
    const numbersOf = async (state: 'completed' | 'failed'): Promise<string[]> => {
      const jobs = await this.queue.getJobs([state]);
      return jobs.map((job: Job<PlainJob>) => job.data.item.bizNo);
    };
    return { open: await this.open(), succeeded: await numbersOf('completed'), failed: await numbersOf('failed') };
  }

  close(): Promise<void> {
    return this.queue.close();
  }
}

export interface PlainPace {
  readonly concurrency: number;
  readonly callsPerMinute: number;
  readonly minuteMs: number;
}

/** The working side: `send` throws when the reply is not 2xx, and that is all it looks at. */
export function startPlainWorker(
  databaseUrl: string,
  pace: PlainPace,
  send: (item: OutgoingItem) => Promise<void>,
): Worker<PlainJob> {
  const options = {
    ...(backend(databaseUrl) as object),
    concurrency: pace.concurrency,
    limiter: { max: pace.callsPerMinute, duration: pace.minuteMs },
  };
  return new Worker<PlainJob>(
    QUEUE_NAME,
    (job) => send(job.data.item),
    options as never,
    createPostgresBackend as never,
  );
}
