import {
  createPostgresBackend,
  Queue,
  runMigrations,
  Worker,
  type Job,
  type QueueOptions,
  type WorkerOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import { Client } from 'pg';

/** Ids only: a queue may be read by people who may not read records (house law 2). */
export interface CallJob {
  readonly v: 1;
  readonly callId: string;
}

export interface CallQueueOptions {
  readonly databaseUrl: string;
  /** null = the queue lives in PostgreSQL. */
  readonly redisUrl: string | null;
  readonly onError: (error: Error) => void;
}

/** The doorbell of delivery. PostgreSQL holds the work; this only says that some is due. */
export interface CallQueue {
  /** Rings once per call; ringing twice is harmless. Rejects when the backend is away: ring again later. */
  ring(calls: readonly { callId: string; ring: number }[]): Promise<void>;
  /** Runs `work` for each ring. A job always completes: what `work` leaves undone is rung again from the ledger. */
  listen(concurrency: number, work: (job: CallJob) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

const QUEUE_NAME = 'delivery';
const JOB_NAME = 'deliver-call';
const REDIS_PREFIX = 'zhiqiao';
/** Queue, worker and the worker's blocking wait each hold connections; see stack figures on pools. */
const POSTGRES_POOL = 3;
const REDIS_COMMAND_TIMEOUT_MS = 2_000;
const LOCK_DURATION_MS = 60_000;
const MAX_STALLED = 1;
const EVENTS_KEPT = 100;
/** On PostgreSQL a bulk makes temporary tables first: 4 ms however few jobs it holds, against 0.4 ms for one job. */
const FEW_JOBS = 8;

type Backend = Pick<QueueOptions, 'connection' | 'prefix'>;

async function migratePostgres(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await runMigrations(client);
  } finally {
    await client.end();
  }
}

/** Redis that may evict would lose rings without saying so. */
async function refuseEviction(url: string): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, lazyConnect: true });
  try {
    await redis.connect();
    const [, policy] = (await redis.config('GET', 'maxmemory-policy')) as readonly (string | undefined)[];
    if (policy !== undefined && policy !== 'noeviction') {
      throw new Error(`Redis has maxmemory-policy ${policy}: set it to noeviction, then start again.`);
    }
  } finally {
    redis.disconnect();
  }
}

async function chooseBackend(options: CallQueueOptions): Promise<Backend> {
  if (options.redisUrl !== null) {
    await refuseEviction(options.redisUrl);
    return { connection: { url: options.redisUrl, maxRetriesPerRequest: null }, prefix: REDIS_PREFIX };
  }
  await migratePostgres(options.databaseUrl);
  return { connection: { connectionString: options.databaseUrl, max: POSTGRES_POOL } as never };
}

class BullCallQueue implements CallQueue {
  private worker: Worker<CallJob> | undefined;

  constructor(
    private readonly queue: Queue<CallJob>,
    private readonly makeWorker: (concurrency: number, run: (job: Job<CallJob>) => Promise<void>) => Worker<CallJob>,
    private readonly onError: (error: Error) => void,
  ) {
    queue.on('error', onError);
  }

  async ring(calls: readonly { callId: string; ring: number }[]): Promise<void> {
    if (calls.length === 0) return;
    const jobs = calls.map(({ callId, ring }) => ({
      name: JOB_NAME,
      data: { v: 1 as const, callId },
      // A kept or stuck job of the same call must not swallow the next ring.
      opts: { jobId: `${callId}.${ring}`, removeOnComplete: true, removeOnFail: true },
    }));
    const adding =
      jobs.length <= FEW_JOBS
        ? Promise.all(jobs.map(({ name, data, opts }) => this.queue.add(name, data, opts)))
        : this.queue.addBulk(jobs);
    await withTimeout<unknown>(adding, REDIS_COMMAND_TIMEOUT_MS);
  }

  async listen(concurrency: number, work: (job: CallJob) => Promise<void>): Promise<void> {
    this.worker = this.makeWorker(concurrency, async (job) => {
      try {
        await work(job.data);
      } catch (error) {
        this.onError(error instanceof Error ? error : new Error('job failed'));
      }
    });
    this.worker.on('error', this.onError);
    await this.worker.waitUntilReady();
  }

  /** Worker before queue: a job in hand may still ring. */
  async close(): Promise<void> {
    await this.worker?.close();
    await this.queue.close();
  }
}

async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`queue did not answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

export async function createCallQueue(options: CallQueueOptions): Promise<CallQueue> {
  const backend = await chooseBackend(options);
  const factory = options.redisUrl === null ? (createPostgresBackend as never) : undefined;
  const queue = new Queue<CallJob>(QUEUE_NAME, { ...backend, streams: { events: { maxLen: EVENTS_KEPT } } }, factory);
  const makeWorker = (concurrency: number, run: (job: Job<CallJob>) => Promise<void>): Worker<CallJob> => {
    const workerOptions: WorkerOptions = {
      ...backend,
      concurrency,
      lockDuration: LOCK_DURATION_MS,
      maxStalledCount: MAX_STALLED,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    };
    return new Worker<CallJob>(QUEUE_NAME, run, workerOptions, factory);
  };
  return new BullCallQueue(queue, makeWorker, options.onError);
}
