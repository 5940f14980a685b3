import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { median } from './figures.js';

const SAMPLE_EVERY_MS = 500;
const KIB_PER_MIB = 1_024;

/** Resident memory of a process in MiB; null when it is gone. */
function rssMb(pid: number): number | null {
  const kib = process.platform === 'linux' ? rssFromProc(pid) : rssFromPs(pid);
  return kib === null || !Number.isFinite(kib) ? null : kib / KIB_PER_MIB;
}

function rssFromProc(pid: number): number | null {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return null;
  }
}

function rssFromPs(pid: number): number | null {
  const { status, stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 ? Number(stdout.trim()) : null;
}

export interface Sample {
  readonly atMs: number;
  readonly api: number;
  readonly worker: number;
}

/** Watches api and worker for as long as the benchmark runs. */
export class MemoryWatch {
  private readonly taken: Sample[] = [];
  private readonly timer: NodeJS.Timeout;
  private readonly startedAt = performance.now();

  constructor(private readonly pids: { readonly api: number; readonly worker: number }) {
    this.timer = setInterval(() => this.sample(), SAMPLE_EVERY_MS);
  }

  private sample(): void {
    const api = rssMb(this.pids.api);
    const worker = rssMb(this.pids.worker);
    if (api !== null && worker !== null) this.taken.push({ atMs: performance.now() - this.startedAt, api, worker });
  }

  get samples(): readonly Sample[] {
    if (this.taken.length === 0) this.sample();
    return this.taken;
  }

  /** The largest of each: what the machine has to have. */
  peak(): { api: number; worker: number } {
    const most = (of: (sample: Sample) => number): number => Math.round(Math.max(...this.samples.map(of)));
    return { api: most(({ api }) => api), worker: most(({ worker }) => worker) };
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

export interface Flatness {
  /** Median of api plus worker in each quarter of the run, MiB. */
  readonly quarters: readonly number[];
  /** Last quarter over the second, minus one. The first is left out: it holds the warming up. */
  readonly growth: number;
  readonly isFlat: boolean;
}

/** The measure: the last quarter lies at most this much above the second. */
const ALLOWED_GROWTH = 0.05;
const QUARTERS = 4;

export function flatnessOf(samples: readonly Sample[]): Flatness {
  const size = Math.floor(samples.length / QUARTERS);
  if (size === 0) throw new RangeError('too short a run to say whether memory is flat');
  const quarters = Array.from({ length: QUARTERS }, (_, at) =>
    Math.round(median(samples.slice(at * size, (at + 1) * size).map(({ api, worker }) => api + worker))),
  );
  const growth = (quarters[3] ?? 0) / (quarters[1] ?? 1) - 1;
  return { quarters, growth, isFlat: growth <= ALLOWED_GROWTH };
}
